"""A workbook to begin one's own file from: every column, lists to choose from, and a sheet that explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import xlsxwriter


@dataclass(frozen=True)
class Column:
    """A column as whoever fills it in meets it. `width` is in characters; `choices` are its only words.

    `as_text`: no spreadsheet may shorten a code in it, or drop a zero.
    """

    title: str
    needed: bool
    meaning: str
    example: str
    width: int
    as_text: bool = False
    choices: Sequence[str] = ()


def template(name: str, explanation: str, columns: Sequence[Column], rows: int) -> bytes:
    """An .xlsx file with these columns in the sheet `name`, prepared for so many rows, and what belongs into
    each in the sheet `explanation`.
    """
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1, "text_wrap": True})
    needed = book.add_format({"bold": True, "bg_color": "#0A5560", "font_color": "#FFFFFF", "border": 1})
    text = book.add_format({"num_format": "@"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet, explained = book.add_worksheet(name), book.add_worksheet(explanation)
    sheet.freeze_panes(1, 1)
    explained.set_column(0, 0, 24)
    explained.set_column(1, 1, 10)
    explained.set_column(2, 3, 48, wrapped)
    explained.write_row(0, 0, ["列", "必填", "填写说明", "示例"], head)
    for index, column in enumerate(columns):
        sheet.write(0, index, column.title, needed if column.needed else head)
        sheet.set_column(index, index, column.width, text if column.as_text else None)
        if column.choices:
            choice = {"validate": "list", "source": list(column.choices)}
            sheet.data_validation(1, index, rows, index, choice)
        said = [column.title, "是" if column.needed else "", column.meaning, column.example]
        explained.write_row(index + 1, 0, said)
    book.close()
    return file.getvalue()
