"""Lists of plans: how each version stands, filters, pages; SQL says of a day what the rules say."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from plan_samples import BY, plan_fields
from sqlalchemy import select, update

from tracker.tariffs.models import Plan
from tracker.tariffs.publish_plan import publish_plan
from tracker.tariffs.queries import Wanted, plan_page, plan_row, products, regions
from tracker.tariffs.rules import Standing, in_force_on, never_began, sold_until
from tracker.tariffs.save_plan import draft_plan
from tracker.tariffs.withdraw_plan import withdraw_plan

TODAY = date(2026, 11, 25)


@pytest.fixture
def listed(database, operator_id) -> Callable[..., list[dict]]:
    def ask(wanted: Wanted, today: date = TODAY, **page) -> list[dict]:
        with database.reading() as connection:
            return plan_page(connection, operator_id, wanted, today, **{"limit": 100, **page})[0]

    return ask


@pytest.fixture
def history(database, operator_id, draft, morning) -> list[int]:
    """One plan with every kind of version: ended by the next, ended by itself, never begun, to come."""
    morning.shift(-timedelta(days=60))

    def add(on_sale_from: date, on_sale_to: date | None = None) -> int:
        plan_id = draft(
            on_sale_from=on_sale_from.isoformat(), on_sale_to=on_sale_to and on_sale_to.isoformat()
        )
        publish_plan(database, operator_id, plan_id, "x", BY)
        return plan_id

    made = [
        add(date(2026, 9, 26)),
        add(date(2026, 10, 10), date(2026, 10, 20)),
        add(date(2026, 11, 1)),
        add(date(2026, 12, 1)),
    ]
    never = add(date(2026, 12, 20))
    withdraw_plan(database, operator_id, never, "x", BY)
    morning.shift(timedelta(days=60))
    return [*made, never]


def test_on_every_day_the_list_says_what_the_rules_say(database, history, listed) -> None:
    with database.reading() as connection:
        versions = connection.execute(select(Plan.__table__).where(Plan.id.in_(history))).all()
    for offset in range(-5, 120):
        day = date(2026, 9, 26) + timedelta(days=offset)
        rows = {row["id"]: row for row in listed(Wanted(filing_number="26GD900001"), day)}
        current = in_force_on(versions, day)
        on_sale = [number for number, row in rows.items() if row["standing"] == Standing.ON_SALE]
        assert on_sale == ([current.id] if current else []), day
        for version in versions:
            assert rows[version.id]["sold_until"] == sold_until(version, versions)
            assert (rows[version.id]["standing"] == Standing.NEVER_BEGAN) == never_began(version)
            if rows[version.id]["standing"] == Standing.UPCOMING:
                assert version.on_sale_from > day


def test_each_filter_narrows_the_list(history, draft, listed) -> None:
    draft(filing_number="26GD900009", audience="enterprise", name="百分之100%宽带", name_en="")
    mine = [
        (Wanted(filing_number="26GD900001"), 5),
        (Wanted(filing_number="26GD900001", standing="ended"), 2),
        (Wanted(filing_number="26GD900001", standing="on_sale"), 1),
        (Wanted(filing_number="26GD900001", standing="upcoming"), 1),
        (Wanted(filing_number="26GD900001", standing="never_began"), 1),
        (Wanted(filing_number="26GD900001", state="withdrawn"), 1),
        (Wanted(state="draft"), 1),
        (Wanted(state="draft", published_only=True), 0),
        (Wanted(state="draft", audience="home"), 0),
        (Wanted(text="100%宽"), 1),
        (Wanted(text="26gd9"), 6),
        (Wanted(text="_"), 0),
        (Wanted(text="two gigabit"), 5),
    ]
    for wanted, count in mine:
        assert len(listed(wanted)) == count, wanted


def test_pages_follow_each_other_in_both_directions(database, operator_id, history) -> None:
    def walk(name: str, start: int | None) -> list[int]:
        found, mark = [], start
        while True:
            with database.reading() as connection:
                rows, after = plan_page(connection, operator_id, Wanted(), TODAY, limit=3, **{name: mark})
            found += [row["id"] for row in rows]
            if after is None:
                return found
            mark = after

    oldest_first = walk("after_id", 0)
    assert oldest_first == sorted(set(oldest_first))
    assert walk("before_id", None) == oldest_first[::-1]


def test_another_operators_plans_are_not_listed(database, operator_id, draft, listed) -> None:
    draft_plan(database, operator_id + 1, plan_fields(filing_number="26GD900077"), BY)
    assert listed(Wanted(filing_number="26GD900077")) == []


def test_one_version_shows_the_others_of_its_plan(database, operator_id, history) -> None:
    with database.reading() as connection:
        plan = plan_row(connection, operator_id, history[0], TODAY)
        assert plan_row(connection, operator_id + 1, history[0], TODAY) is None
        assert plan_row(connection, operator_id, 2**40, TODAY) is None
    assert plan is not None
    assert [one["id"] for one in plan["versions"]] == history
    assert [event["kind"] for event in plan["events"]] == ["drafted", "published"]


def test_regions_and_products(database, operator_id) -> None:
    with database.reading() as connection:
        found = regions(connection)
        assert products(connection, operator_id) == ["broadband", "dedicated_line"]
    assert next(iter(found.items())) == ("441800", "清远市")
    assert len(found) == 9


def test_the_rules_of_a_clash_hold_both_ways(database, operator_id, history) -> None:
    """What is published stands apart from every other version, whichever is asked."""
    from tracker.tariffs.rules import clashing

    with database.reading() as connection:
        versions = connection.execute(select(Plan.__table__).where(Plan.id.in_(history))).all()
    for version in versions:
        assert clashing(version, [one for one in versions if one.id != version.id]) == []
    with database.transaction() as connection:
        connection.execute(update(Plan).where(Plan.id == history[1]).values(on_sale_to=date(2026, 11, 1)))
        second, third = (
            connection.execute(select(Plan.__table__).where(Plan.id == history[place])).one()
            for place in (1, 2)
        )
    assert clashing(second, [third]) == [third]
    assert clashing(third, [second]) == [second]
