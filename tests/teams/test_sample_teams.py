"""The demonstration's teams and the orders that they have."""

from collections.abc import Callable

from sqlalchemy import text

from tests.conftest import order_json
from tracker import clock
from tracker.demo import sample_teams
from tracker.orders.actor import Actor
from tracker.orders.open_work import work_by_town
from tracker.orders.place_orders import Placed, place_order
from tracker.orders.record_progress import record_progress
from tracker.orders.schemas import OrderRequestSchema
from tracker.runtime import Runtime
from tracker.teams.queries import installers_of, teams_of


def test_every_operator_has_teams_installers_and_work_for_them(
    runtime: Runtime, place: Callable[..., Placed]
) -> None:
    facts = runtime.reference.current()
    places = sorted(facts.places)
    for channel in facts.channels.values():
        if channel.code != "app":
            continue
        for number in range(9):
            plan = next(
                one[0].filing_number
                for (owner, _), one in sorted(facts.plans.items())
                if owner == channel.operator_id and one[0].audience == "home"
            )
            body = order_json(
                address__community_code=places[number * 97], customer__phone=f"138000{number:05d}", plan=plan
            )
            order = place_order(runtime, channel, OrderRequestSchema().load(body)).number
            for stage in ("verified", "resource_checked"):
                record_progress(runtime, Actor.of_channel(channel), order, {"stage": stage})
    said: list[str] = []
    sample_teams.fill(runtime, said.append)
    sample_teams.fill(runtime, said.append)
    assert len(said) == len(facts.operators)
    with runtime.db.reading() as connection:
        for operator in facts.operators:
            assert len(teams_of(connection, operator)) == len(facts.counties) + 1
            installers = installers_of(connection, operator)
            assert all(one.team_id and one.title and one.staff_number for one in installers)
            work = work_by_town(connection, operator, clock.now()).values()
            assert 0 < sum(one.to_dispatch for one in work) < sum(one.total for one in work)
        alien = connection.scalar(
            text(
                "SELECT count(*) FROM orders o JOIN teams t ON t.id = o.team_id"
                " WHERE t.operator_id <> o.operator_id"
            )
        )
    assert alien == 0
