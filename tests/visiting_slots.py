"""Slots for visits, and orders that are far enough to book one, as the tests need them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import insert, select, text

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.visits.models import VisitSlot
from tracker.visits.rules import USUAL_WINDOWS

# The town and the county of the orders that the tests place.
TOWN, COUNTY = "441802006", "441802"
_slots = VisitSlot.__table__


@dataclass(frozen=True)
class Diary:
    """An operator's slots."""

    run: Runtime
    operator_id: int

    def slot(self, **changes: Any) -> int:
        """A slot of the day after tomorrow, 9 to 11, with one place; its id."""
        day = clock.today() + timedelta(days=2)
        starts_at = datetime(day.year, day.month, day.day, 9, tzinfo=clock.CITY_ZONE)
        values = {"area_code": TOWN, "starts_at": starts_at, "capacity": 1} | changes
        values.setdefault("ends_at", values["starts_at"] + timedelta(hours=2))
        with self.run.db.transaction() as connection:
            made = insert(_slots).values(operator_id=self.operator_id, **values).returning(_slots.c.id)
            return connection.execute(made).scalar_one()

    def fill(self, days: Iterable[date]) -> None:
        """One slot of each usual window on these days."""
        for day, window in product(days, USUAL_WINDOWS):
            self.slot(starts_at=window.on(day)[0])

    def row(self, slot_id: int) -> Any:
        with self.run.db.reading() as connection:
            return connection.execute(select(_slots).where(_slots.c.id == slot_id)).one()

    def booked(self, slot_id: int) -> int:
        return self.row(slot_id).booked

    def states(self, slot_id: int) -> list[str]:
        """The states of its bookings, the first to book first."""
        wanted = text("SELECT state FROM slot_bookings WHERE slot_id = :slot ORDER BY id")
        with self.run.db.reading() as connection:
            return list(connection.scalars(wanted, {"slot": slot_id}))

    def assert_counted(self) -> None:
        """What every slot says of itself is what its bookings say."""
        with self.run.db.reading() as connection:
            wrong = connection.execute(
                text(
                    "SELECT s.id, s.booked, count(b.id) FROM visit_slots s LEFT JOIN slot_bookings b"
                    " ON b.slot_id = s.id AND b.state <> 'released' GROUP BY s.id"
                    " HAVING s.booked <> count(b.id)"
                )
            ).all()
        assert wrong == []


def dispatched(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any], **changes: Any) -> str:
    """The number of a new order that somebody is to come for."""
    number: str = place(**changes).number
    for stage in ("verified", "resource_checked", "dispatched"):
        step: dict[str, Any] = {"stage": stage}
        if stage == "dispatched":
            step["installer"] = {"title": "李师傅", "staff_number": "0321"}
        record_progress(runtime, Actor.of_channel(channel), number, step)
    return number
