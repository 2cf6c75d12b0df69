"""The demonstration's teams and the orders that they have."""

from sqlalchemy import text

from tracker import clock
from tracker.at_risk.queries import Wanted, count_at_risk
from tracker.at_risk.rules import Rules
from tracker.demo import sample_teams
from tracker.orders.open_work import work_by_town
from tracker.runtime import Runtime
from tracker.teams.queries import installers_of, teams_of


def test_every_operator_has_teams_installers_and_work_for_them(runtime: Runtime) -> None:
    facts = runtime.reference.current()
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
            assert sum(one.total for one in work) == sample_teams.ORDERS_PER_OPERATOR
            at_risk = count_at_risk(connection, operator, Rules(), Wanted(), clock.now())
            assert 0 < at_risk.total < sample_teams.ORDERS_PER_OPERATOR
            assert 0 < sum(one.to_dispatch for one in work) < sample_teams.ORDERS_PER_OPERATOR
        alien = connection.scalar(
            text(
                "SELECT count(*) FROM orders o JOIN teams t ON t.id = o.team_id"
                " WHERE t.operator_id <> o.operator_id"
            )
        )
    assert alien == 0
