"""Texts through Twilio.

Creating a message has no idempotency key
(https://www.twilio.com/docs/messaging/api/message-resource), so an attempt is exactly one POST,
and only three results prove that nothing was sent: no connection was made; a 429; another 4xx.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import twilio.rest.api  # noqa: F401 - else loaded at the first use, in every forked worker anew
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from urllib3.exceptions import HTTPError

from tracker import clock
from tracker.config import TwilioSettings
from tracker.sms import twilio_receipts
from tracker.sms.port import (
    Absent,
    Accepted,
    Callback,
    CannotTell,
    Finding,
    Forged,
    Found,
    NotSent,
    Outcome,
    Received,
    Refused,
    Sms,
    Unknown,
)
from tracker.sms.twilio_codes import scope_of
from tracker.sms.twilio_http import Answered, OneRequestClient, nothing_was_sent

_PAGE_SIZE = 200
_MOST_PAGES = 5
_CLOCK_SKEW = timedelta(minutes=2)
_LONGEST_REFERENCE = 64

# What the network, the client and an unreadable answer can raise; requests' errors are OSErrors.
# Not Exception: a job's own time limit must pass through.
_FAILURES = (
    OSError,
    HTTPError,
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

    def __init__(
        self, settings: TwilioSettings, status_callback_base: str, send_many_concurrency: int = 8
    ) -> None:
        self._settings = settings
        self._callback_base = status_callback_base.rstrip("/")
        self._calls_back = urlsplit(status_callback_base).scheme == "https" or bool(settings.api_base_url)
        self._concurrency = send_many_concurrency
        self._client: Any = None
        self._pid = 0

    def send(self, sms: Sms) -> Outcome:
        """Make one POST.

        A redirect is not followed, and its outcome is unknown: Twilio sends none for this call, so
        something else stands between and may have passed the message on.
        """
        fields = self._fields(sms)
        try:
            sid = self._messages().create(**fields).sid
        except Answered as answer:
            return _outcome_of(answer)
        except _FAILURES as error:
            reason = type(error).__name__
            return NotSent(reason) if nothing_was_sent(error) else Unknown(reason)
        if not _is_reference(sid):
            return Unknown("accepted without a sid")
        return Accepted(sid)

    def send_many(self, batch: Sequence[Sms], *, until: datetime | None = None) -> list[Outcome]:
        """One POST for each, several at a time, none begun at or after `until`.

        The whole batch can take as long as its size over the concurrency, times the time-out.
        """
        if not batch:
            return []
        self._messages()
        with ThreadPoolExecutor(min(self._concurrency, len(batch)), "twilio") as pool:
            return list(pool.map(lambda sms: self._send_until(sms, until), batch))

    def _send_until(self, sms: Sms, until: datetime | None) -> Outcome:
        return NotSent("no time left") if until is not None and clock.now() >= until else self.send(sms)

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
        if self._client is not None and self._pid == os.getpid():
            self._client.http_client.session.close()
        self._client = None

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
        # A fork inherits open sockets that it must not share with its parent.
        if self._client is None or self._pid != os.getpid():
            self._client = self._build()
            self._pid = os.getpid()
        return self._client.api.account.messages

    def _build(self) -> Any:
        wire = OneRequestClient(self._settings.timeout_seconds, self._concurrency)
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
