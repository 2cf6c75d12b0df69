"""Registered texts over HTTP: looked at, saved, approved; and sent in the wording that is in force."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tracker.channels.create_key import create_key
from tracker.notices.models import Notice
from tracker.orders.place_orders import place_order
from tracker.orders.schemas import OrderRequestSchema
from tracker.templates.seed import SEED

TEMPLATES = "/api/v1/templates"
ORDERS = "/api/v1/orders"
ACCEPTED = SEED["order_accepted"]
WORDING = {
    "params": list(ACCEPTED.params),
    "zh": "您好，订单{number}已收到，{deadline}前为您装好。咨询{hotline}。【{signature}】",
    "en": "Hello, order {number} received; installed by {deadline}. Help: {hotline}【{signature}】",
    "reason": "更亲切",
}


def text_of(database) -> tuple[str, int]:
    with database.reading() as connection:
        row = connection.execute(
            select(Notice.body, Notice.template_version).order_by(Notice.id.desc())
        ).first()
    return row.body, row.template_version


def test_texts_are_listed_with_their_wording(get) -> None:
    listed = get(TEMPLATES).json["templates"]
    assert [one["code"] for one in listed] == list(SEED)
    accepted = listed[0]
    assert (accepted["version"], accepted["own"], accepted["category"]) == (1, False, "progress")
    assert accepted["params"] == ["number", "deadline", "hotline", "signature"]
    assert get(f"{TEMPLATES}/nothing").status_code == 404


def test_a_saved_wording_is_sent_from_the_next_text_on(post, get, order_body, database) -> None:
    saved = post(f"{TEMPLATES}/order_accepted", WORDING)
    assert saved.status_code == 201
    assert [(one["version"], one["own"]) for one in saved.json["templates"]] == [(1, False), (2, True)]
    assert get(f"{TEMPLATES}/order_accepted").json == saved.json
    number = post(ORDERS, order_body()).json["number"]
    body, version = text_of(database)
    assert body.startswith(f"您好，订单{number}已收到，")
    assert version == 2


def test_another_operator_keeps_its_own_wording(client, runtime, post, get, order_body, database) -> None:
    post(f"{TEMPLATES}/order_accepted", WORDING)
    facts = runtime.reference.current()
    mobile = next(c for c in facts.channels.values() if facts.operators[c.operator_id].code == "mobile")
    headers = {"Authorization": f"Bearer {create_key(runtime.db, mobile)}"}
    theirs = client.get(f"{TEMPLATES}/order_accepted", headers=headers).json["templates"]
    assert [one["version"] for one in theirs] == [1]
    place_order(runtime, mobile, OrderRequestSchema().load(order_body(plan="24GD200001")))
    assert text_of(database)[1] == 1
    refused = client.post(
        f"{TEMPLATES}/order_accepted", json=WORDING, headers={**headers, "Idempotency-Key": "x"}
    )
    assert (refused.status_code, refused.json["rule"]) == (403, "key.scope")


def test_a_text_is_looked_at_with_its_parts_and_price(post) -> None:
    looks = post(f"{TEMPLATES}/order_accepted/preview", {"values": {"number": "QY2611080123"}}).json
    assert (looks["zh"]["units"], looks["zh"]["parts"], looks["zh"]["cost_fen"]) == (64, 1, 5.0)
    wording = {name: WORDING[name] for name in ("params", "zh", "en")}
    long = {**wording, "zh": WORDING["zh"].replace("您好", "您好" * 30)}
    looks = post(f"{TEMPLATES}/order_accepted/preview", {"wording": long}).json
    assert (looks["zh"]["parts"], looks["zh"]["cost_fen"]) == (2, 10.0)
    assert looks["en"]["body"].startswith("Hello, order QY261108K7M4QZX received")


@pytest.mark.parametrize(
    ("changes", "rule", "pointer"),
    [
        ({"zh": WORDING["zh"] + "http://x"}, "template.link", "/zh"),
        ({"zh": WORDING["zh"].replace("您好", "限时优惠")}, "template.advertising", "/zh"),
        ({"en": WORDING["en"].replace("Hello", "★")}, "template.refused_character", "/en"),
        ({"zh": WORDING["zh"].replace("{deadline}", "")}, "template.parameters_differ", "/zh"),
        ({"params": [*WORDING["params"], "slot"]}, "template.not_given", "/params"),
        ({"params": [*WORDING["params"], "name"]}, "template.unknown_parameter", "/params"),
        ({"reason": None}, "field.null", "/reason"),
    ],
)
def test_a_wrong_wording_is_refused_and_not_saved(post, get, changes, rule, pointer) -> None:
    answer = post(f"{TEMPLATES}/order_accepted", {**WORDING, **changes})
    assert answer.status_code == 422
    assert (rule, pointer) in [(error["rule"], error["pointer"]) for error in answer.json["errors"]]
    assert len(get(f"{TEMPLATES}/order_accepted").json["templates"]) == 1


def test_a_wording_waits_for_a_provider_that_sends_approved_texts_only(
    runtime, channel, post, order_body, database, monkeypatch
) -> None:
    monkeypatch.setattr(type(runtime.config), "approving_gateways", frozenset({"aliyun"}))
    post(f"{TEMPLATES}/order_accepted", WORDING)
    post(ORDERS, order_body())
    assert text_of(database)[1] == 1
    path = f"{TEMPLATES}/order_accepted/2/approvals"
    assert post(path, {"provider": "aliyun", "state": "submitted"}).status_code == 201
    post(ORDERS, order_body())
    assert text_of(database)[1] == 1
    approved = post(path, {"provider": "aliyun", "state": "approved", "provider_code": "SMS_154950909"})
    assert approved.json["templates"][1]["approvals"] == [
        {"provider": "aliyun", "state": "approved", "provider_code": "SMS_154950909"}
    ]
    post(ORDERS, order_body())
    assert text_of(database)[1] == 2
    unknown = post(f"{TEMPLATES}/order_accepted/3/approvals", {"provider": "aliyun", "state": "approved"})
    assert (unknown.status_code, unknown.json["rule"]) == (404, "template.not_found")


def test_wordings_that_are_saved_at_once_get_versions_of_their_own(runtime, channel) -> None:
    from tracker.templates.save_template import save_template

    with ThreadPoolExecutor(6) as pool:
        versions = list(
            pool.map(
                lambda _: save_template(
                    runtime.db, "order_accepted", WORDING, "account:1", operator_id=channel.operator_id
                ),
                range(6),
            )
        )
    assert sorted(versions) == [2, 3, 4, 5, 6, 7]


def test_from_the_console(runtime) -> None:
    from click.testing import CliRunner

    from tracker.cli import cli

    listed = CliRunner().invoke(cli, ["templates", "list", "--operator", "telecom"])
    assert listed.exit_code == 0, listed.output
    assert "order_accepted" in listed.output
    shown = CliRunner().invoke(cli, ["templates", "show", "appointed", "--value", "slot=明天"])
    assert "已约定明天上门" in shown.output
    assert CliRunner().invoke(cli, ["templates", "show", "appointed", "--value", "x=1"]).exit_code == 1
