"""Promise rules over HTTP: published, ended, withdrawn, previewed; what is ambiguous or wrong is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tracker.channels.create_key import create_key
from tracker.clock import CITY_ZONE
from tracker.problems import Refusal
from tracker.promises.models import PromiseRule, PromiseRuleChange
from tracker.promises.publish_rule import publish_rule
from tracker.promises.schemas import RuleRequestSchema

RULES = "/api/v1/promise-rules"
ORDERS = "/api/v1/orders"
PREVIEW = "/api/v1/promises/preview"
# A Wednesday.
TODAY = date(2026, 11, 25)
TOMORROW = TODAY + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("changeable")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE), tick=False) as traveller:
        yield traveller


def rule(**changes):
    """A quicker limit for urban homes where the seed has 48 hours for urban ones, from tomorrow on."""
    return {
        "customer_kind": "home",
        "product": "fttr",
        "area": "urban",
        "resource": "ready",
        "amount": 24,
        "unit": "hours",
        "valid_from": TOMORROW.isoformat(),
        "reason": "提速服务承诺",
        **changes,
    }


def count(database, table) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_a_rule_is_published_with_its_history(post, get) -> None:
    answer = post(RULES, rule())
    assert answer.status_code == 201
    made = get(answer.headers["Location"]).json
    assert made == answer.json
    assert (made["version"], made["amount"], made["valid_from"]) == (1, 24, "2026-11-26")
    (change,) = made["changes"]
    assert (change["kind"], change["actor"], change["reason"]) == (
        "published",
        "channel:app",
        "提速服务承诺",
    )
    listed = get(RULES).json["rules"]
    assert made["id"] in [one["id"] for one in listed]
    assert made["id"] not in [one["id"] for one in get(f"{RULES}?in_force_on=2026-11-25").json["rules"]]
    assert made["id"] in [one["id"] for one in get(f"{RULES}?in_force_on=2026-11-26").json["rules"]]


def seeded(get, **wanted):
    (found,) = [
        one for one in get(RULES).json["rules"] if all(one[name] == value for name, value in wanted.items())
    ]
    return found


def test_a_change_is_an_end_and_a_new_version_and_given_promises_stand(post, get, order_body, today) -> None:
    old = seeded(get, customer_kind="home", area="urban")
    before = post(ORDERS, order_body()).json["promise"]
    clash = post(RULES, rule(product="broadband"))
    assert (clash.status_code, clash.json["rule"]) == (409, "promise_rule.overlap")
    assert str(old["id"]) in clash.json["errors"][0]["detail"]
    ended = post(f"{RULES}/{old['id']}/end", {"last_day": TODAY.isoformat(), "reason": "由新规则取代"})
    assert (ended.status_code, ended.json["valid_to"]) == (200, "2026-11-25")
    assert [change["kind"] for change in ended.json["changes"]] == ["published", "ended"]
    made = post(RULES, rule(product="broadband"))
    assert (made.status_code, made.json["version"]) == (201, 2)
    assert before["rule_version"] == 1
    today.move_to(datetime(2026, 11, 26, 9, 0, tzinfo=CITY_ZONE))
    after = post(ORDERS, order_body()).json["promise"]
    assert (after["deadline"], after["rule_version"]) == ("2026-11-27T01:00:00Z", 2)
    # One taken yesterday and sent today is promised by the rule of its own day.
    late = post(ORDERS, order_body(accepted_at="2026-11-25T02:00:00Z")).json["promise"]
    assert (late["deadline"], late["rule_version"]) == ("2026-11-27T02:00:00Z", 1)


def test_a_mistaken_rule_is_withdrawn_while_nothing_was_promised_by_it(post, get, order_body) -> None:
    made = post(RULES, rule()).json
    gone = post(f"{RULES}/{made['id']}/withdraw", {"reason": "录入错误"})
    assert gone.status_code == 200
    assert gone.json["withdrawn_at"] is not None
    assert made["id"] not in [one["id"] for one in get(RULES).json["rules"]]
    assert post(RULES, rule(amount=36)).status_code == 201, "its place is free again"
    again = post(f"{RULES}/{made['id']}/withdraw", {"reason": "x"})
    assert (again.status_code, again.json["rule"]) == (404, "promise_rule.not_found")
    used = seeded(get, customer_kind="home", area="urban", product="broadband")
    post(ORDERS, order_body())
    kept = post(f"{RULES}/{used['id']}/withdraw", {"reason": "x"})
    assert (kept.status_code, kept.json["rule"]) == (409, "promise_rule.in_use")


HOURS_RUN_THROUGH = "promise_rule.hours_run_through"


@pytest.mark.parametrize(
    ("changes", "status", "problem", "pointer"),
    [
        ({"amount": -1}, 422, "field.range", "/amount"),
        ({"amount": 0}, 422, "field.range", "/amount"),
        ({"amount": 1.5}, 422, "field.type", "/amount"),
        ({"amount": "24"}, 422, "field.type", "/amount"),
        ({"unit": "weeks"}, 422, "field.choice", "/unit"),
        ({"unit": "working_days", "cut_off": "25:00"}, 422, "field.time_of_day", "/cut_off"),
        ({"unit": "working_days", "cut_off": "24:00"}, 422, "field.time_of_day", "/cut_off"),
        ({"unit": "working_days", "cut_off": "5pm"}, 422, "field.time_of_day", "/cut_off"),
        ({"unit": "working_days", "cut_off": 17}, 422, "field.time_of_day", "/cut_off"),
        ({"cut_off": "17:00"}, 422, HOURS_RUN_THROUGH, "/cut_off"),
        ({"end_of_day": "18:00"}, 422, HOURS_RUN_THROUGH, "/end_of_day"),
        ({"late_counts_as_next_day": True}, 422, HOURS_RUN_THROUGH, "/late_counts_as_next_day"),
        ({"late_counts_as_next_day": 1}, 422, "field.type", "/late_counts_as_next_day"),
        ({"valid_from": "2026-11-24"}, 422, "promise_rule.begins_in_past", "/valid_from"),
        ({"valid_from": "2026-02-30"}, 422, "field.date", "/valid_from"),
        ({"valid_from": 5}, 422, "field.date", "/valid_from"),
        ({"valid_to": "2026-11-25"}, 422, "promise_rule.period", "/valid_to"),
        ({"reason": " "}, 422, "field.empty", "/reason"),
        ({"colour": "red"}, 422, "field.unknown", "/colour"),
        ({"product": "broadband"}, 409, "promise_rule.overlap", "/valid_from"),
        # The seed names product, urban and ready; this names as much and covers the same order.
        ({"product": "broadband", "valid_from": "2040-01-01"}, 409, "promise_rule.overlap", "/valid_from"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_and_stores_nothing(
    post, database, changes, status, problem, pointer
) -> None:
    before = count(database, PromiseRule), count(database, PromiseRuleChange)
    answer = post(RULES, rule(**changes))
    assert (answer.status_code, answer.json["rule"]) == (status, problem)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert (count(database, PromiseRule), count(database, PromiseRuleChange)) == before


def test_a_rule_that_names_more_may_stand_beside_one_that_names_less(post) -> None:
    assert post(RULES, rule(product="fttr", area="any", resource="any")).status_code == 201
    assert post(RULES, rule(product="fttr", area="urban", resource="any")).status_code == 201
    # It names as much as the second, and an urban order that is ready is covered by both.
    third = post(RULES, rule(product="fttr", area="any", resource="ready"))
    assert (third.status_code, third.json["rule"]) == (409, "promise_rule.overlap")


@pytest.mark.parametrize(
    ("last_day", "problem"),
    [
        ("2026-11-24", "promise_rule.ends_in_past"),
        ("2026-11-25", "promise_rule.period"),
        (None, "field.null"),
    ],
)
def test_a_wrong_end_is_refused(post, get, last_day, problem) -> None:
    made = post(RULES, rule()).json
    answer = post(f"{RULES}/{made['id']}/end", {"last_day": last_day, "reason": "x"})
    assert problem in [error["rule"] for error in answer.json["errors"]]
    assert get(f"{RULES}/{made['id']}").json["valid_to"] is None


def test_what_has_ended_stays_ended(post, get, today) -> None:
    made = post(RULES, rule()).json
    post(f"{RULES}/{made['id']}/end", {"last_day": "2026-11-30", "reason": "x"})
    # While it is in force its end may still be moved, but not into another rule.
    assert post(RULES, rule(valid_from="2026-12-02")).status_code == 201
    moved = post(f"{RULES}/{made['id']}/end", {"last_day": "2026-12-02", "reason": "x"})
    assert (moved.status_code, moved.json["rule"]) == (409, "promise_rule.overlap")
    assert post(f"{RULES}/{made['id']}/end", {"last_day": "2026-12-01", "reason": "x"}).status_code == 200
    today.move_to(datetime(2026, 12, 5, 9, 0, tzinfo=CITY_ZONE))
    answer = post(f"{RULES}/{made['id']}/end", {"last_day": "2026-12-31", "reason": "x"})
    assert (answer.status_code, answer.json["rule"]) == (409, "promise_rule.ended")


def test_two_that_are_saved_at_once_see_each_other(runtime, channel, database) -> None:
    before = count(database, PromiseRule)
    start = threading.Barrier(8)

    def publish(_: int) -> bool:
        start.wait(timeout=20)
        try:
            publish_rule(runtime.db, channel.operator_id, RuleRequestSchema().load(rule()), "account:1")
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(publish, range(8))) == [False] * 7 + [True]
    assert count(database, PromiseRule) == before + 1


def test_a_key_changes_only_what_it_may_and_another_operators_rules_are_not_there(
    client, runtime, channel, get, post
) -> None:
    plain = {"Authorization": f"Bearer {create_key(runtime.db, channel)}", "Idempotency-Key": "x"}
    answer = client.post(RULES, json=rule(), headers=plain)
    assert (answer.status_code, answer.json["rule"]) == (403, "key.scope")
    assert client.get(RULES, headers=plain).status_code == 200
    only_rules = create_key(runtime.db, channel, scopes=["rules"])
    told = client.get(ORDERS, headers={"Authorization": f"Bearer {only_rules}"})
    assert (told.status_code, told.json["rule"]) == (403, "key.scope")
    facts = runtime.reference.current()
    mobile = next(c for c in facts.channels.values() if facts.operators[c.operator_id].code == "mobile")
    key = create_key(runtime.db, mobile, scopes=["rules"])
    theirs = {"Authorization": f"Bearer {key}", "Idempotency-Key": "y"}
    mine = post(RULES, rule()).json["id"]
    assert client.get(f"{RULES}/{mine}", headers=theirs).status_code == 404
    for what, body in (("end", {"last_day": "2026-12-31", "reason": "x"}), ("withdraw", {"reason": "x"})):
        assert client.post(f"{RULES}/{mine}/{what}", json=body, headers=theirs).status_code == 404
    assert get(f"{RULES}/{mine}").json["valid_to"] is None
    assert client.post(RULES, json=rule(), headers=theirs).status_code == 201


ASKED = {"plan": "24GD110002", "community_code": "441802006001", "accepted_at": "2026-11-20T08:05:00Z"}


def test_an_order_like_this_would_be_promised(post, database) -> None:
    answer = post(PREVIEW, ASKED)
    assert answer.status_code == 200
    assert answer.json["deadline"] == "2026-11-25T10:00:00Z"
    assert "跳过11月21–22日" in answer.json["explanation"]["zh"]
    home = post(PREVIEW, {**ASKED, "plan": "24GD100001"}).json
    assert home["deadline"] == "2026-11-22T08:05:00Z"
    line = post(PREVIEW, {**ASKED, "plan": "24GD110009"}).json
    assert line["deadline"] == "2026-12-11T10:00:00Z", "15 working days for a survey"
    built = post(PREVIEW, {**ASKED, "resource": "needs_building"}).json
    assert built["deadline"] == "2026-12-04T10:00:00Z"


def test_a_draft_is_tried_before_it_is_published(post, database) -> None:
    before = count(database, PromiseRule)
    draft = {
        "customer_kind": "enterprise",
        "product": "broadband",
        "area": "urban",
        "resource": "ready",
        "amount": 2,
        "unit": "working_days",
        "cut_off": "16:00",
        "end_of_day": "18:00",
        "late_counts_as_next_day": True,
        "valid_from": "2026-11-26",
    }
    # Thursday 26th at 16:01 counts as Friday 27th: two working days later is Tuesday 1 December.
    asked = {**ASKED, "accepted_at": "2026-11-26T08:01:00Z", "rule": draft}
    answer = post(PREVIEW, asked)
    assert answer.json["deadline"] == "2026-12-01T10:00:00Z"
    assert answer.json["rule_id"] is None
    # The day before, the published rule of three days still holds.
    assert post(PREVIEW, {**asked, "accepted_at": "2026-11-25T08:01:00Z"}).json["rule_id"] is not None
    clash = post(PREVIEW, {**asked, "rule": {**draft, "area": "any"}})
    assert (clash.status_code, clash.json["rule"]) == (409, "promise_rule.overlap")
    assert clash.json["errors"][0]["pointer"] == "/rule/valid_from"
    assert count(database, PromiseRule) == before


@pytest.mark.parametrize(
    ("changes", "problem", "pointer"),
    [
        ({"plan": "24XX000000"}, "order.unknown_plan", "/plan"),
        ({"community_code": "441802006999"}, "order.unknown_community", "/community_code"),
        ({"accepted_at": "2020-01-01T00:00:00Z"}, "order.unknown_plan", "/plan"),
    ],
)
def test_a_wrong_preview_is_refused(post, changes, problem, pointer) -> None:
    answer = post(PREVIEW, {**ASKED, **changes})
    assert (answer.status_code, answer.json["rule"]) == (422, problem)
    assert answer.json["errors"][0]["pointer"] == pointer
