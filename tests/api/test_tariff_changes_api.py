"""Announced changes over HTTP: previewed, announced once, read, proved, withdrawn; and prices by the day."""

import csv
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from tracker import clock
from tracker.channels.create_key import create_key
from tracker.tariff_changes.warn_subscribers import warn_subscribers
from tracker.tariffs.rules import earliest_effective_on

CHANGES = "/api/v1/tariff-changes"
TODAY = clock.today


pytestmark = pytest.mark.usefixtures("plans")


def soon() -> date:
    """A day for which warnings leave already, and in time."""
    return earliest_effective_on(TODAY()) + timedelta(days=5)


def price(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "price",
        "filing_number": "24GD100001",
        "region": "441800",
        "effective_on": soon().isoformat(),
        "monthly_fen": 13900,
        "reason": "网络升级",
        **changes,
    }


@pytest.fixture
def subscriber(post) -> str:
    body = {
        "reference": "KD0763000001",
        "plan": "24GD100001",
        "phone": "13800001234",
        "began_on": "2024-03-15",
    }
    answer = post("/api/v1/subscribers", body)
    assert answer.status_code == 201, answer.json
    return str(answer.json["reference"])


def rules(answer: Any) -> list[tuple[str, str]]:
    return [(one["rule"], one["pointer"]) for one in answer.json["errors"]]


def test_a_change_is_previewed_announced_and_read(post, get, subscriber) -> None:
    looks = post(f"{CHANGES}/preview", price())
    assert looks.status_code == 200, looks.json
    assert (looks.json["subscribers"], looks.json["texts"], looks.json["parts"]) == (1, 1, 2)
    assert "月费由129元调为139元" in looks.json["wordings"][0]["body"]
    assert get(CHANGES).json == {"changes": [], "next": None}
    made = post(CHANGES, price())
    assert made.status_code == 201, made.json
    assert (made.json["kind"], made.json["monthly_fen"], made.json["state"]) == ("price", 13900, "announced")
    assert made.json["announced_by"] == "channel:app"
    assert get(made.headers["Location"]).json == made.json
    assert [one["id"] for one in get(CHANGES).json["changes"]] == [made.json["id"]]


def test_the_same_request_again_announces_nothing_more(post, get) -> None:
    first = post(CHANGES, price(), key="once")
    again = post(CHANGES, price(), key="once")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    other = post(CHANGES, price())
    assert other.status_code == 409
    assert rules(other) == [("tariff_change.duplicate", "/effective_on")]
    assert len(get(CHANGES).json["changes"]) == 1


@pytest.mark.parametrize(
    ("changes", "status", "fault"),
    [
        ({"monthly_fen": -1}, 422, ("field.range", "/monthly_fen")),
        ({"monthly_fen": "139"}, 422, ("field.type", "/monthly_fen")),
        ({"kind": "gift"}, 422, ("field.choice", "/kind")),
        ({"effective_on": "2027-02-30"}, 422, ("field.date", "/effective_on")),
        ({"filing_number": "24GD000000"}, 422, ("tariff_change.unknown_plan", "/filing_number")),
        ({"reason": None}, 422, ("field.null", "/reason")),
        ({"override": {"manager": "王敏"}}, 422, ("field.required", "/override/reason")),
        ({"colour": "red"}, 422, ("field.unknown", "/colour")),
    ],
)
def test_what_is_wrong_is_named_and_stores_nothing(post, get, changes, status, fault) -> None:
    answer = post(CHANGES, price(**changes))
    assert answer.status_code == status, answer.json
    assert rules(answer) == [fault]
    assert get(CHANGES).json["changes"] == []


def test_too_near_is_refused_with_the_earliest_day_unless_a_manager_decides(post) -> None:
    near = (TODAY() + timedelta(days=10)).isoformat()
    refused = post(CHANGES, price(effective_on=near))
    assert rules(refused) == [("tariff_change.too_near", "/effective_on")]
    override = {"manager": "王敏", "reason": "监管要求"}
    made = post(CHANGES, price(effective_on=near, override=override))
    assert made.status_code == 201, made.json
    assert (made.json["override_by"], made.json["override_reason"]) == ("王敏", "监管要求")


def test_coverage_is_counted_and_downloaded(post, get, runtime, subscriber) -> None:
    change = post(CHANGES, price()).json["id"]
    assert get(f"{CHANGES}/{change}/coverage").json["unwarned"] == 1
    assert warn_subscribers(runtime, change) == 1
    found = get(f"{CHANGES}/{change}/coverage").json
    assert (found["subscribers"], found["waiting"], found["unwarned"]) == (1, 1, 0)
    answer = get(f"{CHANGES}/{change}/coverage.csv")
    assert answer.mimetype == "text/csv"
    assert f'filename="tariff-change-{change}.csv"' in answer.headers["Content-Disposition"]
    header, row = csv.reader(StringIO(answer.data.decode("utf-8-sig")))
    assert dict(zip(header, row, strict=True))["用户编号"] == subscriber
    assert row[1:5] == ["129", "139", soon().isoformat(), "待告知"]
    book = openpyxl.load_workbook(BytesIO(get(f"{CHANGES}/{change}/coverage.xlsx").data))
    assert [[cell.value or "" for cell in line] for line in book.active.rows] == [header, row]
    late = get(f"{CHANGES}/{change}/coverage.csv?told=late").data.decode("utf-8-sig")
    assert len(late.splitlines()) == 1
    assert get(f"{CHANGES}/{change}/coverage.csv?told=maybe").status_code == 422


def test_a_change_is_withdrawn_once(post, get) -> None:
    change = post(CHANGES, price()).json["id"]
    gone = post(f"{CHANGES}/{change}/withdraw", {"reason": "用户意见"})
    assert (gone.status_code, gone.json["state"]) == (200, "withdrawn")
    assert (gone.json["withdrawal_reason"], gone.json["withdrawn_by"]) == ("用户意见", "channel:app")
    again = post(f"{CHANGES}/{change}/withdraw", {"reason": "x"})
    assert (again.status_code, rules(again)) == (409, [("tariff_change.withdrawn", "")])
    assert [one["id"] for one in get(f"{CHANGES}?state=withdrawn").json["changes"]] == [change]
    assert get(f"{CHANGES}?state=announced").json["changes"] == []


def test_billing_hears_which_price_holds_and_why(post, get, runtime, subscriber, database) -> None:
    change = post(CHANGES, price()).json["id"]
    warn_subscribers(runtime, change)
    later = (soon() + timedelta(days=1)).isoformat()
    path = f"/api/v1/subscribers/{subscriber}/price"
    held = get(f"{path}?on={later}").json
    assert (held["monthly_fen"], held["by"]) == (12900, None)
    assert [step["change_id"] for step in held["held_back"]] == [change]
    with database.transaction() as connection:
        connection.execute(
            text("UPDATE notices SET state = 'delivered', delivered_at = :now"), {"now": clock.now()}
        )
    answer = get(f"{path}?on={later}").json
    assert (answer["monthly_fen"], answer["agreed_fen"]) == (13900, 12900)
    assert answer["by"] == {
        "change_id": change,
        "kind": "price",
        "new_fen": 13900,
        "effective_on": soon().isoformat(),
        "told_on": TODAY().isoformat(),
        "begins_on": soon().isoformat(),
    }
    assert answer["why"]["zh"].startswith(f"变动{change}于")
    today = get(path).json
    assert (today["on"], today["monthly_fen"], len(today["ahead"])) == (TODAY().isoformat(), 12900, 1)
    assert get(f"{path}?on=yesterday").status_code == 422
    assert get("/api/v1/subscribers/KD9/price").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        CHANGES,
        f"{CHANGES}/1",
        f"{CHANGES}/1/coverage",
        f"{CHANGES}/1/coverage.csv",
        f"{CHANGES}/1/coverage.xlsx",
        "/api/v1/subscribers/KD1/price",
    ],
)
def test_a_key_without_the_scope_sees_nothing(client, runtime, channel, path) -> None:
    key = create_key(runtime.db, channel, scopes=["orders"])
    answer = client.get(path, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403


def test_another_operators_changes_are_not_found(client, post, runtime) -> None:
    change = post(CHANGES, price()).json["id"]
    facts = runtime.reference.current()
    mobile = next(o for o in facts.operators.values() if o.code == "mobile")
    theirs = next(c for c in facts.channels.values() if c.operator_id == mobile.id)
    key = create_key(runtime.db, theirs, scopes=["tariffs"])
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
    for path in (f"{CHANGES}/{change}", f"{CHANGES}/{change}/coverage", f"{CHANGES}/{change}/coverage.csv"):
        assert client.get(path, headers=headers).status_code == 404
    gone = client.post(f"{CHANGES}/{change}/withdraw", json={"reason": "x"}, headers=headers)
    assert gone.status_code == 404
    assert client.get(CHANGES, headers=headers).json["changes"] == []
