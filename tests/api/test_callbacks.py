"""What providers call: proved before it is believed, kept without personal data, always harmless."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

import pytest
from doubles import use_gateway
from flask.testing import FlaskClient
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from tracker import create_app
from tracker.notices.deliver import deliver
from tracker.provider_settings import TwilioSettings
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, Outcome, Sms, Unknown
from tracker.sms.twilio import TwilioGateway

BASE = "https://orders.example"
TOKEN = "token-of-the-account"
SETTINGS = TwilioSettings("AC" + "0" * 32, TOKEN, "+15005550006", "", None, 0.4)
SID = "SM" + "1" * 32
SECRET = "an-address-that-nobody-guesses"
PHONE = "+8613800001234"


class Twilio(TwilioGateway):
    """Twilio's gateway whose requests the test answers."""

    outcome: Outcome = Accepted(SID)

    def send_many(self, batch: Sequence[Sms], *, until: datetime | None = None) -> list[Outcome]:
        return [self.outcome for _ in batch]


@pytest.fixture
def twilio(runtime: Runtime) -> Twilio:
    gateway = Twilio(SETTINGS, BASE)
    use_gateway(runtime, gateway)
    return gateway


def form(status: str, **changes: str) -> dict[str, str]:
    """What Twilio posts for a status."""
    return {
        "MessageSid": SID,
        "SmsSid": SID,
        "AccountSid": SETTINGS.account_sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "From": "+15005550006",
        "To": PHONE,
        "Body": "订单已派单",
        "ApiVersion": "2010-04-01",
        **changes,
    }


@pytest.fixture
def call(client: FlaskClient, twilio: Twilio):
    """Twilio calls back, signed for the public address unless told otherwise."""

    def send(
        notice: object,
        fields: dict[str, str],
        *,
        signed_for: str | None = None,
        signature: str | None = None,
        **headers: str,
    ):
        path = f"/api/v1/callbacks/twilio/{notice}"
        url = signed_for or f"{BASE}{path}"
        given = RequestValidator(TOKEN).compute_signature(url, fields) if signature is None else signature
        return client.post(
            path,
            data=urlencode(fields),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": given, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )

    return send


@pytest.fixture
def told(runtime: Runtime, twilio: Twilio, place) -> int:
    """The id of a notice that Twilio has accepted."""
    place()
    deliver(runtime, "progress")
    return ask(runtime, "SELECT id FROM notices")[0][0]


def ask(runtime: Runtime, question: str) -> list[tuple]:
    with runtime.db.reading() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def state(runtime: Runtime) -> str:
    return ask(runtime, "SELECT state FROM notices")[0][0]


def kept(runtime: Runtime) -> list[str]:
    return [row[0] for row in ask(runtime, "SELECT provider_state FROM notice_receipts ORDER BY id")]


def test_a_signed_receipt_is_kept_and_tells_that_the_text_arrived(runtime, call, told) -> None:
    for status in ("sent", "delivered"):
        answer = call(told, form(status))
        assert answer.status_code == 200
    assert state(runtime) == "delivered"
    ((notice, operator, provider, reference),) = ask(
        runtime,
        "SELECT DISTINCT notice_id, operator_id, provider, provider_reference FROM notice_receipts",
    )
    assert (notice, provider, reference) == (told, "twilio", SID)
    assert operator is not None
    assert kept(runtime) == ["sent", "delivered"]


def test_no_number_and_no_text_is_kept(runtime, call, told) -> None:
    call(told, form("sent", ChannelToAddress="+86138000****", ProfileName="陈小明"))
    ((raw,),) = ask(runtime, "SELECT raw FROM notice_receipts")
    assert raw["MessageSid"] == SID
    assert not {"To", "From", "Body", "ChannelToAddress", "ProfileName"} & set(raw)
    assert "138000" not in json.dumps(raw)


@pytest.mark.parametrize(
    "order", [("delivered", "sent", "queued"), ("sent", "sent", "delivered", "delivered")]
)
def test_late_and_twice(runtime, call, told, order) -> None:
    assert {call(told, form(status)).status_code for status in order} == {200}
    assert state(runtime) == "delivered"
    assert kept(runtime) == list(order)


def test_before_the_answer_to_the_request(runtime, twilio, call, place) -> None:
    """The callback is faster than our own connection, and the answer is lost."""
    twilio.outcome = Unknown("reset")
    place()
    deliver(runtime, "progress")
    assert state(runtime) == "unknown"
    ((notice,),) = ask(runtime, "SELECT id FROM notices")
    call(notice, form("sent"))
    assert ask(runtime, "SELECT state, provider_reference FROM notices") == [("accepted", SID)]


def test_undelivered_asks_for_a_call(runtime, call, told) -> None:
    call(told, form("undelivered", ErrorCode="30005"))
    assert ask(runtime, "SELECT state, reason FROM notices") == [
        ("undelivered", "undelivered: undelivered 30005")
    ]
    assert ask(runtime, "SELECT reason, closed_at FROM call_tasks") == [("undelivered", None)]


@pytest.mark.parametrize("notice", ["999999", "0", "abc", "9" * 40, "１"])
def test_unknown_notices_are_answered_and_kept(runtime, client, twilio, told, notice) -> None:
    from urllib.parse import quote

    path = f"/api/v1/callbacks/twilio/{notice}"
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}{path}", form("delivered"))
    answer = client.post(
        f"/api/v1/callbacks/twilio/{quote(notice)}",
        data=form("delivered"),
        headers={"X-Twilio-Signature": signature},
    )
    assert answer.status_code == 200
    assert ask(runtime, "SELECT notice_id, operator_id FROM notice_receipts") == [(None, None)]
    assert state(runtime) == "accepted"


def test_an_unknown_message_is_answered_and_moves_nothing(runtime, call, told) -> None:
    assert call(told, form("failed", MessageSid="SM" + "9" * 32)).status_code == 200
    assert state(runtime) == "accepted"
    assert kept(runtime) == ["failed"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageSid": ""},
        {"MessageStatus": "teleported"},
        form("sent", ErrorCode="\x00"),
        form("sent", MessageSid="S" * 300),
        form("ü" * 90),
    ],
)
def test_what_is_signed_and_strange_is_answered_too(runtime, call, told, fields) -> None:
    assert call(told, fields).status_code == 200
    assert state(runtime) in ("accepted", "delivered")


def refused(answer) -> bool:
    return (answer.status_code, answer.json["rule"]) == (403, "callback.not_genuine")


@pytest.mark.parametrize("signature", ["", "nonsense", "ü", "A" * 28])
def test_a_wrong_signature_is_refused_and_nothing_kept(runtime, call, told, signature) -> None:
    assert refused(call(told, form("delivered"), signature=signature))
    assert state(runtime) == "accepted"
    assert kept(runtime) == []


def test_a_missing_signature_is_refused(runtime, client, told) -> None:
    assert refused(client.post(f"/api/v1/callbacks/twilio/{told}", data=form("delivered")))
    assert refused(client.post(f"/api/v1/callbacks/twilio/{told}", data=b"\xff\xfe%%%"))
    assert kept(runtime) == []


def test_a_changed_word_breaks_the_signature(runtime, call, told) -> None:
    url = f"{BASE}/api/v1/callbacks/twilio/{told}"
    signature = RequestValidator(TOKEN).compute_signature(url, form("sent"))
    assert refused(call(told, form("delivered"), signature=signature))
    assert refused(call(told, form("sent"), signed_for=f"{BASE}/api/v1/callbacks/twilio/{told + 1}"))
    assert refused(
        call(told, form("sent"), signed_for=f"http://orders.example/api/v1/callbacks/twilio/{told}")
    )
    assert kept(runtime) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "10.0.0.7:8000"},
        {"Host": "10.0.0.7:8000", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "orders.example"},
        {"X_Forwarded_Proto": "http", "X_Forwarded_Host": "elsewhere.example"},
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_behind_a_proxy_the_public_address_counts(runtime, twilio, told, headers, proxies) -> None:
    """TLS ends at the proxy: the request shows another host and scheme than Twilio called."""
    behind = replace(runtime, config=replace(runtime.config, trusted_proxies=proxies))
    use_gateway(behind, twilio)
    path = f"/api/v1/callbacks/twilio/{told}"
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}{path}", form("delivered"))
    with create_app(behind).test_client() as client:
        answer = client.post(
            path,
            data=form("delivered"),
            headers={"X-Twilio-Signature": signature, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )
    assert answer.status_code == 200
    assert state(runtime) == "delivered"


def test_a_public_address_below_a_path(runtime, client, told) -> None:
    """A proxy that serves us under /tracker takes that away before we see the request."""
    use_gateway(runtime, Twilio(SETTINGS, f"{BASE}/tracker/"))
    path = f"/api/v1/callbacks/twilio/{told}"
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/tracker{path}", form("delivered"))
    answer = client.post(path, data=form("delivered"), headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200


def test_where_texts_go_another_way_nobody_is_twilio(runtime, client) -> None:
    assert refused(client.post("/api/v1/callbacks/twilio/1", data=form("sent")))


class TestAliyun:
    @pytest.fixture
    def push(self, runtime, place):
        """Aliyun pushes to the configured address; there is a notice that it has accepted."""
        place()
        deliver(runtime, "progress")
        with runtime.db.transaction() as connection:
            connection.execute(text("UPDATE notices SET provider = 'aliyun', provider_reference = 'B^0'"))
        configured = replace(runtime, config=replace(runtime.config, receipt_secret=SECRET))
        client = create_app(configured).test_client()
        return lambda body, secret=SECRET: client.post(f"/api/v1/callbacks/aliyun/{secret}", json=body)

    def receipt(self, runtime, **changes):
        ((notice,),) = ask(runtime, "SELECT id FROM notices")
        return {
            "phone_number": "13800001234",
            "report_time": "2026-11-24 10:21:03",
            "success": True,
            "err_code": "DELIVERED",
            "biz_id": "B^0",
            "out_id": str(notice),
            **changes,
        }

    def test_a_push_is_kept_applied_and_acknowledged(self, runtime, push) -> None:
        answer = push([self.receipt(runtime), self.receipt(runtime, out_id="77"), self.receipt(runtime)])
        assert (answer.status_code, answer.json) == (200, {"code": 0, "msg": "接收成功"})
        assert state(runtime) == "delivered"
        assert kept(runtime) == ["DELIVERED"] * 3
        assert "13800001234" not in str(ask(runtime, "SELECT raw FROM notice_receipts"))

    def test_a_failure_asks_for_a_call(self, runtime, push) -> None:
        push([self.receipt(runtime, success=False, err_code="MK:0001")])
        assert state(runtime) == "undelivered"
        assert ask(runtime, "SELECT reason FROM call_tasks") == [("undelivered",)]

    @pytest.mark.parametrize("secret", ["guessed", "ü", SECRET[:-1], SECRET + "x"])
    def test_another_address_is_refused(self, runtime, push, secret) -> None:
        assert refused(push([self.receipt(runtime)], secret))
        assert kept(runtime) == []

    def test_without_a_secret_every_address_is_refused(self, client) -> None:
        assert refused(client.post("/api/v1/callbacks/aliyun/None", json=[]))

    def test_what_is_no_array_is_told(self, push) -> None:
        answer = push({"code": 0})
        assert (answer.status_code, answer.json["rule"]) == (400, "request.broken_json")

    def test_the_address_is_not_logged(self, push, caplog) -> None:
        with caplog.at_level("INFO"):
            push([])
        assert "/api/v1/callbacks/aliyun/…" in caplog.text
        assert SECRET not in caplog.text
