"""A report as a workbook: a sheet for each section, and one of definitions; numbers as numbers."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

import xlsxwriter
from sqlalchemy import Row

from tracker.files.cells import harmless
from tracker.reports.document import Kind
from tracker.reports.shown import ShownReport, cell, head_of, least_sample, numeral, shown_report
from tracker.reports.standing import Standing, standing_of
from tracker.reports.stored import Reading, stored

_COVER = {"zh": "封面", "en": "Cover"}
_FORMATS = {
    Kind.COUNT: "#,##0",
    Kind.RATE: "0.0%",
    Kind.SHARE: "0.0%",
    Kind.HOURS: "0.0",
    Kind.RATIO: "0.0",
    Kind.MONEY: "#,##0.00",
    Kind.DAY: "yyyy-mm-dd",
}
_NAME_LIMIT = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_WIDEST, _NARROWEST = 60, 8
_FEN = 100


def workbook_of(row: Row[Any], language: str, read: Reading = stored) -> bytes:
    """The stored content in zh or en, as `read` has it. Raises Refusal: report.altered."""
    content = read(row)
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        # When it was made would make each copy another file.
        book.set_properties({"title": content["title"][language], "created": row.submitted_at or row.as_of})
        _Writer(book, language).write(content, standing_of(row, language))
    return file.getvalue()


class _Writer:
    def __init__(self, book: Any, language: str) -> None:
        self._book, self._language = book, language
        self._bold = book.add_format({"bold": True})
        self._head = book.add_format(
            {"bold": True, "bg_color": "#E1F0F0", "border": 1, "text_wrap": True, "valign": "vcenter"}
        )
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._quiet = book.add_format({"font_color": "#666666", "align": "right"})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._of_kind = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        self._total = {
            kind: book.add_format({"num_format": form, "bold": True, "top": 1})
            for kind, form in (*_FORMATS.items(), (Kind.TEXT, "@"))
        }

    def write(self, content: Mapping[str, Any], standing: Standing) -> None:
        """The cover, then a sheet for each section."""
        self._least = least_sample(content)
        self._cover(shown_report(content, self._language), standing)
        for place, section in enumerate(content["sections"], start=1):
            self._section(section, place)

    def _cover(self, shown: ShownReport, standing: Standing) -> None:
        sheet = self._book.add_worksheet(_COVER[self._language])
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 76)
        sheet.write_string(0, 0, shown.title, self._title)
        labels = {
            "zh": (
                "编号",
                "报告期",
                "起止",
                "报送单位",
                "数据截止",
                "版次",
                "状态",
                "更正原因",
                "内容摘要 SHA-256",
                "说明",
            ),
            "en": (
                "Number",
                "Period",
                "Days",
                "Issued by",
                "As of",
                "Revision",
                "State",
                "Correction",
                "SHA-256",
                "Note",
            ),
        }[self._language]
        said = (
            standing.number,
            shown.period,
            shown.days,
            shown.issuer,
            shown.as_of,
            standing.revision,
            standing.state,
            standing.correction or "—",
            standing.digest,
            shown.sample_note,
        )
        for line, (label, words) in enumerate(zip(labels, said, strict=True), start=2):
            sheet.write_string(line, 0, label, self._bold)
            sheet.write_string(line, 1, harmless(words), self._wrapped)

    def _section(self, section: Mapping[str, Any], place: int) -> None:
        language = self._language
        number = numeral(place) if language == "zh" else str(place)
        name = (
            f"{number}、{section['title'][language]}"
            if language == "zh"
            else f"{number} {section['title']['en']}"
        )
        sheet = self._book.add_worksheet(_FORBIDDEN.sub("", name)[:_NAME_LIMIT])
        sheet.write_string(0, 0, section["title"][language], self._title)
        line = 1
        for said in section["said"]:
            sheet.write_string(line, 0, harmless(said[language]))
            line += 1
        widths: dict[int, int] = {}
        for table in section["tables"]:
            line = self._table(sheet, table, line + 1, widths)
        for column, width in widths.items():
            sheet.set_column(column, column, min(max(width + 2, _NARROWEST), _WIDEST))

    def _table(self, sheet: Any, table: Mapping[str, Any], line: int, widths: dict[int, int]) -> int:
        """Writes one from this line on; returns the line below it."""
        language, columns = self._language, table["columns"]
        sheet.write_string(line, 0, table["title"][language], self._bold)
        line += 1
        for place, column in enumerate(columns):
            head = head_of(column, language)
            sheet.write_string(line, place, head, self._head)
            widths[place] = max(widths.get(place, 0), _width(head))
        for row in table["rows"]:
            line += 1
            self._row(sheet, line, columns, row, widths, total=False)
        if table["total"] is not None and table["rows"]:
            line += 1
            self._row(sheet, line, columns, table["total"], widths, total=True)
        for said in (table["note"], None if table["rows"] else table["empty"]):
            if said is not None:
                line += 1
                sheet.write_string(line, 0, harmless(said[language]))
        return line + 1

    def _row(
        self,
        sheet: Any,
        line: int,
        columns: Sequence[Mapping[str, Any]],
        row: Sequence[Any],
        widths: dict[int, int],
        *,
        total: bool,
    ) -> None:
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            kind = Kind(column["kind"])
            of_kind = self._total if total else self._of_kind
            told = "" if total and value is None else cell(kind, value, self._language, self._least).words
            widths[place] = max(widths.get(place, 0), _width(told))
            number = _number(kind, value, self._least)
            if isinstance(number, date):
                sheet.write_datetime(line, place, number, of_kind[kind])
            elif number is not None:
                sheet.write_number(line, place, number, of_kind[kind])
            elif kind is Kind.TEXT:
                sheet.write_string(line, place, harmless(told), self._total[kind] if total else self._wrapped)
            else:
                sheet.write_string(line, place, told, self._total[Kind.TEXT] if total else self._quiet)


def _number(kind: Kind, value: Any, least: int) -> float | date | None:
    """The value as a number or a day; None where it is told in words."""
    if value is None or kind is Kind.TEXT:
        return None
    if kind in (Kind.RATE, Kind.SHARE):
        part, whole = value
        return part / whole if whole and (kind is Kind.SHARE or whole >= least) else None
    if kind is Kind.DAY:
        return date.fromisoformat(value)
    return value / _FEN if kind is Kind.MONEY else float(value)


def _width(said: str) -> int:
    """How wide a text is, in narrow characters."""
    return sum(2 if ord(one) > 0x2E7F else 1 for one in said)
