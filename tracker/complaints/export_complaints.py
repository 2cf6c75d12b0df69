"""An operator's complaints as rows of a file, the latest first: what their list shows, nothing sealed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from tracker import clock
from tracker.complaints.queries import Wanted, complaints_below
from tracker.complaints.rules import standing_of
from tracker.db import Database
from tracker.files.cells import instant_cell

_AT_ONCE = 1000


@dataclass(frozen=True)
class Words:
    """What the file calls things: our own words, and how they read in the reader's language."""

    sources: Mapping[str, str]
    topics: Mapping[str, str]
    standings: Mapping[str, str]
    satisfactions: Mapping[str, str]
    yes: str
    no: str
    translate: Callable[[str], str]


def pages(db: Database, operator_id: int, wanted: Wanted, words: Words) -> Iterator[list[tuple[str, ...]]]:
    """Number, order, topic, source, received, due, standing, person, next follow-up, ended, result, settled
    at the outlet, satisfaction; read in batches.
    """
    today = clock.today()
    before: int | None = None
    while True:
        with db.reading() as connection:
            rows = complaints_below(connection, operator_id, wanted, today, limit=_AT_ONCE, before_id=before)
        yield [_cells(row, words, today) for row in rows]
        if len(rows) < _AT_ONCE:
            return
        before = rows[-1].id


def _cells(row: Row[Any], words: Words, today: date) -> tuple[str, ...]:
    settled = {None: "", True: words.yes, False: words.no}
    return (
        row.number,
        row.order_number or "",
        words.translate(words.topics[row.topic]),
        words.translate(words.sources[row.source]),
        instant_cell(row.received_at),
        row.due_on.isoformat(),
        words.translate(words.standings[standing_of(row, today)]),
        row.owner_name or "",
        "" if row.next_on is None else row.next_on.isoformat(),
        instant_cell(row.ended_at),
        row.result or "",
        settled[row.settled_at_outlet],
        "" if row.satisfaction is None else words.translate(words.satisfactions[row.satisfaction]),
    )
