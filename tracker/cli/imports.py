"""Bring files in."""

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tracker.cli.context import running, say
from tracker.files.rows import GB18030, UTF_8, BadRow, read_header
from tracker.orders import import_orders as orders
from tracker.problems import Refusal
from tracker.reference import ChannelFacts, OperatorFacts
from tracker.runtime import Runtime
from tracker.subscribers import file_rows as subscriptions
from tracker.subscribers.import_subscribers import import_subscribers

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

    `suffixes`: those by which a file is surely of this kind.
    """

    columns: Collection[str]
    example: tuple[str, ...]
    bring_in: Callable[[Job], Outcome]
    suffixes: tuple[str, ...] = ()


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


# Of two kinds that a header fits equally badly, the first is taken.
KINDS: Mapping[str, Kind] = {
    "orders": Kind(orders.COLUMNS, orders.EXAMPLE, _orders),
    "subscribers": Kind(subscriptions.COLUMNS, subscriptions.EXAMPLE, _subscribers),
}


def _print_example(context: click.Context, parameter: click.Parameter, what: str | None) -> None:
    if what is not None and not context.resilient_parsing:
        click.echo("\n".join((",".join(KINDS[what].columns), *KINDS[what].example)))
        context.exit()


@click.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--operator", required=True, help="Code of the operator, like telecom.")
@click.option("--what", type=click.Choice(list(KINDS)), help="Kind of file; told from its header otherwise.")
@click.option("--channel", help="Code of the operator's channel, like hall; for orders.")
@click.option("--notify-old", is_flag=True, help="Tell customers even of orders accepted over 24 hours ago.")
@click.option("--update", is_flag=True, help="Bring subscribers that are stored up to date with the file.")
@click.option(
    "--encoding",
    type=click.Choice([UTF_8, GB18030]),
    help="Of a file of subscribers; told from its content otherwise.",
)
@click.option(
    "--example",
    type=click.Choice(list(KINDS)),
    is_eager=True,
    expose_value=False,
    callback=_print_example,
    help="Print a file to begin one's own from.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def import_file(
    path: Path,
    operator: str,
    what: str | None,
    channel: str | None,
    notify_old: bool,
    update: bool,
    encoding: str | None,
    lang: str,
) -> None:
    """Import orders or subscribers from a CSV file with a header.

    Good rows are stored, bad ones named by line, column and rule on standard output; importing the
    same file again changes nothing, and an import that was cut off is simply repeated. Exit code 1 if any
    row was bad.

    \b
    Columns of orders: external_reference, customer_kind (home, enterprise), customer_name, phone,
      community_code, address_detail, plan; optional resource (ready, needs_building),
      accepted_at (ISO 8601 with zone), dealer, language (zh, en), notify_by (text, call)
    Columns of subscribers: reference, plan (filing number), phone, began_on; optional region (code or
      name), monthly_fee (yuan), language (zh, en), agreed_until, agreement (discount, contract), ended_on
    \b
    Examples:
      tracker import orders.csv --operator telecom --channel hall
      tracker import --example subscribers > base.csv
      tracker import base.csv --operator telecom
      tracker import base.csv --operator telecom --update --encoding gb18030
    """
    with running() as run:
        try:
            kind = KINDS[what or _kind_of(path)]
            outcome = _with_progress(
                path,
                lang,
                lambda on_bytes, on_fault: kind.bring_in(
                    Job(
                        run,
                        _operator(run, operator),
                        path,
                        channel,
                        notify_old,
                        update,
                        encoding,
                        on_bytes,
                        on_fault,
                    )
                ),
            )
        except Refusal as refusal:
            for fault in refusal.faults:
                line = f", line {fault.pointer.strip('/')}" if fault.pointer else ""
                say(f"{path.name}{line}: {fault.rule}: {fault.words(lang)}")
            sys.exit(1)
    say(outcome.words)
    sys.exit(1 if outcome.bad_rows else 0)


def _kind_of(path: Path) -> str:
    """The kind that a file is by its suffix, or that its header has most columns of."""
    for name, kind in KINDS.items():
        if path.suffix.lower() in kind.suffixes:
            return name
    header = set(read_header(path))
    return max(KINDS, key=lambda name: len(header & set(KINDS[name].columns)))


def _operator(run: Runtime, code: str) -> OperatorFacts:
    for found in run.reference.current().operators.values():
        if found.code == code:
            return found
    raise click.ClickException(f"there is no operator {code}")


def _channel(run: Runtime, operator: OperatorFacts, channel: str) -> ChannelFacts:
    for found in run.reference.current().channels.values():
        if found.code == channel and found.operator_id == operator.id:
            return found
    raise click.ClickException(f"operator {operator.code} has no channel {channel}")


def _with_progress(
    path: Path,
    lang: str,
    bring_in: Callable[[Callable[[int], None], Callable[[BadRow], None]], Outcome],
) -> Outcome:
    """What `bring_in` does, with a bar that follows it through the file and a line for each fault."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)

        def tell(bad: BadRow) -> None:
            place = f"line {bad.line}" + (f", {bad.column}" if bad.column else "")
            click.echo(f"{path.name}: {place}: {bad.fault.rule}: {bad.fault.words(lang)}")

        return bring_in(lambda position: progress.update(task, completed=position), tell)
