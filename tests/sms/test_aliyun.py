"""I2, I5: what may be concluded from one request to Alibaba Cloud, by its own client over real sockets."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hostile_aliyun import BEHAVIOURS, KEY_ID, LISTINGS, SECRET, HostileAliyun
from twilio_samples import just_now

from tracker.provider_settings import AliyunSettings
from tracker.sms.aliyun import AliyunGateway
from tracker.sms.port import Absent, Accepted, CannotTell, Found, NotSent, Refused, Scope, Sms, Unknown

SETTINGS = AliyunSettings(KEY_ID, SECRET, "清远电信", {("dispatched", "zh"): "SMS_154950909"}, None, 0.8)
PARAMS = {"number": "QY2611080123", "hotline": "10000"}
SMS = Sms(41, "+8613800001234", "订单QY2611080123已派单【清远电信】", "dispatched", "zh", PARAMS)

ACCEPTED_UNSEEN = [name for name, (accepts, _) in BEHAVIOURS.items() if accepts and name != "accept"]
REFUSALS = {
    "invalid number": Refused(Scope.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL", "HTTP 200"),
    "bad parameter": Refused(Scope.CONTENT, "isv.TEMPLATE_PARAMS_ILLEGAL", "HTTP 200"),
    "no money": Refused(Scope.ACCOUNT, "isv.AMOUNT_NOT_ENOUGH", "HTTP 200"),
    "unknown key": Refused(Scope.ACCOUNT, "InvalidAccessKeyId.NotFound", "HTTP 404"),
    "throttled": NotSent("Throttling.User"),
    "throttled for a while": NotSent("Throttling", 7.0),
    "too many for the number": NotSent("isv.BUSINESS_LIMIT_CONTROL", 3600.0),
}


@pytest.fixture
def server() -> Iterator[HostileAliyun]:
    made = HostileAliyun()
    yield made
    made.close()


def to(url: str, **changes: Any) -> AliyunGateway:
    return AliyunGateway(replace(SETTINGS, api_base_url=url, **changes))


@pytest.fixture
def gateway(server: HostileAliyun) -> Iterator[AliyunGateway]:
    made = to(server.url)
    yield made
    made.close()


@pytest.fixture
def patient(server: HostileAliyun) -> Iterator[AliyunGateway]:
    """Waits longer than a busy machine lets an answer wait; what hangs is tested with `gateway`."""
    made = to(server.url, timeout_seconds=30)
    yield made
    made.close()


def sent(server: HostileAliyun) -> int:
    return sum(request.method == "SendSms" for request in server.requests)


def test_a_text_is_a_template_with_its_parameters_and_our_id(
    server: HostileAliyun, gateway: AliyunGateway
) -> None:
    assert gateway.send(SMS) == Accepted(server.messages[0]["BizId"])
    assert server.requests[0].query == {
        "PhoneNumbers": "13800001234",
        "SignName": "清远电信",
        "TemplateCode": "SMS_154950909",
        "TemplateParam": json.dumps(PARAMS, ensure_ascii=False),
        "OutId": "41",
    }


def test_a_text_with_a_signature_of_its_own_is_signed_by_it(
    server: HostileAliyun, gateway: AliyunGateway
) -> None:
    gateway.send(replace(SMS, params=PARAMS | {"signature": "清远移动"}))
    assert server.requests[0].query["SignName"] == "清远移动"
    assert server.messages[0]["Content"] == PARAMS


@pytest.mark.parametrize("changes", [{"template": "tariff_change"}, {"language": "en"}])
def test_a_text_without_a_registered_template_is_refused_and_never_asked_for(
    server: HostileAliyun, gateway: AliyunGateway, changes: dict[str, str]
) -> None:
    outcome = gateway.send(replace(SMS, **changes))
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code) == (Scope.CONTENT, "no-template")
    assert server.requests == []


@pytest.mark.parametrize("behaviour", ACCEPTED_UNSEEN)
def test_accepted_without_our_seeing_it_is_unknown_and_then_found(
    server: HostileAliyun, gateway: AliyunGateway, patient: AliyunGateway, behaviour: str
) -> None:
    server.behaviour = behaviour
    began = time.monotonic()
    assert isinstance(gateway.send(SMS), Unknown)
    assert time.monotonic() - began < 1.5
    assert patient.find(SMS, just_now()) == Found("", "sent")
    assert sent(server) == 1


@pytest.mark.parametrize("behaviour", ["500", "reset"])
def test_not_accepted_and_not_told_so_is_unknown_and_then_absent(
    server: HostileAliyun, gateway: AliyunGateway, patient: AliyunGateway, behaviour: str
) -> None:
    server.behaviour = behaviour
    assert isinstance(gateway.send(SMS), Unknown)
    assert patient.find(SMS, just_now()) == Absent()
    assert sent(server) == 1


@pytest.mark.parametrize("behaviour", REFUSALS)
def test_a_refusal_says_what_it_is_about(
    server: HostileAliyun, gateway: AliyunGateway, behaviour: str
) -> None:
    server.behaviour = behaviour
    assert gateway.send(SMS) == REFUSALS[behaviour]
    assert sent(server) == 1


def test_a_wrong_secret_is_the_accounts_trouble(server: HostileAliyun) -> None:
    gateway = to(server.url, access_key_secret="another-secret-0123456789")
    assert gateway.send(SMS) == Refused(Scope.ACCOUNT, "SignatureDoesNotMatch", "HTTP 400")
    gateway.close()


def test_a_closed_port_and_a_silent_handshake_prove_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert isinstance(to(f"https://127.0.0.1:{port}").send(SMS), NotSent)
    assert isinstance(to(f"http://127.0.0.1:{port}").send(SMS), NotSent)


def test_a_batch_keeps_its_order_and_asks_once_for_each(
    server: HostileAliyun, gateway: AliyunGateway
) -> None:
    batch = [replace(SMS, notice_id=n, to=f"+861380000{n:04d}") for n in range(80)]
    outcomes = gateway.send_many(batch)
    names = {m["OutId"]: m["BizId"] for m in server.messages}
    assert outcomes == [Accepted(names[str(sms.notice_id)]) for sms in batch]
    assert sent(server) == 80
    assert gateway.send_many([]) == []


@pytest.mark.parametrize("listing", [name for name in LISTINGS if name != "list"])
def test_a_list_that_failed_is_no_answer(server: HostileAliyun, gateway: AliyunGateway, listing: str) -> None:
    server.listing = listing
    assert isinstance(gateway.find(SMS, just_now()), CannotTell)
    assert len(server.requests) <= 10


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"OutId": "42"}, Absent()),
        ({"PhoneNum": "13800009999"}, Absent()),
        ({"Day": "20260101"}, Absent()),
        ({"SendStatus": 2}, Found("", "failed")),
        ({"SendStatus": 3}, Found("", "delivered")),
    ],
)
def test_found_by_our_id_alone(
    server: HostileAliyun, gateway: AliyunGateway, changes: dict[str, Any], finding: object
) -> None:
    asked = {"PhoneNumbers": "13800001234", "TemplateCode": "SMS_1", "TemplateParam": "{}", "OutId": "41"}
    server.keep(asked, **changes)
    assert gateway.find(SMS, just_now()) == finding


def test_found_on_a_later_page(server: HostileAliyun, gateway: AliyunGateway) -> None:
    asked = {"PhoneNumbers": "13800001234", "TemplateCode": "SMS_1", "TemplateParam": "{}"}
    for number in range(130):
        server.keep(asked | {"OutId": str(1000 + number)})
    server.keep(asked | {"OutId": "41"})
    assert gateway.find(SMS, just_now()) == Found("", "sent")


def test_both_days_are_asked_about_an_attempt_around_midnight(
    server: HostileAliyun, gateway: AliyunGateway
) -> None:
    midnight = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    gateway.find(SMS, midnight - timedelta(minutes=1))
    assert [request.query["SendDate"] for request in server.requests] == ["20261124", "20261125"]


def test_nothing_personal_reaches_logs(
    server: HostileAliyun, gateway: AliyunGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for server.behaviour in BEHAVIOURS:
        detail = repr(gateway.send(SMS))
        gateway.find(SMS, just_now())
        for secret in ("13800001234", "QY2611080123", SECRET):
            assert secret not in caplog.text
            assert secret not in detail
