"""The calendar over HTTP: read by county, days set with source and author, and taken back."""

import pytest

from tracker.channels.create_key import create_key

CALENDAR = "/api/v1/calendar"
OVERRIDES = f"{CALENDAR}/overrides"
ORDERS = "/api/v1/orders"
COMPANY = {"customer__kind": "enterprise", "plan": "24GD110002"}
LIANNAN = "441826"

pytestmark = pytest.mark.usefixtures("changeable")

FESTIVAL = {
    "day": "2026-11-24",
    "working": False,
    "county_code": LIANNAN,
    "name": "盘王节",
    "name_en": "Panwang Festival",
    "source": "连南府办〔2026〕5号",
}


def test_days_off_and_make_up_days_of_a_stretch(get) -> None:
    answer = get(f"{CALENDAR}?first=2026-02-09&last=2026-03-01")
    assert answer.status_code == 200
    assert {"first": "2026-02-15", "last": "2026-02-23", "name": "春节", "name_en": "Spring Festival"} in (
        answer.json["rest_days"]
    )
    assert answer.json["make_up_days"] == ["2026-02-14", "2026-02-28"]
    assert answer.json["certain_until"] == "2026-12-24"
    assert answer.json["announced_years"][-1] == 2026


def test_a_countys_day_off_moves_promises_there_and_nowhere_else(post, get, order_body, runtime) -> None:
    answer = post(OVERRIDES, FESTIVAL)
    assert answer.status_code == 201
    assert (answer.json["actor"], answer.json["source"], answer.json["for_all"]) == (
        "channel:app",
        "连南府办〔2026〕5号",
        False,
    )
    assert get(OVERRIDES).json["overrides"] == [answer.json]
    places = runtime.reference.current().places
    there = next(code for code, place in places.items() if place.county_code == LIANNAN)
    accepted = {"accepted_at": "2026-11-20T08:05:00Z", **COMPANY}  # a Friday
    elsewhere = post(ORDERS, order_body(**accepted)).json["promise"]
    held_up = post(ORDERS, order_body(address__community_code=there, **accepted)).json["promise"]
    assert elsewhere["deadline"] == "2026-11-25T10:00:00Z"
    assert held_up["deadline"] == "2026-11-26T10:00:00Z"
    assert "11月24日（盘王节）" in held_up["explanation"]["zh"]
    assert "24 Nov (Panwang Festival)" in held_up["explanation"]["en"]
    query = f"{CALENDAR}?first=2026-11-23&last=2026-11-27"
    assert get(query).json["rest_days"] == []
    assert [one["first"] for one in get(f"{query}&county_code={LIANNAN}").json["rest_days"]] == ["2026-11-24"]
    back = post(f"{OVERRIDES}/{answer.json['id']}/withdraw", {"reason": "通知撤回"})
    assert (back.status_code, back.json["overrides"]) == (200, [])
    again = post(ORDERS, order_body(address__community_code=there, **accepted)).json["promise"]
    assert again["deadline"] == "2026-11-25T10:00:00Z"


@pytest.mark.parametrize(
    ("changes", "status", "problem", "pointer"),
    [
        ({"day": "2026-11-31"}, 422, "field.date", "/day"),
        ({"day": None}, 422, "field.null", "/day"),
        ({"day": "1999-01-01"}, 422, "calendar.day_out_of_range", "/day"),
        ({"working": "no"}, 422, "field.type", "/working"),
        ({"county_code": "440100"}, 422, "calendar.unknown_county", "/county_code"),
        ({"county_code": "连南"}, 422, "field.invalid", "/county_code"),
        ({"source": ""}, 422, "field.empty", "/source"),
        ({"operator_id": 2}, 422, "field.unknown", "/operator_id"),
    ],
)
def test_a_wrong_override_is_refused(post, get, changes, status, problem, pointer) -> None:
    answer = post(OVERRIDES, {**FESTIVAL, **changes})
    assert (answer.status_code, answer.json["rule"]) == (status, problem)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert get(OVERRIDES).json["overrides"] == []


def test_a_day_is_set_once(post) -> None:
    assert post(OVERRIDES, FESTIVAL).status_code == 201
    again = post(OVERRIDES, {**FESTIVAL, "name": "停工"})
    assert (again.status_code, again.json["rule"]) == (409, "calendar.already_overridden")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("first=2026-01-02&last=2026-01-01", "calendar.day_out_of_range"),
        ("first=1990-01-01&last=1990-02-01", "calendar.day_out_of_range"),
        ("first=2020-01-01&last=2024-01-01", "calendar.day_out_of_range"),
        ("first=2026-01-01&last=2026-01-31&county_code=440100", "calendar.unknown_county"),
        ("first=2026-01-01", "field.required"),
        ("first=2026-02-30&last=2026-03-01", "field.date"),
    ],
)
def test_a_wrong_question_is_refused(get, query, problem) -> None:
    answer = get(f"{CALENDAR}?{query}")
    assert (answer.status_code, answer.json["rule"]) == (422, problem)


def test_an_operators_day_is_its_own_and_needs_the_right_key(client, runtime, channel, post) -> None:
    made = post(OVERRIDES, FESTIVAL).json["id"]
    facts = runtime.reference.current()
    mobile = next(c for c in facts.channels.values() if facts.operators[c.operator_id].code == "mobile")
    theirs = {"Authorization": f"Bearer {create_key(runtime.db, mobile, scopes=['calendar'])}"}
    assert client.get(OVERRIDES, headers=theirs).json["overrides"] == []
    change = {**theirs, "Idempotency-Key": "x"}
    answer = client.post(f"{OVERRIDES}/{made}/withdraw", json={"reason": "x"}, headers=change)
    assert (answer.status_code, answer.json["rule"]) == (404, "calendar.override_not_found")
    plain = {"Authorization": f"Bearer {create_key(runtime.db, channel)}", "Idempotency-Key": "y"}
    answer = client.post(OVERRIDES, json=FESTIVAL, headers=plain)
    assert (answer.status_code, answer.json["rule"]) == (403, "key.scope")
