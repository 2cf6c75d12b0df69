"""Reports as PDF and workbook: what is in them, and that nothing in them is read as anything but text."""

import io
import json
import re
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.reporting import DEALERS, Office
from tracker.orders.place_orders import Placed
from tracker.problems import Refusal
from tracker.reports import pdf
from tracker.reports.pdf import pdf_of, pictures_of
from tracker.reports.rules import digest_of
from tracker.reports.shown import shown_report
from tracker.reports.stored import stored
from tracker.reports.workbook import workbook_of


@pytest.fixture
def submitted(office: Office, place: Callable[..., Placed]) -> tuple[Office, int]:
    """A report with dealers of all names."""
    pattern = place().number
    for seed, dealer in enumerate(DEALERS, start=1):
        office.orders(pattern, 12, seed=seed, dealer=dealer)
    return office, office.submitted()


def test_the_workbook_holds_every_table_with_its_numbers(submitted: tuple[Office, int]) -> None:
    office, report_id = submitted
    row = office.row(report_id)
    book = load_workbook(io.BytesIO(workbook_of(row, "zh")))
    content = json.loads(row.content)
    assert len(book.sheetnames) == 1 + len(content["sections"])
    assert book.sheetnames[0] == "封面"
    assert book.sheetnames[-1] == "十二、统计口径与免责说明"
    cover = {line[0].value: line[1].value for line in book["封面"].iter_rows(min_row=3)}
    assert cover["内容摘要 SHA-256"] == row.digest
    assert cover["版次"] == "第 1 版"
    cells = [
        [cell.value for cell in line]
        for line in book["二、按时率"].iter_rows()
        if line[0].value == "本报告期"
    ]
    told = office.table(report_id, "on_time", "overall")[0]
    assert cells[0][1:4] == [told["due"], told["on_time"], pytest.approx(told["gross"][0] / told["gross"][1])]
    definitions = [line[0].value for line in book[book.sheetnames[-1]].iter_rows()]
    assert {"毛按时率", "净按时率", "样本不足"} <= set(definitions)
    english = load_workbook(io.BytesIO(workbook_of(row, "en")))
    assert english.sheetnames[2] == "2 On-time rate"


def test_every_cell_of_the_workbook_says_what_page_and_pdf_say(submitted: tuple[Office, int]) -> None:
    office, report_id = submitted
    row = office.row(report_id)
    book = load_workbook(io.BytesIO(workbook_of(row, "zh")))
    compared = 0
    for sheet, section in zip(book.worksheets[1:], shown_report(stored(row), "zh").sections, strict=True):
        lines = list(sheet.iter_rows(values_only=True))
        for table in section.tables:
            title = next(place for place, line in enumerate(lines) if line[0] == table.title)
            body = [*table.rows, *([table.total] if table.total else [])]
            for cells, line in zip(body, lines[title + 2 :], strict=False):
                for cell, value in zip(cells, line, strict=False):
                    assert _says(value, cell.words), (table.code, value, cell.words)
                    compared += 1
    assert compared > 500


def _says(value: object, words: str) -> bool:
    """Whether a cell of the workbook says these words."""
    if isinstance(value, datetime):
        return f"{value.year}年{value.month}月{value.day}日" == words
    if isinstance(value, int | float):
        told = float(words.rstrip("%").replace(",", ""))
        return abs(value * 100 - told) < 0.06 if words.endswith("%") else abs(value - told) < 0.06
    return (value or "") in (words, f"'{words}")


def test_no_name_of_a_dealer_is_a_formula(submitted: tuple[Office, int]) -> None:
    office, report_id = submitted
    book = load_workbook(io.BytesIO(workbook_of(office.row(report_id), "zh")))
    every = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert not [cell.value for cell in every if cell.data_type == "f"]
    said = {cell.value for cell in every}
    assert DEALERS[2] in said
    assert "'=HYPERLINK(1)" in said


def test_small_samples_are_words_in_the_workbook_too(submitted: tuple[Office, int]) -> None:
    office, report_id = submitted
    book = load_workbook(io.BytesIO(workbook_of(office.row(report_id), "zh")))
    lines = {line[0].value: [cell.value for cell in line] for line in book["十、代理商"].iter_rows()}
    assert lines[DEALERS[0]][1] == 12
    assert lines[DEALERS[0]][-2:] == ["样本不足", "样本不足"]
    assert lines["直营（无代理商）"][-2:] == ["无数据", "无数据"]


def test_the_pdf_is_a_tagged_document_of_several_pages(submitted: tuple[Office, int]) -> None:
    office, report_id = submitted
    row = office.row(report_id)
    made = pdf_of(row, "zh")
    assert made.startswith(b"%PDF-")
    assert b"pdfuaid" in _unpacked(made), "accessible by ISO 14289"
    pages = len(pictures_of(row, "zh", ppi=20))
    assert 4 <= pages <= 12
    assert pdf_of(row, "zh") == made
    assert pdf_of(row, "en") != made


def test_a_draft_looks_otherwise_than_what_was_submitted(
    office: Office, submitted: tuple[Office, int]
) -> None:
    draft = office.row(office.corrected("更正"))
    frozen = office.row(submitted[1])
    assert pictures_of(draft, "zh", ppi=20)[0] != pictures_of(frozen, "zh", ppi=20)[0]
    assert "DRAFT" not in draft.content


def test_what_somebody_typed_is_text_in_the_pdf(submitted: tuple[Office, int]) -> None:
    """A name that is markup or code elsewhere would fail to compile here, or vanish from what is set."""
    office, report_id = submitted
    office.execute("ALTER TABLE half_year_reports DISABLE TRIGGER keep_submitted")
    try:
        hostile = '#panic("x") #import "/etc/passwd": * <b> $ \\ @ref ``` // /* ~ _a_ = -- "'
        row = office.row(report_id)
        content = json.loads(row.content)
        content["issuer"] = {"zh": hostile, "en": hostile}
        changed = json.dumps(content, ensure_ascii=False)
        office.execute(
            "UPDATE half_year_reports SET content = :content, digest = :digest WHERE id = :id",
            content=changed,
            digest=digest_of(changed),
            id=report_id,
        )
    finally:
        office.execute("ALTER TABLE half_year_reports ENABLE TRIGGER keep_submitted")
    row = office.row(report_id)
    assert shown_report(json.loads(row.content), "zh").issuer == hostile
    assert len(pictures_of(row, "zh", ppi=20)) >= 4
    assert pdf_of(row, "zh").startswith(b"%PDF-")


def test_of_how_many_a_rate_is_told_stays_as_it_was_when_it_was_built(
    submitted: tuple[Office, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, report_id = submitted
    row = office.row(report_id)
    before = (shown_report(stored(row), "zh"), workbook_of(row, "zh"))
    monkeypatch.setattr("tracker.figures.rules.LEAST_SAMPLE", 1)
    assert (shown_report(stored(row), "zh"), workbook_of(row, "zh")) == before
    larger = shown_report(stored(row) | {"least_sample": 1000}, "zh")
    assert "少于 1000 单" in larger.sample_note
    rates = next(one for one in larger.sections if one.code == "on_time").tables[0].rows[0]
    assert [told.words for told in rates].count("样本不足") == 2


def test_without_fonts_it_says_what_to_do(
    submitted: tuple[Office, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    office, report_id = submitted
    monkeypatch.setattr(pdf, "FONTS", tmp_path)
    with pytest.raises(Refusal) as told:
        pdf_of(office.row(report_id), "zh")
    assert told.value.faults[0].rule == "report.fonts_missing"
    assert "make pages" in told.value.faults[0].words("en")


def _unpacked(made: bytes) -> bytes:
    """The bytes of a PDF with its streams unpacked, as far as they are packed."""
    found = [made]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.S):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return b"\n".join(found)
