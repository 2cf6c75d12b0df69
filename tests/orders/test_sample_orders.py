"""The demonstration's orders and what is made of them: one filling, which takes long, and all it shows."""

from datetime import datetime
from pathlib import Path

import time_machine
from sqlalchemy import Connection, text

from tests.visiting_slots import Diary
from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.demo import sample, sample_complaints, sample_desk, sample_staff, sample_visits
from tracker.demo.queries import order_under_way
from tracker.orders.fee_queries import fee_book
from tracker.runtime import Runtime
from tracker.staff.second_factor import new_secret


@time_machine.travel(datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE), tick=False)
def test_they_tell_what_can_happen_to_an_order(runtime: Runtime, tmp_path: Path) -> None:
    said: list[str] = []
    sample_staff.fill(runtime, "correct horse battery", new_secret())
    sample.fill(runtime, tmp_path, lambda words: None)
    with runtime.db.reading() as connection:
        assert_nothing_precedes_the_acceptance(connection)
        assert_money_stands_in_every_way(connection)
        versions = versions_of(connection)
    sample.fill(runtime, tmp_path, said.append)
    with runtime.db.reading() as connection:
        assert (said, versions_of(connection)) == ([], versions), "harmless to repeat"
    sample_visits.fill(runtime, said.append)
    sample_visits.fill(runtime, said.append)
    operators = set(runtime.reference.current().operators)
    assert len(said) == len(operators)
    sample_complaints.fill(runtime, lambda words: None)
    sample_desk.fill(runtime, lambda words: None)
    with runtime.db.reading() as connection:
        assert_every_operator_has_visits(connection, operators)
        assert_the_order_to_look_up_is_on_its_way(connection)
    Diary(runtime, min(operators)).assert_counted()


def versions_of(connection: Connection) -> list[int]:
    return list(connection.scalars(text("SELECT version FROM orders ORDER BY id")))


def assert_nothing_precedes_the_acceptance(connection: Connection) -> None:
    early = connection.execute(
        text(
            "SELECT kind FROM promise_entries p JOIN orders o ON o.id = p.order_id"
            " WHERE p.starts_at < o.accepted_at"
            " UNION ALL SELECT kind FROM order_events e JOIN orders o ON o.id = e.order_id"
            " WHERE e.occurred_at < o.accepted_at"
        )
    ).all()
    assert early == []
    assert connection.scalar(text("SELECT count(*) FROM promise_entries WHERE kind = 'hold'"))


def assert_money_stands_in_every_way(connection: Connection) -> None:
    orders = connection.execute(text("SELECT operator_id, number FROM orders ORDER BY id")).all()
    books = [fee_book(connection, order.operator_id, order.number) for order in orders]
    fees = [fee for book in books if book for fee in book.fees]
    assert {"due", "paid", "to_return", "refunded"} <= {fee.state for fee in fees}
    assert any(fee.fee == "deposit" and fee.paid_fen for fee in fees)
    assert any(fee.fee == "deposit" and fee.due_on for fee in fees)
    assert any(fee.waived_fen for fee in fees)


def assert_every_operator_has_visits(connection: Connection, operators: set[int]) -> None:
    booked = connection.execute(
        text(
            "SELECT o.operator_id, count(*) FROM orders o JOIN slot_bookings b ON b.order_id = o.id"
            " WHERE o.stage = 'appointed' AND b.state = 'booked' GROUP BY o.operator_id"
        )
    ).all()
    assert {row.operator_id for row in booked} == operators
    assert all(row.count >= 2 for row in booked), booked
    begun = text("SELECT count(*) FROM visit_slots WHERE starts_at < :now")
    assert connection.scalar(begun, {"now": clock.now()}) == 0


def assert_the_order_to_look_up_is_on_its_way(connection: Connection) -> None:
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
