"""Texts through Twilio.

Creating a message has no idempotency key
(https://www.twilio.com/docs/messaging/api/message-resource), so an attempt is exactly one POST,
and only three results prove that nothing was sent: no connection was made; a 429; another 4xx.
"""

import os
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import twilio.rest.api  # noqa: F401 - else loaded at the first use, in every forked worker anew
from aiohttp import ClientError
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from urllib3.exceptions import HTTPError

from tracker.provider_settings import TwilioSettings
from tracker.sms import twilio_receipts
from tracker.sms.in_flight import Attempt, InFlight
from tracker.sms.one_request import nothing_was_sent
from tracker.sms.port import (
    Absent,
    Accepted,
    Callback,
    CannotTell,
    Finding,
    Forged,
    Found,
    NotBegun,
    NotSent,
    Outcome,
    Received,
    Refused,
    Sms,
    Stop,
    Unknown,
)
from tracker.sms.singly import attempt
from tracker.sms.twilio_codes import scope_of
from tracker.sms.twilio_http import Answered, OneRequestClient
from tracker.sms.twilio_wire import ManyRequestsClient, NothingWritten

_PAGE_SIZE = 200
_MOST_PAGES = 5
_CLOCK_SKEW = timedelta(minutes=2)
_LONGEST_REFERENCE = 64

# What the network, the client and an unreadable answer can raise; requests' errors are OSErrors.
# Not Exception: a job's own time limit must pass through.
_FAILURES = (
    OSError,
    HTTPError,
    ClientError,
    TwilioException,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
)


class TwilioGateway:
    """One Twilio account. The client is built inside the process that first uses it.

    `status_callback_base` is the public address of the API; receipts come back to it with the
    notice's id. Twilio refuses addresses it cannot call, so a plain-http base is left out unless
    `settings.api_base_url` points to another server. `detail` of an outcome holds codes and
    classes only, never a number or a text (invariant I5).
    """

    name = "twilio"
    by_template = False

    def __init__(self, settings: TwilioSettings, status_callback_base: str, in_flight: int = 100) -> None:
        self._settings = settings
        self._callback_base = status_callback_base.rstrip("/")
        self._calls_back = urlsplit(status_callback_base).scheme == "https" or bool(settings.api_base_url)
        self._limit = in_flight
        self._lock = threading.Lock()
        self._client: Any = None
        self._bulk: InFlight | None = None
        self._pid = 0

    def send(self, sms: Sms) -> Outcome:
        """Make one POST.

        A redirect is not followed, and its outcome is unknown: Twilio sends none for this call, so
        something else stands between and may have passed the message on.
        """
        fields = self._fields(sms)
        try:
            return _accepted(self._messages().create(**fields))
        except Answered as answer:
            return _outcome_of(answer)
        except _FAILURES as error:
            reason = type(error).__name__
            return NotSent(reason) if nothing_was_sent(error) else Unknown(reason)

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        """One POST for each, `in_flight` at a time for all batches together.

        A batch alone can take as long as its size over `in_flight`, times the time-out. A single text
        goes in the caller's thread: there is nothing for it to share an event loop with.
        """
        if len(batch) <= 1:
            return [attempt(self.send, sms, until) for sms in batch]
        return self._many().run(batch, until)

    def find(self, sms: Sms, since: datetime) -> Finding:
        """List the messages to the number and look for the same text.

        Not filtered by Twilio: its date filters look at when a message was sent, and one that
        still waits in a queue has not been. Clocks may differ by two minutes. A message that could
        be the one, but shows no body (redaction) or no date, makes the answer uncertain, and so does a
        number with more messages than are listed.
        """
        try:
            listed, complete = self._listed(sms.to)
            candidates = [m for m in listed if _may_be(m, sms, since - _CLOCK_SKEW)]
        except Answered as answer:
            return CannotTell(f"HTTP {answer.status}")
        except _FAILURES as error:
            return CannotTell(type(error).__name__)
        for message in candidates:
            if message.body == sms.body and message.date_created and _is_reference(message.sid):
                return Found(reference=message.sid, state=str(message.status))
        if candidates:
            return CannotTell("a listed message shows no body, date or sid")
        if not complete:
            return CannotTell("more messages than are listed")
        return Absent()

    @property
    def gives_receipts(self) -> bool:
        """Whether Twilio was given an address to call back."""
        return self._calls_back

    def receipts(self, callback: Callback) -> Received | Forged:
        """Read a status callback that is signed for this account and the public address."""
        return twilio_receipts.read(callback, self._settings.auth_token, self._callback_base)

    def close(self) -> None:
        """Close the connections of this process."""
        if self._pid == os.getpid():
            if self._client is not None:
                self._client.http_client.session.close()
            if self._bulk is not None:
                self._bulk.close()
        self._client = self._bulk = None

    def _listed(self, to: str) -> tuple[list[Any], bool]:
        """Messages to the number, and whether these are all.

        The client's own listing follows next pages without end as long as they are empty.
        """
        page = self._messages().page(to=to, page_size=_PAGE_SIZE)
        listed = list(page)
        for _ in range(_MOST_PAGES - 1):
            if not page.next_page_url:
                break
            page = page.next_page()
            listed.extend(page)
        return listed, not page.next_page_url

    def _messages(self) -> Any:
        with self._lock:
            self._forget_the_parents()
            if self._client is None:
                wire = OneRequestClient(self._settings.timeout_seconds)
                self._client = self._client_over(wire)
            return self._client.api.account.messages

    def _many(self) -> InFlight:
        with self._lock:
            self._forget_the_parents()
            if self._bulk is None:
                self._bulk = InFlight(self._attempts, self._limit)
            return self._bulk

    def _forget_the_parents(self) -> None:
        # A fork inherits open sockets that it must not share with its parent, and none of its threads.
        if self._pid != os.getpid():
            self._client = self._bulk = None
            self._pid = os.getpid()

    @asynccontextmanager
    async def _attempts(self) -> AsyncIterator[Attempt]:
        wire = ManyRequestsClient(self._settings.timeout_seconds)
        messages = self._client_over(wire).api.account.messages

        async def post(sms: Sms) -> Outcome:
            try:
                return _accepted(await messages.create_async(**self._fields(sms)))
            except Answered as answer:
                return _outcome_of(answer)
            except NothingWritten as error:
                return NotSent(str(error))
            except _FAILURES as error:
                return Unknown(type(error).__name__)

        try:
            yield post
        finally:
            await wire.close()

    def _client_over(self, wire: Any) -> Any:
        client = Client(self._settings.account_sid, self._settings.auth_token, http_client=wire)
        if self._settings.api_base_url:
            client.api.base_url = self._settings.api_base_url
            # Set by the environment, these would rewrite the address.
            client.region = client.edge = None
        return client

    def _fields(self, sms: Sms) -> dict[str, str]:
        fields = {"to": sms.to, "body": sms.body}
        if self._settings.messaging_service_sid:
            fields["messaging_service_sid"] = self._settings.messaging_service_sid
        if self._settings.sender:
            fields["from_"] = self._settings.sender
        if self._calls_back:
            fields["status_callback"] = f"{self._callback_base}/api/v1/callbacks/twilio/{sms.notice_id}"
        return fields


def _accepted(message: Any) -> Outcome:
    return Accepted(message.sid) if _is_reference(message.sid) else Unknown("accepted without a sid")


def _outcome_of(answer: Answered) -> Outcome:
    reason = f"HTTP {answer.status}"
    if answer.status == 429:
        return NotSent(reason, answer.retry_after)
    if 400 <= answer.status < 500:
        code = f"http-{answer.status}" if answer.code is None else str(answer.code)
        return Refused(scope_of(answer.code, answer.status), code, reason)
    return Unknown(reason)


def _may_be(message: Any, sms: Sms, earliest: datetime) -> bool:
    if message.direction == "inbound" or (message.body and message.body != sms.body):
        return False
    created: datetime | None = message.date_created
    return created is None or created >= earliest


def _is_reference(sid: object) -> bool:
    return isinstance(sid, str) and 0 < len(sid) <= _LONGEST_REFERENCE
