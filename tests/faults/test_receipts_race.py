"""Receipts that race the answer to the request they are about, between real processes (I2).

The provider calls the real web service back, over real sockets, before it has answered the worker.
"""

import http.client
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hostile import ACCOUNT, HostileTwilio
from processes import free_port
from sqlalchemy import select, text
from system import MakeSystem, System
from twilio.request_validator import RequestValidator
from waiting import until

from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice, NoticeReceipt
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass
class Race:
    """What the provider says of the message to one phone, in this order, before it does what it does to the
    request; how the text ends, and what the provider was answered.
    """

    behaviour: str
    words: list[str]
    ends: str
    answers: list[int] = field(default_factory=list)


RACES = (
    Race("accept", ["queued", "sent", "delivered"], "delivered"),
    Race("accept", ["delivered", "sent", "queued"], "delivered"),
    Race("accept", ["sent", "sent", "delivered", "delivered"], "delivered"),
    Race("accept", ["undelivered", "sent"], "undelivered"),
    # The worker never learns of it, and nobody has to ask.
    Race("accept, then reset", ["sent"], "accepted"),
    Race("accept, then reset", ["sent", "delivered"], "delivered"),
    Race("accept, then cut the answer", ["delivered"], "delivered"),
    Race("accept, then hang", ["queued", "delivered"], "delivered"),
    Race("accept, then 500", ["delivered", "queued"], "delivered"),
)


class CallingTwilio(HostileTwilio):
    """Runs the race of the phone that a message goes to."""

    token = TOKEN

    def __init__(self) -> None:
        self.races: dict[str, Race] = {}
        super().__init__()

    def behaviour_of(self, form: dict[str, str]) -> str:
        return self.races[form["To"]].behaviour

    def accept(self, form: dict[str, str], *args: Any, **changes: Any) -> dict[str, Any]:
        message = super().accept(form, *args, **changes)
        race = self.races[form["To"]]
        race.answers += [self.call(form["StatusCallback"], message["sid"], word) for word in race.words]
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
def system(make_system: MakeSystem, calling: CallingTwilio) -> System:
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


def states(runtime: Runtime) -> dict[str, tuple[str, int]]:
    """By phone, how its text stands and how often it was tried."""
    with runtime.db.reading() as connection:
        rows = connection.execute(select(Notice.recipient, Notice.state, Notice.attempts)).all()
    return {runtime.keys.open(row.recipient, RECIPIENT): (row.state, row.attempts) for row in rows}


def kept(runtime: Runtime) -> dict[str, list[str]]:
    """By phone, what was kept of what the provider said, in its order."""
    wanted = select(Notice.recipient, NoticeReceipt.provider_state).join_from(
        NoticeReceipt, Notice, NoticeReceipt.notice_id == Notice.id
    )
    said: dict[str, list[str]] = defaultdict(list)
    with runtime.db.reading() as connection:
        for row in connection.execute(wanted.order_by(NoticeReceipt.id)):
            said[runtime.keys.open(row.recipient, RECIPIENT)].append(row.provider_state)
    return said


def test_what_the_provider_says_before_it_answers_stands(
    system: System, calling: CallingTwilio, runtime: Runtime, place: Callable[..., Placed]
) -> None:
    calling.races = {f"+861380000{n:04d}": replace(race, answers=[]) for n, race in enumerate(RACES)}
    system.start()
    for phone in calling.races:
        place(customer__phone=phone)
    ends = {phone: (race.ends, 1) for phone, race in calling.races.items()}
    until(
        "the ends of all", lambda: states(runtime) == ends, within=40, else_say=lambda: str(states(runtime))
    )
    # A while later, when leases, grace and looks are over: nothing has moved, nothing was sent again.
    see_sweeps(runtime, 3)
    assert states(runtime) == ends
    assert len(calling.posts) == len(calling.messages) == len(RACES)
    assert {phone: race.answers for phone, race in calling.races.items()} == {
        phone: [200] * len(race.words) for phone, race in calling.races.items()
    }
    assert kept(runtime) == {phone: race.words for phone, race in calling.races.items()}
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
    system: System, calling: CallingTwilio, runtime: Runtime, place: Callable[..., Placed]
) -> None:
    race = Race("accept", ["delivered"], "accepted")
    calling.races, calling.token = {"+8613800001234": race}, "f" * 32
    system.start()
    place()
    ends = {"+8613800001234": ("accepted", 1)}
    until("accepted", lambda: states(runtime) == ends, within=20, else_say=system.last_words)
    assert race.answers == [403]
    assert kept(runtime) == {}
