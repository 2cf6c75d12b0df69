"""The sections of a report in their order, and the whole content that they make."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from tracker.figures.rules import LEAST_SAMPLE
from tracker.reports import rules
from tracker.reports.about import Scope
from tracker.reports.appendix import appendix
from tracker.reports.document import Section, words
from tracker.reports.section_compensation import compensation
from tracker.reports.section_complaints import complaints
from tracker.reports.section_dealers import dealers
from tracker.reports.section_measures import durations, returns
from tracker.reports.section_notices import outages, tariff_changes
from tracker.reports.section_on_time import on_time
from tracker.reports.section_orders import assisted, orders
from tracker.reports.section_self_checks import latest_self_checks, self_checks

Maker = Callable[[Connection, Scope], Section]

SECTIONS: Sequence[Maker] = (
    orders,
    on_time,
    durations,
    returns,
    compensation,
    tariff_changes,
    outages,
    complaints,
    assisted,
    dealers,
    self_checks,
    lambda _connection, _scope: appendix(),
)


def content_of(
    connection: Connection, scope: Scope, done: Callable[[int], None] = lambda _sections: None
) -> dict[str, Any]:
    """The whole content of a report, by what this connection sees; `done` is told of each section."""
    made = []
    for number, make in enumerate(SECTIONS, start=1):
        made.append(make(connection, scope).as_content())
        done(number)
    checked = latest_self_checks(connection, scope.period, scope.operator_id)
    wanted = len(scope.counties) * len(scope.of_operators)
    year = scope.period.starts_on.year
    first = scope.period.starts_on.month == 1
    return {
        "title": words(f"{scope.city}宽带报装服务半年度报告", "Half-year report on broadband installation"),
        "period": words(
            f"{year}年{'上' if first else '下'}半年", f"{'First' if first else 'Second'} half of {year}"
        ),
        "issuer": words(f"{scope.city}各电信运营商（全市汇总）", "All operators of the city")
        if scope.operator_id is None
        else scope.name(scope.operator_id),
        "half": rules.half_code(scope.period),
        "starts_on": scope.period.starts_on.isoformat(),
        "ends_on": scope.period.ends_on.isoformat(),
        "as_of": scope.now.isoformat(),
        "is_settled": scope.period.is_settled(scope.now),
        "least_sample": LEAST_SAMPLE,
        "self_checks_missing": 0 if scope.is_city else wanted - len(checked),
        "sections": made,
    }
