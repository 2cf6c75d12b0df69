"""The list of rows that failed: opened in a spreadsheet, mended, brought again; and the command's dry run."""

import csv
import stat
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from order_file_samples import csv_file, rows_of, workbook, xlsx_file
from sqlalchemy import func, select

from tracker import clock
from tracker.cli import main
from tracker.files.tables import AT_THE_CONSOLE
from tracker.notices.models import Notice
from tracker.orders.file_batches import open_orders
from tracker.orders.file_template import csv_template, xlsx_template
from tracker.orders.models import Order


@pytest.fixture
def command(settings, runtime, capsys):
    """Runs the import; returns the exit code, standard output and standard error."""

    def run(path: Path, *arguments: object) -> tuple[int, str, str]:
        given = ["import", str(path), "--operator", "telecom", "--channel", "hall", "--lang", "en"]
        with pytest.raises(SystemExit) as ended:
            main([*given, *(str(one) for one in arguments)])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


@pytest.fixture
def count(runtime):
    def of(table=Order) -> int:
        with runtime.db.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    return of


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cells_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def requests_in(path: Path) -> list[dict]:
    with open_orders(path, AT_THE_CONSOLE) as file:
        return [row.request for batch in file.batches for row in batch.sound]


ODD = {
    "外部单号": "0012",
    "客户姓名": "=HYPERLINK(1)",
    "联系电话": "+8613800001234",
    "详细地址": '-1栋, 2房"东"',
    "代理商": "@店",
    "受理时间": f"{clock.local(clock.now() - timedelta(days=1)):%Y-%m-%d %H:%M}",
}


def test_a_round_trip_changes_nothing(command, count, tmp_path) -> None:
    """Every cell that a spreadsheet would compute or alter comes back as it was."""
    bad = rows_of({**ODD, "方案编号": "nothing"}, {"联系电话": "1.38E+10", "外部单号": "3-1"})
    path = write(tmp_path / "orders.csv", csv_file(bad))
    failed = tmp_path / "failed.csv"
    assert command(path, "--failed", failed)[0] == 1
    assert failed.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(failed.stat().st_mode) == 0o600
    head, first, second = cells_of(failed)
    assert head[:2] == ["行号", "原因"]
    assert first[:2] == [
        "2",
        "方案编号 order.unknown_plan No plan on sale has this filing number.",
    ]
    told = dict(zip(head, first, strict=True))
    assert {name: told[name] for name in ODD} == {name: f"'{cell}" for name, cell in ODD.items()}
    assert dict(zip(head, second, strict=True))["外部单号"] == "'3-1"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells_of(failed) for cell in row)
    again = tmp_path / "again.csv"
    assert command(failed, "--failed", again)[0] == 1
    assert [row[1:] for row in cells_of(again)] == [row[1:] for row in cells_of(failed)]
    assert count() == 0
    mended = write(
        tmp_path / "mended.csv",
        failed.read_bytes().replace(b"nothing", b"24GD100001").replace(b"'1.38E+10", b"13800001234"),
    )
    assert requests_in(mended) == requests_in(
        write(
            tmp_path / "right.csv",
            csv_file(rows_of({**ODD}, {"联系电话": "13800001234", "外部单号": "3-1"})),
        )
    )
    assert command(mended)[0] == 0
    assert count() == 2


def test_a_mended_list_may_be_saved_as_a_workbook(command, count, tmp_path) -> None:
    path = write(tmp_path / "orders.csv", csv_file(rows_of({**ODD, "方案编号": "nothing"})))
    failed = tmp_path / "failed.csv"
    command(path, "--failed", failed)
    book = openpyxl.Workbook()
    for row in cells_of(failed):
        book.active.append([None if cell == "" else cell for cell in row])
    for row in book.active.iter_rows(min_row=2):
        for cell in row:
            if cell.value == "nothing":
                cell.value = "24GD100001"
            cell.data_type = "s"
    book.save(tmp_path / "mended.xlsx")
    assert command(tmp_path / "mended.xlsx")[0] == 0
    assert count() == 1


def test_rows_that_cannot_be_told_apart_are_listed_as_they_are(command, tmp_path) -> None:
    content = csv_file(rows_of({}, {}, {})).splitlines(keepends=True)
    content[1] = content[1].rstrip() + b",more\r\n"
    content[2] = content[2].replace("张三".encode(), '"张三'.encode())
    content[3] = content[3].replace("张三".encode(), b"\xff\xfe")
    failed = tmp_path / "failed.csv"
    command(write(tmp_path / "orders.csv", b"".join(content)), "--failed", failed)
    _, *rows = cells_of(failed)
    assert [row[0] for row in rows] == ["2", "3", "4"]
    assert [row[1].split(" ")[0] for row in rows] == ["file.row_width", "file.row_width", "file.encoding"]
    assert rows[0][-1] == "more"
    assert '"张三' in rows[1]
    assert "\ufffd\ufffd" in rows[2]


def test_lines_in_a_cell_do_not_break_the_list(command, tmp_path) -> None:
    path = write(tmp_path / "orders.xlsx", xlsx_file(rows_of({"详细地址": "1号\n2栋"})))
    failed = tmp_path / "failed.csv"
    _, out, _ = command(path, "--failed", failed)
    assert out.startswith("orders.xlsx: line 2, F 详细地址: field.control_characters: ")
    assert cells_of(failed)[1][7] == "1号 2栋"
    assert command(failed)[0] == 0


def test_a_dry_run_stores_nothing(command, count, tmp_path) -> None:
    path = write(tmp_path / "orders.csv", csv_file(rows_of({}, {"联系电话": "12"}, {})))
    failed = tmp_path / "failed.csv"
    code, out, err = command(path, "--dry-run", "--failed", failed)
    assert code == 1
    assert out == "orders.csv: line 3, 联系电话: phone.invalid: This is not a valid telephone number.\n"
    assert "2 would be stored, 0 stored before, 1 bad" in err
    assert (count(), count(Notice), len(cells_of(failed))) == (0, 0, 2)
    command(path)
    assert "0 would be stored, 2 stored before, 1 bad" in command(path, "--dry-run")[2]


def test_only_orders_can_be_tried(command, tmp_path) -> None:
    path = write(
        tmp_path / "base.csv", b"reference,plan,phone,began_on\nR1,24GD100001,13800001234,2024-03-15\n"
    )
    code, _, err = command(path, "--dry-run")
    assert (code, "for orders" in err) == (2, True)


def test_a_file_of_which_nothing_failed_has_a_header_only(command, tmp_path) -> None:
    path = write(tmp_path / "orders.xlsx", xlsx_file(rows_of({})))
    failed = tmp_path / "failed.csv"
    assert command(path, "--failed", failed)[0] == 0
    assert len(cells_of(failed)) == 1


def test_a_sheet_with_every_trap(command, count, tmp_path) -> None:
    book = workbook(
        rows_of({}, {"客户姓名": "=A1"}, {}, {"社区代码": 441802006001, "联系电话": 13800001234}, {})
    )
    book.active.row_dimensions[4].hidden = True
    book.active["C6"] = "#REF!"
    book.active["C6"].data_type = "e"
    book.active["J2"] = "旁注"
    path = write(tmp_path / "orders.xlsx", xlsx_file(book))
    _, out, _ = command(path)
    assert [line.split(": ")[1:3] for line in out.splitlines()] == [
        ["line 2, J", "file.row_width"],
        ["line 3, C 客户姓名", "file.formula"],
        ["line 4", "file.hidden_row"],
        ["line 6, C 客户姓名", "file.error_value"],
    ]
    assert count() == 1


def test_the_templates_can_be_imported_as_they_are(command, count, tmp_path, monkeypatch) -> None:
    # Their example was accepted on a day that is neither to come nor long ago.
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat("2026-11-24T10:00:00+08:00"))
    path = write(tmp_path / "orders.csv", csv_template())
    with path.open(encoding="utf-8-sig") as file:
        assert file.readline().startswith("外部单号,客户类型,")
    assert command(path)[0] == 0
    made = write(tmp_path / "orders.xlsx", xlsx_template())
    assert "file.no_rows" in command(made)[2]
    book = openpyxl.load_workbook(made)
    explained = list(book["说明"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in explained] == [cell.value for cell in book["工单"][1]]
    assert all(book["工单"].column_dimensions[letter].number_format == "@" for letter in "ABFG")
    for index, row in enumerate(explained, start=1):
        book["工单"].cell(2, index).value = row[3]
    book["工单"]["A2"] = "BOSS-0002"
    book.save(made)
    assert command(made)[0] == 0
    assert count() == 2
