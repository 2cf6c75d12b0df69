"""A visit agreed, changed and taken back: the slots, the history, the texts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from tests.visiting_slots import COUNTY, TOWN, Diary
from tracker import clock
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import agree_times, change_appointment, undo_appointment
from tracker.orders.models import Order, OrderEvent
from tracker.orders.place_hold import place_hold
from tracker.orders.record_progress import record_progress
from tracker.problems import Refusal
from tracker.visits.keep_visits import keep_visits

# ruff: noqa: E501 - a text is easier read in one piece
TEN_MINUTES = timedelta(minutes=10)


class Book:
    """One order, as the tests change it and look at it."""

    def __init__(self, runtime, actor, number):
        self.run, self.actor, self.number = runtime, actor, number

    def step(self, stage, **more):
        return record_progress(self.run, self.actor, self.number, {"stage": stage, **more})

    def choose(self, slot, **more):
        return change_appointment(self.run, self.actor, self.number, slot, **more)

    def choose_for_now(self, slot):
        """As a customer does."""
        return self.choose(slot, keep_former_until=clock.now() + TEN_MINUTES)

    def agree(self, *visit, **more):
        return agree_times(self.run, self.actor, self.number, visit, **more)

    def undo(self):
        return undo_appointment(self.run, self.actor, self.number)

    @property
    def row(self):
        with self.run.db.reading() as connection:
            return connection.execute(select(Order.__table__).where(Order.number == self.number)).one()

    @property
    def visit(self):
        row = self.row
        return row.stage, row.appointment_starts_at, row.appointment_ends_at

    @property
    def last_event(self):
        with self.run.db.reading() as connection:
            return connection.execute(
                select(OrderEvent.__table__)
                .where(OrderEvent.order_id == self.row.id)
                .order_by(OrderEvent.order_version.desc())
            ).first()

    def texts(self, *templates):
        """State and body of the order's texts of these templates, the first planned first."""
        with self.run.db.reading() as connection:
            return [
                tuple(row)
                for row in connection.execute(
                    select(Notice.state, Notice.body, Notice.next_at)
                    .where(Notice.order_id == self.row.id, Notice.template.in_(templates))
                    .order_by(Notice.id)
                )
            ]

    @property
    def reminders(self):
        """When the customer will be reminded; of what is still to be sent."""
        return [at for state, _, at in self.texts("visit_reminder") if state == State.CREATED]


@pytest.fixture
def book(runtime, actor: Actor, order: str) -> Book:
    return Book(runtime, actor, order)


@pytest.fixture
def other(runtime, actor: Actor, another: str) -> Book:
    return Book(runtime, actor, another)


@pytest.fixture
def morning(diary: Diary) -> int:
    return diary.slot()


@pytest.fixture
def later(diary: Diary, morning: int) -> int:
    """The same hours of the next day."""
    return diary.slot(starts_at=diary.row(morning).starts_at + timedelta(days=1))


def refused(act, *given, **more) -> str:
    with pytest.raises(Refusal) as refusal:
        act(*given, **more)
    (fault,) = refusal.value.faults
    return fault.rule


def window(diary: Diary, slot: int) -> tuple[datetime, datetime]:
    row = diary.row(slot)
    return row.starts_at, row.ends_at


def hold_until(ends_at: datetime) -> dict[str, object]:
    why = {"reason_code": "undecided", "reason_text": None, "evidence": None}
    return {**why, "starts_at": None, "ends_at": ends_at}


def evening_before(visit: tuple[datetime, datetime]) -> datetime:
    there = clock.local(visit[0]) - timedelta(days=1)
    return there.replace(hour=18, minute=0, second=0, microsecond=0)


def test_a_dispatched_order_that_books_a_slot_is_appointed(book, diary, morning) -> None:
    assert book.choose(morning) == 5
    assert book.visit == ("appointed", *window(diary, morning))
    assert (diary.booked(morning), diary.states(morning)) == (1, ["booked"])
    event = book.last_event
    assert (event.kind, event.stage, event.actor, event.order_version) == (
        "stage",
        "appointed",
        "channel:app",
        5,
    )
    assert [datetime.fromisoformat(at) for at in event.detail["appointment"]] == list(window(diary, morning))
    assert event.detail["slot"] == morning
    ((state, body, _),) = book.texts("appointment_changed")
    there = clock.local(window(diary, morning)[0])
    said = f"订单{book.number}上门时间现定为{there.month}月{there.day}日9-11时，装维员李师傅（工号0321）。改约请拨10000。【清远电信】"
    assert (state, body) == (State.CREATED, said)
    assert book.reminders == [evening_before(window(diary, morning))]
    # It says more than that somebody will call.
    assert [state for state, _, _ in book.texts("dispatched")] == [State.CANCELLED]


def test_another_slot_takes_the_place_of_the_first(book, diary, morning, later) -> None:
    book.choose(morning)
    assert book.choose(later, reason_code="householder_absent") == 6
    assert book.visit == ("appointed", *window(diary, later))
    assert (diary.booked(morning), diary.states(morning)) == (0, ["released"])
    assert (diary.booked(later), diary.states(later)) == (1, ["booked"])
    event = book.last_event
    assert (event.kind, event.stage, event.reason_code) == ("appointment", "appointed", "householder_absent")
    assert [state for state, _, _ in book.texts("appointment_changed")] == [State.CANCELLED, State.CREATED]
    assert book.reminders == [evening_before(window(diary, later))]


def test_it_answers_the_customer_at_any_hour(book, diary, morning, monkeypatch) -> None:
    at_night = (clock.local(clock.now()) + timedelta(days=1)).replace(hour=2, minute=30)
    monkeypatch.setattr(clock, "now", lambda: at_night)
    book.choose(morning)
    ((_, _, leaves_at),) = book.texts("appointment_changed")
    assert leaves_at - at_night < timedelta(minutes=5)


def test_a_customer_in_english_is_told_in_english(runtime, actor, channel, place, diary, morning) -> None:
    from tests.visiting_slots import dispatched

    book = Book(runtime, actor, dispatched(runtime, channel, place, language="en"))
    book.choose(morning)
    ((_, body, _),) = book.texts("appointment_changed")
    assert f"Order {book.number}: your visit is now on " in body
    assert "9:00-11:00, installer No. 0321." in body


def test_the_former_place_is_kept_from_others_and_had_back(book, other, diary, morning, later) -> None:
    book.choose(morning)
    book.choose_for_now(later)
    assert (diary.booked(morning), diary.states(morning)) == (1, ["kept"])
    assert refused(other.choose, morning) == "slot.full"
    assert book.undo() == 7
    assert book.visit == ("appointed", *window(diary, morning))
    assert (diary.states(morning), diary.states(later)) == (["booked"], ["released"])
    assert (diary.booked(morning), diary.booked(later)) == (1, 0)
    event = book.last_event
    assert (event.kind, event.detail["undoes"]) == ("appointment", 6)
    assert book.reminders == [evening_before(window(diary, morning))]
    assert [state for state, _, _ in book.texts("appointment_changed")][-1] == State.CREATED
    assert refused(book.undo) == "appointment.nothing_to_undo"
    diary.assert_counted()


def test_without_a_visit_before_the_order_waits_for_one_again(book, diary, morning) -> None:
    book.choose_for_now(morning)
    assert book.undo() == 6
    assert book.visit == ("dispatched", None, None)
    assert (diary.booked(morning), diary.states(morning)) == (0, ["released"])
    event = book.last_event
    assert (event.kind, event.stage) == ("stage", "dispatched")
    assert book.reminders == []
    ((state, body, _),) = book.texts("appointment_cancelled")
    assert state == State.CREATED
    assert "9-11时的上门已取消，装维人员将与您另约时间。咨询10000。" in body
    assert [state for state, _, _ in book.texts("appointment_changed")] == [State.CANCELLED]


def test_a_visit_of_plain_times_is_just_put_back(book, diary, morning) -> None:
    starts_at = window(diary, morning)[0] + timedelta(hours=5)
    plain = starts_at, starts_at + timedelta(hours=3)
    book.step("appointed", appointment={"starts_at": plain[0], "ends_at": plain[1]})
    assert diary.booked(morning) == 0
    book.choose_for_now(morning)
    book.undo()
    assert book.visit == ("appointed", *plain)
    assert diary.booked(morning) == 0
    assert book.reminders == [evening_before(plain)]


def test_what_is_kept_too_long_is_anybodys(book, other, runtime, diary, morning, later, monkeypatch) -> None:
    book.choose(morning)
    book.choose_for_now(later)
    assert keep_visits(runtime.db) == 0
    after = clock.now() + TEN_MINUTES
    monkeypatch.setattr(clock, "now", lambda: after)
    assert refused(book.undo) == "appointment.undo_over"
    assert keep_visits(runtime.db) == 1
    assert keep_visits(runtime.db) == 0
    assert (diary.booked(morning), diary.states(morning)) == (0, ["released"])
    other.choose(morning)
    assert refused(book.undo) == "appointment.undo_over"
    assert book.visit == ("appointed", *window(diary, later))


def test_a_visit_that_has_begun_meanwhile_is_not_put_back(book, diary, morning, later, monkeypatch) -> None:
    book.choose(morning)
    starts_at = window(diary, morning)[0]
    monkeypatch.setattr(clock, "now", lambda: starts_at - timedelta(minutes=5))
    book.choose_for_now(later)
    monkeypatch.setattr(clock, "now", lambda: starts_at)
    assert refused(book.undo) == "appointment.undo_over"


def test_only_the_last_change_can_be_undone(book, diary, morning, later) -> None:
    third = diary.slot(starts_at=diary.row(morning).starts_at + timedelta(days=2))
    book.choose(morning)
    book.choose_for_now(later)
    book.choose_for_now(third)
    # The first place is nobody's any more: nothing leads back to it.
    assert [diary.states(slot) for slot in (morning, later, third)] == [["released"], ["kept"], ["booked"]]
    book.undo()
    assert book.visit == ("appointed", *window(diary, later))
    assert refused(book.undo) == "appointment.nothing_to_undo"
    diary.assert_counted()


def test_ones_own_kept_place_can_be_chosen_again_although_nothing_is_free(
    book, other, diary, morning, later
) -> None:
    book.choose(morning)
    book.choose_for_now(later)
    book.choose_for_now(morning)
    assert book.visit == ("appointed", *window(diary, morning))
    assert (diary.states(morning), diary.states(later)) == (["booked"], ["kept"])
    assert refused(other.choose, later) == "slot.full"
    book.undo()
    assert (diary.states(morning), diary.states(later)) == (["released"], ["booked"])
    diary.assert_counted()


@pytest.mark.parametrize("gone_on", ["on_site", "dispatched", "withdrawn", "agreed", "chosen"])
def test_nothing_is_undone_once_the_order_has_gone_on(book, diary, morning, later, gone_on) -> None:
    book.choose_for_now(morning)
    if gone_on == "agreed":
        book.agree(*(at + timedelta(days=3) for at in window(diary, morning)))
    elif gone_on == "chosen":
        book.choose(later)
    else:
        book.step(gone_on)
    stood = book.visit
    assert refused(book.undo) == "appointment.nothing_to_undo"
    assert book.visit == stood
    diary.assert_counted()


def test_a_hold_in_between_does_not_stop_the_undo(book, runtime, actor, diary, morning) -> None:
    book.choose_for_now(morning)
    place_hold(runtime, actor, book.number, hold_until(window(diary, morning)[0]))
    assert book.undo() == 7
    assert book.visit == ("dispatched", None, None)


@pytest.mark.parametrize(
    ("stage", "booked", "states"),
    [
        ("withdrawn", 0, ["released"]),
        ("returned", 0, ["released"]),
        ("dispatched", 0, ["released"]),
        ("on_site", 1, ["used"]),
    ],
)
def test_a_place_is_given_back_where_nobody_will_come(book, diary, morning, stage, booked, states) -> None:
    book.choose(morning)
    book.step(stage, reason_code="no_longer_wanted")
    assert (diary.booked(morning), diary.states(morning)) == (booked, states)
    if stage == "dispatched":
        assert book.visit == ("dispatched", None, None)


def test_a_second_visit_books_a_second_place(book, diary, morning, later) -> None:
    book.choose(morning)
    book.step("on_site")
    book.step("dispatched")
    book.choose(later)
    assert (diary.states(morning), diary.states(later)) == (["used"], ["booked"])
    diary.assert_counted()


def test_a_kept_place_is_released_when_the_installer_has_come(book, diary, morning, later) -> None:
    book.choose(morning)
    book.choose_for_now(later)
    book.step("on_site")
    assert (diary.states(morning), diary.states(later)) == (["released"], ["used"])
    diary.assert_counted()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"closed_at": datetime(2026, 1, 1, tzinfo=clock.CITY_ZONE)}, "slot.closed"),
        ({"capacity": 0}, "slot.full"),
        ({"area_code": "441802007"}, "slot.not_found"),
        ({"area_code": "441821"}, "slot.not_found"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_slot_that_cannot_be_booked_names_its_rule(book, diary, changes, rule) -> None:
    slot = diary.slot(**changes)
    assert refused(book.choose, slot) == rule
    assert book.visit == ("dispatched", None, None)
    assert diary.booked(slot) == 0


@pytest.mark.parametrize("ahead", [timedelta(minutes=-5), timedelta(minutes=119), timedelta(minutes=121)])
def test_a_slot_is_booked_two_hours_before_it_begins_at_the_latest(book, diary, ahead) -> None:
    slot = diary.slot(starts_at=clock.now() + ahead)
    if ahead > timedelta(hours=2):
        book.choose(slot)
        assert diary.booked(slot) == 1
    else:
        assert refused(book.choose, slot) == "slot.too_late"


def test_the_countys_slots_are_everybodys(book, diary) -> None:
    slot = diary.slot(area_code=COUNTY)
    book.choose(slot)
    assert diary.states(slot) == ["booked"]


def test_another_operators_slot_does_not_exist(book, diary, runtime) -> None:
    operators = runtime.reference.current().operators
    other = next(one for one in operators if one != diary.operator_id)
    assert refused(book.choose, Diary(runtime, other).slot()) == "slot.not_found"
    assert refused(book.choose, 2**62) == "slot.not_found"


def test_another_operators_order_does_not_exist(book, runtime, diary, morning) -> None:
    operators = runtime.reference.current().operators
    other = Actor(next(one for one in operators if one != diary.operator_id), "staff:somebody")
    for act in (
        lambda: change_appointment(runtime, other, book.number, morning),
        lambda: agree_times(runtime, other, book.number, window(diary, morning)),
        lambda: undo_appointment(runtime, other, book.number),
    ):
        assert refused(act) == "order.not_found"


def test_the_same_slot_or_the_same_times_are_no_change(book, diary, morning) -> None:
    book.choose(morning)
    assert refused(book.choose, morning) == "appointment.no_change"
    assert refused(book.agree, *window(diary, morning)) == "appointment.no_change"
    assert (diary.booked(morning), book.row.version) == (1, 5)


def test_plain_times_release_the_place_and_must_be_possible(book, diary, morning) -> None:
    book.choose(morning)
    starts_at, ends_at = window(diary, morning)
    assert refused(book.agree, ends_at, starts_at) == "order.appointment_times"
    assert (
        refused(book.agree, starts_at - timedelta(days=30), ends_at - timedelta(days=30))
        == "order.appointment_times"
    )
    assert diary.booked(morning) == 1
    book.agree(starts_at + timedelta(hours=1), ends_at)
    assert diary.booked(morning) == 0
    assert (book.last_event.kind, "slot" in book.last_event.detail) == ("appointment", False)


@pytest.mark.parametrize("stage", ["verified", "resource_checked", "on_site", "activated", "withdrawn"])
def test_no_visit_is_agreed_where_nobody_is_to_come(runtime, actor, place, diary, morning, stage) -> None:
    book = Book(runtime, actor, place().number)
    visit = {"starts_at": window(diary, morning)[0], "ends_at": window(diary, morning)[1]}
    for step in ("verified", "resource_checked", "dispatched", "appointed", "on_site", "activated"):
        if stage == "withdrawn":
            book.step("withdrawn")
            break
        book.step(step, **({"appointment": visit} if step == "appointed" else {}))
        if step == stage:
            break
    assert refused(book.choose, morning) == "appointment.not_now"
    assert (
        refused(book.agree, *(at + timedelta(days=1) for at in window(diary, morning)))
        == "appointment.not_now"
    )
    assert diary.booked(morning) == 0


def test_other_needs_words_and_a_stale_change_is_refused(book, diary, morning) -> None:
    assert refused(book.choose, morning, reason_code="other") == "order.reason_text_required"
    assert refused(book.choose, morning, if_version=3) == "version.stale"
    assert diary.booked(morning) == 0
    book.choose(morning, reason_code="other", reason_text="客户出差", if_version=4)
    assert (book.last_event.reason_code, book.last_event.reason_text) == ("other", "客户出差")


def test_the_feed_tells_of_the_change(book, runtime, channel, diary, morning, later) -> None:
    from tracker.orders.feed import read_events
    from tracker.orders.positions import START

    book.choose(morning)
    book.choose(later)
    with runtime.db.reading() as connection:
        events, _, _ = read_events(connection, channel.id, START, 50)
    shown = events[-1]
    assert (shown["type"], shown["stage"]) == ("order.appointment", "appointed")
    assert shown["appointment"] == dict(zip(("starts_at", "ends_at"), window(diary, later), strict=True))


def test_the_public_role_reads_slots_and_writes_none(settings, diary, morning) -> None:
    from tracker import db
    from tracker.db import Database
    from tracker.visits.queries import free_slots

    site = Database(settings["TRACKER_PUBLIC_DATABASE_URL"], role=db.PUBLIC_ROLE)
    with site.reading() as connection:
        (free,) = free_slots(connection, diary.operator_id, (TOWN, COUNTY), clock.now())
        assert (free.id, free.free, free.area_code) == (morning, 1, TOWN)
        for statement in ("UPDATE visit_slots SET booked = 0", "SELECT 1 FROM slot_bookings"):
            with pytest.raises(Exception, match="permission denied"):
                connection.execute(text(statement))
    site.dispose()
