"""I2, I5: what a text's sender may conclude from one POST to Twilio, whatever the network does."""

import base64
import logging
import multiprocessing
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from behaviours import BEHAVIOURS
from hostile import ACCOUNT, HostileTwilio
from twilio.base.domain import Domain
from twilio_samples import SETTINGS, SMS, OnlyOne, gateway_to, in_bulk, just_now, singly

from tracker.sms.port import Absent, Accepted, Found, NotBegun, NotSent, Outcome, Refused, Scope, Sms, Unknown
from tracker.sms.twilio import TwilioGateway

Send = Callable[[TwilioGateway, Sms], Outcome]

ACCEPTED_UNSEEN = [name for name, b in BEHAVIOURS.items() if b.accepts and name != "accept"]
UNSEEN = ["500", "reset", "redirect"]
REFUSALS = {
    "invalid number": Refused(Scope.NUMBER, "21211", "HTTP 400"),
    "too long": Refused(Scope.CONTENT, "21617", "HTTP 400"),
    "unlisted code": Refused(Scope.CONTENT, "99999", "HTTP 400"),
    "400 without code": Refused(Scope.CONTENT, "http-400", "HTTP 400"),
    "403 without code": Refused(Scope.ACCOUNT, "http-403", "HTTP 403"),
    "unauthorized": Refused(Scope.ACCOUNT, "20003", "HTTP 401"),
    "no such account": Refused(Scope.ACCOUNT, "20404", "HTTP 404"),
}


def test_an_accepted_text_bears_the_providers_reference(
    server: HostileTwilio, gateway: TwilioGateway, send: Send
) -> None:
    assert send(gateway, SMS) == Accepted(server.messages[0]["sid"])
    assert len(server.requests) == 1


def test_the_request_is_what_twilio_documents(
    server: HostileTwilio, gateway: TwilioGateway, send: Send
) -> None:
    send(gateway, SMS)
    request = server.requests[0]
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    credentials = base64.b64encode(f"{ACCOUNT}:token-of-the-account".encode()).decode()
    assert request.headers["Authorization"] == f"Basic {credentials}"
    assert sorted(request.form) == [
        ("Body", SMS.body),
        ("From", "+15005550006"),
        ("StatusCallback", "http://127.0.0.1:8000/api/v1/callbacks/twilio/41"),
        ("To", SMS.to),
    ]


def test_a_messaging_service_is_the_sender_when_configured(server: HostileTwilio, send: Send) -> None:
    service = "MG" + "1" * 32
    with gateway_to(server.url, sender="", messaging_service_sid=service) as gateway:
        send(gateway, SMS)
    form = dict(server.requests[0].form)
    assert form["MessagingServiceSid"] == service
    assert "From" not in form


@pytest.mark.parametrize(
    ("base", "sent"),
    [("http://127.0.0.1:8000", False), ("http://tracker.example", False), ("https://tracker.example/", True)],
)
def test_twilio_itself_is_given_only_addresses_it_can_call(
    server: HostileTwilio, monkeypatch: pytest.MonkeyPatch, base: str, sent: bool
) -> None:
    monkeypatch.setattr(Domain, "absolute_url", lambda _, uri: f"{server.url}/{uri}")
    gateway = TwilioGateway(SETTINGS, base)
    singly(gateway, SMS)
    gateway.close()
    callback = dict(server.requests[0].form).get("StatusCallback")
    assert callback == ("https://tracker.example/api/v1/callbacks/twilio/41" if sent else None)


@pytest.mark.parametrize("behaviour", ACCEPTED_UNSEEN)
def test_accepted_without_our_seeing_it_is_unknown_and_then_found(
    server: HostileTwilio, gateway: TwilioGateway, behaviour: str, send: Send
) -> None:
    server.behaviour = behaviour
    began = just_now()
    assert isinstance(send(gateway, SMS), Unknown)
    assert len(server.requests) == 1
    assert gateway.find(SMS, began) == Found(server.messages[0]["sid"], "queued")
    assert len(server.posts) == 1


@pytest.mark.parametrize("behaviour", UNSEEN)
def test_not_accepted_and_not_told_so_is_unknown_and_then_absent(
    server: HostileTwilio, gateway: TwilioGateway, behaviour: str, send: Send
) -> None:
    server.behaviour = behaviour
    assert isinstance(send(gateway, SMS), Unknown)
    assert len(server.requests) == 1
    assert gateway.find(SMS, just_now()) == Absent()


def test_a_request_that_lands_after_we_gave_up_is_found_once_it_has(
    server: HostileTwilio, gateway: TwilioGateway, send: Send
) -> None:
    server.behaviour = "accept late"
    began = just_now()
    assert isinstance(send(gateway, SMS), Unknown)
    assert gateway.find(SMS, began) == Absent()
    server.released.set()
    assert server.landed.wait(5)
    assert isinstance(gateway.find(SMS, began), Found)
    assert len(server.posts) == 1


@pytest.mark.parametrize("behaviour", REFUSALS)
def test_a_refusal_says_what_it_is_about_and_names_nobody(
    server: HostileTwilio, gateway: TwilioGateway, behaviour: str, send: Send
) -> None:
    server.behaviour = behaviour
    assert send(gateway, SMS) == REFUSALS[behaviour]
    assert len(server.requests) == 1
    assert gateway.find(SMS, just_now()) == Absent()


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("99999999999", 86400, 86400),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("in an hour", 3500, 3600),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_too_many_requests_may_be_tried_again_when_the_server_says(
    server: HostileTwilio,
    gateway: TwilioGateway,
    header: str | None,
    least: float | None,
    most: float | None,
    send: Send,
) -> None:
    an_hour_hence = format_datetime(datetime.now(UTC) + timedelta(hours=1))
    server.behaviour, server.retry_after = "429", an_hour_hence if header == "in an hour" else header
    outcome = send(gateway, SMS)
    assert isinstance(outcome, NotSent)
    assert len(server.requests) == 1
    if least is None or most is None:
        assert outcome.retry_after is None
    else:
        assert outcome.retry_after is not None
        assert least <= outcome.retry_after <= most


def test_a_batch_keeps_its_order_and_posts_each_text_once(
    server: HostileTwilio, gateway: TwilioGateway
) -> None:
    batch = [Sms(n, f"+86138000{n:05d}", f"订单{n}【清远电信】") for n in range(40)]
    outcomes = gateway.send_many(batch)
    references = {m["to"]: m["sid"] for m in server.messages}
    assert outcomes == [Accepted(references[sms.to]) for sms in batch]
    assert len(server.requests) == 40
    assert gateway.send_many([]) == []


def test_one_text_needs_no_event_loop(server: HostileTwilio, gateway: TwilioGateway) -> None:
    singly(gateway, SMS)
    assert "in-flight" not in {thread.name for thread in threading.enumerate()}
    in_bulk(gateway, SMS)
    assert "in-flight" in {thread.name for thread in threading.enumerate()}
    assert len(server.requests) == 2


def test_one_text_alone_is_sent_under_the_same_conditions(
    server: HostileTwilio, gateway: TwilioGateway
) -> None:
    watch = OnlyOne()
    server.behaviour = "429"
    (outcome,) = gateway.send_many([SMS], until=watch)
    assert isinstance(outcome, NotSent)
    assert watch.seen == [outcome]
    assert gateway.send_many([SMS], until=watch) == [NotBegun("one is enough")]
    assert len(server.requests) == 1


def test_nothing_personal_reaches_logs(
    server: HostileTwilio, gateway: TwilioGateway, caplog: pytest.LogCaptureFixture, send: Send
) -> None:
    caplog.set_level(logging.DEBUG)
    for server.behaviour in BEHAVIOURS:
        detail = repr(send(gateway, SMS))
        gateway.find(SMS, just_now())
        for secret in ("13800001234", "QY2611080123", SETTINGS.auth_token):
            assert secret not in caplog.text
            assert secret not in detail


def _send_in_a_fork(gateway: TwilioGateway, send: Send) -> None:
    assert isinstance(send(gateway, SMS), Accepted)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_worker_does_not_share_its_parents_connection(
    server: HostileTwilio, gateway: TwilioGateway, send: Send
) -> None:
    send(gateway, SMS)
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=_send_in_a_fork, args=(gateway, send))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    send(gateway, SMS)
    first, forked, second = [request.port for request in server.requests]
    assert first == second != forked


def test_a_region_in_the_environment_does_not_move_a_given_address(
    server: HostileTwilio, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    monkeypatch.setenv("TWILIO_REGION", "au1")
    with gateway_to(server.url) as gateway:
        assert isinstance(send(gateway, SMS), Accepted)
