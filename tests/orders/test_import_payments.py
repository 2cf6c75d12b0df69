"""Payments and charges from a file: told by row, column and rule, stored once, in either language."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select, text

from tracker import clock
from tracker.cli import main
from tracker.files import rows as csv_rows
from tracker.orders import import_payments as importing
from tracker.orders.fee_queries import fee_book
from tracker.orders.import_payments import import_payments
from tracker.orders.models import Charge, Payment
from tracker.orders.payment_rows import COLUMNS, fen_of
from tracker.problems import Refusal

TITLES = list(COLUMNS.values())
YESTERDAY = clock.local(clock.now() - timedelta(days=1)).replace(hour=10, minute=5, second=0, microsecond=0)


def write(path: Path, rows: list[dict[str, str]], *, zh: bool = False, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TITLES if zh else COLUMNS)
        writer.writerows([[row.get(name, "") for name in COLUMNS] for row in rows])
    return path


def paid(number: str, reference: str, amount: str = "100.00", **more: str) -> dict[str, str]:
    return {"number": number, "fee": "installation", "amount": amount, "reference": reference, **more}


@pytest.fixture
def number(place):
    return place(external_reference="BOSS-1").number


@pytest.fixture
def bring(runtime, channel):
    def run(path: Path, **how):
        return import_payments(runtime, channel.operator_id, path, actor="console:import", **how)

    return run


@pytest.fixture
def account(runtime, channel):
    def of(number):
        with runtime.db.reading() as connection:
            return fee_book(connection, channel.operator_id, number)

    return of


def told(report):
    return [(bad.line, bad.column, bad.fault.rule) for bad in report.faults]


def test_good_rows_are_stored_and_a_second_run_changes_nothing(bring, account, number, tmp_path) -> None:
    path = write(
        tmp_path / "payments.csv",
        [
            paid(number, "P-1", method="wechat", receipt="0763-1"),
            {
                "external_reference": "BOSS-1",
                "channel": "app",
                "kind": "charge",
                "fee": "deposit",
                "amount": "200",
                "reference": "C-1",
                "due_on": "2099-01-01",
                "charged_at": "2096-11-30 10:00",
            },
            paid(number, "P-2", "-30.5", reason="老客户返还"),
        ],
    )
    report = bring(path)
    assert (report.stored, report.repeated, report.bad_rows) == (2, 0, 1)
    assert told(report) == [(3, "I charged_at", "charge.in_the_future")]
    report = bring(path)
    assert (report.stored, report.repeated, report.bad_rows) == (0, 2, 1)
    book = account(number)
    assert [
        (row.reference, row.amount_fen, row.method, row.receipt, row.reason) for row in book.payments
    ] == [
        ("P-1", 10000, "wechat", "0763-1", None),
        ("P-2", -3050, None, None, "老客户返还"),
    ]
    assert (book.version, {row.actor for row in book.payments}) == (3, {"console:import"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_may_be_in_chinese_throughout(bring, account, number, tmp_path, encoding) -> None:
    rows = [
        {
            "number": number.lower(),
            "kind": "收费",
            "fee": "押金",
            "amount": "200.00",
            "reference": "收-1",
            "charged_at": f"{YESTERDAY:%Y/%m/%d %H:%M:%S}",
            "due_on": f"{YESTERDAY + timedelta(days=30):%Y/%m/%d}",
            "reason": "光猫押金，退还时凭票",
        },
        {
            "number": number,
            "kind": "缴费",
            "fee": "押金",
            "amount": "200",
            "reference": "缴-1",
            "method": "现金",
        },
    ]
    report = bring(write(tmp_path / "缴费.csv", rows, zh=True, encoding=encoding))
    assert (report.stored, told(report)) == (2, [])
    book = account(number)
    (charge,), (payment,) = book.charges, book.payments
    assert (charge.fee, charge.reason, payment.method) == ("deposit", "光猫押金，退还时凭票", "cash")
    assert charge.charged_at == YESTERDAY
    assert [one.state for one in book.fees] == ["due", "paid"]


def sheet(path: Path, rows: list[list[object]]) -> Path:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"})
    page = book.add_worksheet()
    for line, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.write(line, column, cell)
    book.close()
    return path


def test_a_spreadsheet_has_numbers_and_dates(bring, account, number, tmp_path) -> None:
    at = YESTERDAY.replace(tzinfo=None)
    path = sheet(
        tmp_path / "缴费.xlsx",
        [
            ["订单号", "费用", "金额", "流水号", "缴费时间"],
            [number, "安装费", 60, "P-1", at],
            [number, "安装费", 39.5, "P-2", at],
            [number, "安装费", 0.505, "P-3", at],
            [number, "安装费", "=1+1", "P-4", at],
        ],
    )
    report = bring(path)
    assert (report.stored, told(report)) == (
        2,
        [(4, "C 金额", "payment_row.amount"), (5, "C 金额", "file.formula")],
    )
    assert [(row.amount_fen, row.paid_at) for row in account(number).payments] == [
        (6000, YESTERDAY),
        (3950, YESTERDAY),
    ]


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        ({"number": ""}, [("A number", "payment_row.no_order")]),
        ({"external_reference": "B"}, [("A number", "payment_row.two_orders")]),
        ({"number": "QY1"}, [("A number", "order.not_found")]),
        ({"number": "a\7b"}, [("A number", "order.not_found")]),
        ({"number": "", "external_reference": "B"}, [("C channel", "payment_row.channel")]),
        ({"number": "", "external_reference": "B", "channel": "x"}, [("C channel", "payment_row.channel")]),
        (
            {"number": "", "external_reference": "B", "channel": "app"},
            [("B external_reference", "order.not_found")],
        ),
        (
            {"number": "", "external_reference": "a\7b", "channel": "app"},
            [("B external_reference", "field.control_characters")],
        ),
        ({"kind": "gift"}, [("D kind", "field.choice")]),
        ({"fee": ""}, [("E fee", "field.required")]),
        ({"fee": "tea"}, [("E fee", "field.choice")]),
        ({"amount": ""}, [("F amount", "field.required")]),
        ({"amount": "1.005"}, [("F amount", "payment_row.amount")]),
        ({"amount": "¥1"}, [("F amount", "payment_row.amount")]),
        ({"amount": "100000.01"}, [("F amount", "payment_row.amount")]),
        ({"amount": "-0.00"}, [("F amount", "payment.nothing")]),
        ({"amount": "-0.01"}, [("F amount", "payment.refund_exceeds")]),
        ({"reference": ""}, [("G reference", "field.required")]),
        ({"reference": "x" * 65}, [("G reference", "field.too_long")]),
        ({"paid_at": "2026-02-30"}, [("H paid_at", "field.timestamp")]),
        ({"paid_at": "2026-02-03 25:00"}, [("H paid_at", "field.timestamp")]),
        ({"paid_at": "yesterday"}, [("H paid_at", "field.timestamp")]),
        ({"paid_at": "9999-12-31"}, [("H paid_at", "payment.in_the_future")]),
        ({"paid_at": "0001-01-01"}, [("H paid_at", "field.timestamp")]),
        ({"charged_at": "2026-11-23"}, [("I charged_at", "field.unknown")]),
        ({"due_on": "2026-11-23"}, [("J due_on", "field.unknown")]),
        ({"method": "gold"}, [("K method", "field.choice")]),
        ({"receipt": "x" * 65}, [("L receipt", "field.too_long")]),
        ({"reason": "x" * 101}, [("M reason", "field.too_long")]),
        ({"fee": "other"}, [("M reason", "fee.words_required")]),
        ({"kind": "charge", "method": "cash"}, [("K method", "field.unknown")]),
        ({"kind": "charge", "paid_at": "2026-11-23"}, [("H paid_at", "field.unknown")]),
        ({"kind": "charge", "due_on": "30.11."}, [("J due_on", "field.date")]),
        ({"kind": "charge", "due_on": "2020-01-01"}, [("J due_on", "charge.due_before_charged")]),
        ({"kind": "charge", "amount": "-1"}, [("M reason", "charge.reason_required")]),
        (
            {"kind": "charge", "amount": "-100.01", "reason": "x"},
            [("F amount", "charge.waiver_exceeds")],
        ),
        # All of a row at once.
        (
            {"number": "", "fee": "tea", "amount": "x", "method": "gold"},
            [
                ("A number", "payment_row.no_order"),
                ("E fee", "field.choice"),
                ("F amount", "payment_row.amount"),
                ("K method", "field.choice"),
            ],
        ),
    ],
)
def test_bad_rows_are_told_by_column_and_rule(bring, account, number, tmp_path, row, faults) -> None:
    rows = [paid(number, "P-1", "1.00"), paid(number, "P-2") | row, paid(number, "P-3", "-1.00")]
    # Between them one is bad, and neither is held up by it.
    path = write(tmp_path / "payments.csv", rows[1:2] + rows[:1] + rows[2:])
    report = bring(path)
    assert sorted(told(report)) == sorted((2, column, rule) for column, rule in faults)
    assert (report.stored, report.bad_rows) == (2, 1)
    assert account(number).version == 3


def test_rows_are_judged_one_after_the_other(bring, account, number, tmp_path) -> None:
    rows = [
        paid(number, "R-1", "-1.00"),
        paid(number, "P-1", "60.00"),
        paid(number, "R-2", "-60.01"),
        paid(number, "R-3", "-60.00"),
        paid(number, "R-3", "-60.00"),
        paid(number, "R-3", "-59.00"),
        paid(number, "R-4", "-0.01"),
    ]
    report = bring(write(tmp_path / "payments.csv", rows))
    assert (report.stored, report.repeated) == (2, 1)
    assert told(report) == [
        (2, "F amount", "payment.refund_exceeds"),
        (4, "F amount", "payment.refund_exceeds"),
        (7, "G reference", "payment.duplicate_reference"),
        (8, "F amount", "payment.refund_exceeds"),
    ]
    assert account(number).version == 3


def test_a_dry_run_judges_the_whole_file_and_stores_nothing(
    bring, account, number, tmp_path, monkeypatch, runtime
) -> None:
    monkeypatch.setattr(importing, "_BATCH", 2)
    rows = [
        paid(number, "P-1", "60.00"),
        paid(number, "P-1", "61.00"),
        # Stands on what another batch would have stored.
        paid(number, "R-1", "-60.00"),
        paid(number, "R-2", "-0.01"),
        paid(number, "P-1", "60.00"),
    ]
    path = write(tmp_path / "payments.csv", rows)
    tried = bring(path, dry_run=True)
    assert (tried.stored, tried.repeated, tried.bad_rows) == (2, 1, 2)
    assert (account(number).version, account(number).payments) == (1, [])
    with runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM order_events WHERE kind <> 'accepted'")) == 0
    done = bring(path)
    assert (done.stored, done.repeated, told(done)) == (2, 1, told(tried))
    assert account(number).version == 3


def test_many_batches_and_progress(bring, place, tmp_path, runtime, monkeypatch) -> None:
    monkeypatch.setattr(importing, "_BATCH", 7)
    numbers = [place().number for _ in range(3)]
    path = write(
        tmp_path / "payments.csv", [paid(numbers[row % 3], f"P-{row}", "1.00") for row in range(100)]
    )
    heard: list[int] = []
    assert bring(path, on_bytes=heard.append).stored == 100
    assert (heard, heard[-1]) == (sorted(heard), path.stat().st_size)
    assert len(heard) == 16
    with runtime.db.reading() as connection:
        versions = connection.scalars(text("SELECT version FROM orders ORDER BY id")).all()
        assert versions == [35, 34, 34]
        assert connection.scalars(select(Payment.reference).order_by(Payment.id)).all() == [
            f"P-{row}" for row in range(100)
        ]


def test_an_import_that_was_cut_off_is_repeated(bring, number, tmp_path, monkeypatch, account) -> None:
    monkeypatch.setattr(importing, "_BATCH", 2)
    path = write(tmp_path / "payments.csv", [paid(number, f"P-{row}", "1.00") for row in range(6)])

    def stop(position: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(path, on_bytes=stop)
    assert len(account(number).payments) == 2
    report = bring(path)
    assert (report.stored, report.repeated) == (4, 2)
    assert account(number).version == 7


@pytest.mark.parametrize(
    ("content", "rules"),
    [
        (b"", ["file.missing_column"] * 4),
        (b"fee,amount,reference\n", ["file.missing_column"]),
        (b"number,fee,amount,reference,colour\n", ["file.unknown_column"]),
        (
            "number,订单号,fee,amount,reference\n".encode(),
            ["file.repeated_column"],
        ),
        (b"PK\x03\x04rubbish", ["file.not_a_table"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, ["file.old_format"]),
        (b"\xff\xff\n", ["file.encoding"]),
    ],
)
def test_what_is_no_such_table_stores_nothing(bring, tmp_path, content, rules) -> None:
    path = tmp_path / "payments.csv"
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        bring(path)
    assert [fault.rule for fault in refused.value.faults] == rules


def test_damaged_and_empty_lines_cost_themselves_only(bring, number, tmp_path) -> None:
    path = write(tmp_path / "payments.csv", [paid(number, "P-1", "1.00"), {}, paid(number, "P-2", "1.00")])
    path.write_bytes(path.read_bytes() + b"\xff\xfe,,\n1,2,3\n\n")
    report = bring(path, encoding=csv_rows.UTF_8)
    assert (report.stored, told(report)) == (2, [(5, "", "file.encoding"), (6, "", "file.row_width")])


def test_a_file_larger_than_any_spreadsheet_is_read(bring, number, tmp_path, monkeypatch) -> None:
    from tracker.files import sheets

    monkeypatch.setattr(sheets, "MOST_BYTES", 10)
    assert bring(write(tmp_path / "payments.csv", [paid(number, "P-1", "1.00")])).stored == 1


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [
        ("100", 10000),
        ("100.5", 10050),
        ("0.05", 5),
        ("-3.05", -305),
        ("100000", 10_000_000),
        ("100000.01", None),
        ("1,000", None),
        ("1e3", None),
        (".5", None),
        ("--1", None),
        ("１", None),
        ("", None),
    ],
)
def test_yuan_are_read_to_the_fen(yuan, fen) -> None:
    assert fen_of(yuan) == fen


@pytest.fixture
def command(settings, runtime, capsys):
    """Runs it; returns the exit code, standard output and the last line of standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["import", *(str(one) for one in arguments), "--operator", "telecom", "--lang", "en"])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err.strip().splitlines()[-1]

    return run


def test_the_command_tells_the_kind_by_the_header(command, number, tmp_path, runtime) -> None:
    rows = [paid(number, "P-1"), paid(number, "P-2", "-100.01")]
    path = write(tmp_path / "payments.csv", rows)
    bad = (
        "payments.csv: line 3, F amount: payment.refund_exceeds: More is given back than is held for this"
        " fee (at most 100 yuan).\n"
    )
    assert command(path, "--dry-run") == (1, bad, "1 to be stored, 0 stored before, 1 bad")
    assert command(path) == (1, bad, "1 stored, 0 stored before, 1 bad")
    chinese = write(tmp_path / "缴费.csv", rows[:1], zh=True, encoding="gb18030")
    assert command(chinese) == (0, "", "0 stored, 1 stored before, 0 bad")
    by_reference = tmp_path / "boss.csv"
    by_reference.write_text("external_reference,fee,amount,reference\nBOSS-1,monthly,129,M-1\n")
    assert command(by_reference, "--channel", "app") == (0, "", "1 stored, 0 stored before, 0 bad")
    with runtime.db.reading() as connection:
        assert connection.scalars(select(Charge.id)).all() == []


def test_what_cannot_be_tried_is_not_stored_by_a_dry_run(command, tmp_path, runtime) -> None:
    """I8: a wish that is not understood is no leave to store."""
    path = tmp_path / "base.csv"
    path.write_text("reference,plan,phone,began_on\nKD-1,24GD100001,13800001234,2026-01-01\n")
    code, _, said = command(path, "--dry-run")
    assert (code, said) == (2, "Error: --dry-run is for orders and payments")
    code, _, said = command(path, "--failed", str(tmp_path / "failed.csv"))
    assert (code, said) == (2, "Error: --failed is for orders")
    with runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM subscribers")) == 0


def test_the_example_can_be_brought_in(command, place, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 8, 40, tzinfo=clock.CITY_ZONE))
    number = place().number
    with pytest.raises(SystemExit):
        main(["import", "--example", "payments"])
    path = tmp_path / "example.csv"
    path.write_text(capsys.readouterr().out.replace("QY261123K7M4QZX", number))
    code, out, said = command(path)
    # The order of its second row is nobody's here.
    assert (code, said) == (1, "2 stored, 0 stored before, 1 bad")
    assert "line 3, B 外部单号: order.not_found" in out
