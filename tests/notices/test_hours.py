"""Nobody is woken: what was late for the hours of texts waits for the next morning."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from scripted import Scripted
from sqlalchemy import insert, select, update

from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.contacts.record_wish import PURPOSE
from tracker.notices.deliver import deliver
from tracker.notices.models import Notice
from tracker.notices.stuck import stuck
from tracker.notices.sweep import sweep
from tracker.runtime import Runtime

EVENING = datetime(2026, 11, 10, 20, 59, tzinfo=CITY_ZONE)


@pytest.fixture
def evening() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING.astimezone(UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def late(runtime: Runtime, evening: time_machine.Traveller) -> dict[str, int]:
    """A warning and an answer to an order, both due since a moment before the window closes."""
    now = clock.now()
    rows = [
        {
            "operator_id": 1,
            "template": template,
            "template_version": 1,
            "language": "zh",
            "params": {},
            "body": template,
            "recipient": runtime.keys.seal("+8613800001234", PURPOSE),
            "dedup_key": template,
            "queue": "bulk",
            "state": "created",
            "next_at": now,
            "created_at": now,
        }
        for template in ("tariff_change", "order_accepted")
    ]
    with runtime.db.transaction() as connection:
        ids = connection.scalars(
            insert(Notice).returning(Notice.id, sort_by_parameter_order=True), rows
        ).all()
    return dict(zip(("tariff_change", "order_accepted"), ids, strict=True))


def states(runtime: Runtime) -> dict[str, tuple[str, datetime]]:
    with runtime.db.reading() as connection:
        rows = connection.execute(select(Notice.template, Notice.state, Notice.next_at)).all()
    return {row.template: (row.state, row.next_at.astimezone(CITY_ZONE)) for row in rows}


def test_at_night_only_what_may_leave_at_any_hour_leaves(
    runtime: Runtime, late: dict[str, int], evening: time_machine.Traveller
) -> None:
    evening.move_to(EVENING.replace(hour=21, minute=0).astimezone(UTC))
    runtime.__dict__["gateway"] = Scripted()
    assert deliver(runtime, "bulk") == 1
    found = states(runtime)
    assert (found["tariff_change"][0], found["order_accepted"][0]) == ("created", "accepted")


def test_the_rest_is_put_off_until_morning_and_is_not_taken_for_stuck(
    runtime: Runtime, late: dict[str, int], evening: time_machine.Traveller
) -> None:
    evening.move_to(EVENING.replace(hour=22).astimezone(UTC))
    assert sweep(runtime)["put_off"] == 1
    found = states(runtime)
    assert found["tariff_change"] == ("created", datetime(2026, 11, 11, 8, tzinfo=CITY_ZONE))
    assert found["order_accepted"][1] == EVENING
    with runtime.db.reading() as connection:
        waiting, _ = stuck(connection, clock.now())
    assert [one.template for one in waiting] == ["order_accepted"]
    evening.move_to(datetime(2026, 11, 11, 8, tzinfo=CITY_ZONE).astimezone(UTC))
    runtime.__dict__["gateway"] = Scripted()
    assert deliver(runtime, "bulk") == 2


def test_by_day_nothing_is_put_off(runtime: Runtime, late: dict[str, int]) -> None:
    assert sweep(runtime)["put_off"] == 0
    assert states(runtime)["tariff_change"][1] == EVENING


def test_a_wording_that_somebody_tries_leaves_at_any_hour(
    runtime: Runtime, late: dict[str, int], evening: time_machine.Traveller
) -> None:
    with runtime.db.transaction() as connection:
        tried = update(Notice).where(Notice.id == late["tariff_change"]).values(dedup_key="trial:1:x")
        connection.execute(tried)
    evening.move_to(EVENING.replace(hour=22).astimezone(UTC))
    runtime.__dict__["gateway"] = Scripted()
    assert sweep(runtime)["put_off"] == 0
    assert deliver(runtime, "bulk") == 2
