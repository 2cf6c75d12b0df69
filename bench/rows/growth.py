"""The same requests once many more orders are stored: what is quick today must be quick in ten years."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import text

from bench import load
from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.rows.examples import known_orders
from bench.rows.intake import intake_requests
from bench.rows.status import lookups, public_site
from bench.system import System, Web, free_port
from bench.turns import Target, once

_FEW = 20_000
_CHUNK = 20_000
# At most 1.3 times slower.
_WANTED = 1 / 1.3
# Copies of an order of this run, under names and digests of their own, with what belongs to it.
_GROW = (
    """
    INSERT INTO orders ({orders}) OVERRIDING USER VALUE
    SELECT {orders_changed}
    FROM orders o, generate_series(CAST(:first AS int), CAST(:last AS int)) n
    WHERE o.id = :model
    """,
    """
    INSERT INTO order_events ({order_events}) OVERRIDING USER VALUE
    SELECT {order_events_changed} FROM order_events e, orders g
    WHERE e.order_id = :model AND g.external_reference BETWEEN :low AND :high AND g.channel_id = :channel
    """,
    """
    INSERT INTO promises ({promises})
    SELECT {promises_changed} FROM promises p, orders g
    WHERE p.order_id = :model AND g.external_reference BETWEEN :low AND :high AND g.channel_id = :channel
    """,
    """
    INSERT INTO notices ({notices}) OVERRIDING USER VALUE
    SELECT {notices_changed} FROM notices t, orders g
    WHERE t.order_id = :model AND g.external_reference BETWEEN :low AND :high AND g.channel_id = :channel
    """,
)
_CHANGED = {
    "orders": {
        "number": "'G' || lpad(CAST(n AS text), 14, '0')",
        "external_reference": "'GROWN-' || lpad(CAST(n AS text), 10, '0')",
        "phone_digest": "sha256(convert_to('phone' || n, 'UTF8'))",
        "lookup_digest": "sha256(convert_to('lookup' || n, 'UTF8'))",
        "content_digest": "sha256(convert_to('content' || n, 'UTF8'))",
    },
    "order_events": {"order_id": "g.id"},
    "promises": {"order_id": "g.id"},
    "notices": {
        "order_id": "g.id",
        "dedup_key": "'grown/' || g.id",
        "recipient_digest": "g.phone_digest",
        "state": "'delivered'",
    },
}
_ALIAS = {"orders": "o", "order_events": "e", "promises": "p", "notices": "t"}


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """Recording, reading and looking up orders with few and with many stored."""
    known = known_orders(system, plan.orders)
    port = free_port()
    with (
        system.process("service", "tracker", "serve", ready=port, TRACKER_PORT=str(port)) as pid,
        public_site(system) as site,
    ):
        targets = {
            "orders recorded": Target("POST /api/v1/orders", port, pid, intake_requests(system), 201),
            "orders read": Target(
                "GET /api/v1/orders/{number}",
                port,
                pid,
                tuple(
                    load.request("GET", f"/api/v1/orders/{n}", Authorization=f"Bearer {system.api_key}")
                    for n, _ in known
                ),
            ),
            "status pages": Target("POST /status", site.port, site.pid, lookups(known)),
        }
        figures: dict[str, list[Figure]] = {name: [] for name in targets}
        for stored in (_FEW, plan.grown):
            step(f"growth: {stored:,} orders")
            _grow(system, stored, step)
            for name, target in targets.items():
                step(f"growth: {name} with {stored:,} stored")
                figure = once(system.generator, plan, target)
                figures[name].append(replace(figure, what=f"with {stored:,} orders stored"))
    return [
        Row(f"{name}, as orders grow in number", many, [Beside(few, _WANTED)])
        for name, (few, many) in figures.items()
    ]


def _grow(system: System, wanted: int, step: Callable[[str], None]) -> None:
    """Until about so many orders are stored, as they are after long use: vacuumed and analysed."""
    with system.owner.begin() as connection:
        model, channel, stored = connection.execute(
            text(
                "SELECT o.id, o.channel_id, (SELECT count(*) FROM orders) FROM orders o"
                " JOIN notices n ON n.order_id = o.id WHERE o.number LIKE 'QY%' LIMIT 1"
            )
        ).one()
        columns = {
            table: [
                row.column_name
                for row in connection.execute(
                    text(
                        "SELECT column_name FROM information_schema.columns"
                        " WHERE table_schema = 'public' AND table_name = :table AND column_name <> 'id'"
                        " AND is_generated = 'NEVER' ORDER BY ordinal_position"
                    ),
                    {"table": table},
                )
            ]
            for table in _CHANGED
        }
    names = {table: ", ".join(found) for table, found in columns.items()}
    names |= {
        f"{table}_changed": ", ".join(_CHANGED[table].get(c, f"{_ALIAS[table]}.{c}") for c in found)
        for table, found in columns.items()
    }
    for first in range(stored, wanted, _CHUNK):
        last = min(first + _CHUNK, wanted) - 1
        given = {
            "model": model,
            "channel": channel,
            "first": first,
            "last": last,
            "low": f"GROWN-{first:010d}",
            "high": f"GROWN-{last:010d}",
        }
        with system.owner.begin() as connection:
            for statement in _GROW:
                connection.execute(text(statement.format(**names)), given)
        step(f"growth: {last + 1:,} of {wanted:,} orders")
    with system.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        if connection.exec_driver_sql("SELECT count(*) FROM orders").scalar_one() < wanted:
            raise BenchError("the orders did not grow as they should")
