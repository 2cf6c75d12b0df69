"""Take in payments and charges from a CSV file or a spreadsheet.

A file may be imported again: what is stored already is left as it is, so a mended file needs no pruning, and
a run that was cut off is simply repeated. Each batch is one transaction.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tracker import clock
from tracker.files.rows import BadRow
from tracker.files.sheet_rows import place
from tracker.files.tables import AT_THE_CONSOLE, Line, open_table
from tracker.orders.actor import Actor
from tracker.orders.payment_rows import PaymentsHeader, RowReader, column_of, field_of
from tracker.orders.record_fees import Entry, Recorded, record_entries
from tracker.problems import Fault
from tracker.runtime import Runtime

_BATCH = 1000


@dataclass
class Report:
    """What an import did, or would do."""

    stored: int = 0
    repeated: int = 0
    bad_rows: int = 0
    faults: list[BadRow] = field(default_factory=list)


class _Undone(Exception):
    """Ends the transaction of a trial."""


def import_payments(
    runtime: Runtime,
    operator_id: int,
    path: Path,
    *,
    actor: str,
    channel: str | None = None,
    encoding: str | None = None,
    dry_run: bool = False,
    on_bytes: Callable[[int], None] = lambda position: None,
    on_fault: Callable[[BadRow], None] | None = None,
) -> Report:
    """Import a file as payments and charges of an operator's orders; a bad row stores nothing of itself.

    `channel`: the code of the channel whose own references are meant where a row names none. `encoding`: of
    a CSV file, told from its content where it is not given. `dry_run`: judge every row as if those before it
    were stored, and store nothing. `on_bytes` hears how far into the file it is; `on_fault` hears each fault
    in the order of lines, by the letter and title of its column, and they are collected in the report if it
    is not given. Raises Refusal for a file that cannot be read as a table: nothing is stored then.
    """
    channels = {
        one.code: one.id
        for one in runtime.reference.current().channels.values()
        if one.operator_id == operator_id
    }
    report, whole = Report(), path.stat().st_size
    with open_table(path, PaymentsHeader(), AT_THE_CONSOLE, encoding=encoding) as table:
        work = _Import(
            runtime=runtime,
            actor=Actor(operator_id, actor),
            reader=RowReader(table.names, channels, channel),
            columns={field_of(name): place(index, name) for index, name in enumerate(table.names)},
            report=report,
            hear=on_fault or report.faults.append,
            trial=dry_run,
        )
        with suppress(_Undone), runtime.db.transaction() if dry_run else nullcontext():
            while batch := list(islice(table.lines, _BATCH)):
                work.take(batch)
                on_bytes(whole * batch[-1].position // table.size)
            if dry_run:
                raise _Undone
    on_bytes(whole)
    return report


@dataclass(frozen=True)
class _Import:
    """One file on its way in."""

    runtime: Runtime
    actor: Actor
    reader: RowReader
    columns: dict[str, str]
    report: Report
    hear: Callable[[BadRow], None]
    trial: bool

    def take(self, lines: Sequence[Line]) -> None:
        """Take rows in, in one transaction."""
        entries: list[tuple[int, Entry]] = []
        refused: dict[int, list[BadRow]] = {}
        for number, cells, faults, _ in lines:
            if faults:
                refused[number] = list(faults)
                continue
            read = self.reader.read(cells)
            if isinstance(read, Entry):
                entries.append((number, read))
            else:
                refused[number] = [self._bad(number, fault) for fault in read]
        with self.runtime.db.transaction() as connection:
            outcomes = record_entries(
                connection, self.actor, [entry for _, entry in entries], clock.now(), trial=self.trial
            )
        # Told of once they are committed.
        for (number, entry), outcome in zip(entries, outcomes, strict=True):
            if not isinstance(outcome, Recorded):
                refused[number] = [self._bad(number, fault, entry) for fault in outcome.faults]
            elif outcome.repeated:
                self.report.repeated += 1
            else:
                self.report.stored += 1
        self.report.bad_rows += len(refused)
        for number in sorted(refused):
            for bad in refused[number]:
                self.hear(bad)

    def _bad(self, number: int, fault: Fault, entry: Entry | None = None) -> BadRow:
        """A fault by the column that people see."""
        name = column_of(fault)
        if entry is not None and fault.rule == "order.not_found":
            name = "number" if isinstance(entry.order, str) else "external_reference"
        return BadRow(number, self.columns.get(name, name), fault)
