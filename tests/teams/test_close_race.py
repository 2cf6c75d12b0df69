"""A team is closed while orders are assigned to it: none is left in its hands, nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import text

from tests.teaming import COUNTY
from tracker.orders import close_team as closing
from tracker.orders.assign_orders import assign_orders, undo_assignment
from tracker.orders.close_team import close_team
from tracker.problems import Refusal


@pytest.mark.parametrize("_time", range(3))
def test_closing_and_assigning_at_once_leave_no_order_in_a_closed_team(runtime, crew, ready, _time):
    closing, heir = crew.team(), crew.team("县城班", COUNTY)
    numbers = [ready(customer__phone=f"138000{n:05d}") for n in range(12)]
    came = assign_orders(runtime, crew.actor, numbers[:6], team_id=closing)
    gate = Barrier(4)

    def act(number: int) -> str:
        gate.wait(timeout=60)
        try:
            if number == 0:
                close_team(runtime, crew.actor, closing, hand_over=True, to_team_id=heir)
            elif number == 1:
                undo_assignment(runtime, crew.actor, came.id)
            else:
                assign_orders(runtime, crew.actor, numbers[number::2], team_id=closing)
        except Refusal as refusal:
            return refusal.faults[0].rule
        return "done"

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(act, range(4)))
    assert outcomes[:2] == ["done", "done"]
    assert set(outcomes[2:]) <= {"done", "team.closed"}
    with runtime.db.reading() as connection:
        held = connection.execute(
            text("SELECT count(*), bool_and(t.closed_at IS NOT NULL) FROM teams t WHERE t.id = :team"),
            {"team": closing},
        ).one()
        left = connection.scalar(text("SELECT count(*) FROM orders WHERE team_id = :team"), {"team": closing})
    assert tuple(held) == (1, True)
    assert left == 0


def test_two_teams_that_are_closed_in_favour_of_each_other_do_not_wait_in_a_circle(
    runtime, crew, ready, monkeypatch
):
    teams = [crew.team(), crew.team("县城班", COUNTY)]
    for team in teams:
        assign_orders(runtime, crew.actor, [ready()], team_id=team, outside=True)
    gate = Barrier(2)
    assign = closing.assign_orders

    def together(*given, **more):
        # Each has its own team by now, unless one waits for the other already.
        with suppress(BrokenBarrierError):
            gate.wait(timeout=1)
        return assign(*given, **more)

    monkeypatch.setattr(closing, "assign_orders", together)

    def close(team: int, heir: int) -> str:
        try:
            close_team(runtime, crew.actor, team, hand_over=True, to_team_id=heir)
        except Refusal as refusal:
            return refusal.faults[0].rule
        return "done"

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(close, teams, reversed(teams)))
    assert sorted(outcomes) == ["done", "team.closed"]
