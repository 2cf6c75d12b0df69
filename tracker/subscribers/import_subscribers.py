"""Take over an operator's present subscriptions from a CSV file, in constant memory.

A file may be imported again: what is stored already is left as it is, so a run that was cut off is simply
repeated, and each batch is stored whole or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tracker import clock
from tracker.contacts.record_wish import PURPOSE
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.files.lanes import in_two_lanes, little_garbage, slices
from tracker.files.rows import BadRow, Cells, detect_encoding, read_cells
from tracker.problems import Fault
from tracker.subscribers.book import Book, read_book
from tracker.subscribers.check_subscription import check
from tracker.subscribers.file_rows import HEADER, RowReader
from tracker.subscribers.store_batch import Done, Import, Met, Prepared, store_batch

_BATCH = 4000
_REASON_LENGTH = 200

Refused = list[tuple[int, Fault]]


@dataclass
class Report:
    """What an import did: rows stored, brought up to date, known before, and refused."""

    stored: int = 0
    updated: int = 0
    repeated: int = 0
    bad_rows: int = 0
    faults: list[BadRow] = field(default_factory=list)


def import_subscribers(
    db: Database,
    keys: KeyRing,
    operator_id: int,
    path: Path,
    *,
    actor: str,
    update: bool = False,
    encoding: str | None = None,
    on_bytes: Callable[[int], None] = lambda position: None,
    on_fault: Callable[[BadRow], None] | None = None,
) -> Report:
    """Import a file as subscriptions of one operator.

    `update`: bring phone, language, agreed term and last day of what is stored up to date with the file.
    `encoding`: of the file, told from its content where it is not given. `on_bytes` hears how far into the
    file it is; `on_fault` hears each fault in the order of lines, and they are collected in the report if
    it is not given. Raises Refusal for a file that cannot be read as a table at all: nothing is stored then.
    """
    names, rows = read_cells(path, HEADER, encoding or detect_encoding(path))
    with db.reading() as connection:
        book = read_book(connection, operator_id)
    run = Import(operator_id, actor, f"import of {path.name}"[:_REASON_LENGTH], clock.now(), update)
    report, met = Report(), Met()
    hear = on_fault or report.faults.append
    preparing = _Preparing(keys, RowReader(names, book), book)

    def store(one: _Batch) -> tuple[Done, _Batch]:
        if not one.rows:
            return Done(), one
        with db.transaction() as connection:
            return store_batch(connection, run, one.rows, one.copied, met), one

    # While PostgreSQL stores one batch, the next is read and sealed.
    batches = (preparing.prepare(lines) for lines in slices(rows, _BATCH))
    with little_garbage():
        for done, one in in_two_lanes(batches, store):
            _tell(report, done, one.refused, hear)
            on_bytes(one.position)
    on_bytes(path.stat().st_size)
    return report


class _Batch(NamedTuple):
    """Rows to be stored and their text for COPY, those beside them that were refused, and how far into the
    file they reach.
    """

    rows: Sequence[Prepared]
    copied: str
    refused: Refused
    position: int


class _Preparing:
    """Reads, checks and seals rows."""

    def __init__(self, keys: KeyRing, reader: RowReader, book: Book) -> None:
        self._keys, self._reader, self._book = keys, reader, book
        self._today = clock.today()

    def prepare(self, lines: Sequence[Cells]) -> _Batch:
        """The rows of these lines to be stored, and why others are not."""
        seal, digest_of = self._keys.seal, self._keys.digest_of
        batch: list[Prepared] = []
        refused: Refused = []
        here: set[str] = set()
        for line, cells, _ in lines:
            read = [cells] if isinstance(cells, Fault) else self._reader.read(cells)
            checked = read if isinstance(read, list) else check(self._book, read, self._today)
            if isinstance(checked, list):
                refused += [(line, fault) for fault in checked]
                continue
            request = checked.request
            if request.reference in here:
                refused.append((line, Fault("subscriber.repeated_reference", "/reference")))
                continue
            here.add(request.reference)
            phone = request.phone
            batch.append(Prepared(line, checked, seal(phone, PURPOSE), digest_of(PURPOSE, phone)))
        return _Batch(batch, "".join([row.as_copied() for row in batch]), refused, lines[-1][2])


def _tell(report: Report, done: Done, refused: Refused, hear: Callable[[BadRow], None]) -> None:
    report.stored += done.stored
    report.updated += done.updated
    report.repeated += done.repeated
    told = sorted([*done.refused, *refused], key=lambda one: one[0])
    report.bad_rows += len({line for line, _ in told})
    for line, fault in told:
        hear(BadRow(line, fault.pointer.strip("/"), fault))
