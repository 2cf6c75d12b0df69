"""What is planned of what happens: which text, when, to whom, in place of which other, or a call instead."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tracker.clock import CITY_ZONE
from tracker.contacts.record_wish import record_wish
from tracker.notices.call_models import CallTask
from tracker.notices.claim import claim
from tracker.notices.drafts import Wanted
from tracker.notices.models import Notice
from tracker.notices.plan_notices import plan_notices
from tracker.orders.actor import Actor
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import place_hold
from tracker.orders.record_progress import record_progress

# A Tuesday at ten.
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=CITY_ZONE)


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def step(runtime, channel):
    """Moves an order on, now."""

    def move(number: str, stage: str, **more) -> None:
        record_progress(runtime, Actor.of_channel(channel), number, {"stage": stage, **more})

    return move


def visit(day: int, hour: int = 9) -> dict[str, datetime]:
    starts_at = datetime(2026, 11, day, hour, tzinfo=CITY_ZONE)
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2)}


def notices(runtime, *codes: str):
    wanted = select(Notice).order_by(Notice.id)
    if codes:
        wanted = wanted.where(Notice.template.in_(codes))
    with runtime.db.reading() as connection:
        return connection.execute(wanted.with_only_columns(Notice.__table__)).all()


def states(runtime, *codes: str) -> list[tuple[str, str]]:
    return [(row.template, row.state) for row in notices(runtime, *codes)]


def tasks(runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(select(CallTask.reason).order_by(CallTask.id)))


def dispatched(place, step) -> str:
    number = place().number
    for stage in ("verified", "resource_checked", "dispatched"):
        step(number, stage)
    return number


def test_two_steps_within_minutes_are_one_text(runtime, place, step, tuesday) -> None:
    number = dispatched(place, step)
    (told,) = notices(runtime, "dispatched")
    assert told.next_at == NOW + timedelta(seconds=120), "it waits for what may follow"
    tuesday.shift(timedelta(seconds=90))
    step(number, "appointed", appointment=visit(27))
    assert states(runtime, "dispatched", "appointed") == [
        ("dispatched", "cancelled"),
        ("appointed", "created"),
    ]
    assert notices(runtime, "dispatched")[0].reason == "a later step: appointed"


def test_a_text_that_is_being_sent_is_not_taken_back(runtime, place, step, tuesday) -> None:
    number = dispatched(place, step)
    tuesday.shift(timedelta(seconds=130))
    claim(runtime, "progress")
    step(number, "appointed", appointment=visit(27))
    assert states(runtime, "dispatched", "appointed") == [
        ("dispatched", "sending"),
        ("appointed", "created"),
    ]


def test_another_orders_text_is_left_alone(runtime, place, step) -> None:
    dispatched(place, step)
    dispatched(place, step)
    assert states(runtime, "dispatched") == [("dispatched", "created")] * 2


def test_the_answer_to_an_order_waits_for_nothing(runtime, place) -> None:
    place()
    (told,) = notices(runtime)
    assert (told.template, told.next_at) == ("order_accepted", NOW)


def test_a_visit_is_reminded_of_the_evening_before(runtime, place, step, tuesday) -> None:
    number = dispatched(place, step)
    step(number, "appointed", appointment=visit(27))
    (reminder,) = notices(runtime, "visit_reminder")
    assert reminder.next_at == datetime(2026, 11, 26, 18, tzinfo=CITY_ZONE)
    assert "将于明日9-11时上门" in reminder.body
    tuesday.shift(timedelta(days=2, hours=9))
    assert "visit_reminder" in [runtime_code(runtime, c.sms.notice_id) for c in claim(runtime, "progress")]


def runtime_code(runtime, notice_id: int) -> str:
    with runtime.db.reading() as connection:
        return connection.scalar(select(Notice.template).where(Notice.id == notice_id))


def test_another_visit_is_reminded_of_instead_and_none_where_it_was_called_off(runtime, place, step) -> None:
    number = dispatched(place, step)
    step(number, "appointed", appointment=visit(27))
    step(number, "dispatched")
    step(number, "appointed", appointment=visit(28, 14))
    assert states(runtime, "visit_reminder") == [
        ("visit_reminder", "cancelled"),
        ("visit_reminder", "created"),
    ]
    assert "明日14-16时" in notices(runtime, "visit_reminder")[-1].body
    step(number, "withdrawn")
    assert {state for _, state in states(runtime, "visit_reminder")} == {"cancelled"}


@pytest.mark.parametrize("day", [24, 25])
def test_a_visit_whose_evening_before_has_come_needs_no_reminder(
    runtime, place, step, tuesday, day: int
) -> None:
    number = dispatched(place, step)
    tuesday.move_to(datetime(2026, 11, 24, 18, 30, tzinfo=CITY_ZONE))
    step(number, "appointed", appointment=visit(day, 20))
    assert notices(runtime, "visit_reminder") == []


def test_who_wants_a_call_is_called_and_gets_no_text(runtime, place, step) -> None:
    number = place(notify_by="call").number
    for stage in ("verified", "resource_checked", "dispatched"):
        step(number, stage)
    assert states(runtime) == [("order_accepted", "call"), ("dispatched", "call")]
    assert tasks(runtime) == ["wish", "wish"]
    assert notices(runtime)[0].reason == "the customer wants no text"


@pytest.mark.parametrize("wish", ["call", "no_texts"])
def test_a_number_that_opted_out_is_called_until_it_wants_texts_again(
    runtime, place, channel, wish: str
) -> None:
    def want(what: str) -> None:
        record_wish(runtime.db, runtime.keys, channel.operator_id, "+8613800001234", what, "channel:app")

    want(wish)
    want(wish)
    place()
    place(customer__phone="13800009999")
    assert [state for _, state in states(runtime)] == ["call", "created"]
    assert tasks(runtime) == ["wish"]
    want("text")
    place()
    assert [state for _, state in states(runtime)] == ["call", "created", "created"]


def test_a_code_is_a_text_whatever_was_wished(runtime, channel) -> None:
    record_wish(runtime.db, runtime.keys, channel.operator_id, "+8613800001234", "no_texts", "channel:app")
    code = Wanted(
        channel.operator_id,
        None,
        "one_time_code",
        "zh",
        {"code": "384921", "signature": "清远电信"},
        "+8613800001234",
        "code:1",
    )
    with runtime.db.transaction() as connection:
        plan_notices(connection, runtime, runtime.reference.current(), [code], NOW)
    (told,) = notices(runtime)
    assert (told.state, told.queue, told.next_at) == ("created", "urgent", NOW)


def test_nobody_is_asked_to_call_about_a_code(runtime, channel) -> None:
    """It is of no use by then, and whoever would call could read it."""
    code = Wanted(
        channel.operator_id,
        None,
        "one_time_code",
        "zh",
        {"code": "384921", "signature": "清远电信"},
        "+867633368888",
        "code:1",
    )
    with runtime.db.transaction() as connection:
        plan_notices(connection, runtime, runtime.reference.current(), [code], NOW)
    assert states(runtime) == [("one_time_code", "call")]
    assert tasks(runtime) == []


def test_the_same_text_goes_to_a_number_three_times_a_day_at_most(runtime, place, channel, tuesday) -> None:
    actor = Actor.of_channel(channel)
    number = place().number
    hold = {"reason_code": "not_decorated", "reason_text": None, "evidence": None}
    for turn in range(5):
        tuesday.shift(timedelta(hours=1))
        at = datetime(2026, 11, 24, 10, tzinfo=CITY_ZONE) + timedelta(hours=turn + 1)
        place_hold(
            runtime, actor, number, {**hold, "starts_at": at, "ends_at": at + timedelta(days=30 + turn)}
        )
        lift_hold(runtime, actor, number, 2 * turn + 1, {"reason_text": None, "resumes_at": at})
    told = states(runtime, "resumed")
    # Each says the same date again, since nothing was held.
    assert len({row.body for row in notices(runtime, "resumed")}) == 1
    assert [state for _, state in told] == ["created"] * 3 + ["cancelled"] * 2
    assert notices(runtime, "resumed")[-1].reason == "the same text was sent as often as it may be"
    tuesday.shift(timedelta(hours=24))
    at = datetime(2026, 11, 25, 15, tzinfo=CITY_ZONE)
    place_hold(runtime, actor, number, {**hold, "starts_at": at, "ends_at": at + timedelta(days=40)})
    lift_hold(runtime, actor, number, 11, {"reason_text": None, "resumes_at": at})
    assert [state for _, state in states(runtime, "resumed")][-1] == "created"


def test_what_must_arrive_becomes_a_call_where_a_text_may_not_be_sent_again(runtime, channel) -> None:
    warning = Wanted(
        channel.operator_id,
        None,
        "tariff_change",
        "zh",
        {
            "plan": "千兆家庭129元套餐（24GD100001）",
            "effective": "2027年1月1日",
            "old_fee": "129元",
            "new_fee": "139元",
            "hotline": "10000",
            "signature": "清远电信",
        },
        "+8613800001234",
        "warning",
    )
    with runtime.db.transaction() as connection:
        for turn in range(4):
            one = replace(warning, dedup_key=f"warning:{turn}")
            plan_notices(connection, runtime, runtime.reference.current(), [one], NOW)
    found = notices(runtime)
    assert [row.state for row in found] == ["created"] * 3 + ["call"]
    assert all(row.must_arrive for row in found)
    assert tasks(runtime) == ["repeated"]


def test_texts_are_planned_for_the_hours_in_which_they_may_leave(runtime, place, step, tuesday) -> None:
    tuesday.move_to(datetime(2026, 11, 24, 20, 59, tzinfo=CITY_ZONE))
    dispatched(place, step)
    accepted, told = notices(runtime)
    assert accepted.next_at == datetime(2026, 11, 24, 20, 59, tzinfo=CITY_ZONE)
    assert told.next_at == datetime(2026, 11, 25, 8, tzinfo=CITY_ZONE), "two minutes on it is past nine"


def test_wishes_are_told_over_http_and_no_number_comes_back(runtime, channel) -> None:
    from tracker import create_app
    from tracker.channels.create_key import create_key

    client = create_app(runtime).test_client()
    headers = {"Authorization": f"Bearer {create_key(runtime.db, channel)}", "Idempotency-Key": "w1"}
    answer = client.post(
        "/api/v1/contact-wishes", json={"phone": "138 0000 1234", "wish": "no_texts"}, headers=headers
    )
    assert (answer.status_code, answer.json) == (201, {"wish": "no_texts"})
    assert list(runtime.reference.current().wishes.values()) == ["no_texts"]
    wrong = client.post(
        "/api/v1/contact-wishes",
        json={"phone": "1", "wish": "maybe"},
        headers={**headers, "Idempotency-Key": "w2"},
    )
    assert {error["rule"] for error in wrong.json["errors"]} == {"phone.invalid", "field.choice"}
