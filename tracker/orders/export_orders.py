"""An operator's orders as a file: what its list shows, all pages of it, without any sealed column."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker import clock
from tracker.files import giving
from tracker.files.cells import instant_cell
from tracker.orders.desk_list import Position, Wanted, list_orders
from tracker.orders.rules import Stage
from tracker.orders.standing import MARK_WORDS, STAGE_WORDS, mark_of
from tracker.runtime import Runtime

_AT_ONCE = 1000
_WIDTHS = (18, 14, 20, 8, 12, 12, 14, 16, 20, 10, 20, 20)


@dataclass(frozen=True)
class Words:
    """What the file calls things, in the reader's language: its columns, and our own words."""

    head: Sequence[str]
    yes: str
    kinds: Mapping[str, str]
    translate: Callable[[str], str]


def csv_lines(runtime: Runtime, operator_id: int, wanted: Wanted, words: Words) -> Iterator[str]:
    """The lines of a CSV file, in constant memory."""
    return giving.csv_lines(words.head, _pages(runtime, operator_id, wanted, words))


def xlsx(runtime: Runtime, operator_id: int, wanted: Wanted, words: Words, title: str) -> Iterator[bytes]:
    """The same as a workbook, in pieces. Raises Refusal order.too_many_rows before the first."""
    pages = _pages(runtime, operator_id, wanted, words)
    return giving.xlsx(title, words.head, _WIDTHS, pages, too_many="order.too_many_rows")


def _pages(
    runtime: Runtime, operator_id: int, wanted: Wanted, words: Words
) -> Iterator[list[tuple[str, ...]]]:
    facts, now = runtime.reference.current(), clock.now()
    behind: Position | None = None
    while True:
        with runtime.db.reading() as connection:
            rows, behind = list_orders(
                connection, operator_id, wanted, behind=behind, limit=_AT_ONCE, now=now
            )
        yield [_cells(facts, row, words, now) for row in rows]
        if behind is None:
            return


def _cells(facts: Any, row: Row[Any], words: Words, now: datetime) -> tuple[str, ...]:
    place = facts.places[row.community_code]
    mark = mark_of(Stage(row.stage), row.connected_at, row.deadline, now)
    return (
        row.number,
        words.translate(STAGE_WORDS[row.stage]),
        instant_cell(row.deadline),
        words.yes if row.provisional else "",
        "" if mark is None else words.translate(MARK_WORDS[mark]),
        place.county,
        place.town,
        place.name,
        facts.channels[row.channel_id].name,
        words.kinds[row.customer_kind],
        instant_cell(row.accepted_at),
        instant_cell(row.closed_at),
    )
