"""The demonstration's slots and visits."""

from pathlib import Path

from sqlalchemy import text

from tests.visiting_slots import Diary
from tracker import clock
from tracker.demo import sample, sample_visits
from tracker.runtime import Runtime


def test_every_operator_has_slots_and_orders_that_booked_one(runtime: Runtime, tmp_path: Path) -> None:
    said: list[str] = []
    before = clock.now()
    sample.fill(runtime, tmp_path, lambda _: None)
    sample_visits.fill(runtime, said.append)
    sample_visits.fill(runtime, said.append)
    operators = runtime.reference.current().operators
    assert len(said) == len(operators)
    with runtime.db.reading() as connection:
        booked = connection.execute(
            text(
                "SELECT o.operator_id, count(*) FROM orders o JOIN slot_bookings b ON b.order_id = o.id"
                " WHERE o.stage = 'appointed' AND b.state = 'booked' GROUP BY o.operator_id"
            )
        ).all()
        begun = connection.scalar(
            text("SELECT count(*) FROM visit_slots WHERE starts_at < :at"), {"at": before}
        )
    assert {row.operator_id for row in booked} == set(operators)
    assert all(row.count >= 2 for row in booked), booked
    assert begun == 0
    Diary(runtime, next(iter(operators))).assert_counted()
