"""`python -m bench`: measure, print, save."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import report, system
from bench.figures import FULL, FULL_FACTS, QUICK, BenchError, Plan, Row
from bench.machine import machine
from bench.rows import ROWS, Step
from tracker.embedded import EmbeddedError

# Warm-up and slices of a row with two ceilings, and what rows do besides.
_OTHER_STEPS = 8
_WIDTH = 120


@click.command()
@click.option("--quick", is_flag=True, help="Under 45 s: short slices, one round; ratios are rougher.")
@click.option("--only", "names", multiple=True, type=click.Choice(list(ROWS)), help="This row; repeatable.")
@click.option("--bulk-texts", type=click.IntRange(1000), help="How many the bulk row drains at 0 ms.")
@click.option("--full", is_flag=True, help=f"{FULL:,} bulk texts, subscribers and orders: half an hour.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write here, too.")
def main(
    quick: bool, names: tuple[str, ...], bulk_texts: int | None, full: bool, json_path: Path | None
) -> None:
    """Measure the tracker beside what this machine can do at most, in under six minutes.

    Servers of its own are started in a temporary folder, as shipped, and removed in the end. Only
    the ratios are worth comparing between runs.

    \b
    Examples:
      python -m bench
      python -m bench --quick --json bench.json
      python -m bench --only intake --only lookup
      python -m bench --only bulk --full
      python -m bench --only subscribers --full
      python -m bench --only growth --full
      python -m bench --only figures --full
    """
    plan = QUICK if quick else Plan()
    plan = replace(plan, bulk_texts=FULL if full else bulk_texts or plan.bulk_texts)
    if full:
        plan = replace(plan, subscribers=FULL, grown=FULL, facts=FULL_FACTS)
    chosen = names or tuple(ROWS)
    try:
        with _progress(len(chosen) * plan.slices + _OTHER_STEPS) as step:
            step("starting PostgreSQL and Valkey")
            with system.started() as running:
                rows = _measure(running, plan, chosen, step)
                facts = machine(running)
    except (BenchError, EmbeddedError) as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(1)
    console = Console()
    report.show(rows, facts, console if console.is_terminal else Console(width=_WIDTH))
    if json_path is not None:
        report.save(rows, facts, json_path)


def _measure(running: system.System, plan: Plan, names: tuple[str, ...], step: Step) -> list[Row]:
    rows: list[Row] = []
    port = system.free_port()
    with running.process("ceilings", "bench.ceilings", str(port), ready=port) as pid:
        for name in names:
            rows += ROWS[name](running, plan, system.Web(port, pid), step)
    return rows


@contextmanager
def _progress(total: int) -> Iterator[Step]:
    """A bar on standard error; plain lines where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda words: click.echo(words, err=True)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda words: progress.update(task, description=words, advance=1)


if __name__ == "__main__":
    main()
