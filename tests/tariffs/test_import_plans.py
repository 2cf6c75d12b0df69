"""Plans from a spreadsheet or a CSV file: taken in once, and what is wrong is told by its place."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from plan_samples import BY, plan_fields
from sqlalchemy import select

from tracker.files import sheets
from tracker.problems import Refusal
from tracker.tariffs.file_columns import COLUMNS, LINE, REASON
from tracker.tariffs.import_plans import Report, import_plans
from tracker.tariffs.models import Plan, PlanEvent
from tracker.tariffs.plan_template import EXPLANATION, SHEET, plan_template, refused_csv
from tracker.tariffs.publish_plan import publish_plan
from tracker.tariffs.save_plan import edit_draft
from tracker.tariffs.withdraw_plan import withdraw_plan
from tracker.tariffs.written import WRITTEN

ROW: dict[str, Any] = {
    "方案编号": "26GD900001",
    "适用地区": "全市",
    "适用客户": "家庭",
    "资费类型": "套餐",
    "资费名称": "两千兆家庭套餐",
    "资费标准（元/月）": 169,
    "安装费": "100",
    "调测费": 0,
    "下行带宽": 2000,
    "上行带宽": "200M",
    "服务内容": "2000M宽带；IPTV 2路",
    "限制条件": "合约期24个月",
    "违约责任": "提前拆机补偿",
    "上线日期": date(2026, 12, 1),
    "下线日期": "长期",
}


@pytest.fixture
def bring(database, operator_id, plans, morning, tmp_path) -> Callable[..., Report]:
    """Imports rows: as a spreadsheet unless a path is given."""

    def take(*rows: dict[str, Any] | Path, **how: Any) -> Report:
        path = rows[0] if isinstance(rows[0], Path) else sheet(tmp_path, *rows)
        return import_plans(database, operator_id, path, BY, **how)

    return take


@pytest.fixture
def stored(database, operator_id) -> Callable[[], list[dict]]:
    """Every version of this operator's that was not seeded, oldest first."""

    def ask() -> list[dict]:
        wanted = select(Plan.__table__).where(Plan.operator_id == operator_id, Plan.filing_number.like("26%"))
        with database.reading() as connection:
            return [row._asdict() for row in connection.execute(wanted.order_by(Plan.id))]

    return ask


def workbook(*rows: dict[str, Any]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    names = list(dict.fromkeys(name for row in rows for name in row))
    book.active.append(names)
    for row in rows:
        book.active.append([row.get(name) for name in names])
    return book


def save(book: openpyxl.Workbook, folder: Path) -> Path:
    book.save(folder / "plans.xlsx")
    return folder / "plans.xlsx"


def sheet(folder: Path, *rows: dict[str, Any]) -> Path:
    return save(workbook(*rows), folder)


def text(
    folder: Path, *rows: dict[str, Any], encoding: str = "utf-8", names: list[str] | None = None
) -> Path:
    path = folder / "plans.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def faults(report: Report) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.column, bad.fault.rule) for bad in report.faults]


def counts(report: Report) -> tuple[int, int, int, int]:
    return (report.stored, report.changed, report.repeated, report.bad_rows)


CSV_ROW = {**ROW, "上线日期": "2026年12月1日"}


def test_every_field_has_its_column() -> None:
    assert tuple(COLUMNS) == WRITTEN


def test_a_row_of_a_spreadsheet_becomes_a_draft(bring, stored, database) -> None:
    seen = []
    assert counts(bring(ROW, on_row=lambda done, rows: seen.append((done, rows)))) == (1, 0, 0, 0)
    assert seen == [(1, 1)]
    (plan,) = stored()
    assert plan["state"] == "draft"
    assert (plan["region"], plan["audience"], plan["product"]) == ("441800", "home", "broadband")
    assert (plan["monthly_fen"], plan["installation_fen"], plan["commissioning_fen"]) == (16900, 10000, 0)
    assert (plan["download_mbps"], plan["upload_mbps"]) == (2000, 200)
    assert (plan["on_sale_from"], plan["on_sale_to"]) == (date(2026, 12, 1), None)
    with database.reading() as connection:
        event = connection.execute(select(PlanEvent.__table__).where(PlanEvent.plan_id == plan["id"])).one()
    assert (event.actor, event.detail["file"], event.detail["line"]) == (BY, "plans.xlsx", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_as_spreadsheets_write_it(bring, stored, tmp_path, encoding) -> None:
    assert counts(bring(text(tmp_path, CSV_ROW, encoding=encoding))) == (1, 0, 0, 0)
    assert stored()[0]["name"] == "两千兆家庭套餐"


def test_the_apis_words_do_as_well(bring, stored, tmp_path) -> None:
    row = {
        "filing_number": "26GD900001",
        "region": "441802",
        "audience": "enterprise",
        "kind": "套餐",
        "product": "dedicated_line",
        "name": "专线",
        "monthly_fee": "1,299.50",
        "installation_fee": "0",
        "commissioning_fee": "0.05",
        "on_sale_from": "2026/12/1",
    }
    assert counts(bring(text(tmp_path, row))) == (1, 0, 0, 0)
    (plan,) = stored()
    assert (plan["monthly_fen"], plan["commissioning_fen"], plan["product"]) == (129950, 5, "dedicated_line")


def test_the_same_file_again_changes_nothing(bring, stored, tmp_path) -> None:
    rows = [{**ROW, "适用地区": region} for region in ("全市", "清城区", "英德市")]
    assert counts(bring(*rows)) == (3, 0, 0, 0)
    before = stored()
    assert counts(bring(*rows)) == (0, 0, 3, 0)
    assert counts(bring(text(tmp_path, *({**CSV_ROW, "适用地区": row["适用地区"]} for row in rows)))) == (
        0,
        0,
        3,
        0,
    )
    assert stored() == before


def test_what_a_person_made_of_a_draft_since_stays(bring, stored, database, operator_id) -> None:
    bring(ROW)
    plan_id = stored()[0]["id"]
    edit_draft(database, operator_id, plan_id, plan_fields(monthly_fen=1, on_sale_from="2026-12-01"), BY)
    assert counts(bring(ROW)) == (0, 0, 1, 0)
    assert counts(bring(ROW, publish=True)) == (0, 0, 1, 0)
    assert (stored()[0]["monthly_fen"], stored()[0]["state"]) == (1, "draft")


def test_a_row_that_was_mended_replaces_its_draft(bring, stored) -> None:
    bring(ROW)
    assert counts(bring({**ROW, "资费标准（元/月）": 159})) == (0, 1, 0, 0)
    assert [(plan["monthly_fen"], plan["version"]) for plan in stored()] == [(15900, 1)]
    assert counts(bring({**ROW, "上线日期": "2027-01-01"})) == (1, 0, 0, 0), (
        "another first day is another one"
    )
    assert [plan["version"] for plan in stored()] == [1, 2]


def test_a_discarded_draft_comes_again(bring, stored, database, operator_id) -> None:
    bring(ROW)
    withdraw_plan(database, operator_id, stored()[0]["id"], "x", BY)
    assert counts(bring(ROW)) == (1, 0, 0, 0)


def test_rows_are_published_where_asked(bring, stored, database, operator_id) -> None:
    assert counts(bring(ROW, publish=True)) == (1, 0, 0, 0)
    assert counts(bring(ROW, publish=True)) == (0, 0, 1, 0)
    (plan,) = stored()
    assert (plan["state"], plan["name_en"]) == ("published", plan["name"])
    withdraw_plan(database, operator_id, plan["id"], "x", BY, last_day=date(2026, 12, 31))
    assert counts(bring(ROW, publish=True)) == (0, 0, 1, 0), "what was taken off sale is not brought back"
    bring({**ROW, "方案编号": "26GD900002"})
    assert counts(bring({**ROW, "方案编号": "26GD900002"}, publish=True)) == (0, 1, 0, 0)
    assert stored()[1]["state"] == "published"


def test_a_published_version_is_never_touched(bring, stored, database, operator_id) -> None:
    bring(ROW)
    publish_plan(database, operator_id, stored()[0]["id"], "x", BY)
    assert counts(bring({**ROW, "资费标准（元/月）": 1})) == (1, 0, 0, 0)
    assert [(plan["state"], plan["monthly_fen"]) for plan in stored()] == [
        ("published", 16900),
        ("draft", 100),
    ]
    assert faults(bring({**ROW, "资费标准（元/月）": 1}, publish=True)) == [(2, "N 上线日期", "plan.overlap")]
    assert stored()[1]["state"] == "draft", "nothing of the refused row is left"


def test_a_bad_row_stores_nothing_and_the_good_ones_are_stored(bring, stored) -> None:
    rows = [{**ROW, "方案编号": f"26GD9001{number:02d}"} for number in range(120)]
    rows[3] |= {"资费标准（元/月）": -1, "适用客户": "所有人"}
    rows[110] |= {"限制条件": None}
    report = bring(*rows, publish=True)
    assert counts(report) == (118, 0, 0, 2)
    assert faults(report) == [
        (5, "C 适用客户", "field.choice"),
        (5, "F 资费标准（元/月）", "plan.fee"),
        (112, "L 限制条件", "plan.restrictions_required"),
    ]
    assert len(stored()) == 118
    assert [row.line for row in report.refused] == [5, 112]


def test_two_rows_of_one_plan_and_day_are_told(bring, stored) -> None:
    report = bring(ROW, ROW, {**ROW, "资费名称": "另一个"})
    assert counts(report) == (1, 0, 1, 1)
    assert faults(report) == [(4, "A 方案编号", "plan.twice_in_file")]
    assert report.faults[0].fault.params == {"line": 2}
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("资费标准（元/月）", "129.505", "plan.fee"),
        ("资费标准（元/月）", 129.505, "plan.fee"),
        ("资费标准（元/月）", -129, "plan.fee"),
        ("资费标准（元/月）", "免费", "plan.fee"),
        ("资费标准（元/月）", "1e3", "plan.fee"),
        ("资费标准（元/月）", "٣", "plan.fee"),
        ("资费标准（元/月）", 10**9, "plan.fee"),
        ("资费标准（元/月）", None, "field.required"),
        ("安装费", True, "plan.fee"),
        ("安装费", "  ", "field.required"),
        ("下行带宽", "1G", "plan.speed"),
        ("下行带宽", 12.5, "plan.speed"),
        ("上行带宽", -1, "plan.speed"),
        ("方案编号", "x" * 31, "field.too_long"),
        ("适用地区", "广州市", "plan.unknown_region"),
        ("适用地区", "441802006001", "plan.unknown_region"),
        ("资费类型", "礼包", "field.choice"),
        ("资费名称", "a\u202eb", "field.control_characters"),
        ("上线日期", "明天", "field.date"),
        ("上线日期", 45992, "field.date"),
        ("上线日期", datetime.fromisoformat("2026-12-01 09:30"), "field.date"),
        ("上线日期", "2026-02-30", "field.date"),
        ("下线日期", "2026-13-01", "field.date"),
        ("违约责任", "x" * 401, "field.too_long"),
        ("服务内容", "=1+1", "file.formula"),
        ("资费名称", "=CONCAT(A1,B1)", "file.formula"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(bring, stored, column, value, rule) -> None:
    report = bring(ROW, {**ROW, "方案编号": "26GD900002", column: value})
    letter = "ABCDEFGHIJKLMNO"[list(ROW).index(column)]
    assert faults(report) == [(3, f"{letter} {column}", rule)]
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        (129, 12900),
        (129.5, 12950),
        ("129.50", 12950),
        (0.1 + 0.2, 30),
        (128.99999999999997, 12900),
        ("¥1,299元", 129900),
    ],
)
def test_fees_are_read_as_people_see_them(bring, stored, written, fen) -> None:
    assert bring({**ROW, "资费标准（元/月）": written}).faults == []
    assert stored()[0]["monthly_fen"] == fen


def test_lines_in_a_cell_become_clauses(bring, stored) -> None:
    bring({**ROW, "限制条件": "合约期24个月\n提前拆机补偿"})
    assert stored()[0]["restrictions"] == "合约期24个月；提前拆机补偿"


def test_errors_and_hidden_rows_are_refused_row_by_row(bring, stored, tmp_path) -> None:
    book = workbook(*({**ROW, "方案编号": f"26GD90000{number}"} for number in range(4)))
    book.active["E3"].value = "#N/A"
    book.active["E3"].data_type = "e"
    book.active.row_dimensions[4].hidden = True
    report = bring(save(book, tmp_path))
    assert faults(report) == [(3, "E 资费名称", "file.error_value"), (4, "", "file.hidden_row")]
    assert [plan["filing_number"] for plan in stored()] == ["26GD900000", "26GD900003"]


def refused(bring: Callable[..., Report], path: Path) -> list[tuple[str, dict]]:
    with pytest.raises(Refusal) as refusal:
        bring(path)
    return [(fault.rule, dict(fault.params)) for fault in refusal.value.faults]


def test_a_sheet_that_is_no_plain_table_is_refused_whole(bring, stored, tmp_path) -> None:
    merged = workbook(ROW, ROW)
    merged.active.merge_cells("B2:B3")
    assert refused(bring, save(merged, tmp_path)) == [("file.merged_cells", {"ranges": "B2:B3"})]
    two = workbook(ROW)
    two.create_sheet("旧资费")["A1"] = "x"
    assert refused(bring, save(two, tmp_path)) == [("file.several_sheets", {"names": "Sheet、旧资费"})]
    formula = workbook(ROW)
    formula.active["B1"] = '="适用"&"地区"'
    assert refused(bring, save(formula, tmp_path)) == [("file.header_cell", {"column": "B"})]
    assert refused(bring, sheet(tmp_path, {})) == [
        ("file.missing_column", {"column": column.zh}) for column in COLUMNS.values() if column.needed
    ]
    assert stored() == []


def test_hidden_and_empty_sheets_are_passed_over(bring, tmp_path) -> None:
    book = workbook(ROW)
    book.create_sheet("空")
    hidden = book.create_sheet("选项")
    hidden["A1"], hidden.sheet_state = "x", "hidden"
    book.create_sheet(EXPLANATION)["A1"] = "x"
    assert counts(bring(save(book, tmp_path))) == (1, 0, 0, 0)


def test_a_title_row_blank_rows_and_blank_columns(bring, stored, tmp_path) -> None:
    book = workbook(ROW, {}, {**ROW, "方案编号": "26GD900002"})
    book.active.insert_cols(3)
    book.active["U5"] = " "
    assert counts(bring(save(book, tmp_path))) == (2, 0, 0, 0)
    book.active["U2"] = "备忘"
    assert faults(bring(save(book, tmp_path))) == [(2, "U", "file.row_width")]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"颜色": "红"}, [("file.unknown_column", {"column": "颜色"})]),
        ({"月费": "1"}, [("file.repeated_column", {"column": "资费标准"})]),
    ],
)
def test_a_header_of_another_kind_is_refused(bring, tmp_path, names, expected) -> None:
    assert refused(bring, sheet(tmp_path, {**ROW, **names})) == expected
    assert refused(bring, text(tmp_path, {**CSV_ROW, **names})) == expected


def test_a_file_without_rows_is_told(bring, tmp_path) -> None:
    (tmp_path / "template.xlsx").write_bytes(plan_template())
    assert refused(bring, tmp_path / "template.xlsx") == [("file.no_rows", {})]
    assert refused(bring, text(tmp_path, dict.fromkeys(ROW, ""))) == [("file.no_rows", {})]
    (tmp_path / "empty.csv").write_bytes(b"")
    assert {rule for rule, _ in refused(bring, tmp_path / "empty.csv")} == {"file.missing_column"}


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def zipped(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (COMPOUND, "file.old_format"),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "file.password"),
        (b"PK\x03\x04 broken", "file.not_a_table"),
        (zipped(word__document_xml=b"<x/>"), "file.not_a_table"),
        (zipped(xl__workbook_xml=b"<x/>"), "file.not_a_table"),
        (zipped(xl__workbook_xml=b"0" * 60_000_000), "file.too_large"),
        (b"%PDF-1.7\n\0\0", "file.not_a_table"),
        ("方案编号\t资费名称".encode("utf-16"), "file.not_a_table"),
        (b"a" * 4_000_001, "file.too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused(bring, tmp_path, content, rule) -> None:
    (tmp_path / "plans.xlsx").write_bytes(content)
    assert [told for told, _ in refused(bring, tmp_path / "plans.xlsx")] == [rule]


def test_a_damaged_workbook_is_no_failure_of_ours(bring, tmp_path) -> None:
    whole = sheet(tmp_path, ROW)
    with ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told: set[str] = set()
    for name in parts:
        with ZipFile(tmp_path / "damaged.xlsx", "w") as archive:
            for other, content in parts.items():
                archive.writestr(other, content[: len(content) // 2] if other == name else content)
        try:
            bring(tmp_path / "damaged.xlsx")
        except Refusal as refusal:
            told |= {fault.rule for fault in refusal.faults}
    assert told <= {"file.not_a_table", "file.missing_column"}


def test_too_many_rows_are_refused_before_anything_is_stored(bring, stored, tmp_path, monkeypatch) -> None:
    for module in ("tracker.files.sheets", "tracker.tariffs.import_plans"):
        monkeypatch.setattr(f"{module}.MOST_ROWS", 2)
    rows = [{**CSV_ROW, "方案编号": f"26GD90000{number}"} for number in range(3)]
    assert refused(bring, sheet(tmp_path, *rows)) == [("file.too_many_rows", {"limit": 2})]
    assert refused(bring, text(tmp_path, *rows)) == [("file.too_many_rows", {"limit": 2})]
    assert stored() == []


def test_lines_that_are_not_of_the_files_encoding_cost_only_themselves(bring, tmp_path) -> None:
    rows = [{**CSV_ROW, "方案编号": f"26GD90000{number}"} for number in range(3)]
    path = text(tmp_path, *rows)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace("套餐".encode(), "套餐".encode("gb18030"))
    path.write_bytes(b"".join(lines) + b"one,two\r\n")
    report = bring(path)
    assert report.stored == 2
    assert faults(report) == [(3, "", "file.encoding"), (5, "", "file.row_width")]


def test_the_template_has_every_column_and_its_example_can_be_imported(bring, tmp_path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(plan_template()))
    explained = book[EXPLANATION]
    head = [cell.value for cell in book[SHEET][1]]
    assert [row[0].value for row in explained.iter_rows(min_row=2)] == head
    lists = {str(rule.sqref): rule.formula1 for rule in book[SHEET].data_validations.dataValidation}
    assert lists == {"D2:D5001": '"套餐,加装包,营销活动,国际,标准资费,其他"', "C2:C5001": '"家庭,企业"'}
    for index, row in enumerate(explained.iter_rows(min_row=2), start=1):
        book[SHEET].cell(2, index).value = row[3].value
    assert counts(bring(save(book, tmp_path), publish=True)) == (1, 0, 0, 0)


def test_the_list_of_refused_rows_is_harmless_and_can_be_mended(bring, stored, tmp_path) -> None:
    report = bring({**ROW, "资费名称": "=HYPERLINK(1)", "限制条件": "+一\n二", "资费标准（元/月）": -5})
    assert report.refused[0].line == 2
    rows = [
        (row.line, row.cells, "；".join(bad.fault.words() for bad in row.faults)) for row in report.refused
    ]
    content = refused_csv(report.header, rows)
    assert content.startswith(b"\xef\xbb\xbf")
    (head, row) = csv.reader(content.decode("utf-8-sig").splitlines())
    assert head[:2] == [LINE, REASON]
    told = dict(zip(head, row, strict=True))
    assert (told["资费名称"], told["资费标准（元/月）"], told["限制条件"]) == (
        "'=HYPERLINK(1)",
        "'-5",
        "'+一；二",
    )
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    mended = content.replace(b"'=HYPERLINK(1)", "好名字".encode()).replace(b"'-5", b"5").replace(b"'+", b"")
    (tmp_path / "mended.csv").write_bytes(mended)
    assert counts(bring(tmp_path / "mended.csv")) == (1, 0, 0, 0)
    assert stored()[0]["name"] == "好名字"


def test_limits_are_those_that_the_refusal_names() -> None:
    assert (sheets.MOST_BYTES, sheets.MOST_UNPACKED_BYTES) == (4_000_000, 40_000_000)
