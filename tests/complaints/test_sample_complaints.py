"""The demonstration's complaints and ratings."""

from datetime import timedelta

from sqlalchemy import text

from tests.complaining import Desk
from tracker import clock
from tracker.complaints.queries import pressing
from tracker.complaints.rating_queries import to_call_back
from tracker.demo.sample_complaints import fill
from tracker.runtime import Runtime


def test_an_operator_with_somebody_in_charge_has_one_of_each_kind(desk: Desk, runtime: Runtime) -> None:
    desk.hire("manager")
    now = clock.now()
    desk.order()
    desk.set_order(desk.order(), accepted_at=now - timedelta(days=6))
    for _ in range(5):
        desk.set_order(desk.completed(), accepted_at=now - timedelta(days=25))
    old = desk.completed(ago=timedelta(days=40))
    said: list[str] = []
    fill(runtime, said.append)
    fill(runtime, said.append)
    assert len(said) == 1
    with runtime.db.reading() as connection:
        presses = pressing(connection, clock.today(), desk.operator_id)
        calls = to_call_back(connection, desk.operator_id)
        late = connection.scalars(
            text("SELECT ended_at::date > due_on FROM complaints WHERE state = 'closed' ORDER BY id")
        ).all()
        followed = connection.scalar(text("SELECT count(*) FROM complaint_events WHERE kind = 'followed_up'"))
        rated = connection.execute(
            text("SELECT score, number FROM ratings r JOIN orders o ON o.id = r.order_id ORDER BY score")
        ).all()
        early = connection.scalars(
            text(
                "SELECT count(*) FROM complaints c JOIN orders o ON o.id = c.order_id"
                " WHERE c.received_at < o.accepted_at OR (c.topic = 'overdue') <> (o.stage <> 'completed')"
            )
        ).one()
    assert early == 0
    assert presses == {"open": 3, "near": 1, "overdue": 1}
    assert (calls, late, followed) == (1, [False, True], 1)
    assert [row.score for row in rated] == [1, 2, 4, 5, 5]
    assert old not in [row.number for row in rated]


def test_without_anybody_in_charge_there_is_none(desk: Desk, runtime: Runtime) -> None:
    desk.order()
    said: list[str] = []
    fill(runtime, said.append)
    assert said == []
