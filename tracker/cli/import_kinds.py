"""The kinds of files that can be brought in: how each is told from others, and who takes it in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click

from tracker.files.cells import csv_line
from tracker.files.rows import BadRow
from tracker.orders import import_orders as orders
from tracker.orders import payment_rows as payments
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
    on_bytes: Callable[[int], None]
    on_fault: Callable[[BadRow], None]


class Outcome(NamedTuple):
    """What was done, in words, and how many rows were bad."""

    words: str
    bad_rows: int


@dataclass(frozen=True)
class Kind:
    """A kind of file: its columns, by which it is told, lines to begin one's own from, and its import.

    `suffixes`: those by which a file is surely of this kind. `titles`: the columns as its example has them,
    where people know them by other names. `can_be_tried`: it takes part in a dry run.
    """

    columns: Collection[str]
    example: tuple[str, ...]
    bring_in: Callable[[Job], Outcome]
    suffixes: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    can_be_tried: bool = False

    def has(self, column: str) -> bool:
        """Whether a file of this kind has such a column."""
        return column in self.columns or column in self.titles


def _orders(job: Job) -> Outcome:
    if job.channel is None:
        raise click.UsageError("orders need --channel, the code of the operator's channel they came through")
    report = orders.import_orders(
        job.run,
        _channel(job.run, job.operator, job.channel),
        job.path,
        notify_old=job.notify_old,
        on_bytes=job.on_bytes,
        on_fault=job.on_fault,
    )
    words = f"{report.stored} stored, {report.repeated} stored before, {report.bad_rows} bad"
    return Outcome(words, report.bad_rows)


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
    "orders": Kind(orders.COLUMNS, orders.EXAMPLE, _orders),
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
        suffixes=(".xlsx", ".xlsm", ".xls"),
        titles=tuple(column.zh for column in plans.COLUMNS.values()),
    ),
}


def _channel(run: Runtime, operator: OperatorFacts, channel: str) -> ChannelFacts:
    for found in run.reference.current().channels.values():
        if found.code == channel and found.operator_id == operator.id:
            return found
    raise click.ClickException(f"operator {operator.code} has no channel {channel}")
