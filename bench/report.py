"""A run as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Beside, Figure, Row
from bench.machine import Machine

_NOTE = (
    "Ratios count, rates do not: everything shares this machine's cores, the load generator too. "
    "“drift” is the spread between slices of the same thing; a ratio is no surer than that. "
    "“cpu” is the serving processes' own time per request: the figure that other work disturbs least."
)


def show(rows: Sequence[Row], facts: Machine, console: Console) -> None:
    """Print the table and the facts."""
    table = Table(title="Speeds beside their ceilings", title_justify="left", pad_edge=False)
    table.add_column("what", overflow="fold")
    for heading in ("rate/s", "p50 ms", "p99 ms", "cpu ms", "drift", "ratio", "target"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(f"[bold]{row.name}[/bold]: {row.measured.what}", row.measured), "", "")
        for number, beside in enumerate(row.beside, start=1):
            table.add_row(
                *_cells(f"  beside {beside.figure.what}", beside.figure),
                f"{ratio(row.measured, beside):.2f}",
                "" if beside.target is None else f"{beside.target:.2f}",
                end_section=number == len(row.beside),
            )
    console.print(table)
    for row in rows:
        if row.remark:
            console.print(f"{row.name}: {row.remark}")
    busy = [row.generator for row in rows if row.generator is not None]
    if busy:
        console.print(f"The load generator used {max(busy):.0%} of one core at most, at the hello ceiling.")
    console.print(
        f"{facts.cores} cores ({facts.processor}), load {facts.load_average}; Python {facts.python}; "
        f"PostgreSQL {facts.postgresql}, fsync {facts.fsync}, synchronous_commit {facts.synchronous_commit}, "
        f"{facts.file_system}; granian, {facts.web_workers} workers of one thread."
    )
    console.print(_NOTE)


def save(rows: Sequence[Row], facts: Machine, path: Path) -> None:
    """Write the run as JSON: machine, and rows with their ratios."""
    told = []
    for row in rows:
        entry = asdict(row)
        for beside, kept in zip(row.beside, entry["beside"], strict=True):
            kept["ratio"] = ratio(row.measured, beside)
        told.append(entry)
    path.write_text(json.dumps({"machine": asdict(facts), "rows": told}, ensure_ascii=False, indent=1) + "\n")


def ratio(measured: Figure, beside: Beside) -> float:
    """The measured rate as a share of the ceiling's."""
    return measured.rate / beside.figure.rate


def _cells(what: str, figure: Figure) -> tuple[str, str, str, str, str, str]:
    return (
        what,
        f"{figure.rate:,.0f}",
        "" if figure.p50 is None else f"{figure.p50:.2f}",
        "" if figure.p99 is None else f"{figure.p99:.2f}",
        "" if figure.cpu is None else f"{figure.cpu:.2f}",
        "" if figure.drift is None else f"{figure.drift:.0%}",
    )
