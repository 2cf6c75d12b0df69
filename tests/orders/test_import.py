"""Orders from a file: the good ones stored, the bad ones named, nothing changed by a second run."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from tracker.cli import main
from tracker.notices.models import Notice
from tracker.orders.file_columns import COLUMNS
from tracker.orders.import_orders import import_orders
from tracker.orders.models import Order
from tracker.problems import Refusal

GOOD = {
    "customer_kind": "home",
    "customer_name": "张三",
    "phone": "13800001234",
    "community_code": "441802006001",
    "address_detail": "测试路1号",
    "plan": "24GD100001",
}


def write(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS), restval="")
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow({"external_reference": f"R{number}", **GOOD, **row})
    return path


@pytest.fixture
def count(runtime):
    def of(table=Order) -> int:
        with runtime.db.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    return of


@pytest.fixture
def bring(runtime, channel):
    return lambda path: import_orders(runtime, channel, path)


def test_good_rows_are_stored_and_bad_ones_named(bring, count, tmp_path) -> None:
    rows = [{} for _ in range(450)]
    rows[10] = {"phone": "12"}
    rows[300] = {"community_code": "441802006999"}
    rows[301] = {"customer_name": "", "plan": "x" * 31}
    report = bring(write(tmp_path / "orders.csv", rows))
    assert (report.stored, report.repeated, report.bad_rows) == (447, 0, 3)
    assert sorted((bad.line, bad.column, bad.fault.rule) for bad in report.faults) == [
        (12, "phone", "phone.invalid"),
        (302, "community_code", "order.unknown_community"),
        (303, "customer_name", "field.required"),
        (303, "plan", "field.too_long"),
    ]
    assert (count(), count(Notice)) == (447, 447)


def test_a_second_run_changes_nothing_and_a_mended_file_adds_the_rest(bring, count, tmp_path) -> None:
    rows = [{}, {"phone": "12"}, {}]
    bring(write(tmp_path / "orders.csv", rows))
    again = bring(tmp_path / "orders.csv")
    assert (again.stored, again.repeated, again.bad_rows) == (0, 2, 1)
    mended = bring(write(tmp_path / "orders.csv", [{}, {}, {}]))
    assert (mended.stored, mended.repeated) == (1, 2)
    assert (count(), count(Notice)) == (3, 3)


def test_another_order_under_a_known_reference_is_refused(bring, tmp_path) -> None:
    bring(write(tmp_path / "orders.csv", [{}]))
    report = bring(write(tmp_path / "orders.csv", [{"plan": "24GD100003"}]))
    assert [(bad.line, bad.column, bad.fault.rule) for bad in report.faults] == [
        (2, "external_reference", "order.duplicate_reference")
    ]
    twice = [
        {"external_reference": "D"},
        {"external_reference": "D"},
        {"external_reference": "D", "phone": "13800001235"},
    ]
    report = bring(write(tmp_path / "orders.csv", twice))
    assert (report.stored, report.repeated, report.bad_rows) == (1, 1, 1)


def test_a_row_told_about_twice_repeats_the_first_also_when_that_is_refused(bring, tmp_path) -> None:
    twice = [{"external_reference": "D", "plan": "x"}, {"external_reference": "D", "plan": "x"}]
    report = bring(write(tmp_path / "orders.csv", twice))
    assert [bad.fault.rule for bad in report.faults] == ["order.unknown_plan"] * 2


def test_spreadsheets_marks_quotes_and_line_breaks(bring, tmp_path) -> None:
    path = write(
        tmp_path / "orders.csv",
        [{"address_detail": '北江"大"道,1号'}, {"address_detail": "1号\n2栋"}],
        "utf-8-sig",
    )
    report = bring(path)
    assert (report.stored, [(b.line, b.fault.rule) for b in report.faults]) == (
        1,
        [(3, "file.row_width"), (4, "file.row_width")],
    )


def test_a_stray_quote_costs_its_own_row_only(bring, tmp_path) -> None:
    path = write(tmp_path / "orders.csv", [{}, {}, {}, {}])
    path.write_text(path.read_text().replace("R1,home,张三", 'R1,home,"张三'))
    report = bring(path)
    assert (report.stored, [(b.line, b.fault.rule) for b in report.faults]) == (3, [(3, "file.row_width")])


def test_what_was_stored_stays_stored_when_its_plan_is_no_longer_sold(bring, tmp_path, stores) -> None:
    bring(write(tmp_path / "orders.csv", [{}, {}]))
    owner = create_engine(stores.owner_url, poolclass=NullPool)

    def sell(until: str | None) -> None:
        with owner.begin() as connection:
            connection.execute(
                text("UPDATE plans SET on_sale_to = CAST(:until AS date) WHERE filing_number = '24GD100001'"),
                {"until": until},
            )

    sell("2024-02-01")
    try:
        again = bring(write(tmp_path / "orders.csv", [{}, {}, {}]))
        assert (again.stored, again.repeated) == (0, 2)
        assert [(bad.line, bad.fault.rule) for bad in again.faults] == [(4, "order.unknown_plan")]
    finally:
        sell(None)
        owner.dispose()


def test_broken_lines_cost_only_themselves(bring, tmp_path) -> None:
    path = write(tmp_path / "orders.csv", [{}, {}, {}])
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace("张三".encode(), "张三".encode("gb18030"))
    lines[2] = lines[2].rstrip() + b",extra\r\n"
    path.write_bytes(b"".join(lines) + b'R9,"unclosed\r\n')
    report = bring(path)
    assert report.stored == 1
    assert [(bad.line, bad.fault.rule) for bad in report.faults] == [
        (2, "file.encoding"),
        (3, "file.row_width"),
        (5, "file.row_width"),
    ]


def test_a_file_that_is_no_table_of_orders_is_refused_whole(bring, count, tmp_path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("name,phone\n张三,13800001234\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        bring(path)
    assert {fault.rule for fault in refused.value.faults} == {"file.missing_column", "file.unknown_column"}
    path.write_bytes(b"")
    with pytest.raises(Refusal):
        bring(path)
    assert count() == 0


def test_the_command_names_bad_rows_on_standard_output(settings, runtime, tmp_path, capsys) -> None:
    path = write(tmp_path / "orders.csv", [{}, {"phone": "12"}])
    arguments = ["import", str(path), "--operator", "telecom", "--channel", "hall", "--lang", "en"]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert told.out == "orders.csv: line 3, phone: phone.invalid: This is not a valid telephone number.\n"
    assert "1 stored, 0 stored before, 1 bad" in told.err
