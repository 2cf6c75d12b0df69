"""Tables that people bring: read as they are seen, in constant memory, refused where they hide something."""

import subprocess
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
import xlsxwriter

from tracker.files import shared_strings
from tracker.files.lanes import in_two_lanes, slices
from tracker.files.rows import Header, count_lines
from tracker.files.scratch import PutAside, Scratch
from tracker.files.tables import open_table, read_names
from tracker.files.workbook import Limits
from tracker.problems import Refusal

ROOT = Path(__file__).parents[2]
HEADER = Header(("名称", "值"), ("名称",))
SMALL = Limits(packed=2_000_000, unpacked=20_000_000, rows=50)


def read(path: Path, limits: Limits = SMALL, **how) -> list[tuple[int, list[str], list[str]]]:
    with open_table(path, HEADER, limits, **how) as table:
        return [
            (line.number, line.cells, [f"{bad.column}: {bad.fault.rule}" for bad in line.faults])
            for line in table.lines
        ]


def refusal(path: Path, limits: Limits = SMALL, **how) -> list[str]:
    with pytest.raises(Refusal) as refused:
        read(path, limits, **how)
    return [fault.rule for fault in refused.value.faults]


@pytest.fixture
def text(tmp_path):
    def write(content: bytes) -> Path:
        (tmp_path / "t.csv").write_bytes(content)
        return tmp_path / "t.csv"

    return write


@pytest.fixture
def book(tmp_path):
    """Saves a workbook made by openpyxl, whose first sheet `fill` fills."""

    def write(fill) -> Path:
        made = openpyxl.Workbook()
        fill(made)
        made.save(tmp_path / "t.xlsx")
        return tmp_path / "t.xlsx"

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_in_any_of_its_encodings(text, encoding) -> None:
    path = text("名称,值\n清远,𠮷\n".encode(encoding))
    assert read(path) == [(2, ["清远", "𠮷"], [])]
    assert read_names(path, SMALL) == ["名称", "值"]


def test_an_encoding_may_be_named(text) -> None:
    assert refusal(text("名称,值\n".encode("gb18030")), encoding="utf-8") == ["file.encoding"]


def test_lines_that_cannot_be_read_keep_their_cells(text) -> None:
    lines = ["名称,值", "一,1", "", ",", '二,"开', "三,1,2", "四", '"五,六",七']
    content = "\n".join(lines).encode() + b"\n\xff\xfe,8\n"
    assert read(text(content)) == [
        (2, ["一", "1"], []),
        (5, ["二", '"开'], [": file.row_width"]),
        (6, ["三", "1", "2"], [": file.row_width"]),
        (7, ["四"], [": file.row_width"]),
        (8, ["五,六", "七"], []),
        (9, ["\ufffd\ufffd", "8"], [": file.encoding"]),
    ]


def test_positions_reach_the_end_of_the_file(text, book) -> None:
    for path in (
        text("名称,值\n一,1\n二,2".encode()),
        book(lambda b: [b.active.append(["名称"]), b.active.append(["x"])]),
    ):
        with open_table(path, HEADER, SMALL) as table:
            last = list(table.lines)[-1]
            assert last.position == table.size


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2)])
def test_lines_are_counted(text, content, lines) -> None:
    assert count_lines(text(content)) == lines


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file.missing_column"),
        ("名称,值\n".encode(), "file.no_rows"),
        ("名称,值\n,\n".encode(), "file.no_rows"),
        (("名称\n" + "x\n" * 51).encode(), "file.too_many_rows"),
        ("名称,值\n一,1\n".encode("utf-16"), "file.not_a_table"),
        (b"x" * 2_000_001, "file.too_large"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.old_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "file.password"),
        (b"PK\x03\x04 broken", "file.not_a_table"),
    ],
)
def test_what_is_no_table_is_refused(text, content, rule) -> None:
    assert refusal(text(content)) == [rule]


def test_cells_are_read_as_people_see_them(book) -> None:
    shown = {
        13800001234: "13800001234",
        441802006001: "441802006001",
        1.5: "1.5",
        0.1 + 0.2: "0.3",
        -7: "-7",
        True: "TRUE",
        "  x": "  x",
        "_x0041_": "A",
        date(2026, 11, 8): "2026-11-08",
        datetime.fromisoformat("2026-11-08 09:30"): "2026-11-08 09:30:00",
        timedelta(hours=30): "1 day, 6:00:00",
    }

    def fill(made) -> None:
        made.active.append(["名称"])
        for value in shown:
            made.active.append([value])

    assert [cells[0] for _, cells, _ in read(book(fill))] == list(shown.values())


def test_a_workbook_that_counts_from_1904(book) -> None:
    def fill(made) -> None:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        made.active.append(["名称"])
        made.active.append([date(2026, 11, 8)])

    assert read(book(fill))[0][1] == ["2026-11-08"]


def test_what_a_person_does_not_see_is_told_by_its_place(book) -> None:
    def fill(made) -> None:
        sheet = made.active
        for row in (
            ["名称", None, "值"],
            ["一", None, "=1+1"],
            ["二", "x", "1"],
            ["三", None, "#N/A"],
            ["四"],
        ):
            sheet.append(row)
        sheet["C4"].data_type = "e"
        sheet.row_dimensions[5].hidden = True
        made.create_sheet("藏")["A1"] = "x"
        made["藏"].sheet_state = "veryHidden"
        made.create_sheet("说明")["A1"] = "x"

    assert read(book(fill), passed_over=("说明",)) == [
        (2, ["一", "", "=1+1"], ["C 值: file.formula"]),
        (3, ["二", "x", "1"], ["B: file.row_width"]),
        (4, ["三", "", "#N/A"], ["C 值: file.error_value"]),
        (5, ["四", "", ""], [": file.hidden_row"]),
    ]


def test_a_workbook_that_is_no_one_table_is_refused(book) -> None:
    def table(made) -> None:
        made.active.append(["名称"])
        made.active.append(["一"])

    def merged(made) -> None:
        table(made)
        made.active.merge_cells("A2:B3")

    def two(made) -> None:
        table(made)
        made.create_sheet("二")["B7"] = "x"

    def formula(made) -> None:
        table(made)
        made.active["A1"] = '="名"&"称"'

    def long(made) -> None:
        table(made)
        for _ in range(11_000):
            made.active.append(["x"])

    assert refusal(book(merged)) == ["file.merged_cells"]
    assert refusal(book(two)) == ["file.several_sheets"]
    assert refusal(book(formula)) == ["file.header_cell"]
    assert refusal(book(lambda made: None)) == ["file.missing_column"]
    assert refusal(book(lambda made: made.active.append(["名称"]))) == ["file.no_rows"]
    assert refusal(book(long)) == ["file.too_many_rows"]


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def by_hand(path: Path, rows: str, *, strings: str | None = None, after: str = "", prefix: str = "") -> Path:
    """A workbook as other programs write one."""
    p = f"{prefix}:" if prefix else ""
    space = f'xmlns{p and ":" + prefix}="{SHEET}"'
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<{p}workbook {space} xmlns:r="{RELATIONS}"><{p}sheets>'
            f'<{p}sheet name="一" sheetId="1" r:id="rId1"/></{p}sheets></{p}workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="/xl/worksheets/s.xml"/>'
            f'<Relationship Id="rId2" Type="{RELATIONS}/sharedStrings" Target="strings.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/worksheets/s.xml",
            f"<{p}worksheet {space}><{p}sheetData>{rows}</{p}sheetData>{after}</{p}worksheet>",
        )
        if strings is not None:
            archive.writestr("xl/strings.xml", f"<{p}sst {space}>{strings}</{p}sst>")
    return path


def test_workbooks_of_other_programs(tmp_path) -> None:
    strings = (
        "<si><t>名称</t></si><si><r><t>清</t></r><r><t>远</t></r><rPh sb='0' eb='1'><t>qing</t></rPh></si>"
    )
    rows = (
        "<row><c t='s'><v>0</v></c></row>"
        "<row><c t='s'><v>1</v></c></row>"
        "<row><c t='inlineStr'><is><t>内</t></is></c></row>"
        "<row r='9'><c r='A9' t='str'><v>文</v></c><c r='CZ9'><v>1</v></c></row>"
        "<row r='10'><c r='A10' t='d'><v>2026-11-08T09:30:00</v></c></row>"
        "<row r='11'><c r='A11'><v>4.41802006001E11</v></c></row>"
        "<row r='12'><c r='A12' s='99'/></row>"
        "<row r='13'><c r='A13'><f>1+1</f><v>2</v></c></row>"
    )
    found = read(by_hand(tmp_path / "t.xlsx", rows, strings=strings))
    assert [(number, cells[0]) for number, cells, _ in found] == [
        (2, "清远"),
        (3, "内"),
        (9, "文"),
        (10, "2026-11-08 09:30:00"),
        (11, "441802006001"),
        (13, "=1+1"),
    ]
    prefixed = "<x:row r='1'><x:c r='A1' t='inlineStr'><x:is><x:t>名称</x:t></x:is></x:c></x:row>"
    one = prefixed.replace("'1'", "'2'").replace("A1", "A2").replace("名称", "一")
    merged = "<x:mergeCells><x:mergeCell ref='A1:B2'/></x:mergeCells>"
    assert read(by_hand(tmp_path / "t.xlsx", prefixed + one, prefix="x")) == [(2, ["一"], [])]
    assert refusal(by_hand(tmp_path / "t.xlsx", prefixed + one, after=merged, prefix="x")) == [
        "file.merged_cells"
    ]


@pytest.mark.parametrize(
    "rows",
    [
        "<row><c t='inlineStr'><is><t>名称</t></is></c></row><row><c t='s'><v>7</v></c></row>",
        "<row><c t='inlineStr'><is><t>名称</t></is></c></row><row><c><v>seven</v></c></row>",
        "<row><c r='77' t='inlineStr'><is><t>名称</t></is></c></row>",
        "<row><c t='inlineStr'><is><t>名称</t></is></c></row><row><c>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><row/>",
    ],
)
def test_a_damaged_sheet_is_no_failure_of_ours(tmp_path, rows) -> None:
    assert refusal(by_hand(tmp_path / "t.xlsx", rows)) == ["file.not_a_table"]


def test_a_sheet_that_breaks_off_is_refused_before_its_first_row_is_read(tmp_path) -> None:
    row = "<row><c t='inlineStr'><is><t>名称</t></is></c></row>"
    path = by_hand(tmp_path / "t.xlsx", row * 40 + "<row><c></row>")
    with pytest.raises(Refusal), open_table(path, HEADER, SMALL):
        pytest.fail("it was opened")


def test_files_that_were_made_to_burst_are_refused(tmp_path) -> None:
    head = "<row><c t='inlineStr'><is><t>名称</t></is></c></row>"
    path = tmp_path / "t.xlsx"
    # More than any table is packed to; more than the limit in all; one token of two million characters.
    assert refusal(by_hand(path, head + " " * 3_000_000)) == ["file.too_large"]
    assert refusal(by_hand(path, head * 400_000), Limits(2_000_000, 20_000_000, 10**9)) == ["file.too_large"]
    noise = "".join(f"{n * 7919 % 999_983:x}" for n in range(400_000))
    token = f"<row spans='{noise}'>{'<c/>'}</row>"
    assert refusal(by_hand(path, head + token)) == ["file.not_a_table"]
    with ZipFile(path, "w") as archive:
        for number in range(501):
            archive.writestr(str(number), "x")
    assert refusal(path) == ["file.too_large"]


def test_a_huge_cell_is_not_kept_whole(tmp_path) -> None:
    noise = "".join(f"{n * 7919 % 999_983:x}" for n in range(100_000))
    rows = "<row><c t='inlineStr'><is><t>名称</t></is></c></row>"
    pieces = "".join(f"<t>{noise[at : at + 1000]}</t>" for at in range(0, len(noise), 1000))
    rows += f"<row><c t='inlineStr'><is>{pieces}</is></c></row>"
    ((_, (cell,), _),) = read(by_hand(tmp_path / "t.xlsx", rows))
    assert 32_767 < len(cell) < 35_000


def test_texts_are_found_again_whatever_their_order(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shared_strings, "_BLOCK", 4)
    monkeypatch.setattr(shared_strings, "_KEPT_BLOCKS", 2)
    count = 45
    strings = "<si><t>名称</t></si>" + "".join(f"<si><t>词{n}</t></si>" for n in range(count))
    order = [n * 7 % count for n in range(count)]
    rows = "<row><c t='s'><v>0</v></c></row>" + "".join(
        f"<row><c t='s'><v>{n + 1}</v></c></row>" for n in order
    )
    found = read(by_hand(tmp_path / "t.xlsx", rows, strings=strings))
    assert [cells[0] for _, cells, _ in found] == [f"词{n}" for n in order]


def test_what_is_put_aside_is_not_there_in_plain(monkeypatch) -> None:
    files = []
    made = tempfile.TemporaryFile

    def spy():
        files.append(made())
        return files[-1]

    monkeypatch.setattr("tracker.files.scratch.tempfile.TemporaryFile", spy)
    aside = PutAside(1000)
    for _ in range(500):
        aside.write("张三13800001234".encode())
    assert b"".join(aside.blocks()) == "张三13800001234".encode() * 500
    assert [len(block) for block in aside.blocks()][:-1] == [1000] * (aside.size // 1000)
    files[0].seek(0)
    assert b"13800001234" not in files[0].read()
    scratch = Scratch()
    scratch.put(b"one")
    scratch.put(b"two")
    assert (scratch.get(1), scratch.get(0), len(scratch)) == (b"two", b"one", 2)
    aside.close()
    scratch.close()


_MEASURE = """
import resource, sys
from pathlib import Path
from tracker.files.tables import AT_THE_CONSOLE
from tracker.orders.file_batches import open_orders
rows = 0
with open_orders(Path(sys.argv[1]), AT_THE_CONSOLE) as file:
    for batch in file.batches:
        rows += len(batch.sound)
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_ten_times_the_rows_take_no_more_memory(tmp_path, kind) -> None:
    taken = {}
    for count in (3_000, 30_000):
        path = tmp_path / f"{count}.{kind}"
        names = ["外部单号", "客户类型", "客户姓名", "联系电话", "社区代码", "详细地址", "方案编号"]
        rows = (
            [f"R{n}", "home", f"张{n}", f"138{n:08d}", "441802006001", f"北江路{n}号{n * 7}房", "24GD100001"]
            for n in range(count)
        )
        if kind == "csv":
            path.write_text("\n".join(",".join(row) for row in (names, *rows)), encoding="utf-8")
        else:
            with xlsxwriter.Workbook(path) as made:
                sheet = made.add_worksheet()
                for number, row in enumerate((names, *rows)):
                    sheet.write_row(number, 0, row)
        ran = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(path)],
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        read_rows, kilobytes = map(int, ran.stdout.split())
        assert read_rows == count
        taken[count] = kilobytes
    # All texts of the longer sheet alone would be several times as much.
    assert taken[30_000] - taken[3_000] < 20_000


def test_two_lanes_keep_the_order_and_pass_failures_on() -> None:
    assert list(in_two_lanes(slices(range(10), 3), sum)) == [3, 12, 21, 9]
    assert list(in_two_lanes([], sum)) == []

    def fail(batch: list[int]) -> int:
        if 4 in batch:
            raise ValueError("four")
        return sum(batch)

    lanes = in_two_lanes(slices(range(10), 3), fail)
    assert next(lanes) == 3
    with pytest.raises(ValueError, match="four"):
        next(lanes)
