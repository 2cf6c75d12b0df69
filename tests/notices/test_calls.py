"""Where no text arrives a person calls: every way into a task, and every way out of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import only, rows, states
from sqlalchemy import update

from tracker import clock
from tracker.contacts.recipients import takes_texts
from tracker.notices import deliver as delivering
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.call_rules import Call, Outcome, first_call, next_call
from tracker.notices.deliver import deliver
from tracker.notices.models import Notice
from tracker.notices.record_call import record_call
from tracker.notices.rules import MAX_ATTEMPTS
from tracker.notices.sweep import sweep
from tracker.problems import Refusal
from tracker.sms.port import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    NotSent,
    Receipt,
    Refused,
    Scope,
    Standing,
    Unknown,
)


def task(runtime):
    return only(runtime, "call_tasks")


def test_a_refused_text_opens_one_task(runtime, scripted, place, noon) -> None:
    scripted.answer = lambda sms: Refused(Scope.NUMBER, "21211")
    placed = place()
    deliver(runtime, "progress")
    opened = task(runtime)
    assert (opened.reason, opened.detail) == ("refused", "refused (number): 21211")
    assert (opened.notice_id, opened.order_id) == (only(runtime).id, placed.order_id)
    assert opened.next_attempt_at == clock.now()
    assert opened.due_at == clock.now() + timedelta(hours=4)


def test_a_landline_is_called_and_not_written_to(runtime, scripted, place) -> None:
    place(customer__phone="0763-3368888")
    assert deliver(runtime, "progress") == 0
    assert scripted.sent == []
    assert (states(runtime), task(runtime).reason) == (["call"], "landline")


@pytest.mark.parametrize(
    ("phone", "takes"),
    [
        ("+8613800001234", True),
        ("+8619912345678", True),
        ("+867633368888", False),
        ("+861065001234", False),
        ("+85291234567", True),
        ("+12025550123", True),  # fixed line or mobile
        ("not a number", True),  # left to the provider to refuse
    ],
)
def test_only_what_is_surely_a_landline_takes_no_text(phone: str, takes: bool) -> None:
    assert takes_texts(phone) is takes


def test_when_no_attempts_are_left(runtime, scripted, place, noon) -> None:
    scripted.answer = lambda sms: NotSent("connection refused")
    place()
    for _ in range(MAX_ATTEMPTS):
        deliver(runtime, "progress")
        noon.shift(timedelta(hours=1))
    assert (states(runtime), task(runtime).reason) == (["call"], "exhausted")


class TestUnknown:
    @pytest.fixture(autouse=True)
    def unknown(self, runtime, scripted, place, noon):
        scripted.answer = lambda sms: Unknown("reset")
        place()
        deliver(runtime, "progress")

    def rounds(self, runtime, noon, hours: int) -> None:
        for _ in range(hours):
            noon.shift(timedelta(hours=1))
            sweep(runtime)
            deliver(runtime, "progress")

    def test_what_the_provider_cannot_tell_for_a_day_is_called_and_never_sent_again(
        self, runtime, scripted, noon
    ) -> None:
        scripted.finding = CannotTell("503")
        self.rounds(runtime, noon, 23)
        assert states(runtime) == ["unknown"]
        assert rows(runtime, "call_tasks") == []
        self.rounds(runtime, noon, 2)
        assert states(runtime) == ["call"]
        assert (task(runtime).reason, task(runtime).detail) == ("unknown", "the provider cannot say: 503")
        scripted.finding = Absent()
        self.rounds(runtime, noon, 30)
        assert len(scripted.sent) == 1
        assert len(rows(runtime, "call_tasks")) == 1

    def test_one_that_shows_itself_takes_the_call_back(self, runtime, scripted, noon) -> None:
        scripted.finding = CannotTell("503")
        self.rounds(runtime, noon, 25)
        said = Receipt(only(runtime).id, "SM1", Standing.DELIVERED, "delivered")
        apply_receipts(runtime, "scripted", [said])
        assert states(runtime) == ["delivered"]
        assert task(runtime).outcome == "told_by_text"

    def test_another_provider_is_not_asked_about_it(self, runtime, scripted, noon) -> None:
        """It would truly say that it has none, and the customer would be told twice."""
        scripted.name = "other"
        self.rounds(runtime, noon, 25)
        assert (scripted.asked, len(scripted.sent)) == (0, 1)
        assert (states(runtime), task(runtime).reason) == (["call"], "unknown")

    def test_found_undelivered_is_called_at_once(self, runtime, scripted, noon) -> None:
        scripted.finding = Found("SM1", "undelivered")
        self.rounds(runtime, noon, 1)
        assert (states(runtime), task(runtime).reason) == (["undelivered"], "undelivered")

    def test_a_provider_that_hangs_does_not_hold_up_the_round(self, runtime, scripted, monkeypatch) -> None:
        from tracker.notices import sweep as sweeping

        monkeypatch.setattr(sweeping, "_ASK_FOR_SECONDS", 0.0)
        with runtime.db.transaction() as connection:
            connection.execute(update(Notice).values(next_at=clock.now()))
        sweep(runtime)
        assert scripted.asked == 0
        assert rows_of_heartbeat(runtime) == 1


def rows_of_heartbeat(runtime) -> int:
    from sqlalchemy import func, select

    from tracker.notices.watch_models import Heartbeat

    with runtime.db.reading() as connection:
        return connection.scalar(select(func.count()).select_from(Heartbeat))


class TestMustArrive:
    @pytest.fixture(autouse=True)
    def warning(self, runtime, scripted, place, noon):
        scripted.answer = lambda sms: Accepted("SM1")
        for _ in range(2):
            place()
        deliver(runtime, "progress")
        with runtime.db.transaction() as connection:
            connection.execute(update(Notice).where(Notice.id == only(runtime).id).values(must_arrive=True))

    def test_unconfirmed_for_two_days_it_is_called(self, runtime, noon) -> None:
        noon.shift(timedelta(hours=47, minutes=59))
        sweep(runtime)
        assert rows(runtime, "call_tasks") == []
        noon.shift(timedelta(minutes=2))
        sweep(runtime)
        sweep(runtime)
        assert states(runtime) == ["call", "accepted"]
        assert [one.reason for one in rows(runtime, "call_tasks")] == ["unconfirmed"]

    def test_confirmed_it_is_not(self, runtime, noon) -> None:
        apply_receipts(
            runtime, "scripted", [Receipt(only(runtime).id, "SM1", Standing.DELIVERED, "delivered")]
        )
        noon.shift(timedelta(days=3))
        sweep(runtime)
        assert rows(runtime, "call_tasks") == []


class TestSilence:
    @pytest.fixture(autouse=True)
    def accepted(self, runtime, scripted, place, noon):
        scripted.answer = lambda sms: Accepted("SM1")
        place()
        deliver(runtime, "progress")

    def test_after_two_hours_without_a_receipt_it_is_asked_about(self, runtime, scripted, noon) -> None:
        scripted.finding = Found("SM1", "delivered")
        noon.shift(timedelta(minutes=119))
        sweep(runtime)
        assert scripted.asked == 0
        noon.shift(timedelta(minutes=2))
        sweep(runtime)
        sweep(runtime)
        assert (states(runtime), scripted.asked) == (["delivered"], 1)
        proof = only(runtime, "notice_receipts")
        assert (proof.provider_state, proof.raw) == ("delivered", {"asked": "true"})

    def test_found_failed_is_called(self, runtime, scripted, noon) -> None:
        scripted.finding = Found("SM1", "failed")
        noon.shift(timedelta(hours=3))
        sweep(runtime)
        assert (states(runtime), task(runtime).reason) == (["undelivered"], "undelivered")

    @pytest.mark.parametrize(
        "finding", [Absent(), CannotTell("503"), Found("SM1", "sent"), Found("SM1", "?")]
    )
    def test_no_news_leave_it_and_it_is_asked_ever_more_seldom(
        self, runtime, scripted, noon, finding
    ) -> None:
        scripted.finding = finding
        for _ in range(24 * 8):
            noon.shift(timedelta(minutes=30))
            sweep(runtime)
        assert states(runtime) == ["accepted"]
        assert scripted.asked == 6, "after 2, 4, 8, 16, 32 and 64 hours"
        noon.shift(timedelta(days=30))
        sweep(runtime)
        assert (scripted.asked, only(runtime).ask_at) == (7, None)
        assert len(scripted.sent) == 1

    def test_a_receipt_saves_the_question(self, runtime, scripted, noon) -> None:
        apply_receipts(
            runtime, "scripted", [Receipt(only(runtime).id, "SM1", Standing.DELIVERED, "delivered")]
        )
        noon.shift(timedelta(hours=3))
        sweep(runtime)
        assert scripted.asked == 0

    @pytest.mark.parametrize("change", [{"gives_receipts": False}, {"name": "other"}])
    def test_where_nobody_can_tell_nobody_is_asked(self, runtime, scripted, noon, change) -> None:
        for name, value in change.items():
            setattr(scripted, name, value)
        noon.shift(timedelta(hours=3))
        sweep(runtime)
        assert (scripted.asked, only(runtime).ask_at, states(runtime)) == (0, None, ["accepted"])


def test_a_slow_workers_old_news_opens_no_task(runtime, scripted, place) -> None:
    """It comes back after somebody has called already."""
    place()
    (claimed,) = delivering.claim(runtime, "progress")
    delivering.record(runtime, [claimed], [Refused(Scope.NUMBER, "21211")])
    opened = task(runtime)
    record_call(runtime, opened.operator_id, "channel:app", opened.id, call(Outcome.REACHED))
    delivering.record(runtime, [claimed], [Refused(Scope.NUMBER, "21211")])
    assert len(rows(runtime, "call_tasks")) == 1


def call(outcome: Outcome, **more) -> dict:
    return {"outcome": outcome, "called_at": None, "call_back_at": None, **more}


def test_two_who_call_at_once_are_told_apart(runtime, scripted, place) -> None:
    scripted.answer = lambda sms: Refused(Scope.NUMBER, "21211")
    place()
    deliver(runtime, "progress")
    opened = task(runtime)
    first = (runtime, opened.operator_id, "channel:app", opened.id, call(Outcome.NO_ANSWER))
    assert record_call(*first, if_version=1) == 2
    with pytest.raises(Refusal, match=r"version\.stale"):
        record_call(*first, if_version=1)
    assert len(rows(runtime, "call_attempts")) == 1


def there(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=clock.CITY_ZONE)


@pytest.mark.parametrize(
    ("opened", "begins", "due"),
    [
        (there(24, 12), there(24, 12), there(24, 16)),  # Tuesday
        (there(24, 19), there(24, 19), there(25, 8)),
        (there(24, 23), there(25, 8), there(25, 12)),
        (there(25, 3), there(25, 8), there(25, 12)),
    ],
)
def test_nobody_is_called_at_night(opened: datetime, begins: datetime, due: datetime) -> None:
    assert first_call(opened.astimezone(UTC)) == (begins, due)


AWARE = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(AWARE, st.integers(1, 30))
def test_who_did_not_answer_is_called_again_by_day_and_later(at: datetime, attempts: int) -> None:
    following = next_call(Call(Outcome.NO_ANSWER, at), attempts, at)
    assert following is not None
    begins, due = following
    assert at + timedelta(hours=2) <= begins <= at + timedelta(hours=36)
    assert begins < due
    assert 8 <= clock.local(begins).hour <= 20


def test_the_customers_own_time_is_kept() -> None:
    wish = there(26, 21)
    at = there(24, 12)
    assert next_call(Call(Outcome.CALL_BACK, at, wish), 1, at) == (wish, wish + timedelta(hours=4))
    assert next_call(Call(Outcome.REACHED, at), 1, at) is None
    assert next_call(Call(Outcome.WRONG_NUMBER, at), 1, at) is None


def test_what_is_written_down_days_later_is_not_overdue_at_once() -> None:
    call = Call(Outcome.NO_ANSWER, there(21, 12))
    assert next_call(call, 1, there(24, 12)) == (there(24, 12), there(24, 16))
    # But for what is written down in time it is the call that counts.
    assert next_call(call, 1, there(21, 13)) == (there(21, 14), there(21, 18))
