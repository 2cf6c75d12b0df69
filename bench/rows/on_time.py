"""On-time figures of very many orders, beside the plain GROUP BY over all, and what keeping them costs."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text

from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.rows.examples import known_orders
from bench.rows.intake import intake_requests
from bench.rows.measured import measured_row
from bench.system import System, Web, free_port
from bench.turns import Target, once
from tracker import clock
from tracker.figures.cells import Signed
from tracker.figures.facts import net_on_time, on_time, removed, within
from tracker.figures.keep_cells import keep_cells, sum_up
from tracker.figures.models import FigureFact
from tracker.figures.on_time import Asked, Stretch, on_time_figures
from tracker.figures.rules import Counts
from workers.schedule import FIGURES_READ_SECONDS

_DAYS = 730
_UNREAD = 1000
_TIMES = 5
# What is wanted: 80 times faster, and no more than a tenth of the intake.
_FASTER, _INTAKE = 80.0, 0.9

_facts = FigureFact.__table__
# Two years of orders of all places and channels: a tenth late, some withdrawn, some excused, some open.
_FILL = text(
    """
    INSERT INTO figure_facts (order_id, operator_id, county, rural, channel_id, customer_kind, dealer,
        team_id, installer_id, accepted_at, first_deadline, deadline, connected_at, withdrawn_at, excuse,
        responded_at, completed_at, returned_at, return_cause, on_sites, visit_ends, visits_kept,
        visits_until)
    SELECT -n, c.operator_id, (CAST(:counties AS text[]))[1 + n % cardinality(CAST(:counties AS text[]))],
        n % 3 = 0, c.id, CASE WHEN n % 5 = 0 THEN 'enterprise' ELSE 'home' END,
        CASE WHEN n % 4 = 0 THEN '代理商' || n % 50 END, n % 40,
        c.operator_id * 1000 + n % 130,
        due - interval '3 days', due, due + CASE WHEN n % 20 = 0 THEN interval '5 days' ELSE interval '0' END,
        CASE WHEN n % 97 > 0 THEN connected END,
        CASE WHEN n % 194 = 0 THEN due - interval '1 day' END,
        CASE WHEN n % 31 = 0 THEN 'weather' END,
        due - interval '3 days' + n % 240 * interval '1 minute',
        CASE WHEN n % 97 > 0 THEN connected + interval '1 hour' END,
        CASE WHEN n % 194 = 97 THEN due END, CASE WHEN n % 194 = 97 THEN 1 + n % 7 END,
        1 + CAST(n % 6 = 0 AS int), ARRAY[connected + interval '1 hour'], ARRAY[n % 15 > 0],
        connected + interval '1 hour'
    FROM (
        SELECT n, due, due + (n % 10 - 8.5) * interval '8 hours' + n % 479 * interval '1 minute' AS connected
        FROM (
            SELECT n, CAST(:since AS timestamptz)
                + (hashint8(n) & 2147483647) % (:days * 86400) * interval '1 second' AS due
            FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
        ) AS promised
    ) AS drawn
    JOIN channels AS c ON c.id = (CAST(:channels AS int[]))[1 + n % cardinality(CAST(:channels AS int[]))]
    """
)
_CHUNK = 500_000
# Indexes are made after the rows, and with room in memory: what is measured is read, not written.
_ROOM = "256MB"
_INDEXES = text(
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'figure_facts' AND indexname LIKE 'ix%'"
)
_TABLES = "figure_facts, figure_cells, figure_hands, figure_tallies, figure_hand_tallies"


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """By county, of two years; with everything read, and with some orders that were not read yet."""
    count = plan.facts
    name = f"on-time figures over {count:,} orders"
    _fill(system, count, step, name)
    known_orders(system, _UNREAD)
    keep_cells(system.runtime.db)
    now = clock.now()
    today = clock.local_date(now)
    asked = Asked(Stretch(today - timedelta(days=_DAYS), today), "county")
    step(f"{name}: the plain query")
    plain, counted = _best(lambda: _plainly(system, asked, now), 2)
    step(f"{name}: from sums")
    quick, found = _best(lambda: _figures(system, asked, now), _TIMES)
    if found != counted:
        raise BenchError("the sums are not equal to the plain query")
    step(f"{name}: what is measured of them")
    measured = measured_row(system, count, now, asked, _best)
    known_orders(system, _UNREAD)
    step(f"{name}: with orders not read yet")
    unread, _ = _best(lambda: _figures(system, asked, now), _TIMES)
    ceiling = Figure("GROUP BY over all orders", 1 / plain)
    rows = [
        Row(
            name,
            Figure("by county, of two years", 1 / quick, p50=quick * 1000),
            [Beside(ceiling, _FASTER)],
            f"{quick * 1000:.1f} ms instead of {plain:.2f} s; with {_UNREAD:,} orders that were not read yet"
            f" {unread * 1000:.1f} ms",
        ),
        measured,
        _intake(system, plan, step),
    ]
    _tidy(system)
    return rows


def _fill(system: System, count: int, step: Callable[[str], None], name: str) -> None:
    today = clock.today()
    reference = system.runtime.reference.current()
    given = {
        "counties": sorted({code[:6] for code in reference.places}),
        "channels": sorted(reference.channels),
        "since": datetime.combine(today - timedelta(days=_DAYS), datetime.min.time(), clock.CITY_ZONE),
        "days": _DAYS,
    }
    with system.owner.begin() as connection:
        indexes = connection.execute(_INDEXES).all()
        for index in indexes:
            connection.exec_driver_sql(f"DROP INDEX {index.indexname}")
    for first in range(1, count + 1, _CHUNK):
        step(f"{name}: {first - 1:,}")
        with system.owner.begin() as connection:
            connection.execute(_FILL, given | {"first": first, "last": min(count, first + _CHUNK - 1)})
    step(f"{name}: their indexes")
    with system.owner.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{_ROOM}'")
        for index in indexes:
            connection.exec_driver_sql(index.indexdef)
    step(f"{name}: their sums")
    with system.owner.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{_ROOM}'")
        sum_up(connection, Signed(_facts, 1))
    with system.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"VACUUM ANALYZE {_TABLES}")


def _best(ask: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The shortest of so many times, for what else the machine does only lengthens it; and the answer."""
    shortest, answer = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        answer = ask()
        shortest = min(shortest, time.perf_counter() - began)
    return shortest, answer


def _figures(system: System, asked: Asked, now: datetime) -> dict[Any, Counts]:
    with system.runtime.db.reading() as connection:
        return on_time_figures(connection, asked, now)


def _plainly(system: System, asked: Asked, now: datetime) -> dict[Any, Counts]:
    """The same by one pass over all orders' facts."""
    after, last = asked.days.bounds
    until = min(now, last)

    def counted(*which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(*which)

    gross, net = within(_facts.c.first_deadline, after, until), within(_facts.c.deadline, after, until)
    why = func.coalesce(removed(_facts), "")
    statement = select(
        _facts.c.county,
        why.label("why"),
        counted(gross),
        counted(gross, on_time(_facts)),
        counted(net),
        counted(net, net_on_time(_facts)),
    ).group_by(_facts.c.county, why)
    found: dict[Any, Counts] = {}
    with system.runtime.db.reading() as connection:
        for county, why_not, *counts in connection.execute(statement):
            found[county] = found.get(county, Counts()) + Counts.of(why_not, *counts)
    return found


def _intake(system: System, plan: Plan, step: Callable[[str], None]) -> Row:
    """Orders taken in while their histories are read on beside them as often as workers do, and while they
    are not.
    """
    readings = min(2, plan.rounds)
    plan = replace(plan, rounds=1, measured_seconds=readings * FIGURES_READ_SECONDS)
    port = free_port()
    with system.process("service", "tracker", "serve", ready=port, TRACKER_PORT=str(port)) as pid:
        target = Target("POST /api/v1/orders", port, pid, intake_requests(system), 201)
        once(system.generator, plan, target)
        slices: dict[bool, list[Figure]] = {False: [], True: []}
        for kept in (False, True, True, False):
            step(f"intake, figures {'kept' if kept else 'not kept'}")
            done = threading.Event()
            keeper = threading.Thread(target=_keep, args=(system, done))
            if kept:
                keeper.start()
            slices[kept].append(once(system.generator, plan, target))
            done.set()
            if kept:
                keeper.join()
    rates = {kept: sum(one.rate for one in found) / len(found) for kept, found in slices.items()}
    alone = Figure("intake while none are kept", rates[False])
    return Row("intake while figures are kept", Figure("orders", rates[True]), [Beside(alone, _INTAKE)])


def _keep(system: System, done: threading.Event) -> None:
    # In the middle of each stretch that the service reads after, so that a slice has its share of readings.
    wait = FIGURES_READ_SECONDS / 2
    while not done.wait(wait):
        keep_cells(system.runtime.db)
        wait = FIGURES_READ_SECONDS


def _tidy(system: System) -> None:
    with system.owner.begin() as connection:
        connection.execute(
            text("TRUNCATE figure_facts, figure_cells, figure_hands, figure_tallies, figure_hand_tallies")
        )
