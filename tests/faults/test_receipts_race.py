"""Receipts that race the answer to the request they are about, between real processes (I2).

The provider calls the real web service back, over real sockets, before it has answered the worker.
"""

import http.client
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hostile import ACCOUNT, HostileTwilio
from processes import free_port
from sqlalchemy import select, text
from system import MakeSystem
from twilio.request_validator import RequestValidator
from waiting import until

from tracker.notices.models import Notice
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

TOKEN = "0123456789abcdef0123456789abcdef"


class CallingTwilio(HostileTwilio):
    """Says each of `words` of a message, in this order, before it does what it does to the request."""

    words: Sequence[str] = ()
    token = TOKEN

    def accept(self, form: dict[str, str], *args: Any, **changes: Any) -> dict[str, Any]:
        message = super().accept(form, *args, **changes)
        self.answers = [self.call(form["StatusCallback"], message["sid"], word) for word in self.words]
        return message

    def call(self, address: str, sid: str, word: str) -> int:
        fields = {"AccountSid": ACCOUNT, "MessageSid": sid, "SmsSid": sid, "MessageStatus": word}
        signature = RequestValidator(self.token).compute_signature(address, fields)
        parts = urlsplit(address)
        web = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        web.request("POST", parts.path, urlencode(fields), headers)
        status = web.getresponse().status
        web.close()
        return status


@pytest.fixture
def calling() -> Iterator[CallingTwilio]:
    made = CallingTwilio()
    yield made
    made.close()


@pytest.fixture
def system(make_system: MakeSystem, calling: CallingTwilio):
    """Web, workers and schedule that send through the provider, which can call the web back."""
    port = free_port()
    made = make_system(
        TRACKER_PORT=str(port),
        TRACKER_PUBLIC_BASE_URL=f"http://127.0.0.1:{port}",
        TRACKER_SMS_GATEWAY="twilio",
        TWILIO_ACCOUNT_SID=ACCOUNT,
        TWILIO_AUTH_TOKEN=TOKEN,
        TWILIO_FROM="+15005550006",
        TWILIO_API_BASE_URL=calling.url,
        TWILIO_TIMEOUT_SECONDS="0.8",
    )
    made.port = port
    return made


def state(runtime: Runtime) -> tuple[str, int]:
    with runtime.db.reading() as connection:
        (row,) = connection.execute(select(Notice.state, Notice.attempts)).all()
    return row.state, row.attempts


def kept(runtime: Runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(text("SELECT provider_state FROM notice_receipts ORDER BY id")))


@pytest.mark.parametrize(
    ("behaviour", "words", "ends"),
    [
        ("accept", ["queued", "sent", "delivered"], "delivered"),
        ("accept", ["delivered", "sent", "queued"], "delivered"),
        ("accept", ["sent", "sent", "delivered", "delivered"], "delivered"),
        ("accept", ["undelivered", "sent"], "undelivered"),
        # The worker never learns of it, and nobody has to ask.
        ("accept, then reset", ["sent"], "accepted"),
        ("accept, then reset", ["sent", "delivered"], "delivered"),
        ("accept, then cut the answer", ["delivered"], "delivered"),
        ("accept, then hang", ["queued", "delivered"], "delivered"),
        ("accept, then 500", ["delivered", "queued"], "delivered"),
    ],
)
def test_what_the_provider_says_before_it_answers_stands(
    system, calling: CallingTwilio, runtime: Runtime, place, behaviour: str, words: list[str], ends: str
) -> None:
    calling.behaviour, calling.words = behaviour, words
    system.start()
    place()
    until(ends, lambda: state(runtime)[0] == ends, within=20, else_say=system.last_words)
    # A while later, when leases, grace and looks are over: nothing has moved, nothing was sent again.
    see_sweeps(runtime, 3)
    assert state(runtime) == (ends, 1)
    assert len(calling.posts) == len(calling.messages) == 1
    assert calling.answers == [200] * len(words)
    assert kept(runtime) == words
    system.assert_alive()


def see_sweeps(runtime: Runtime, count: int) -> None:
    """Wait for the end of so many more rounds of the sweep."""
    for _ in range(count):
        before = last_sweep(runtime)
        until("another sweep", lambda before=before: last_sweep(runtime) not in (None, before))


def last_sweep(runtime: Runtime) -> datetime | None:
    with runtime.db.reading() as connection:
        return connection.scalar(text("SELECT finished_at FROM heartbeats WHERE job = 'sweep'"))


def test_who_does_not_know_the_token_moves_nothing(
    system, calling: CallingTwilio, runtime: Runtime, place
) -> None:
    calling.words, calling.token = ["delivered"], "f" * 32
    system.start()
    place()
    until("accepted", lambda: state(runtime)[0] == "accepted", within=20, else_say=system.last_words)
    assert calling.answers == [403]
    assert kept(runtime) == []
