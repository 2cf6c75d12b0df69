"""Take in orders from a file, CSV or XLSX, row by row, in constant memory; or try what would become of it.

A file may be imported again: what is stored already is left as it is, so a corrected file needs no
pruning, and a run that was cut off is simply repeated.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tracker.files.lanes import in_two_lanes, little_garbage
from tracker.files.rows import BadRow
from tracker.files.source import Source, size_of
from tracker.files.tables import AT_THE_CONSOLE
from tracker.orders.file_batches import FailedRow, StoreOrders, Taking, open_orders, patiently, take
from tracker.orders.try_orders import TryOrders
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@dataclass
class Report:
    """What an import did, or a dry run would do: rows stored, stored before, and bad."""

    stored: int = 0
    repeated: int = 0
    bad_rows: int = 0
    faults: list[BadRow] = field(default_factory=list)


def import_orders(
    runtime: Runtime,
    channel: ChannelFacts,
    source: Source,
    *,
    notify_old: bool = False,
    dry_run: bool = False,
    actor: str | None = None,
    encoding: str | None = None,
    on_bytes: Callable[[int], None] = lambda position: None,
    on_fault: Callable[[BadRow], None] | None = None,
    on_header: Callable[[list[str]], None] = lambda names: None,
    on_failed: Callable[[list[FailedRow]], None] = lambda rows: None,
) -> Report:
    """Import a file as orders of one channel; with `dry_run` nothing is stored and nobody told.

    `actor`: who brings it, where that is not the channel. `encoding`: of a text, told from its content where
    it is not given. `on_bytes` hears how far into the file it is; `on_fault` hears each fault as it is found,
    and they are collected in the report if it is not given; `on_header` hears the columns, and `on_failed`
    then of the rows that failed, in the order of lines. Raises Refusal for a file that cannot be read as a
    table at all: nothing is stored then.
    """
    report, whole = Report(), size_of(source)
    hear = on_fault or report.faults.append
    with (
        open_orders(source, AT_THE_CONSOLE, encoding=encoding) as file,
        taking_in(runtime, channel, notify_old=notify_old, dry_run=dry_run, actor=actor) as taking,
        little_garbage(),
    ):
        on_header(file.names)
        for taken in in_two_lanes(file.batches, lambda batch: patiently(lambda: take(file, batch, taking))):
            report.stored += taken.stored
            report.repeated += taken.repeated
            report.bad_rows += len(taken.failed)
            for row in taken.failed:
                for fault in row.faults:
                    hear(fault)
            if taken.failed:
                on_failed(taken.failed)
            on_bytes(whole * taken.batch.position // file.size)
    on_bytes(whole)
    return report


@contextmanager
def taking_in(
    runtime: Runtime, channel: ChannelFacts, *, notify_old: bool, dry_run: bool, actor: str | None
) -> Iterator[Taking]:
    """What takes the batches of one file in, or tries them."""
    if not dry_run:
        yield StoreOrders(runtime, channel, notify_old=notify_old, actor=actor)
        return
    alone = runtime.db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        trying = TryOrders(runtime, channel, connection)
        try:
            yield trying
        finally:
            trying.close()
