"""An empty file of plans to begin from, and the list of rows that were refused."""

from collections.abc import Iterable, Sequence

from tracker.files.cells import BOM, csv_line
from tracker.files.sheets import MOST_ROWS
from tracker.files.template import Column, template
from tracker.tariffs.file_columns import COLUMNS, LINE, REASON
from tracker.tariffs.rules import PLAN_KINDS
from tracker.tariffs.written import AUDIENCE_WORDS, FEES, SPEEDS

SHEET = "资费"
# Read by people only; an import passes it over.
EXPLANATION = "说明"

_CHOICES = {"kind": list(PLAN_KINDS), "audience": list(AUDIENCE_WORDS.values())}
_WIDE = {"name", "services", "restrictions", "services_en", "restrictions_en", "name_en"}


def plan_template() -> bytes:
    """A workbook with every column, lists to choose from, and a sheet that explains them with examples."""
    columns = [
        Column(
            _heading(field),
            column.needed,
            column.meaning or "选填",
            column.example,
            width=28 if field in _WIDE else 14,
            as_text=field == "filing_number",
            choices=_CHOICES.get(field, ()),
        )
        for field, column in COLUMNS.items()
    ]
    return template(SHEET, EXPLANATION, columns, MOST_ROWS)


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
