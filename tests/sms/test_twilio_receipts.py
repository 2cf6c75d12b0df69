"""What Twilio's words mean, held against the client's own list of them."""

from dataclasses import replace

import pytest
from twilio.rest.api.v2010.account.message import MessageInstance
from twilio_samples import SETTINGS

from tracker.sms.port import Callback, Forged, Standing
from tracker.sms.twilio import TwilioGateway
from tracker.sms.twilio_receipts import standing_of

WORDS = {str(word) for name, word in vars(MessageInstance.Status).items() if name.isupper()}
# Of messages to us, and of a state that says neither yes nor no.
NO_NEWS = {"receiving", "received", "partially_delivered"}


def test_every_word_of_the_client_has_its_meaning() -> None:
    assert len(WORDS) >= 13
    lowest = {word for word in WORDS if standing_of(word) is Standing.QUEUED}
    assert lowest == NO_NEWS | {"accepted", "scheduled", "queued"}


@pytest.mark.parametrize("standing", Standing)
def test_our_words_are_twilios(standing: Standing) -> None:
    assert standing.value in WORDS
    assert standing_of(standing.value) is standing


@pytest.mark.parametrize(
    ("base", "server", "gives"),
    [
        ("https://orders.example", None, True),
        ("http://127.0.0.1:8000", None, False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9", True),
    ],
)
def test_receipts_are_expected_where_twilio_can_call_back(base: str, server: str | None, gives: bool) -> None:
    assert TwilioGateway(replace(SETTINGS, api_base_url=server), base).gives_receipts is gives


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"&" * 500, b"a=1&" * 500, b"%", "状态=x".encode(), b"MessageSid=1;2"]
)
def test_whatever_comes_unsigned_is_refused(body: bytes) -> None:
    gateway = TwilioGateway(SETTINGS, "https://orders.example")
    for headers in ({}, {"x-twilio-signature": ""}, {"x-twilio-signature": "ü\x00"}):
        assert gateway.receipts(Callback("/api/v1/callbacks/twilio/1", body, headers)) == Forged()
