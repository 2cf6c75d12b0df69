"""Files of orders as people and systems bring them."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import openpyxl

from tracker.order_files.parts import PART
from tracker.orders.file_columns import FIELDS

BY = "staff:tester"
GOOD = {
    "外部单号": "R0",
    "客户类型": "家庭",
    "客户姓名": "张三",
    "联系电话": "13800001234",
    "社区代码": "441802006001",
    "详细地址": "测试路1号2栋301房",
    "方案编号": "24GD100001",
}
TITLES = [column.zh for column in FIELDS.values()]


def rows_of(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Good rows, each changed so, with references of their own."""
    return [{**GOOD, "外部单号": f"R{number}", **one} for number, one in enumerate(changes)]


def csv_file(rows: Sequence[dict[str, Any]], encoding: str = "utf-8") -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode(encoding)


def workbook(rows: Sequence[dict[str, Any]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    names = list(dict.fromkeys(name for row in rows for name in row))
    book.active.append(names)
    for row in rows:
        book.active.append([row.get(name) for name in names])
    return book


def xlsx_file(rows: Sequence[dict[str, Any]] | openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book = rows if isinstance(rows, openpyxl.Workbook) else workbook(rows)
    book.save(file)
    return file.getvalue()


def blocks_of(content: bytes) -> list[bytes]:
    return [content[start : start + PART] for start in range(0, len(content), PART)]
