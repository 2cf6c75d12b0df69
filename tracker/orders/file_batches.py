"""Batches of a file of orders: read and checked as far as a row tells by itself, then taken in or tried."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError

from tracker.files.lanes import slices
from tracker.files.rows import BadRow
from tracker.files.source import Source
from tracker.files.tables import Line, open_table
from tracker.files.workbook import Limits
from tracker.orders.file_columns import EXPLANATION, FIELDS, HEADER
from tracker.orders.file_rows import RowReader, column_of
from tracker.orders.place_orders import Placed, place_orders
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

T = TypeVar("T")

# Rows of one transaction: larger ones gain nothing more, and hold what they touch for longer.
BATCH = 1000
_HIDDEN = "file.hidden_row"


class FailedRow(NamedTuple):
    """A row that was not taken in, its cells as the file has them, and why."""

    line: int
    cells: list[str]
    faults: list[BadRow]


class Sound(NamedTuple):
    """A row that is in order by itself, loaded as OrderRequestSchema does."""

    line: int
    cells: list[str]
    request: dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """So many rows of a file: those in order, those that are not, and how far into the file it reaches."""

    sound: list[Sound]
    failed: list[FailedRow]
    rows: int
    last_line: int
    position: int


@dataclass
class Taken:
    """What became of a batch: rows stored, stored before, and failed in the order of lines."""

    batch: Batch
    stored: int = 0
    repeated: int = 0
    failed: list[FailedRow] = field(default_factory=list)


@dataclass(frozen=True)
class OrderFile:
    """A file of orders that has been opened: its header, where its columns are found, how many rows it has
    at most, its bytes (unpacked), and its batches.
    """

    names: list[str]
    columns: "Columns"
    total: int
    size: int
    batches: Iterator[Batch]


class Taking(Protocol):
    """Takes batches in, or tries what would become of them."""

    def __call__(self, batch: Batch) -> list[Placed | Refusal]:
        """What becomes of each sound row."""


@contextmanager
def open_orders(
    source: Source, limits: Limits, *, encoding: str | None = None, after_line: int = 0
) -> Iterator[OrderFile]:
    """A file of orders, CSV or XLSX. `after_line`: the rows through it have been dealt with.

    Raises Refusal for what is no table of orders, as `open_table` does.
    """
    with open_table(source, HEADER, limits, encoding=encoding, passed_over=(EXPLANATION,)) as table:
        reader = RowReader(table.names)
        columns = Columns(table.names, table.places)
        lines = (line for line in table.lines if line.number > after_line)
        batches = (_batch(reader, columns, some) for some in slices(lines, BATCH))
        yield OrderFile(table.names, columns, table.total, table.size, batches)


class StoreOrders:
    """Takes batches in as orders of a channel."""

    def __init__(
        self, runtime: Runtime, channel: ChannelFacts, *, notify_old: bool, actor: str | None
    ) -> None:
        self._runtime, self._channel = runtime, channel
        self._notify_old, self._actor = notify_old, actor

    def __call__(self, batch: Batch) -> list[Placed | Refusal]:
        """Store what is new, in one transaction."""
        requests = [row.request for row in batch.sound]
        return place_orders(
            self._runtime, self._channel, requests, notify_old=self._notify_old, actor=self._actor
        )


def take(file: OrderFile, batch: Batch, taking: Taking) -> Taken:
    """What became of a batch, with every row that failed by its columns."""
    taken = Taken(batch)
    failed = list(batch.failed)
    for row, result in zip(batch.sound, taking(batch) if batch.sound else (), strict=True):
        match result:
            case Placed(repeated=True):
                taken.repeated += 1
            case Placed():
                taken.stored += 1
            case Refusal():
                failed.append(FailedRow(row.line, row.cells, file.columns.bad(row.line, result.faults)))
    taken.failed = sorted(failed, key=lambda one: one.line)
    return taken


def patiently(store: Callable[[], T], times: int = 5) -> T:
    """What `store`, a whole transaction, comes to. Two files that bring the same orders in another sequence
    may wait for each other, which PostgreSQL ends for one of them: it begins again.
    """
    for _ in range(times - 1):
        try:
            return store()
        except OperationalError as error:
            if not isinstance(error.orig, DeadlockDetected):
                raise
    return store()


class Columns:
    """Where people find the columns of a file: by place and name, or by our title where it lacks one."""

    def __init__(self, names: list[str], places: list[str]) -> None:
        self._places = {
            column: place
            for name, place in zip(names, places, strict=True)
            if name and (column := HEADER.field_of(name)) is not None
        }

    def bad(self, line: int, faults: Iterable[Fault]) -> list[BadRow]:
        """The faults of a row, each at its column."""
        return [BadRow(line, self._of(fault), fault) for fault in faults]

    def _of(self, fault: Fault) -> str:
        column = column_of(fault)
        return "" if column is None else self._places.get(column, FIELDS[column].zh)


def _batch(reader: RowReader, columns: Columns, lines: list[Line]) -> Batch:
    sound, failed = [], []
    for line in lines:
        known = {bad.column for bad in line.faults}
        # Of a line whose cells could not be told apart there is nothing more to say.
        told_apart = all(bad.column or bad.fault.rule == _HIDDEN for bad in line.faults)
        read = reader.read(line.cells) if told_apart else []
        if isinstance(read, dict) and not line.faults:
            sound.append(Sound(line.number, line.cells, read))
        else:
            more = columns.bad(line.number, () if isinstance(read, dict) else read)
            faults = [*line.faults, *(bad for bad in more if not bad.column or bad.column not in known)]
            failed.append(FailedRow(line.number, line.cells, faults))
    last = lines[-1]
    return Batch(sound, failed, len(lines), last.number, last.position)
