"""Bring files in."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tracker.cli.context import running, say
from tracker.files.rows import BadRow
from tracker.orders.import_orders import Report
from tracker.orders.import_orders import import_orders as run_import
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@click.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--operator", required=True, help="Code of the operator, like telecom.")
@click.option("--channel", required=True, help="Code of its channel, like hall.")
@click.option("--notify-old", is_flag=True, help="Tell customers even of orders accepted over 24 hours ago.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def import_orders(path: Path, operator: str, channel: str, notify_old: bool, lang: str) -> None:
    """Import orders from a CSV file (UTF-8, with a header).

    Good rows are stored, bad ones named by line, column and rule on standard output; importing the
    same file again changes nothing. Exit code 1 if any row was bad.

    \b
    Columns: external_reference, customer_kind (home, enterprise), customer_name, phone,
      community_code, address_detail, plan; optional resource (ready, needs_building),
      accepted_at (ISO 8601 with zone), dealer, language (zh, en), notify_by (text, call)
    \b
    Example:
      tracker import orders.csv --operator telecom --channel hall
    """
    with running() as run:
        target = _channel(run, operator, channel)
        try:
            report = _with_progress(run, target, path, notify_old, lang)
        except Refusal as refusal:
            for fault in refusal.faults:
                line = f", line {fault.pointer.strip('/')}" if fault.pointer else ""
                say(f"{path.name}{line}: {fault.rule}: {fault.words(lang)}")
            sys.exit(1)
    say(f"{report.stored} stored, {report.repeated} stored before, {report.bad_rows} bad")
    sys.exit(1 if report.bad_rows else 0)


def _channel(run: Runtime, operator: str, channel: str) -> ChannelFacts:
    facts = run.reference.current()
    for found in facts.channels.values():
        if found.code == channel and facts.operators[found.operator_id].code == operator:
            return found
    raise click.ClickException(f"operator {operator} has no channel {channel}")


def _with_progress(run: Runtime, channel: ChannelFacts, path: Path, notify_old: bool, lang: str) -> Report:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)

        def tell(bad: BadRow) -> None:
            place = f"line {bad.line}" + (f", {bad.column}" if bad.column else "")
            click.echo(f"{path.name}: {place}: {bad.fault.rule}: {bad.fault.words(lang)}")

        return run_import(
            run,
            channel,
            path,
            notify_old=notify_old,
            on_bytes=lambda position: progress.update(task, completed=position),
            on_fault=tell,
        )
