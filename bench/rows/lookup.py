"""Orders read by their channel, one indexed row and its promise."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy.engine import make_url

from bench import load
from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.rows.examples import known_orders
from bench.system import System, Web, free_port
from bench.turns import Target, compare
from tracker.embedded.binaries import find_postgres
from tracker.embedded.errors import EmbeddedError

_DATABASE = "bench_pgbench"


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """GET /api/v1/orders/{number}."""
    numbers = [number for number, _ in known_orders(system, plan.orders)]
    port = free_port()
    bearer = f"Bearer {system.api_key}"
    with system.process("service", "tracker", "serve", ready=port, TRACKER_PORT=str(port)) as pid:
        row = compare(
            "orders read",
            system.generator,
            plan,
            Target(
                "GET /api/v1/orders/{number}",
                port,
                pid,
                tuple(load.request("GET", f"/api/v1/orders/{n}", Authorization=bearer) for n in numbers),
            ),
            [
                Target("Flask hello", ceilings.port, ceilings.pid, (load.request("GET", "/hello"),)),
                Target(
                    "Flask, one SELECT, JSON",
                    ceilings.port,
                    ceilings.pid,
                    tuple(load.request("GET", f"/row/{number}") for number in numbers),
                ),
            ],
            step,
        )
    step("orders read: pgbench")
    bare = pgbench(system, plan)
    return [replace(row, beside=[*row.beside, Beside(bare)])] if bare else [row]


def pgbench(system: System, plan: Plan) -> Figure | None:
    """PostgreSQL alone, one row by its key over as many connections; None where pgbench is missing."""
    try:
        program = find_postgres(None).path.with_name("pgbench")
    except EmbeddedError:
        program = Path(shutil.which("pgbench") or "pgbench")
    if not program.exists():
        return None
    url = make_url(str(system.config.migration_database_url))
    with system.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {_DATABASE}")
    where = ["-h", str(url.query["host"]), "-U", "tracker_owner", _DATABASE]
    _run(program, "-i", "-q", "-s", "2", *where)
    seconds = max(2, round(plan.measured_seconds))
    said = _run(program, "-n", "-S", "-c", str(plan.connections), "-j", "2", "-T", str(seconds), *where)
    rate = re.search(r"tps = ([0-9.]+)", said)
    latency = re.search(r"latency average = ([0-9.]+) ms", said)
    if rate is None:
        raise BenchError("pgbench named no rate")
    return Figure(
        "pgbench, one SELECT (mean latency)", float(rate[1]), float(latency[1]) if latency else None
    )


def _run(program: Path, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise BenchError(f"pgbench: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout
