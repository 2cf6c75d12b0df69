"""A submitted report of an operator as the regulator reads it: nobody of the operator's staff by account.

What is stored stays as it is. The words of the regulator's copy differ from it, so they have another digest.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from tracker.reports.document import Kind, Words, words
from tracker.reports.stored import stored

_APPROVER = "approver"
_HEAD = words("批准人", "approved by")
_SAID = words(
    "监管部门副本：批准人的账号以“经理 1”等代替，其余与报送的内容一致；内容摘要为报送原文的摘要。",
    'A copy for the regulator: "Manager 1" and so on stand for the accounts of those who approved. All else'
    " is what was submitted, and the SHA-256 is of that.",
)


def for_regulator(row: Row[Any]) -> dict[str, Any]:
    """The content with 经理 1, 经理 2 for accounts, the same for one account all through the report.

    Raises Refusal: report.altered, as `stored` does.
    """
    return without_accounts(stored(row))


def copy_for_regulator(row: Row[Any]) -> dict[str, Any]:
    """The same as a document to take along, which says itself that it is no longer what the digest is of."""
    return for_regulator(row) | {"digest_of_submitted": row.digest}


def without_accounts(content: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a content in which no account stands among those who approved."""
    numbers: dict[str, int] = {}

    def shown(cell: Words | None) -> Words | None:
        # An account is all that reads the same in both languages; other words are of the program's.
        if cell is None or cell["zh"] != cell["en"]:
            return cell
        number = numbers.setdefault(cell["zh"], len(numbers) + 1)
        return words(f"经理 {number}", f"Manager {number}")

    return dict(content) | {
        "sections": [
            dict(section) | {"tables": [_table(table, shown) for table in section["tables"]]}
            for section in content["sections"]
        ]
    }


def _table(table: Mapping[str, Any], shown: Callable[[Words | None], Words | None]) -> Mapping[str, Any]:
    columns = table["columns"]
    places = [
        place
        for place, column in enumerate(columns)
        if column["code"] == _APPROVER and column["kind"] == Kind.TEXT
    ]
    if not places:
        return table
    return dict(table) | {
        "columns": [
            dict(column) | {"head": _HEAD} if place in places else column
            for place, column in enumerate(columns)
        ],
        "rows": [
            [shown(cell) if place in places else cell for place, cell in enumerate(row)]
            for row in table["rows"]
        ],
        "note": _SAID if table["rows"] else table["note"],
    }
