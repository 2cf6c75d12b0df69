"""Who was told of a tariff change in time, as reports and the regulator's page tell it."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from tests.announced_changes import on, telling
from tests.reporting import FIRST_HALF, SECOND_HALF
from tests.subscribing import PLAN, City, in_city
from tracker.figures.rules import Period, PeriodKind
from tracker.reports.about import scope_of
from tracker.reports.section_notices import tariff_changes
from tracker.runtime import Runtime
from tracker.tariff_changes.upkeep import keep_change
from tracker.tariffs.models import Plan

NEXT_HALF = Period(PeriodKind.HALF, date(2027, 1, 1))


@pytest.fixture
def city(plans: None, runtime: Runtime) -> City:
    with runtime.db.reading() as connection:
        plan = connection.execute(select(Plan.id, Plan.operator_id).where(Plan.filing_number == PLAN)).one()
    return City(runtime, plan.operator_id, plan.id)


def told_of(runtime: Runtime, operator_id: int | None, half: Period, *when: int) -> dict[str, Any]:
    """The last row of the table of changes, as it stands on a day: one operator's, or the whole city's."""
    with on(*when) as now, runtime.db.reading() as connection:
        scope = scope_of(connection, runtime.reference.current(), operator_id, half, now)
        (table,) = tariff_changes(connection, scope).tables
    row = table.rows[-1] if table.total is None else table.total
    return dict(zip([column.code for column in table.columns], row, strict=True))


def counts(row: dict[str, Any]) -> dict[str, Any]:
    """All but whose they are."""
    return {name: value for name, value in row.items() if name != "operator"}


def test_nobody_whose_day_is_yet_to_come_counts_as_not_told(city: City, runtime: Runtime) -> None:
    telling(city)
    city.subscribe(3)  # Whom no warning was written for yet.
    before = told_of(runtime, city.operator_id, NEXT_HALF, 2026, 11, 20, 9)
    assert counts(before) == {
        "changes": 1,
        "concerned": 0,
        "on_time": 0,
        "late": 0,
        "untold": 0,
        "pending": 28,
        "share": [0, 0],
    }
    after = told_of(runtime, None, NEXT_HALF, 2027, 1, 1, 9)
    assert counts(after) == {
        "changes": 1,
        "concerned": 28,
        "on_time": 18,
        "late": 0,
        "untold": 10,
        "pending": 0,
        "share": [18, 28],
    }
    assert told_of(runtime, city.operator_id, SECOND_HALF, 2027, 1, 1, 9)["changes"] == 0


def test_agreed_prices_count_in_the_half_in_which_each_ends(city: City, runtime: Runtime) -> None:
    ended = city.subscribe(4, monthly_fen=9900, agreed_until=date(2026, 12, 20), agreement="discount")
    city.subscribe(2, monthly_fen=9900, agreed_until=date(2026, 12, 30), agreement="discount")
    # Its first day without the discount is the first of the other half.
    city.subscribe(3, monthly_fen=9900, agreed_until=date(2026, 12, 31), agreement="discount")
    with on(2026, 11, 1, 9):
        change = city.announce(
            kind="term_end", effective_on=None, ends_from="2026-12-15", ends_to="2027-01-20"
        )
    with on(2026, 11, 9, 9):
        keep_change(city.run, change)
    for row in city.rows(
        "SELECT notice_id FROM tariff_warnings WHERE change_id = :change AND subscriber_id = ANY(:ended)"
        " ORDER BY subscriber_id LIMIT 3",
        change=change,
        ended=ended,
    ):
        city.arrive(row.notice_id, in_city(2026, 11, 10, 9))
    running = told_of(runtime, city.operator_id, SECOND_HALF, 2026, 12, 25, 9)
    assert [running[name] for name in ("changes", "concerned", "on_time", "untold", "pending")] == [
        1,
        4,
        3,
        1,
        2,
    ]
    over = told_of(runtime, city.operator_id, SECOND_HALF, 2027, 1, 4, 9)
    assert [over[name] for name in ("concerned", "on_time", "untold", "pending")] == [6, 3, 3, 0]
    following = told_of(runtime, city.operator_id, NEXT_HALF, 2027, 1, 4, 9)
    assert [following[name] for name in ("changes", "concerned", "untold", "pending")] == [1, 3, 3, 0]
    assert told_of(runtime, city.operator_id, FIRST_HALF, 2027, 1, 4, 9)["changes"] == 0
