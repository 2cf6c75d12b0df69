"""An operator's orders as a file, newest first: what its list shows, without any sealed column."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter
from sqlalchemy import Row

from tracker import clock
from tracker.files.cells import BOM, csv_line, harmless
from tracker.orders import queries
from tracker.orders.rules import Stage
from tracker.orders.standing import MARK_WORDS, STAGE_WORDS, mark_of
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

# A workbook is made whole before it is sent, while somebody waits; more rows than this belong into CSV.
MOST_ROWS = 100_000
_AT_ONCE = 1000
_CHUNK = 1 << 16
_WIDTHS = (18, 14, 20, 8, 12, 12, 14, 16, 20, 10, 20, 20)


@dataclass(frozen=True)
class Words:
    """What the file calls things, in the reader's language: its columns, and our own words."""

    head: Sequence[str]
    yes: str
    kinds: Mapping[str, str]
    translate: Callable[[str], str]


def csv_lines(runtime: Runtime, operator_id: int, stage: str | None, words: Words) -> Iterator[str]:
    """The lines of a CSV file, in constant memory."""
    yield BOM + csv_line(words.head)
    for page in _pages(runtime, operator_id, stage, words):
        yield "".join([csv_line(cells) for cells in page])


def xlsx(runtime: Runtime, operator_id: int, stage: str | None, words: Words, title: str) -> Iterator[bytes]:
    """The same as a workbook, in pieces. Raises Refusal order.too_many_rows before the first."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it has been sent
    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
            head = book.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1})
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 1)
            for index, width in enumerate(_WIDTHS):
                sheet.set_column(index, index, width)
            sheet.write_row(0, 0, words.head, head)
            number = 0
            for page in _pages(runtime, operator_id, stage, words):
                for cells in page:
                    number += 1
                    if number > MOST_ROWS:
                        raise Refusal(Fault("order.too_many_rows", "", {"limit": MOST_ROWS}))
                    for index, cell in enumerate(cells):
                        sheet.write_string(number, index, harmless(cell))
    except BaseException:
        file.close()
        raise
    return _pieces(file)


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


def _pages(
    runtime: Runtime, operator_id: int, stage: str | None, words: Words
) -> Iterator[list[tuple[str, ...]]]:
    facts, now = runtime.reference.current(), clock.now()
    before: int | None = None
    while True:
        with runtime.db.reading() as connection:
            rows, before = queries.operator_orders(
                connection, operator_id, before_id=before, limit=_AT_ONCE, stage=stage
            )
        yield [_cells(facts, row, words, now) for row in rows]
        if before is None:
            return


def _cells(facts: Any, row: Row[Any], words: Words, now: datetime) -> tuple[str, ...]:
    place = facts.places[row.community_code]
    mark = mark_of(Stage(row.stage), row.connected_at, row.deadline, now)
    return (
        row.number,
        words.translate(STAGE_WORDS[row.stage]),
        _instant(row.deadline),
        words.yes if row.provisional else "",
        "" if mark is None else words.translate(MARK_WORDS[mark]),
        place.county,
        place.town,
        place.name,
        facts.channels[row.channel_id].name,
        words.kinds[row.customer_kind],
        _instant(row.accepted_at),
        _instant(row.closed_at),
    )


def _instant(at: datetime | None) -> str:
    return "" if at is None else f"{clock.local(at):%Y-%m-%d %H:%M:%S}"
