"""A portal's own way of speaking: its fields, codes and envelope, and what both sides mean by them."""

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from signing import milliseconds
from sqlalchemy import func, select

from tests.serving import app_of
from tracker import clock
from tracker import config as configuration
from tracker.api.portals.load import sample
from tracker.channels.create_key import create_signed_key
from tracker.config import Config
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order, OrderEvent
from tracker.orders.place_orders import place_order
from tracker.orders.record_progress import record_progress
from tracker.orders.schemas import OrderRequestSchema

BASE = "/api/v1/portals/sample"
ORDER = {
    "SXBM": "445200000001",
    "SXMC": "宽带报装",
    "SQRLX": "1",
    "SQRXM": "欧阳春雨",
    "LXDH": "13800001234",
    "SQBM": "441802006001",
    "XXDZ": "北江路1号2栋301房",
    "TCBM": "24GD100001",
}


@pytest.fixture
def config(
    request: pytest.FixtureRequest,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Config:
    """With the sample as the mapping of a portal, which signs in its headers, or by the parameter."""
    place = getattr(request, "param", "header")
    text = sample().read_text(encoding="utf-8").replace('place = "header"', f'place = "{place}"')
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TRACKER_PORTAL_FOLDER", str(tmp_path))
    return configuration.load()


@pytest.fixture
def ask(client, signed, as_json) -> Callable[..., Any]:
    """POST as the portal's system: signed in its own style."""

    def go(what: str, body: Any, *, raw: bytes | None = None, **changes: Any) -> Any:
        sent = as_json(body) if raw is None else raw
        request = signed(method="POST", path=f"{BASE}/{what}", body=sent, timestamp=milliseconds())
        how = {
            "data": sent,
            "content_type": "application/json",
            "headers": request.of_the_sample | changes.pop("headers", {}),
        }
        return client.post(request.path, **(how | changes))

    return go


def order(**changes: Any) -> dict[str, Any]:
    whole = {"YWLSH": f"YW{secrets.token_hex(8)}", **ORDER, **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def errors(answer: Any) -> dict[str, str]:
    """The portal's code of each field that is wrong."""
    assert answer.status_code == 200
    assert answer.json["code"] != "0000"
    return {error["field"]: error["code"] for error in answer.json["data"]["errors"]}


def test_an_order_is_taken_in_and_answered_in_the_portals_envelope(ask, runtime, channel, keys) -> None:
    sent = order()
    answer = ask("orders", sent)
    assert answer.status_code == 200
    assert (answer.json["code"], answer.json["message"]) == ("0000", "成功")
    data = answer.json["data"]
    assert set(data) == {"YWLSH", "GDBH", "HJDM", "HJMC", "SLSJ", "CNSX", "SFZD", "SXSM"}
    assert (data["YWLSH"], data["HJDM"], data["HJMC"]) == (sent["YWLSH"], "10", "已受理")
    with runtime.db.reading() as connection:
        row = connection.execute(select(Order)).one()
        assert connection.scalar(select(func.count()).select_from(Notice)) == 1
        assert connection.scalar(select(OrderEvent.actor)) == "channel:app"
    assert (row.channel_id, row.external_reference, row.number) == (channel.id, sent["YWLSH"], data["GDBH"])
    assert keys.open(bytes(row.customer_name), "orders.customer_name") == "欧阳春雨"
    assert keys.open(bytes(row.contact_phone), "orders.contact_phone") == "+8613800001234"
    assert keys.open(bytes(row.address_detail), "orders.address_detail") == "北江路1号2栋301房"
    assert (row.customer_kind, row.language, row.notify_by) == ("home", "zh", "text")
    there = clock.local(row.accepted_at)
    assert data["SLSJ"] == f"{there:%Y-%m-%d %H:%M:%S}"
    for personal in ("欧阳春雨", "13800001234", "北江路"):
        assert personal not in answer.text


def test_times_are_the_citys(ask, database) -> None:
    taken = clock.local(clock.now() - timedelta(hours=3)).replace(microsecond=0)
    answer = ask("orders", order(SLSJ=f"{taken:%Y-%m-%d %H:%M:%S}"))
    assert answer.json["data"]["SLSJ"] == f"{taken:%Y-%m-%d %H:%M:%S}"
    with database.reading() as connection:
        assert connection.scalar(select(Order.accepted_at)) == taken


def test_a_company_may_give_its_credit_code(ask, database, keys) -> None:
    company = {"SQRLX": "2", "TCBM": "24GD110002"}
    assert ask("orders", order(TYSHXYDM="9135 0100M000100y43", **company)).json["code"] == "0000"
    with database.reading() as connection:
        sealed = connection.scalar(select(Order.credit_code))
    assert keys.open(bytes(sealed), "orders.credit_code") == "91350100M000100Y43"
    assert errors(ask("orders", order(TYSHXYDM="91350100M000100Y34", **company))) == {"TYSHXYDM": "2002"}
    assert errors(ask("orders", order(TYSHXYDM="91350100M000100Y43"))) == {"TYSHXYDM": "2002"}


@pytest.mark.parametrize("code", ["2", "3", 2])
def test_several_codes_may_mean_one_of_our_words(ask, database, code) -> None:
    answer = ask("orders", order(SQRLX=code, TCBM="24GD110002", TZFS="2"))
    assert answer.json["code"] == "0000", answer.text
    with database.reading() as connection:
        assert connection.execute(select(Order.customer_kind, Order.notify_by)).one() == (
            "enterprise",
            "call",
        )


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"SQRXM": ...}, "SQRXM", "2001"),
        ({"SQRXM": ""}, "SQRXM", "2001"),
        ({"SQRXM": None}, "SQRXM", "2001"),
        ({"SQRXM": "  "}, "SQRXM", "2001"),
        ({"SQRXM": 5}, "SQRXM", "2002"),
        ({"SQRXM": "张" * 61}, "SQRXM", "2002"),
        ({"SQRXM": "\ud800"}, "SQRXM", "2002"),
        ({"LXDH": "12345"}, "LXDH", "2002"),
        ({"LXDH": {"a": 1}}, "LXDH", "2002"),
        ({"SQRLX": "9"}, "SQRLX", "2002"),
        ({"SQRLX": "home"}, "SQRLX", "2002"),
        ({"SQRLX": True}, "SQRLX", "2002"),
        ({"SQRLX": ["1"]}, "SQRLX", "2002"),
        ({"SQRLX": ...}, "SQRLX", "2001"),
        ({"SLSJ": "2026-11-25T09:30:00Z"}, "SLSJ", "2002"),
        ({"SLSJ": "2026-02-30 09:30:00"}, "SLSJ", "2002"),
        ({"SLSJ": "2020-01-01 00:00:00"}, "SLSJ", "3005"),
        ({"SLSJ": 20261125}, "SLSJ", "2002"),
        ({"SQBM": "441802006999"}, "SQBM", "3003"),
        ({"SQBM": "1"}, "SQBM", "2002"),
        ({"TCBM": "24XX000000"}, "TCBM", "3004"),
        ({"TCBM": "24GD110002"}, "TCBM", "3004"),
        ({"YWLSH": ...}, "YWLSH", "2001"),
        ({"YWLSH": "n" * 65}, "YWLSH", "2002"),
        ({"SFZH": "441802199001011234"}, "SFZH", "2003"),
        ({"plan": "24GD100001"}, "plan", "2003"),
        ({"\ud800": "x"}, "?", "2003"),
    ],
    ids=str,
)
def test_what_is_wrong_bears_the_portals_names_and_codes(ask, database, change, field, code) -> None:
    sent = order(**change)
    # Escaped, so that half a character gets as far as the service.
    assert errors(ask("orders", sent, raw=json.dumps(sent).encode())) == {field: code}
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Order)) == 0


def test_everything_that_is_wrong_is_told_at_once(ask) -> None:
    sent = order(SQRXM=..., LXDH="1", SQRLX="7", SLSJ="yesterday", SQBM=..., XXDZ=..., TCBM="", SFZH="1")
    answer = ask("orders", sent)
    assert errors(answer) == {
        "SQRXM": "2001",
        "LXDH": "2002",
        "SQRLX": "2002",
        "SLSJ": "2002",
        "SQBM": "2001",
        "XXDZ": "2001",
        "TCBM": "2001",
        "SFZH": "2003",
    }
    first = answer.json["data"]["errors"][0]
    assert (answer.json["code"], answer.json["message"]) == (first["code"], first["message"])


def test_codes_are_told_in_the_portals_own_words(ask) -> None:
    (told,) = ask("orders", order(SQRLX="7")).json["data"]["errors"]
    assert told["message"] == "只能是：1, 2, 3"
    english = ask("orders", order(SQRLX="7"), headers={"Accept-Language": "en"})
    assert english.json["message"] == "The value must be one of: 1, 2, 3."


@pytest.mark.parametrize("body", [[], "x", 5, [ORDER]])
def test_a_body_that_is_no_object(ask, body) -> None:
    assert errors(ask("orders", body)) == {"": "2002"}


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"null"])
def test_a_body_that_is_no_json(ask, raw) -> None:
    assert errors(ask("orders", None, raw=raw)) == {"": "2004"}


def test_a_body_that_does_not_say_it_is_json(ask) -> None:
    assert errors(ask("orders", order(), content_type="text/plain")) == {"": "2004"}


def test_sent_again_it_is_answered_alike(ask, database) -> None:
    sent = order()
    first, second = ask("orders", sent), ask("orders", sent)
    assert first.json == second.json
    other = ask("orders", {**sent, "SQRXM": "张三"})
    assert errors(other) == {"YWLSH": "3002"}
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Order)) == 1


def test_fifty_at_one_instant_make_one_order_and_equal_answers(runtime, signed, as_json, database) -> None:
    app, start, body = app_of(runtime), Barrier(50), as_json(order())

    def go(_: int) -> str:
        request = signed(method="POST", path=f"{BASE}/orders", body=body, timestamp=milliseconds())
        with app.test_client() as client:
            start.wait(timeout=30)
            answer = client.post(
                request.path, data=body, headers=request.of_the_sample, content_type="application/json"
            )
            return answer.text

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(go, range(50)))
    assert len(answers) == 1
    assert json.loads(answers.pop())["code"] == "0000"
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Order)) == 1


def test_an_order_is_looked_up_by_either_number(ask, runtime, channel) -> None:
    made = ask("orders", order()).json["data"]
    record_progress(runtime, Actor.of_channel(channel), made["GDBH"], {"stage": "verified"})
    for asked in (
        {"YWLSH": made["YWLSH"]},
        {"GDBH": made["GDBH"]},
        {"GDBH": made["GDBH"].lower(), "YWLSH": made["YWLSH"]},
    ):
        found = ask("progress", asked).json
        assert (found["code"], found["data"]["GDBH"]) == ("0000", made["GDBH"])
        assert (found["data"]["HJDM"], found["data"]["HJMC"]) == ("20", "实名核验通过")


def test_looking_up_what_is_not_there(ask) -> None:
    made, other = (ask("orders", order()).json["data"] for _ in range(2))
    assert errors(ask("progress", {})) == {"": "2001"}
    assert errors(ask("progress", {"YWLSH": "", "GDBH": None})) == {"": "2001"}
    for asked in (
        {"YWLSH": "unknown"},
        {"GDBH": "QY1"},
        {"GDBH": "QY261125K7M4QZX"},
        {"GDBH": made["GDBH"], "YWLSH": other["YWLSH"]},
        {"GDBH": made["GDBH"], "YWLSH": "unknown"},
    ):
        assert errors(ask("progress", asked)) == {"": "3001"}, asked
    assert errors(ask("progress", {"YWLSH": 5})) == {"YWLSH": "2002"}
    assert errors(ask("progress", {"YWLSH": made["YWLSH"], "SQRXM": "张三"})) == {"SQRXM": "2003"}


def test_another_channels_order_is_none(ask, runtime, order_body) -> None:
    facts = runtime.reference.current()
    hall = next(one for one in facts.channels.values() if one.code == "hall")
    theirs = place_order(runtime, hall, OrderRequestSchema().load(order_body(external_reference="HALL-1")))
    for what in ("progress", "withdrawals"):
        assert errors(ask(what, {"GDBH": theirs.number})) == {"": "3001"}
        assert errors(ask(what, {"YWLSH": "HALL-1"})) == {"": "3001"}


def test_an_order_is_withdrawn_and_again_answered_alike(ask, database) -> None:
    made = ask("orders", order()).json["data"]
    asked = {"YWLSH": made["YWLSH"], "CXYY": "搬家，不装了"}
    first, second = ask("withdrawals", asked), ask("withdrawals", asked)
    assert first.json == second.json
    assert (first.json["code"], first.json["data"]["HJDM"]) == ("0000", "91")
    with database.reading() as connection:
        event = connection.execute(select(OrderEvent).where(OrderEvent.stage == "withdrawn")).one()
    assert (event.reason_code, event.reason_text) == ("no_longer_wanted", "搬家，不装了")
    assert event.actor == "channel:app"


def test_once_work_has_begun_an_order_is_not_withdrawn(ask, runtime, channel, database) -> None:
    made = ask("orders", order()).json["data"]
    now = clock.now()
    visit = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=1, hours=2)}
    for stage in ("verified", "resource_checked", "dispatched", "appointed", "on_site"):
        step = {"stage": stage, "appointment": visit if stage == "appointed" else None}
        record_progress(runtime, Actor.of_channel(channel), made["GDBH"], step)
    assert errors(ask("withdrawals", {"GDBH": made["GDBH"]})) == {"": "3006"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"appId": "app_0"}, "1001"),
        ({"sign": "0" * 64}, "1002"),
        ({"nonce": "short"}, "1002"),
        ({"timestamp": "1795590000"}, "1003"),
        ({"timestamp": "9" * 13}, "1003"),
    ],
)
def test_who_did_not_sign_is_told_so_in_the_envelope(ask, database, headers, code) -> None:
    assert errors(ask("orders", order(), headers=headers)) == {"": code}
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Order)) == 0


def test_a_bearer_key_does_not_open_a_portals_address(client, api_key) -> None:
    answer = client.post(f"{BASE}/orders", json=order(), headers={"Authorization": f"Bearer {api_key}"})
    assert {error["code"] for error in answer.json["data"]["errors"]} == {"1002"}
    assert len(answer.json["data"]["errors"]) == 4


def test_a_replay_is_refused(client, signed, as_json) -> None:
    body = as_json(order())
    time = str(int(clock.now().timestamp() * 1000))
    one = signed(method="POST", path=f"{BASE}/orders", body=body, timestamp=time)
    headers = {"appId": one.key.app_id, "timestamp": time, "nonce": one.nonce, "sign": one.signature}
    codes = [
        client.post(one.path, data=body, headers=headers, content_type="application/json").json["code"]
        for _ in range(2)
    ]
    assert codes == ["0000", "1004"]


def test_scope_and_quota_hold_for_portals_too(runtime, channel, client, signed, as_json) -> None:
    keys = [
        create_signed_key(runtime.db, runtime.keys, channel, scopes=["calendar"]),
        create_signed_key(runtime.db, runtime.keys, channel, rate_limit="1 per minute"),
    ]
    codes = []
    for key in (keys[0], keys[1], keys[1]):
        time, body = str(int(clock.now().timestamp() * 1000)), as_json(order())
        one = signed(method="POST", path=f"{BASE}/orders", body=body, timestamp=time, key=key)
        headers = {"appId": key.app_id, "timestamp": time, "nonce": one.nonce, "sign": one.signature}
        answer = client.post(one.path, data=body, headers=headers, content_type="application/json")
        codes.append(answer.json["code"])
    assert codes == ["1005", "0000", "1006"]
    assert int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Policy"] == '"key";q=1;w=60'


def test_a_portal_that_nobody_mapped_is_not_there(client) -> None:
    answer = client.post("/api/v1/portals/nobody/orders", json={})
    assert (answer.status_code, answer.json["rule"]) == (404, "request.not_found")


@pytest.mark.parametrize("config", ["query"], indirect=True)
def test_a_portal_may_sign_in_the_query(client, signed, as_json) -> None:
    def post(**changed: str) -> Any:
        body, time = as_json(order()), str(int(clock.now().timestamp() * 1000))
        one = signed(method="POST", path=f"{BASE}/orders", body=body, timestamp=time)
        # All of the query is signed but the signature itself, wherever that stands.
        one.query = [("nonce", one.nonce), ("appId", str(one.key.app_id)), ("timestamp", time)]
        query = {"sign": one.signature, **dict(one.query), **changed}
        return client.post(one.path, query_string=query, data=body, content_type="application/json").json

    assert post()["code"] == "0000"
    assert post(sign="0" * 64)["code"] == "1002"
    assert post(extra="1")["code"] == "1002"
    assert post(appId="app_0")["code"] == "1001"
