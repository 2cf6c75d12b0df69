"""Slots and visits over HTTP: what a channel reads, chooses and is refused."""

from datetime import timedelta

import pytest

from tests.visiting_slots import COUNTY, Diary, dispatched
from tracker import clock

ORDERS = "/api/v1/orders"


@pytest.fixture
def diary(runtime, channel) -> Diary:
    return Diary(runtime, channel.operator_id)


@pytest.fixture
def order(runtime, channel, place) -> str:
    return dispatched(runtime, channel, place)


@pytest.fixture
def agree(post, order):
    """POST a wish for the order's visit."""

    def send(if_match: str = "*", key: str | None = None, **wish):
        return post(f"{ORDERS}/{order}/appointments", wish, key=key, If_Match=if_match)

    return send


def test_a_channel_reads_the_slots_and_chooses_one(get, agree, order, diary) -> None:
    town = diary.slot(capacity=2)
    row = diary.row(town)
    county = diary.slot(area_code=COUNTY, starts_at=row.starts_at + timedelta(hours=3))
    # The same window twice: the town's is told.
    diary.slot(area_code=COUNTY)
    read = get(f"{ORDERS}/{order}/slots")
    assert (read.json["may_change"], read.json["appointment"], read.json["slot"]) == (True, None, None)
    assert [(slot["id"], slot["free"]) for slot in read.json["slots"]] == [(town, 2), (county, 1)]
    answer = agree(read.headers["ETag"], slot=town)
    assert (answer.status_code, answer.json["stage"], answer.headers["ETag"]) == (200, "appointed", '"5"')
    read = get(f"{ORDERS}/{order}/slots").json
    assert read["slot"] == town
    assert read["appointment"]["starts_at"] == row.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    # The one that it has is no other to choose.
    assert [slot["id"] for slot in read["slots"]] == [county]


def test_a_repeat_under_the_same_key_books_once(agree, diary) -> None:
    slot = diary.slot(capacity=2)
    first, again = (agree('"4"', key="visit", slot=slot) for _ in range(2))
    assert (first.status_code, again.status_code, first.json) == (200, 200, again.json)
    assert diary.booked(slot) == 1


def test_plain_times_book_nothing(agree, get, order, diary) -> None:
    row = diary.row(diary.slot())
    answer = agree(starts_at=row.starts_at.isoformat(), ends_at=row.ends_at.isoformat())
    assert answer.status_code == 200
    assert get(f"{ORDERS}/{order}/slots").json["slot"] is None
    assert diary.booked(row.id) == 0


@pytest.mark.parametrize(
    ("wish", "status", "rule", "pointer"),
    [
        ({}, 422, "appointment.one_of", ""),
        ({"slot": None}, 422, "appointment.one_of", ""),
        ({"starts_at": "2026-11-25T01:00:00Z"}, 422, "appointment.one_of", ""),
        (
            {"slot": 1, "starts_at": "2026-11-25T01:00:00Z", "ends_at": "2026-11-25T03:00:00Z"},
            422,
            "appointment.one_of",
            "",
        ),
        ({"slot": 1, "ends_at": "2026-11-25T03:00:00Z"}, 422, "appointment.one_of", ""),
        (
            {"starts_at": "2020-11-25T01:00:00Z", "ends_at": "2020-11-25T03:00:00Z"},
            422,
            "order.appointment_times",
            "/ends_at",
        ),
        ({"slot": 999}, 404, "slot.not_found", "/slot"),
        ({"slot": 0}, 422, "field.range", "/slot"),
        ({"slot": 2**63}, 422, "field.range", "/slot"),
        ({"slot": "1"}, 422, "field.type", "/slot"),
        ({"slot": True}, 422, "field.type", "/slot"),
        ({"slot": 1, "reason_code": "laziness"}, 422, "field.choice", "/reason_code"),
        ({"slot": 1, "reason_code": "other"}, 422, "order.reason_text_required", "/reason_text"),
        ({"slot": 1, "keep": True}, 422, "field.unknown", "/keep"),
    ],
)
def test_a_wrong_wish_names_its_rule(agree, get, order, wish, status, rule, pointer) -> None:
    answer = agree(**wish)
    assert (answer.status_code, answer.json["rule"]) == (status, rule)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert get(f"{ORDERS}/{order}").json["version"] == 4


def test_full_closed_and_late_slots_are_neither_told_nor_booked(agree, get, order, diary) -> None:
    refused = {
        diary.slot(capacity=0): "slot.full",
        diary.slot(closed_at=clock.now(), ends_at=clock.now() + timedelta(days=9)): "slot.closed",
        diary.slot(starts_at=clock.now() + timedelta(minutes=90)): "slot.too_late",
    }
    diary.slot(starts_at=clock.now() + timedelta(days=15))
    assert get(f"{ORDERS}/{order}/slots").json["slots"] == []
    for slot, rule in refused.items():
        answer = agree(slot=slot)
        assert (answer.status_code, answer.json["rule"]) == (409, rule)


def test_a_stale_wish_is_refused_and_no_version_too(post, agree, order, diary) -> None:
    slot = diary.slot()
    assert agree('"3"', slot=slot).status_code == 412
    answer = post(f"{ORDERS}/{order}/appointments", {"slot": slot})
    assert (answer.status_code, answer.json["rule"]) == (428, "version.required")
    assert diary.booked(slot) == 0


def test_before_somebody_is_to_come_there_is_nothing_to_choose(post, get, place, diary) -> None:
    number, slot = place().number, diary.slot()
    read = get(f"{ORDERS}/{number}/slots").json
    assert (read["may_change"], read["slots"]) == (False, [])
    answer = post(f"{ORDERS}/{number}/appointments", {"slot": slot}, If_Match="*")
    assert (answer.status_code, answer.json["rule"]) == (409, "appointment.not_now")


def test_another_channels_order_does_not_exist(client, order, runtime, channel) -> None:
    from tracker.channels.create_key import create_key

    other = next(
        one
        for one in runtime.reference.current().channels.values()
        if one.operator_id == channel.operator_id and one.id != channel.id
    )
    headers = {"Authorization": f"Bearer {create_key(runtime.db, other)}"}
    answer = client.get(f"{ORDERS}/{order}/slots", headers=headers)
    assert (answer.status_code, answer.json["rule"]) == (404, "order.not_found")
