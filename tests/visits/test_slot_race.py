"""Many want the same place at the same moment: it has one winner, and nobody waits in a circle."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.visiting_slots import TOWN, Diary
from tracker import clock, db
from tracker.db import Database
from tracker.embedded import Servers
from tracker.orders.place_orders import Placed
from tracker.problems import Refusal
from tracker.visits.book_slot import book_slot, release_bookings
from tracker.visits.keep_visits import keep_visits

MANY = 50


@pytest.fixture
def crowd(runtime, channel, place: Callable[..., Placed]) -> list[int]:
    """The ids of fifty orders."""
    numbers = [place(customer__phone=f"138000{n:05d}").number for n in range(MANY)]
    with runtime.db.reading() as connection:
        wanted = text("SELECT id FROM orders WHERE number = ANY(:numbers) ORDER BY id")
        return list(connection.scalars(wanted, {"numbers": numbers}))


@pytest.fixture
def wide(stores: Servers) -> Database:
    """Connections for everybody at once."""
    made = Database(stores.app_url, role=db.APP_ROLE, pool_size=MANY)
    yield made
    made.dispose()


def at_once(count: int, act: Callable[[int], str]) -> Counter[str]:
    """What came of each of so many threads that begin together."""
    gate = threading.Barrier(count)

    def run(number: int) -> str:
        gate.wait(timeout=60)
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return Counter(threads.map(run, range(count)))


def neighbours(diary: Diary, count: int, capacity: int) -> list[int]:
    """Slots of one day, a minute apart."""
    begin = (clock.local(clock.now()) + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    return [
        diary.slot(capacity=capacity, starts_at=begin + timedelta(minutes=number)) for number in range(count)
    ]


def booking(wide: Database, operator_id: int, order_id: int, slot_id: int, **more) -> str:
    try:
        with wide.transaction() as connection:
            # As the use cases do.
            connection.execute(text("SELECT 1 FROM orders WHERE id = :id FOR UPDATE"), {"id": order_id})
            book_slot(
                connection,
                operator_id=operator_id,
                order_id=order_id,
                areas=(TOWN,),
                slot_id=slot_id,
                now=clock.now(),
                **more,
            )
    except Refusal as refusal:
        return refusal.faults[0].rule
    return "booked"


@pytest.mark.parametrize("places", [1, 7])
def test_fifty_bookings_of_the_last_places_have_that_many_winners(
    diary, channel, crowd, wide, places
) -> None:
    slot = diary.slot(capacity=places)
    came = at_once(MANY, lambda n: booking(wide, channel.operator_id, crowd[n], slot))
    assert came == {"booked": places, "slot.full": MANY - places}
    assert diary.booked(slot) == places
    assert diary.states(slot) == ["booked"] * places


def test_one_order_that_books_in_fifty_places_at_once_has_one_booking(diary, channel, crowd, wide) -> None:
    slots = neighbours(diary, 10, capacity=1)
    came = at_once(MANY, lambda n: booking(wide, channel.operator_id, crowd[0], slots[n % 10]))
    assert set(came) <= {"booked", "appointment.no_change"}
    assert sum(diary.booked(slot) for slot in slots) == 1
    diary.assert_counted()


def test_swapping_crowds_give_back_take_and_keep_without_a_deadlock(diary, channel, crowd, wide) -> None:
    """Orders go to and fro between few slots while what was kept is released: no order of locks can close
    a circle, and every counter is right in the end.
    """
    slots = neighbours(diary, 3, capacity=MANY)

    def churn(number: int) -> str:
        for turn in range(6):
            if number % 10 == 9:
                keep_visits(wide)
                continue
            keep = {"keep_former_until": clock.now()} if turn % 2 else {}
            came = booking(wide, channel.operator_id, crowd[number], slots[(number + turn) % 3], **keep)
            if came != "booked":
                return came
            if turn == 5 and number % 5 == 0:
                with wide.transaction() as connection:
                    connection.execute(
                        text("SELECT 1 FROM orders WHERE id = :id FOR UPDATE"), {"id": crowd[number]}
                    )
                    release_bookings(connection, crowd[number], clock.now())
        return "went round"

    assert at_once(MANY, churn) == {"went round": MANY}
    diary.assert_counted()
    keep_visits(wide)
    diary.assert_counted()
    live = sum(1 for number in range(MANY) if number % 10 != 9 and number % 5 != 0)
    assert sum(diary.booked(slot) for slot in slots) == live
