"""A file of orders to begin from, with an example and what belongs into each column."""

from io import BytesIO

import xlsxwriter

from tracker.files.cells import BOM, csv_line
from tracker.orders.file_columns import EXPLANATION, FIELDS, SHEET, TITLES

# As far down as the lists to choose from and the format as text reach.
_PREPARED_ROWS = 5_000
_WIDE = {"address_detail", "external_reference", "accepted_at"}


def csv_template() -> bytes:
    """The header and an example."""
    example = [column.example for column in FIELDS.values()]
    return (BOM + csv_line(TITLES) + csv_line(example)).encode()


def xlsx_template() -> bytes:
    """A workbook with every column as text, so that no spreadsheet shortens a code or drops a zero; lists
    to choose from; and a sheet that explains them with examples.
    """
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1, "text_wrap": True})
    needed = book.add_format({"bold": True, "bg_color": "#0A5560", "font_color": "#FFFFFF", "border": 1})
    text = book.add_format({"num_format": "@"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 1)
    for index, (name, column) in enumerate(FIELDS.items()):
        sheet.set_column(index, index, 24 if name in _WIDE else 15, text)
        sheet.write(0, index, column.zh, needed if column.needed else head)
        if column.words:
            choice = {"validate": "list", "source": list(column.words)}
            sheet.data_validation(1, index, _PREPARED_ROWS, index, choice)
    explained = book.add_worksheet(EXPLANATION)
    explained.set_column(0, 1, 14)
    explained.set_column(2, 3, 48, wrapped)
    explained.write_row(0, 0, ["列", "必填", "填写说明", "示例"], head)
    for row, column in enumerate(FIELDS.values(), start=1):
        said = [column.zh, "是" if column.needed else "", column.meaning, column.example]
        explained.write_row(row, 0, said)
    book.close()
    return file.getvalue()
