"""The demonstration's orders: nothing of one is earlier than the order itself."""

from datetime import datetime

import time_machine
from sqlalchemy import text

from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.demo import sample_complaints, sample_desk, sample_staff
from tracker.demo.queries import order_under_way
from tracker.demo.sample import fill
from tracker.staff.second_factor import new_secret


def test_no_hold_begins_and_nothing_happens_before_the_acceptance(runtime, tmp_path) -> None:
    fill(runtime, tmp_path, lambda words: None)
    with runtime.db.reading() as connection:
        early = connection.execute(
            text(
                "SELECT kind FROM promise_entries p JOIN orders o ON o.id = p.order_id"
                " WHERE p.starts_at < o.accepted_at"
                " UNION ALL SELECT kind FROM order_events e JOIN orders o ON o.id = e.order_id"
                " WHERE e.occurred_at < o.accepted_at"
            )
        ).all()
        holds = connection.scalar(text("SELECT count(*) FROM promise_entries WHERE kind = 'hold'"))
    assert early == []
    assert holds


@time_machine.travel(datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE), tick=False)
def test_the_order_to_look_up_is_on_its_way(runtime, tmp_path) -> None:
    sample_staff.fill(runtime, "correct horse battery", new_secret())
    fill(runtime, tmp_path, lambda words: None)
    sample_complaints.fill(runtime, lambda words: None)
    sample_desk.fill(runtime, lambda words: None)
    with runtime.db.reading() as connection:
        number = order_under_way(connection, clock.now()).number
        found = connection.execute(
            text(
                "SELECT stage, appointment_starts_at > :now, deadline > appointment_ends_at,"
                " (SELECT array_agg(kind) FROM promise_entries p WHERE p.order_id = o.id),"
                " EXISTS (SELECT FROM return_requests r WHERE r.order_id = o.id),"
                " EXISTS (SELECT FROM complaints c WHERE c.order_id = o.id)"
                " FROM orders o JOIN promises USING (operator_id) WHERE order_id = o.id AND number = :number"
            ),
            {"number": number, "now": clock.now()},
        ).one()
    assert found == ("appointed", True, True, None, False, False)
