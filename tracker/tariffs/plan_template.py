"""An empty file of plans to begin from, and the list of rows that were refused."""

from collections.abc import Iterable, Sequence
from io import BytesIO

import xlsxwriter

from tracker.files.cells import BOM, csv_line
from tracker.files.sheets import MOST_ROWS
from tracker.tariffs.file_columns import COLUMNS, LINE, REASON
from tracker.tariffs.rules import PLAN_KINDS
from tracker.tariffs.written import AUDIENCE_WORDS, FEES, SPEEDS

SHEET = "资费"
# Read by people only; an import passes it over.
EXPLANATION = "说明"

_CHOICES = {"kind": list(PLAN_KINDS), "audience": list(AUDIENCE_WORDS.values())}
_WIDE = {"name", "services", "restrictions", "services_en", "restrictions_en", "name_en"}


def template() -> bytes:
    """A workbook with every column, lists to choose from, and a sheet that explains them with examples."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1, "text_wrap": True})
    needed = book.add_format({"bold": True, "bg_color": "#0A5560", "font_color": "#FFFFFF", "border": 1})
    text = book.add_format({"num_format": "@"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 1)
    for index, (field, column) in enumerate(COLUMNS.items()):
        sheet.write(0, index, _heading(field), needed if column.needed else head)
        sheet.set_column(
            index, index, 28 if field in _WIDE else 14, text if field == "filing_number" else None
        )
        if field in _CHOICES:
            sheet.data_validation(1, index, MOST_ROWS, index, {"validate": "list", "source": _CHOICES[field]})
    explained = book.add_worksheet(EXPLANATION)
    explained.set_column(0, 0, 24)
    explained.set_column(1, 1, 10)
    explained.set_column(2, 3, 48, wrapped)
    explained.write_row(0, 0, ["列", "必填", "填写说明", "示例"], head)
    for row, (field, column) in enumerate(COLUMNS.items(), start=1):
        meaning = column.meaning or "选填"
        explained.write_row(row, 0, [_heading(field), "是" if column.needed else "", meaning, column.example])
    book.close()
    return file.getvalue()


def _heading(field: str) -> str:
    unit = (
        "（元/月）"
        if field == "monthly_fee"
        else "（元）"
        if field in FEES
        else "（M）"
        if field in SPEEDS
        else ""
    )
    return COLUMNS[field].zh + unit


def refused_csv(header: Sequence[str], rows: Iterable[tuple[int, Sequence[str], str]]) -> bytes:
    """Refused rows, each with its line, its cells and the reason, as a CSV file that can be mended and
    imported again. No cell of it is a formula to a spreadsheet, whatever the row held.
    """
    lines = [csv_line((LINE, REASON, *header))]
    for line, cells, reason in rows:
        # A row is a line: another line break would end it for an import.
        lines.append(csv_line((line, *("；".join(cell.splitlines()) for cell in (reason, *cells)))))
    return (BOM + "".join(lines)).encode()
