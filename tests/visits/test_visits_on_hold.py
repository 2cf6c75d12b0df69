"""What a hold makes of the visit that was to come: the place, the order, the texts; and what it leaves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.visiting_slots import Diary, dispatched
from tracker import clock
from tracker.notices.call_models import CallTask
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import agree_times, change_appointment
from tracker.orders.lift_hold import lift_hold
from tracker.orders.models import Order, OrderEvent
from tracker.orders.place_hold import place_hold
from tracker.orders.record_progress import record_progress
from tracker.orders.undo_hold import undo_hold
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

HOUR = timedelta(hours=1)


class Held:
    """One order with a visit in a slot, and holds of it."""

    def __init__(self, runtime: Runtime, actor: Actor, diary: Diary, number: str) -> None:
        self.run, self.actor, self.diary, self.number = runtime, actor, diary, number
        self.slot = diary.slot()
        slot = diary.row(self.slot)
        self.visit = slot.starts_at, slot.ends_at
        change_appointment(runtime, actor, number, self.slot)

    def hold(self, ends_at: datetime, starts_at: datetime | None = None, **more: Any) -> Any:
        asked = {"reason_code": "not_decorated", "reason_text": None, "evidence": None}
        times = {"starts_at": starts_at, "ends_at": ends_at}
        return place_hold(self.run, self.actor, self.number, asked | times | more)

    def stands(self) -> tuple[Any, ...]:
        """The order's stage and visit, and how many places of the slot are taken."""
        with self.run.db.reading() as connection:
            columns = (Order.stage, Order.appointment_starts_at, Order.appointment_ends_at)
            row = connection.execute(select(*columns).where(Order.number == self.number)).one()
        return *row, self.diary.booked(self.slot)

    def events(self) -> list[Any]:
        with self.run.db.reading() as connection:
            columns = (OrderEvent.kind, OrderEvent.stage, OrderEvent.reason_code, OrderEvent.detail)
            return list(
                connection.execute(
                    select(*columns)
                    .join(Order, Order.id == OrderEvent.order_id)
                    .where(Order.number == self.number)
                    .order_by(OrderEvent.order_version)
                )
            )

    def texts(self) -> dict[str, str]:
        """The state of the last text of each template."""
        with self.run.db.reading() as connection:
            rows = connection.execute(
                select(Notice.template, Notice.state)
                .join(Order, Order.id == Notice.order_id)
                .where(Order.number == self.number)
                .order_by(Notice.id)
            )
            return {row.template: row.state for row in rows}


@pytest.fixture
def held(runtime: Runtime, actor: Actor, diary: Diary, order: str) -> Held:
    return Held(runtime, actor, diary, order)


def test_a_hold_calls_off_the_visit_within_it(held: Held) -> None:
    written = held.hold(held.visit[1] + timedelta(days=3))
    assert written.visit_off == held.visit
    assert held.stands() == ("dispatched", None, None, 0)
    held.diary.assert_counted()
    gone, hold = held.events()[-2:]
    assert (gone.kind, gone.stage, gone.reason_code) == ("stage", "dispatched", "not_decorated")
    assert (hold.kind, hold.detail["visit_off"]) == ("hold", [at.isoformat() for at in held.visit])
    told = held.texts()
    assert (told["appointment_changed"], told["visit_reminder"]) == ("cancelled", "cancelled")
    assert (told["appointment_cancelled"], told["on_hold"]) == ("created", "created")


@pytest.mark.parametrize(
    ("starts", "ends", "falls"),
    [
        (None, timedelta(0), False),  # from now to when the visit begins
        (None, timedelta(minutes=1), True),
        (2 * HOUR, 90 * HOUR, False),  # the visit takes two hours
        (2 * HOUR - timedelta(minutes=1), 90 * HOUR, True),
    ],
)
def test_only_a_visit_that_the_hold_overlaps_falls(
    held: Held, starts: timedelta | None, ends: timedelta, falls: bool
) -> None:
    begin = held.visit[0]
    written = held.hold(begin + ends, starts and begin + starts)
    if falls:
        assert written.visit_off == held.visit
        assert held.stands() == ("dispatched", None, None, 0)
    else:
        assert written.visit_off is None
        assert held.stands() == ("appointed", *held.visit, 1)
        assert held.texts()["visit_reminder"] == "created"


def test_a_visit_that_is_over_or_made_is_no_visit_to_come(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = held.visit[1]
    monkeypatch.setattr(clock, "now", lambda: after)
    assert held.hold(after + 90 * HOUR, after - 5 * HOUR).visit_off is None
    assert held.stands() == ("appointed", *held.visit, 1)


def test_who_has_come_goes_on(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: held.visit[0])
    record_progress(held.run, held.actor, held.number, {"stage": "on_site"})
    assert held.hold(held.visit[1] + 90 * HOUR).visit_off is None
    assert held.stands() == ("on_site", *held.visit, 1)


def test_a_visit_of_plain_times_falls_too(runtime: Runtime, actor: Actor, diary: Diary, another: str) -> None:
    held = Held(runtime, actor, diary, another)
    plain = held.visit[0] + 5 * HOUR, held.visit[0] + 8 * HOUR
    agree_times(runtime, actor, another, plain)
    assert held.hold(plain[1]).visit_off == plain
    assert held.stands() == ("dispatched", None, None, 0)


def test_a_former_visit_that_is_kept_is_given_back_as_well(held: Held) -> None:
    begin = held.visit[0] + timedelta(days=1)
    later = held.diary.slot(starts_at=begin)
    until = clock.now() + timedelta(minutes=10)
    change_appointment(held.run, held.actor, held.number, later, keep_former_until=until)
    held.hold(begin + HOUR)
    assert (held.diary.booked(held.slot), held.diary.booked(later)) == (0, 0)
    held.diary.assert_counted()


def test_a_refused_or_stale_hold_leaves_the_visit(held: Held) -> None:
    for wrong in ({"reason_code": "line_too_long"}, {"starts_at": held.visit[1] + 999 * HOUR}):
        with pytest.raises(Refusal):
            held.hold(held.visit[1], **wrong)
    assert held.stands() == ("appointed", *held.visit, 1)
    assert held.texts()["visit_reminder"] == "created"


def test_a_second_hold_calls_nothing_off_again(held: Held) -> None:
    held.hold(held.visit[1] + HOUR)
    assert held.hold(held.visit[1] + 2 * HOUR).visit_off is None
    assert [event.kind for event in held.events()].count("stage") == 5


def test_undoing_or_lifting_the_hold_does_not_bring_the_visit_back(held: Held) -> None:
    held.actor = Actor(held.actor.operator_id, "staff:wang.min")
    held.hold(held.visit[1])
    undone = undo_hold(held.run, held.actor, held.number)
    assert undone.visit_off == held.visit
    assert held.stands() == ("dispatched", None, None, 0)
    told = held.texts()
    # Nobody hears of the hold; that the visit is off is true.
    assert (told["on_hold"], told["resumed"]) == ("cancelled", "cancelled")
    assert told["appointment_cancelled"] == "created"
    again = held.hold(held.visit[1])
    assert again.visit_off is None
    lifted = {"reason_text": None, "resumes_at": None}
    lift_hold(held.run, held.actor, held.number, again.number, lifted)
    assert held.stands() == ("dispatched", None, None, 0)
    assert undo_hold(held.run, held.actor, held.number).visit_off is None


def test_nobody_is_called_about_a_visit_that_is_off(
    runtime: Runtime, actor: Actor, diary: Diary, channel: ChannelFacts, place: Callable[..., Any]
) -> None:
    held = Held(runtime, actor, diary, dispatched(runtime, channel, place, notify_by="call"))
    held.hold(held.visit[1])
    with runtime.db.reading() as connection:
        open_tasks = connection.scalars(
            select(Notice.template)
            .join(CallTask, CallTask.notice_id == Notice.id)
            .where(CallTask.closed_at.is_(None))
        ).all()
    assert not {"appointed", "appointment_changed", "visit_reminder"} & set(open_tasks)
    assert {"appointment_cancelled", "on_hold"} <= set(open_tasks)
