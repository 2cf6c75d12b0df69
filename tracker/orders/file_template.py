"""A file of orders to begin from, with an example and what belongs into each column."""

from tracker.files.cells import BOM, csv_line
from tracker.files.template import Column, template
from tracker.orders.file_columns import EXPLANATION, FIELDS, SHEET, TITLES

# As far down as the lists to choose from and the format as text reach.
_PREPARED_ROWS = 5_000
_WIDE = {"address_detail", "external_reference", "accepted_at", "credit_code"}


def csv_template() -> bytes:
    """The header and an example."""
    example = [column.example for column in FIELDS.values()]
    return (BOM + csv_line(TITLES) + csv_line(example)).encode()


def xlsx_template() -> bytes:
    """A workbook with every column as text, lists to choose from, and a sheet that explains them."""
    columns = [
        Column(
            column.zh,
            column.needed,
            column.meaning,
            column.example,
            width=24 if name in _WIDE else 15,
            as_text=True,
            choices=tuple(column.words),
        )
        for name, column in FIELDS.items()
    ]
    return template(SHEET, EXPLANATION, columns, _PREPARED_ROWS)
