"""Bring files in."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tracker.cli.context import running, say
from tracker.cli.import_kinds import KINDS, Job, Outcome
from tracker.files.rows import GB18030, UTF_8, BadRow
from tracker.files.tables import AT_THE_CONSOLE, read_names
from tracker.orders.file_columns import EXPLANATION
from tracker.problems import Refusal
from tracker.reference import OperatorFacts
from tracker.runtime import Runtime


def _print_example(context: click.Context, parameter: click.Parameter, what: str | None) -> None:
    if what is not None and not context.resilient_parsing:
        kind = KINDS[what]
        click.echo("\n".join((",".join(kind.titles or kind.columns), *kind.example)))
        context.exit()


@click.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--operator", required=True, help="Code of the operator, like telecom.")
@click.option("--what", type=click.Choice(list(KINDS)), help="Kind of file; told from its header otherwise.")
@click.option(
    "--channel",
    help="Code of the operator's channel, like hall; for orders, and payments by external reference.",
)
@click.option("--notify-old", is_flag=True, help="Tell customers even of orders accepted over 24 hours ago.")
@click.option("--update", is_flag=True, help="Bring subscribers that are stored up to date with the file.")
@click.option("--publish", is_flag=True, help="Publish plans at once instead of storing drafts.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would become of orders or payments, and store nothing.",
)
@click.option(
    "--failed",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the rows of orders that fail into this CSV file, each with its reason.",
)
@click.option(
    "--encoding",
    type=click.Choice([UTF_8, GB18030]),
    help="Of a CSV file; told from its content otherwise.",
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
    publish: bool,
    dry_run: bool,
    failed: Path | None,
    encoding: str | None,
    lang: str,
) -> None:
    """Import orders, subscribers (CSV only), payments or plans from a CSV or XLSX file with a header.

    Good rows are stored, bad ones named by line, column and rule on standard output; importing the
    same file again changes nothing, and an import that was cut off is simply repeated. Exit code 1 if any
    row was bad.

    Rows that failed go into the file of --failed, which can be mended and imported again: what was stored
    is not stored twice.

    \b
    Columns of orders, by these names or Chinese ones (see --example orders): external_reference,
      customer_kind (home, enterprise), customer_name, phone, community_code, address_detail, plan;
      optional credit_code (of a company), resource (ready, needs_building), accepted_at (ISO 8601, or
      2026-11-08 09:30 in Beijing time), dealer, language (zh, en), notify_by (text, call),
      needs_assistance (true, false)
    Columns of subscribers: reference, plan (filing number), phone, began_on; optional region (code or
      name), monthly_fee (yuan), language (zh, en), agreed_until, agreement (discount, contract), ended_on
    Columns of payments, by these names or the Chinese ones: number (of the order) or external_reference and
      channel, fee (installation, commissioning, monthly, deposit, equipment, other), amount (yuan; below zero
      a refund or a waiver), reference; optional kind (payment, charge), paid_at or charged_at (ISO 8601, or a
      time of the city), due_on, method (cash, transfer, wechat, alipay, card, bill), receipt, reason
    \b
    Columns of plans, by these names or those of the fee pages (see --example plans): filing_number,
      region (code or name), audience, kind, name, monthly_fee, installation_fee, commissioning_fee (yuan),
      on_sale_from; optional product, name_en, download_mbps, upload_mbps, services, services_en,
      restrictions, restrictions_en, scope, sales_channels, validity, stay, cancellation, liability, voice,
      data, iptv, benefits, overage, other_services, remark, on_sale_to
    \b
    Examples:
      tracker import orders.xlsx --operator telecom --channel hall --dry-run
      tracker import orders.csv --operator telecom --channel hall --failed failed.csv
      tracker import --example subscribers > base.csv
      tracker import base.csv --operator telecom
      tracker import base.csv --operator telecom --update --encoding gb18030
      tracker import payments.csv --operator telecom --dry-run
      tracker import payments.xlsx --operator telecom --dry-run
      tracker import plans.xlsx --operator telecom
      tracker import plans.csv --operator telecom --publish
    """
    with running() as run:
        try:
            kind = KINDS[what or _kind_of(path)]
            if dry_run and not kind.can_be_tried:
                raise click.UsageError("--dry-run is for orders and payments")
            if failed is not None and not kind.keeps_failed:
                raise click.UsageError("--failed is for orders")
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
                        publish,
                        dry_run,
                        encoding,
                        failed,
                        lang,
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
    """The kind that a file's header has most columns of."""
    names = read_names(path, AT_THE_CONSOLE, passed_over=(EXPLANATION,))
    return max(KINDS, key=lambda name: sum(KINDS[name].has(column) for column in names))


def _operator(run: Runtime, code: str) -> OperatorFacts:
    for found in run.reference.current().operators.values():
        if found.code == code:
            return found
    raise click.ClickException(f"there is no operator {code}")


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
