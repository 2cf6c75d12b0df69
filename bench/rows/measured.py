"""How long orders took, by county, of very many: beside the plain percentiles over all of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, cast, func, select

from bench.figures import BenchError, Beside, Figure, Row
from bench.system import System
from tracker.figures.measure_rules import Spread, What
from tracker.figures.measures import measures
from tracker.figures.models import FigureFact
from tracker.figures.on_time import Asked, Stretch
from tracker.figures.tallies import length, quarters_of

# What is wanted.
_FASTER = 20.0

_facts = FigureFact.__table__

Best = Callable[[Callable[[], Any], int], tuple[float, Any]]


def measured_row(system: System, count: int, now: datetime, asked: Asked, best: Best) -> Row:
    """Everything that is measured, of the same days as the on-time rates, beside one plain spread of it."""
    plain, spreads = best(lambda: _plainly(system, asked), 2)
    quick, found = best(lambda: _measures(system, asked, now), 3)
    if {key: one.durations for key, one in found.items() if one.connected} != spreads:
        raise BenchError("what is measured from tallies is not equal to the plain query")
    month = Asked(Stretch(asked.days.last_on - timedelta(days=30), asked.days.last_on), "county")
    one = Asked(month.days, "county", {"operator_id": 1})
    half = Asked(
        Stretch(asked.days.last_on - timedelta(days=180), asked.days.last_on), "county", {"operator_id": 1}
    )
    trend = Asked(half.days, "day", {"operator_id": 1})
    team = Asked(half.days, "installer", {"operator_id": 1})
    told = {
        name: best(lambda asked=asked: _measures(system, asked, now), 3)[0] * 1000
        for name, asked in (
            ("31 days", month),
            ("one operator's 31 days", one),
            ("half a year", half),
            ("that day by day", trend),
            ("that by installer", team),
        )
    }
    remark = ", ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in told.items())
    return Row(
        f"durations and visits over {count:,} orders",
        Figure("by county, of two years", 1 / quick, p50=quick * 1000),
        [Beside(Figure("plain percentiles over all orders", 1 / plain), _FASTER)],
        f"{quick * 1000:.0f} ms instead of {plain:.2f} s; {remark}",
    )


def _measures(system: System, asked: Asked, now: datetime) -> dict[Any, Any]:
    with system.runtime.db.reading() as connection:
        return measures(connection, asked, now)


def _plainly(system: System, asked: Asked) -> dict[str, Spread]:
    """Durations alone, by one pass over all orders' facts."""
    at, seconds = length(_facts, What.CONNECTED)
    quarters = quarters_of(seconds)
    ranks = [func.percentile_disc(share).within_group(quarters) for share in (0.5, 0.9)]
    since, until = asked.days.bounds
    wanted = (
        select(_facts.c.county, func.count(), cast(func.sum(seconds), BigInteger), *ranks)
        .where(at >= since, at < until)
        .group_by(_facts.c.county)
    )
    with system.runtime.db.reading() as connection:
        return {county: Spread.of(*told) for county, *told in connection.execute(wanted)}
