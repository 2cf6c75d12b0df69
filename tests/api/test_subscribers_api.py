"""Subscriptions over HTTP: recorded, read, brought up to date, ended; what is wrong stores nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tracker import clock
from tracker.channels.create_key import create_key
from tracker.channels.rules import SCOPES
from tracker.subscribers.models import Subscriber, SubscriberEvent

SUBSCRIBERS = "/api/v1/subscribers"


def body(**changes):
    return {
        "reference": "KD0763000001",
        "plan": "24GD100001",
        "phone": "13800001234",
        "began_on": "2024-03-15",
        **changes,
    }


@pytest.fixture
def rows(database):
    """How many subscriptions and events are stored."""

    def count() -> tuple[int, int]:
        with database.reading() as connection:
            return tuple(
                connection.scalar(select(func.count()).select_from(table))
                for table in (Subscriber, SubscriberEvent)
            )

    return count


@pytest.fixture
def made(post):
    answer = post(SUBSCRIBERS, body())
    assert answer.status_code == 201, answer.json
    return f"{SUBSCRIBERS}/KD0763000001"


def test_a_subscription_is_recorded_and_read(post, get) -> None:
    answer = post(
        SUBSCRIBERS,
        body(
            region="441800",
            monthly_fen=9900,
            language="en",
            agreed_until="2027-03-31",
            agreement="contract",
            ended_on="2026-01-31",
        ),
    )
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{SUBSCRIBERS}/KD0763000001")
    read = get(answer.headers["Location"])
    assert (read.status_code, read.json) == (200, answer.json)
    assert read.headers["ETag"] == answer.headers["ETag"] == '"1"'
    shown = read.json
    assert shown.pop("created_at").endswith("Z")
    assert shown == {
        "reference": "KD0763000001",
        "plan": {
            "filing_number": "24GD100001",
            "region": "441800",
            "version": 1,
            "name": "千兆家庭套餐",
            "name_en": "Gigabit home plan",
        },
        "monthly_fen": 9900,
        "agreed_until": "2027-03-31",
        "agreement": "contract",
        "language": "en",
        "phone_masked": "138****1234",
        "takes_texts": True,
        "began_on": "2024-03-15",
        "ended_on": "2026-01-31",
        "source": "import",
        "version": 1,
        "events": [],
    }


def test_the_plans_own_price_holds_where_none_is_said(post) -> None:
    assert post(SUBSCRIBERS, body()).json["monthly_fen"] == 12900
    assert post(SUBSCRIBERS, body(reference="B", monthly_fen=0)).json["monthly_fen"] == 0


def test_the_same_again_changes_nothing_and_another_one_is_refused(post, made, rows) -> None:
    again = post(SUBSCRIBERS, body())
    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    other = post(SUBSCRIBERS, body(phone="13800009999", monthly_fen=1))
    assert (other.status_code, other.json["rule"]) == (409, "subscriber.differs")
    assert [error["pointer"] for error in other.json["errors"]] == ["/monthly_fen", "/phone"]
    assert rows() == (1, 0)


def test_a_repeated_request_is_answered_as_the_first_time(post, rows) -> None:
    first = post(SUBSCRIBERS, body(), key="k")
    again = post(SUBSCRIBERS, body(), key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    changed = post(
        f"{SUBSCRIBERS}/KD0763000001/update", {"language": "en", "reason": "x"}, key="u", If_Match="*"
    )
    repeat = post(
        f"{SUBSCRIBERS}/KD0763000001/update", {"language": "en", "reason": "x"}, key="u", If_Match="*"
    )
    assert changed.json == repeat.json
    assert rows() == (1, 1)


def days(n: int) -> str:
    return (clock.today() + timedelta(days=n)).isoformat()


@pytest.mark.parametrize(
    ("changes", "rule", "pointer"),
    [
        ({"reference": "R 1"}, "field.invalid", "/reference"),
        ({"reference": "KD13800001234"}, "subscriber.reference_tells_phone", "/reference"),
        ({"plan": "24GD999999"}, "subscriber.unknown_plan", "/plan"),
        ({"plan": "24GD200001"}, "subscriber.unknown_plan", "/plan"),
        ({"region": "441899"}, "subscriber.unknown_plan", "/region"),
        ({"monthly_fen": -1}, "field.range", "/monthly_fen"),
        ({"monthly_fen": "129"}, "field.type", "/monthly_fen"),
        ({"monthly_fen": 129.5}, "field.type", "/monthly_fen"),
        ({"phone": "12"}, "phone.invalid", "/phone"),
        ({"phone": None}, "field.null", "/phone"),
        ({"began_on": "2023-12-31"}, "subscriber.plan_not_in_force", "/began_on"),
        ({"began_on": "15.3.2024"}, "field.date", "/began_on"),
        ({"language": "fr"}, "field.choice", "/language"),
        ({"agreement": "discount"}, "subscriber.agreed_in_part", "/agreed_until"),
        (
            {"agreed_until": "2024-01-01", "agreement": "discount"},
            "subscriber.agreed_before_start",
            "/agreed_until",
        ),
        ({"ended_on": "2024-01-01"}, "subscriber.days_reversed", "/ended_on"),
        ({"name": "张三"}, "field.unknown", "/name"),
    ],
)
def test_a_wrong_subscription_is_refused_and_stores_nothing(post, rows, changes, rule, pointer) -> None:
    answer = post(SUBSCRIBERS, body(**changes))
    assert (answer.status_code, answer.json["rule"]) == (422, rule)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert rows() == (0, 0)


def test_what_has_not_begun_is_refused(post) -> None:
    answer = post(SUBSCRIBERS, body(began_on=days(1)))
    assert answer.json["rule"] == "subscriber.begins_ahead"


def test_an_update_is_written_down(post, get, made) -> None:
    change = {
        "phone": "0763-3368888",
        "agreed_until": "2027-01-31",
        "agreement": "discount",
        "reason": "客户续约",
    }
    answer = post(f"{made}/update", change, If_Match='"1"')
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert get(made).json == answer.json
    assert (answer.json["phone_masked"], answer.json["takes_texts"]) == ("0763****8888", False)
    (event,) = answer.json["events"]
    assert event.pop("at").endswith("Z")
    assert event == {
        "kind": "updated",
        "detail": {
            "phone": {},
            "agreed_until": {"from": None, "to": "2027-01-31"},
            "agreement": {"from": None, "to": "discount"},
        },
        "reason": "客户续约",
        "actor": "channel:app",
    }
    taken = post(f"{made}/update", {"agreed_until": None, "agreement": None, "reason": "x"}, If_Match='"2"')
    assert (taken.json["agreed_until"], taken.json["version"]) == (None, 3)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"reason": "x"}, "subscriber.nothing_said"),
        ({"language": "en"}, "field.required"),
        ({"language": None, "reason": "x"}, "field.null"),
        ({"agreement": "discount", "reason": "x"}, "subscriber.agreed_in_part"),
        ({"monthly_fen": 1, "reason": "x"}, "field.unknown"),
        ({"plan": "24GD100003", "reason": "x"}, "field.unknown"),
        ({"phone": "12", "reason": "x"}, "phone.invalid"),
    ],
)
def test_a_wrong_update_is_refused(post, made, rows, change, rule) -> None:
    answer = post(f"{made}/update", change, If_Match='"1"')
    assert (answer.status_code, answer.json["rule"]) == (422, rule)
    assert rows() == (1, 0)


def test_an_end_and_what_follows(post, made) -> None:
    ended = post(f"{made}/end", {"ended_on": days(20), "reason": "次月拆机"}, If_Match='"1"')
    assert (ended.status_code, ended.json["ended_on"], ended.headers["ETag"]) == (200, days(20), '"2"')
    assert [event["kind"] for event in ended.json["events"]] == ["ended"]
    wrong = post(f"{made}/end", {"ended_on": "2024-01-01", "reason": "x"}, If_Match='"2"')
    assert (wrong.status_code, wrong.json["rule"]) == (422, "subscriber.days_reversed")
    far = post(f"{made}/end", {"ended_on": days(400), "reason": "x"}, If_Match='"2"')
    assert (far.status_code, far.json["rule"]) == (422, "subscriber.ends_too_far_ahead")
    earlier = post(f"{made}/end", {"ended_on": days(-1), "reason": "提前拆机"}, If_Match='"2"')
    assert earlier.status_code == 200
    for what, change in (("end", {"ended_on": days(5)}), ("update", {"language": "en"})):
        over = post(f"{made}/{what}", {**change, "reason": "x"}, If_Match='"3"')
        assert (over.status_code, over.json["rule"]) == (409, "subscriber.ended")


@pytest.mark.parametrize(
    ("what", "change"), [("end", {"ended_on": "2026-01-31"}), ("update", {"language": "en"})]
)
def test_a_change_names_the_version_it_saw(post, made, rows, what, change) -> None:
    unnamed = post(f"{made}/{what}", {**change, "reason": "x"})
    assert (unnamed.status_code, unnamed.json["rule"]) == (428, "version.required")
    stale = post(f"{made}/{what}", {**change, "reason": "x"}, If_Match='"7"')
    assert (stale.status_code, stale.json["rule"]) == (412, "version.stale")
    assert rows() == (1, 0)


def test_only_keys_for_subscriptions_and_only_the_operators_own(client, runtime, channel, made, rows) -> None:
    def ask(key: str, method: str, path: str, json=None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "x", "If-Match": "*"}
        answer = client.open(path, method=method, json=json, headers=headers)
        return answer.status_code, answer.json.get("rule")

    calls = [
        ("GET", made, None),
        ("POST", f"{made}/end", {"ended_on": "2026-01-31", "reason": "x"}),
        ("POST", f"{made}/update", {"language": "en", "reason": "x"}),
    ]
    narrow = create_key(runtime.db, channel, scopes=[one for one in SCOPES if one != "subscribers"])
    for call in [*calls, ("POST", SUBSCRIBERS, body(reference="B"))]:
        assert ask(narrow, *call) == (403, "key.scope")
    facts = runtime.reference.current()
    mobile = next(c for c in facts.channels.values() if facts.operators[c.operator_id].code == "mobile")
    theirs = create_key(runtime.db, mobile, scopes=["subscribers"])
    for call in calls:
        assert ask(theirs, *call) == (404, "subscriber.not_found")
    assert rows() == (1, 0)


def test_a_completed_order_is_found_under_its_number(post, get, place, order_body) -> None:
    order = post("/api/v1/orders", order_body()).json
    assert get(f"{SUBSCRIBERS}/{order['number']}").status_code == 404
    stages = ("verified", "resource_checked", "dispatched", "appointed", "on_site", "activated", "completed")
    start = clock.now() + timedelta(days=1)
    for stage in stages:
        step = {"stage": stage}
        if stage == "appointed":
            ends_at = start + timedelta(hours=2)
            step["appointment"] = {"starts_at": start.isoformat(), "ends_at": ends_at.isoformat()}
        assert post(f"/api/v1/orders/{order['number']}/progress", step, If_Match="*").status_code == 200
    begun = get(f"{SUBSCRIBERS}/{order['number']}").json
    assert (begun["source"], begun["plan"]["filing_number"], begun["phone_masked"]) == (
        "order",
        "24GD100001",
        "138****1234",
    )
