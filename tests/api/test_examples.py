"""Every example of the API's description is true: a request works when sent, an answer is such a one."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from documented import Description
from doubles import use_gateway
from flask import Flask
from signing import Signed, milliseconds
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from tests.visiting_slots import Diary
from tracker import api
from tracker import config as configuration
from tracker.api.examples import examples
from tracker.channels.create_key import create_signed_key
from tracker.clock import CITY_ZONE
from tracker.config import Config
from tracker.order_files.store_upload import Wish, store_upload
from tracker.order_files.take_in import take_in_due
from tracker.provider_settings import TwilioSettings
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.sms.twilio import TwilioGateway
from tracker.webhooks.fan_out import fan_out

# The Tuesday that the examples speak of.
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=CITY_ZONE)
_SECRET = "an-address-that-nobody-guesses"
_BASE = "https://orders.example"
_TOKEN = "token-of-the-account"
# What a part of the API changes that is no order's.
_TO_PUT_BACK = {
    "tariff": "plans",
    "subscribers": "plans",
    "promise-rules": "changeable",
    "calendar": "changeable",
}


class Scene:
    """What has to be there before a request: each method makes it and tells the parts of the address."""

    def __init__(self, post: Callable[..., Any], runtime: Runtime, channel: ChannelFacts) -> None:
        self.post, self.run, self.channel = post, runtime, channel

    def make(self, path: str, name: str) -> Any:
        """Send the example `name` there."""
        answer = self.post(path, examples()[name], If_Match="*")
        assert answer.status_code in (200, 201), answer.json
        return answer.json

    def order(self, **changes: Any) -> dict[str, Any]:
        body = examples()["OrderRequest"] | changes
        answer = self.post("/api/v1/orders", body)
        assert answer.status_code == 201, answer.json
        return {"number": answer.json["number"]}

    def earlier_order(self) -> dict[str, Any]:
        return self.order(accepted_at="2026-11-20T01:30:00Z")

    def order_at(self, stage: str) -> dict[str, Any]:
        order = self.earlier_order()
        for step in ("verified", "resource_checked", "dispatched"):
            self.post(f"/api/v1/orders/{order['number']}/progress", {"stage": step}, If_Match="*")
            if step == stage:
                return order
        raise AssertionError(stage)

    def order_with_slots(self) -> dict[str, Any]:
        """A dispatched order, and a slot of its town on the day after."""
        order = self.order_at("dispatched")
        begin = (NOW + timedelta(days=1)).replace(hour=9, minute=0)
        Diary(self.run, self.channel.operator_id).slot(starts_at=begin, capacity=3)
        return order

    def held_order(self) -> dict[str, Any]:
        order = self.order()
        begun = {"starts_at": NOW.isoformat(), "ends_at": "2026-11-30T16:00:00Z", "reason_code": "undecided"}
        answer = self.post(f"/api/v1/orders/{order['number']}/holds", begun, If_Match="*")
        assert answer.status_code == 201, answer.json
        return {**order, "hold": 1}

    def excused_order(self) -> dict[str, Any]:
        order = self.earlier_order()
        path = f"/api/v1/orders/{order['number']}/excuses"
        answer = self.post(path, examples()["ExcuseRequest"], If_Match="*")
        assert answer.status_code == 202, answer.json
        return {**order, "excuse_id": answer.json["id"]}

    def paid_order(self) -> dict[str, Any]:
        order = self.order()
        self.make(f"/api/v1/orders/{order['number']}/payments", "PaymentRequest")
        return order

    def portal_order(self) -> dict[str, Any]:
        self.order(external_reference=examples()["placePortalOrder"]["YWLSH"])
        return {"portal": "sample"}

    def portal(self) -> dict[str, Any]:
        return {"portal": "sample"}

    def file(self) -> dict[str, Any]:
        content = examples()["sendOrderFile"].encode()
        wish = Wish(channel=self.channel, name="orders.csv", actor="channel:app", dry_run=False)
        return {"file_id": store_upload(self.run, wish, [content], len(content)).id}

    def file_taken_in(self) -> dict[str, Any]:
        file = self.file()
        take_in_due(self.run)
        return file

    def webhook(self) -> dict[str, Any]:
        return {"webhook_id": self.make("/api/v1/webhooks", "WebhookRequest")["id"]}

    def delivery(self) -> dict[str, Any]:
        webhook = self.webhook()
        self.order()
        fan_out(self.run)
        with self.run.db.transaction() as connection:
            delivered = "UPDATE webhook_deliveries SET state = 'delivered', ended_at = :at, next_at = NULL"
            connection.execute(text(delivered), {"at": NOW})
        return {**webhook, "delivery_id": 1}

    def rule(self) -> dict[str, Any]:
        return {"rule_id": self.make("/api/v1/promise-rules", "RuleRequest")["id"]}

    def override(self) -> dict[str, Any]:
        return {"override_id": self.make("/api/v1/calendar/overrides", "OverrideRequest")["id"]}

    def draft(self) -> dict[str, Any]:
        return {"plan_id": self.make("/api/v1/tariffs", "PlanRequest")["id"]}

    def published(self) -> dict[str, Any]:
        plan = self.draft()
        self.make(f"/api/v1/tariffs/{plan['plan_id']}/publish", "PlanPublication")
        return plan

    def off_sale(self) -> dict[str, Any]:
        plan = self.published()
        self.make(f"/api/v1/tariffs/{plan['plan_id']}/withdraw", "PlanWithdrawal")
        return plan

    def subscription(self) -> dict[str, Any]:
        return {"reference": self.make("/api/v1/subscribers", "SubscriptionRequest")["reference"]}

    def free_subscription(self) -> dict[str, Any]:
        """One whose price nothing keeps as it is."""
        body = {k: v for k, v in examples()["SubscriptionRequest"].items() if not k.startswith("agree")}
        answer = self.post("/api/v1/subscribers", body)
        assert answer.status_code == 201, answer.json
        return {}

    def change(self) -> dict[str, Any]:
        self.free_subscription()
        return {"change_id": self.make("/api/v1/tariff-changes", "ChangeRequest")["id"]}

    def wording(self) -> dict[str, Any]:
        self.make("/api/v1/templates/order_accepted", "TemplateRequest")
        return {"code": "order_accepted", "version": 2}

    def text(self) -> dict[str, Any]:
        return {"code": "order_accepted"}

    def call(self) -> dict[str, Any]:
        customer = examples()["OrderRequest"]["customer"] | {"phone": "0763-3368888"}
        self.order(customer=customer)
        with self.run.db.reading() as connection:
            return {"task": connection.scalar(text("SELECT min(id) FROM call_tasks"))}

    def stuck(self) -> dict[str, Any]:
        self.order()
        with self.run.db.transaction() as connection:
            connection.execute(text("UPDATE notices SET next_at = next_at - interval '1 day'"))
        return {}

    def stretch(self) -> dict[str, Any]:
        return {"?": "first=2026-09-25&last=2026-10-10"}

    def twilio(self) -> dict[str, Any]:
        settings = TwilioSettings("AC" + "0" * 32, _TOKEN, "+15005550006", "", None, 0.4)
        use_gateway(self.run, TwilioGateway(settings, _BASE))
        return {"notice": 1}

    def aliyun(self) -> dict[str, Any]:
        object.__setattr__(self.run.config, "receipt_secret", _SECRET)
        return {"secret": _SECRET}

    def price(self) -> dict[str, Any]:
        self.change()
        return {"reference": examples()["SubscriptionRequest"]["reference"]}

    def nothing(self) -> dict[str, Any]:
        return {}


# What each operation needs; a further example may need something else.
_SCENES: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "listOrders": Scene.order,
    "readOrder": Scene.order,
    "recordProgress": Scene.order,
    "ProgressRequest.appointed": lambda scene: scene.order_at("dispatched"),
    "readRealNameChecks": Scene.order,
    "recordRealNameCheck": Scene.order,
    "readSlots": Scene.order_with_slots,
    "agreeAppointment": Scene.order_with_slots,
    "recordPayment": Scene.order,
    "PaymentRequest.refund": Scene.paid_order,
    "recordCharge": Scene.order,
    "readFees": Scene.paid_order,
    "readEvents": Scene.paid_order,
    "readOrderFile": Scene.file,
    "downloadFailedRows": Scene.file_taken_in,
    "placePortalOrder": Scene.portal,
    "readPortalProgress": Scene.portal_order,
    "withdrawPortalOrder": Scene.portal_order,
    "listWebhooks": Scene.webhook,
    "readWebhook": Scene.webhook,
    "changeWebhook": Scene.webhook,
    "removeWebhook": Scene.webhook,
    "pauseWebhook": Scene.webhook,
    "resumeWebhook": Scene.webhook,
    "rotateWebhookSecret": Scene.webhook,
    "testWebhook": Scene.webhook,
    "listDeliveries": Scene.delivery,
    "readDelivery": Scene.delivery,
    "sendAgain": Scene.delivery,
    "readPromise": Scene.held_order,
    "placeHold": Scene.order,
    "liftHold": Scene.held_order,
    "promiseAnew": Scene.order,
    "excuseDelay": Scene.earlier_order,
    "readExcuses": Scene.excused_order,
    "readExcuse": Scene.excused_order,
    "readPromiseRule": Scene.rule,
    "endPromiseRule": Scene.rule,
    "withdrawPromiseRule": Scene.rule,
    "readCalendar": Scene.stretch,
    "listOverrides": Scene.override,
    "withdrawOverride": Scene.override,
    "readPlan": Scene.published,
    "editDraft": Scene.draft,
    "previewPublication": Scene.draft,
    "publishPlan": Scene.draft,
    "withdrawPlan": Scene.published,
    "resumePlan": Scene.off_sale,
    "copyPlan": Scene.published,
    "listTariffChanges": Scene.change,
    "previewTariffChange": Scene.free_subscription,
    "readTariffChange": Scene.change,
    "withdrawTariffChange": Scene.change,
    "readCoverage": Scene.change,
    "downloadCoverageCsv": Scene.change,
    "downloadCoverageWorkbook": Scene.change,
    "readTemplate": Scene.text,
    "saveTemplate": Scene.text,
    "previewTemplate": Scene.text,
    "recordApproval": Scene.wording,
    "listStuckNotices": Scene.stuck,
    "listCallTasks": Scene.call,
    "readCallTask": Scene.call,
    "recordCall": Scene.call,
    "readSubscription": Scene.subscription,
    "endSubscription": Scene.subscription,
    "updateSubscription": Scene.subscription,
    "readSubscriberPrice": Scene.price,
    "receiveFromTwilio": Scene.twilio,
    "receiveFromAliyun": Scene.aliyun,
}


def _described() -> Description:
    """The description, which needs no stores to be written."""
    app = Flask("examples")
    api.register(app, {})
    return Description(app.test_client().get("/api/v1/openapi.json").get_json())


DESCRIBED = _described()


def names_in(media: dict[str, Any]) -> list[str]:
    return [one["$ref"].rpartition("/")[2] for one in media.get("examples", {}).values()]


def requests() -> list[Any]:
    """Each example of a request, and each request without a body."""
    found = []
    for address, method, operation in DESCRIBED.operations():
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        for name in [name for media in bodies for name in names_in(media)] or [None]:
            case = (address, method, operation, name)
            found.append(pytest.param(*case, id=f"{operation['operationId']}-{name}"))
    return found


@pytest.fixture
def config(as_in_examples: None) -> Config:
    return configuration.load()


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_body_and_every_answer_has_an_example() -> None:
    lacking = []
    for address, method, operation in DESCRIBED.operations():
        told = {"body": operation.get("requestBody", {})}
        told |= {status: DESCRIBED.follow(answer) for status, answer in operation["responses"].items()}
        lacking += [
            f"{method} {address} {place} {kind}"
            for place, part in told.items()
            for kind, media in part.get("content", {}).items()
            if not media.get("examples") and media["schema"].get("format") != "binary"
        ]
    assert lacking == []


def test_every_example_agrees_with_its_schema_and_is_shown() -> None:
    shown = set()
    for address, method, operation in DESCRIBED.operations():
        parts = [operation.get("requestBody", {}), *map(DESCRIBED.follow, operation["responses"].values())]
        for media in (media for part in parts for media in part.get("content", {}).values()):
            for name in names_in(media):
                value = DESCRIBED.document["components"]["examples"][name]["value"]
                faults = DESCRIBED.faults(media["schema"], value)
                assert not faults, f"{method} {address}: {name}: {faults}"
                shown.add(name)
    assert set(examples()) - shown == set()


@pytest.mark.parametrize(("address", "method", "operation", "name"), requests())
def test_a_request_that_the_description_shows_is_granted(
    request, client, post, runtime, channel, api_key, address, method, operation, name
) -> None:
    for part, fixture in _TO_PUT_BACK.items():
        if address.startswith(f"/api/v1/{part}"):
            request.getfixturevalue(fixture)
    prepare = _SCENES.get(name or "", _SCENES.get(operation["operationId"], Scene.nothing))
    parts = prepare(Scene(post, runtime, channel))
    query = parts.pop("?", "")
    path = address.format(**parts)
    headers = {one["name"]: one["example"] for one in operation["parameters"] if one["in"] == "header"}
    headers["Authorization"] = f"Bearer {api_key}"
    body, kind = (None, None) if name is None else (json.dumps(examples()[name]), "application/json")
    if operation["operationId"] == "sendOrderFile":
        body, kind = examples()["sendOrderFile"], "text/csv"
    if "portal" in parts:
        key = create_signed_key(runtime.db, runtime.keys, channel)
        headers = Signed(key, "POST", path, body=str(body).encode(), timestamp=milliseconds()).of_the_sample
    if operation["operationId"] == "receiveFromTwilio" and name is not None:
        body, kind = urlencode(examples()[name]), "application/x-www-form-urlencoded"
        validator = RequestValidator(_TOKEN)
        headers["X-Twilio-Signature"] = validator.compute_signature(f"{_BASE}{path}", examples()[name])
    answer = client.open(
        path, method=method.upper(), query_string=query, data=body, headers=headers, content_type=kind
    )
    assert 200 <= answer.status_code < 300, answer.text
    if "portal" in parts:
        shown = examples()[f"{name}Answer"]
        # The number is drawn by lot.
        assert answer.json == {**shown, "data": {**shown["data"], "GDBH": answer.json["data"]["GDBH"]}}
