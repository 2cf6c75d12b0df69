"""What we send is what Twilio describes, judged by Twilio's own document and through its own client.

The document's examples always name the same message and a next page of a list, and wrong requests
are answered 422, where Twilio itself says 400 with a code.
"""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tracker.provider_settings import TwilioSettings
from tracker.sms.port import Accepted, CannotTell, Outcome, Refused, Sms
from tracker.sms.twilio import TwilioGateway

ACCOUNT = "AC" + "0" * 32
SETTINGS = TwilioSettings(ACCOUNT, "token-of-the-account", "+15005550006", "", None, 5.0)
SMS = Sms(41, "+8613800001234", "订单QY2611080123已派单，咨询10000。【清远电信】")


@pytest.fixture(params=["singly", "in bulk"])
def send(request: pytest.FixtureRequest, twilio_api: str) -> Iterator[Any]:
    """Sends a text by one of the two wires, with changed settings if the test wants that."""
    made: list[TwilioGateway] = []

    def sending(sms: Sms, base: str = "https://orders.example", **changes: Any) -> list[Outcome]:
        made.append(TwilioGateway(replace(SETTINGS, api_base_url=twilio_api, **changes), base))
        return [made[-1].send(sms)] if request.param == "singly" else made[-1].send_many([sms] * 5)

    yield sending
    for gateway in made:
        gateway.close()


def test_a_text_as_we_send_it_is_accepted(send: Any) -> None:
    for outcome in send(SMS):
        assert isinstance(outcome, Accepted)
        assert outcome.reference.startswith("SM")
        assert len(outcome.reference) == 34


def test_a_text_from_a_messaging_service_is_accepted(send: Any) -> None:
    for outcome in send(SMS, sender="", messaging_service_sid="MG" + "1" * 32):
        assert isinstance(outcome, Accepted)


@pytest.mark.parametrize(
    ("sms", "changes"),
    [
        (SMS, {"account_sid": "AC12"}),
        (SMS, {"messaging_service_sid": "not a service"}),
        (SMS, {"base": "https://orders example"}),
    ],
    ids=["account", "messaging service", "callback"],
)
def test_what_the_document_does_not_allow_is_refused(send: Any, sms: Sms, changes: dict[str, str]) -> None:
    for outcome in send(sms, **changes):
        assert isinstance(outcome, Refused)
        assert outcome.code == "http-422"


def test_the_question_for_a_text_is_allowed_and_its_answer_is_understood(twilio_api: str) -> None:
    """The document's list never ends, so whether a text is among it cannot be told."""
    gateway = TwilioGateway(replace(SETTINGS, api_base_url=twilio_api), "https://orders.example")
    assert gateway.find(SMS, datetime.now(UTC)) == CannotTell("more messages than are listed")
    listed, complete = gateway._listed(SMS.to)
    assert not complete
    assert {message.direction for message in listed} <= {
        "inbound",
        "outbound-api",
        "outbound-call",
        "outbound-reply",
    }
    assert all(message.sid and message.date_created for message in listed)
    gateway.close()


GOOD = {"To": SMS.to, "From": "+15005550006", "Body": SMS.body}


@pytest.mark.parametrize(
    ("form", "authorized", "status"),
    [
        (GOOD, True, 201),
        (GOOD, False, 401),
        ({"From": GOOD["From"], "Body": SMS.body}, True, 422),
        (GOOD | {"ValidityPeriod": "soon"}, True, 422),
        (GOOD | {"MessagingServiceSid": "MG1"}, True, 422),
        (GOOD | {"StatusCallback": "not an address"}, True, 422),
    ],
    ids=["good", "no credentials", "no To", "validity", "service", "callback"],
)
def test_the_judge_tells_right_from_wrong(
    twilio_api: str, form: dict[str, str], authorized: bool, status: int
) -> None:
    """Without this, a server that accepts everything would prove us right."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if authorized:
        headers["Authorization"] = "Basic QUM6dG9rZW4="
    asked = http.client.HTTPConnection(str(urlsplit(twilio_api).netloc), timeout=10)
    with closing(asked):
        asked.request("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", urlencode(form), headers)
        answer = asked.getresponse()
        document = json.loads(answer.read() or b"{}")
    assert answer.status == status, document
