"""Orders recorded over HTTP, each with a key and a reference of its own, and from a file.

No worker runs meanwhile: what is measured is recording, and the texts wait as rows.
"""

import csv
import json
import time
from collections.abc import Callable
from dataclasses import replace

from bench import load
from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.system import System, Web, free_port
from bench.turns import Target, compare
from tracker import clock
from tracker.orders.file_columns import COLUMNS
from tracker.orders.import_orders import import_orders

# What the rows of a file have in common; a column that is not named stays empty.
_ROW = {
    "customer_kind": "home",
    "customer_name": "张三丰",
    "community_code": "441802006001",
    "address_detail": "北江路1号2栋301房",
    "plan": "24GD100001",
    "resource": "ready",
    "language": "zh",
    "notify_by": "text",
}


def order_body() -> bytes:
    """An order's JSON with places for numbers, in the width of a real one."""
    body = {
        "external_reference": f"BENCH-{load.NUMBER.decode()}",
        "customer": {"kind": "home", "name": "张三丰", "phone": f"138{load.DIGITS.decode()}"},
        "address": {"community_code": "441802006001", "detail": "北江路1号2栋301房"},
        "plan": "24GD100001",
    }
    return json.dumps(body, ensure_ascii=False).encode()


def intake_requests(system: System) -> tuple[bytes, ...]:
    """POST /api/v1/orders, a new order each time."""
    return (
        load.request(
            "POST",
            "/api/v1/orders",
            order_body(),
            Authorization=f"Bearer {system.api_key}",
            Idempotency_Key=f"bench-{load.NUMBER.decode()}",
            Content_Type="application/json",
        ),
    )


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """Over HTTP, and from a file."""
    recorded = _recorded(system, plan, ceilings, step)
    return [recorded, _imported(system, plan, recorded, step)]


def _recorded(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> Row:
    def bare(what: str, path: str, wanted: float | None = None) -> Target:
        key = {"Content_Type": "application/json", "Idempotency_Key": f"bench-{load.NUMBER.decode()}"}
        bodies = (load.request("POST", path, order_body(), **key),)
        return Target(what, ceilings.port, ceilings.pid, bodies, 201, wanted)

    port = free_port()
    with system.process("service", "tracker", "serve", ready=port, TRACKER_PORT=str(port)) as pid:
        return compare(
            "orders recorded",
            system.generator,
            plan,
            Target("POST /api/v1/orders", port, pid, intake_requests(system), 201),
            [
                Target("Flask hello", ceilings.port, ceilings.pid, (load.request("GET", "/hello"),)),
                bare("Flask, the same rows (SQLAlchemy Core)", "/insert-same-rows", 0.5),
                bare("Flask, the order's row alone (SQLAlchemy Core)", "/insert"),
                bare("Flask, the order's row alone (psycopg)", "/insert-psycopg"),
            ],
            step,
        )


def _imported(system: System, plan: Plan, recorded: Row, step: Callable[[str], None]) -> Row:
    """So many orders of a file, accepted within the day, so that their customers are told."""
    count = plan.imported
    step(f"orders imported: {count:,}")
    path = system.folder / "orders.csv"
    accepted = clock.local(clock.now()).isoformat(timespec="seconds")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        for number in range(count):
            own = {"external_reference": f"FILE-{number:08d}", "phone": f"139{number:08d}"}
            writer.writerow(_ROW | own | {"accepted_at": accepted})
    before, began = time.process_time(), time.perf_counter()
    report = import_orders(system.runtime, system.channel, path)
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    path.unlink()
    if report.stored != count:
        raise BenchError(f"{report.stored:,} of {count:,} orders were stored: {report.faults[:1]}")
    return Row(
        "orders imported",
        Figure(f"{count:,} rows of a file", count / seconds, cpu=cpu / count * 1000),
        [Beside(replace(recorded.measured, what="POST /api/v1/orders, of this run"), 5.0)],
    )
