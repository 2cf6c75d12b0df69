"""Appointments, complaints and ratings: asked for and taken back, through the use cases of others."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, text

from tests.customer_requests.conftest import rules_of, texts
from tracker import clock
from tracker.customer_requests.apply_requests import apply_requests
from tracker.customer_requests.rules import UNDO_WITHIN, Kind, State
from tracker.notices.deliver import deliver
from tracker.visits.models import VisitSlot

pytestmark = pytest.mark.usefixtures("noon")

LATE = {"topic": "overdue", "text": "约好的时间没有人来。"}
TO_DISPATCHED = ("verified", "resource_checked", "dispatched")
TO_COMPLETED = (*TO_DISPATCHED, "appointed", "on_site", "activated", "completed")


@pytest.fixture
def slot(runtime, order):
    """Makes a slot of the day after tomorrow in the order's town."""

    def make(hour: int, capacity: int = 1) -> int:
        starts_at = datetime(2026, 11, 26, hour, tzinfo=clock.CITY_ZONE)
        with runtime.db.transaction() as connection:
            return connection.execute(
                insert(VisitSlot)
                .values(
                    operator_id=order.operator_id,
                    area_code=order.community_code[:9],
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(hours=2),
                    capacity=capacity,
                )
                .returning(VisitSlot.id)
            ).scalar_one()

    return make


def visit(runtime, order):
    with runtime.db.reading() as connection:
        row = connection.execute(
            text("SELECT stage, appointment_starts_at AS at FROM orders WHERE id = :id"), {"id": order.id}
        ).one()
    return row.stage, row.at and clock.local(row.at).hour


def booked(runtime, slot_id: int) -> int:
    with runtime.db.reading() as connection:
        return connection.scalar(text("SELECT booked FROM visit_slots WHERE id = :id"), {"id": slot_id})


def told(runtime) -> list[tuple[str, str]]:
    return [(template, state) for template, state, _ in texts(runtime) if template.startswith("appointment")]


def test_nobody_is_made_to_come_while_the_order_is_on_hold(runtime, order, applied, move, slot) -> None:
    """Whatever a page showed before: the hold counts at the moment of the visit."""
    move(order, *TO_DISPATCHED)
    during = slot(9)
    rest = {"reason_code": "not_decorated", "until": "2026-11-26"}
    held = applied(order, Kind.HOLD, rest)
    assert rules_of(applied(order, Kind.APPOINTMENT, {"slot": during})) == ["appointment.during_hold"]
    assert (visit(runtime, order), booked(runtime, during)) == (("dispatched", None), 0)
    assert applied(order, Kind.UNDO, {"request": held.id}).state is State.DONE
    assert applied(order, Kind.APPOINTMENT, {"slot": during}).state is State.DONE


def test_a_hold_of_ones_own_gives_up_the_visit_within_it(runtime, order, applied, move, slot) -> None:
    move(order, *TO_DISPATCHED)
    during = slot(9)
    applied(order, Kind.APPOINTMENT, {"slot": during})
    early = applied(order, Kind.HOLD, {"reason_code": "not_decorated", "until": "2026-11-25"})
    assert (visit(runtime, order), booked(runtime, during)) == (("appointed", 9), 1)
    assert applied(order, Kind.UNDO, {"request": early.id}).state is State.DONE
    late = applied(order, Kind.HOLD, {"reason_code": "not_decorated", "until": "2026-11-26"})
    assert late.state is State.DONE
    assert (visit(runtime, order), booked(runtime, during)) == (("dispatched", None), 0)
    assert told(runtime) == [("appointment_changed", "cancelled"), ("appointment_cancelled", "created")]
    assert applied(order, Kind.UNDO, {"request": late.id}).state is State.DONE
    assert (visit(runtime, order), booked(runtime, during)) == (("dispatched", None), 0)
    assert applied(order, Kind.APPOINTMENT, {"slot": during}).state is State.DONE


def test_another_visit_is_agreed_and_the_former_one_had_back(
    runtime, order, applied, move, slot, look, noon
) -> None:
    move(order, *TO_DISPATCHED)
    morning, evening = slot(9), slot(19)
    first = applied(order, Kind.APPOINTMENT, {"slot": morning})
    assert first.state is State.DONE
    assert first.undo_until == first.asked_at + UNDO_WITHIN
    assert (visit(runtime, order), booked(runtime, morning)) == (("appointed", 9), 1)
    noon.shift(timedelta(minutes=3))
    deliver(runtime, "progress")
    second = applied(order, Kind.APPOINTMENT, {"slot": evening})
    assert visit(runtime, order) == ("appointed", 19)
    # Nobody else may have it as long as it can be had back.
    assert (booked(runtime, morning), booked(runtime, evening)) == (1, 1)
    noon.shift(timedelta(minutes=3))
    deliver(runtime, "progress")
    noon.shift(timedelta(minutes=6))
    assert applied(order, Kind.UNDO, {"request": second.id}).state is State.DONE
    assert look(second.id).state is State.UNDONE
    assert (visit(runtime, order), booked(runtime, evening)) == (("appointed", 9), 0)
    assert told(runtime) == [
        ("appointment_changed", "accepted"),
        ("appointment_changed", "accepted"),
        ("appointment_changed", "created"),
    ]


def test_of_a_change_undone_before_its_text_left_nobody_is_told(runtime, order, applied, move, slot) -> None:
    move(order, *TO_DISPATCHED)
    asked = applied(order, Kind.APPOINTMENT, {"slot": slot(9)})
    assert applied(order, Kind.UNDO, {"request": asked.id}).state is State.DONE
    assert visit(runtime, order) == ("dispatched", None)
    assert {state for _, state in told(runtime)} == {"cancelled"}


def test_a_slot_that_is_full_is_refused(runtime, order, applied, move, slot, place, row_of) -> None:
    move(order, *TO_DISPATCHED)
    other = row_of(place(customer__phone="13900005678").number)
    move(other, *TO_DISPATCHED)
    morning = slot(9)
    assert applied(other, Kind.APPOINTMENT, {"slot": morning}).state is State.DONE
    refused = applied(order, Kind.APPOINTMENT, {"slot": morning})
    assert refused.state is State.REFUSED
    assert visit(runtime, order) == ("dispatched", None)
    assert applied(order, Kind.APPOINTMENT, {"slot": 10**9}).state is State.REFUSED


def test_a_complaint_is_filed_and_taken_back(runtime, order, applied, look) -> None:
    asked = applied(order, Kind.COMPLAINT, LATE)
    assert (asked.state, dict(asked.payload)) == (State.DONE, {"topic": "overdue"})
    with runtime.db.reading() as connection:
        filed = connection.execute(text("SELECT id, state, filed_by, received_at FROM complaints")).one()
    assert filed == (asked.outcome["complaint"], "open", f"customer:{asked.id}", asked.asked_at)
    assert applied(order, Kind.UNDO, {"request": asked.id}).state is State.DONE
    assert look(asked.id).state is State.UNDONE
    with runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT state FROM complaints")) == "retracted"
    assert [(template, state) for template, state, _ in texts(runtime)] == [
        ("complaint_received", "cancelled")
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"topic": "weather"}, "/topic"), ({"text": " "}, "/text"), ({"text": "长" * 2500}, "/text")],
)
def test_a_complaint_that_cannot_be_stored_is_refused(order, applied, changes, pointer) -> None:
    asked = applied(order, Kind.COMPLAINT, LATE | changes)
    assert asked.state is State.REFUSED
    assert [fault.pointer for fault in asked.faults] == [pointer]
    assert "text" not in asked.payload


def test_a_rating_counts_from_when_it_was_sent(runtime, order, applied, asks, move, look, noon) -> None:
    assert rules_of(applied(order, Kind.RATING, {"score": 5})) == ["rating.not_completed"]
    move(order, *TO_COMPLETED)
    rating = asks(order, Kind.RATING, {"score": 5, "comment": "师傅很细心"})
    noon.shift(timedelta(minutes=9))
    undo = asks(order, Kind.UNDO, {"request": rating})
    # The worker was away.
    noon.shift(timedelta(hours=1))
    apply_requests(runtime)
    assert (look(rating).state, look(undo).state) == (State.UNDONE, State.DONE)
    assert dict(look(rating).payload) == {"score": 5}
    again = applied(order, Kind.RATING, {"score": 4, "comment": None})
    assert again.state is State.DONE
    assert rules_of(applied(order, Kind.RATING, {"score": 3})) == ["rating.already"]
