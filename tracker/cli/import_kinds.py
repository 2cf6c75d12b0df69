"""The kinds of files that can be brought in: how each is told from others, and who takes it in."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

import click

from tracker.files.cells import csv_line
from tracker.files.rows import BadRow
from tracker.orders import failed_rows
from tracker.orders import file_columns as orders
from tracker.orders import payment_rows as payments
from tracker.orders.file_batches import FailedRow
from tracker.orders.import_orders import import_orders
from tracker.orders.import_payments import import_payments
from tracker.reference import ChannelFacts, OperatorFacts
from tracker.runtime import Runtime
from tracker.subscribers import file_rows as subscriptions
from tracker.subscribers.import_subscribers import import_subscribers
from tracker.tariffs import file_columns as plans
from tracker.tariffs.import_plans import import_plans

_ACTOR = "console:import"


@dataclass(frozen=True)
class Job:
    """A file to bring in for an operator, how, and whom to tell of the way it takes."""

    run: Runtime
    operator: OperatorFacts
    path: Path
    channel: str | None
    notify_old: bool
    update: bool
    publish: bool
    dry_run: bool
    encoding: str | None
    failed: Path | None
    lang: str
    on_bytes: Callable[[int], None]
    on_fault: Callable[[BadRow], None]


class Outcome(NamedTuple):
    """What was done, in words, and how many rows were bad."""

    words: str
    bad_rows: int


@dataclass(frozen=True)
class Kind:
    """A kind of file: its columns, by which it is told, lines to begin one's own from, and its import.

    `titles`: the columns as its example has them, where people know them by other names. `can_be_tried`:
    there is a dry run. `keeps_failed`: there is a file of the rows that failed.
    """

    columns: Collection[str]
    example: tuple[str, ...]
    bring_in: Callable[[Job], Outcome]
    titles: tuple[str, ...] = ()
    can_be_tried: bool = False
    keeps_failed: bool = False

    def has(self, column: str) -> bool:
        """Whether a file of this kind has such a column."""
        return column in self.columns or column in self.titles


def _orders(job: Job) -> Outcome:
    if job.channel is None:
        raise click.UsageError("orders need --channel, the code of the operator's channel they came through")
    names: list[str] = []
    with ExitStack() as stack:
        written = None if job.failed is None else stack.enter_context(_for_its_owner(job.failed))

        def begin(found: list[str]) -> None:
            names.extend(found)
            if written is not None:
                written.write(failed_rows.head(names))

        def keep(rows: list[FailedRow]) -> None:
            if written is not None:
                written.write(failed_rows.lines(names, rows, job.lang))

        report = import_orders(
            job.run,
            _channel(job.run, job.operator, job.channel),
            job.path,
            notify_old=job.notify_old,
            dry_run=job.dry_run,
            actor=_ACTOR,
            encoding=job.encoding,
            on_bytes=job.on_bytes,
            on_fault=job.on_fault,
            on_header=begin,
            on_failed=keep,
        )
    would = "would be " if job.dry_run else ""
    words = f"{report.stored} {would}stored, {report.repeated} stored before, {report.bad_rows} bad"
    return Outcome(words, report.bad_rows)


@contextmanager
def _for_its_owner(path: Path) -> Iterator[TextIO]:
    """A new file that only its owner can read, for it holds what customers said of themselves."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        yield file


def _subscribers(job: Job) -> Outcome:
    report = import_subscribers(
        job.run.db,
        job.run.keys,
        job.operator.id,
        job.path,
        actor=_ACTOR,
        update=job.update,
        encoding=job.encoding,
        on_bytes=job.on_bytes,
        on_fault=job.on_fault,
    )
    updated = f"{report.updated} updated, " if job.update else ""
    words = f"{report.stored} stored, {updated}{report.repeated} stored before, {report.bad_rows} bad"
    return Outcome(words, report.bad_rows)


def _plans(job: Job) -> Outcome:
    size = job.path.stat().st_size
    report = import_plans(
        job.run.db,
        job.operator.id,
        job.path,
        _ACTOR,
        publish=job.publish,
        on_row=lambda done, rows: job.on_bytes(size * done // rows),
        on_fault=job.on_fault,
    )
    stored = "published" if job.publish else "drafted"
    words = (
        f"{report.stored} {stored}, {report.changed} changed, {report.repeated} stored before,"
        f" {report.bad_rows} bad"
    )
    return Outcome(words, report.bad_rows)


def _payments(job: Job) -> Outcome:
    report = import_payments(
        job.run,
        job.operator.id,
        job.path,
        actor=_ACTOR,
        channel=job.channel,
        encoding=job.encoding,
        dry_run=job.dry_run,
        on_bytes=job.on_bytes,
        on_fault=job.on_fault,
    )
    stored = "to be stored" if job.dry_run else "stored"
    words = f"{report.stored} {stored}, {report.repeated} stored before, {report.bad_rows} bad"
    return Outcome(words, report.bad_rows)


# Of two kinds that a header fits equally badly, the first is taken.
KINDS: Mapping[str, Kind] = {
    "orders": Kind(
        tuple(orders.COLUMNS),
        orders.EXAMPLE,
        _orders,
        titles=orders.TITLES,
        can_be_tried=True,
        keeps_failed=True,
    ),
    "subscribers": Kind(subscriptions.COLUMNS, subscriptions.EXAMPLE, _subscribers),
    "payments": Kind(
        tuple(payments.COLUMNS),
        payments.EXAMPLE,
        _payments,
        titles=tuple(payments.COLUMNS.values()),
        can_be_tried=True,
    ),
    "plans": Kind(
        tuple(plans.COLUMNS),
        (csv_line([column.example for column in plans.COLUMNS.values()]).rstrip(),),
        _plans,
        titles=tuple(column.zh for column in plans.COLUMNS.values()),
    ),
}


def _channel(run: Runtime, operator: OperatorFacts, channel: str) -> ChannelFacts:
    for found in run.reference.current().channels.values():
        if found.code == channel and found.operator_id == operator.id:
            return found
    raise click.ClickException(f"operator {operator.code} has no channel {channel}")
