"""Texts through Alibaba Cloud's short message service, by registered templates.

Sending has no idempotency key (https://help.aliyun.com/document_detail/419273.html), but what was
sent can be asked for by the number and the day, and shows our own id: so a text that may have been
sent is found, or missed, for certain.
"""

import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.core import DaraCore
from darabonba.exceptions import UnretryableException

from tracker import clock
from tracker.provider_settings import AliyunSettings
from tracker.sms import aliyun_receipts
from tracker.sms.aliyun_codes import outcome_of
from tracker.sms.deadline import deadline
from tracker.sms.one_request import mount, nothing_was_sent
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
    Scope,
    Sms,
    Stop,
    Unknown,
)
from tracker.sms.singly import attempt

_ENDPOINT = "dysmsapi.aliyuncs.com"
# Threads with the synchronous client: the asynchronous one makes a new connection, and loads every
# certificate anew, for each text.
_MOST_THREADS = 32
_PAGE_SIZE = 50
_MOST_PAGES = 5
_CLOCK_SKEW = timedelta(minutes=2)
_LONGEST_REFERENCE = 64
_STATES = {1: "sent", 2: "failed", 3: "delivered"}
_FAILURES = (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError)


class AliyunGateway:
    """One Alibaba Cloud account. The client is built inside the process that first uses it.

    The signature is the text's own, if it was rendered with one, else the account's. `detail` of an
    outcome holds codes and classes only, never a number or a text (invariant I5).
    """

    name = "aliyun"
    by_template = True

    def __init__(
        self, settings: AliyunSettings, in_flight: int = 100, *, gives_receipts: bool = False
    ) -> None:
        """`gives_receipts`: it was given an address to push them to."""
        self._settings = settings
        self.gives_receipts = gives_receipts
        self._limit = min(in_flight, _MOST_THREADS)
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._pid = 0

    def send(self, sms: Sms) -> Outcome:
        """Make one request. A text without a registered template is refused before that."""
        template = self._settings.templates.get((sms.template, sms.language))
        if template is None:
            return Refused(Scope.CONTENT, "no-template", f"{sms.template} {sms.language}")
        params = dict(sms.params)
        request = models.SendSmsRequest(
            phone_numbers=_as_dialled(sms.to),
            sign_name=params.pop("signature", None) or self._settings.sign_name,
            template_code=template,
            template_param=json.dumps(params, ensure_ascii=False),
            out_id=str(sms.notice_id),
        )
        try:
            with deadline(self._settings.timeout_seconds):
                body = self._connected().send_sms(request).body
            if body.code != "OK":
                return outcome_of(str(body.code), 200)
            if not isinstance(body.biz_id, str) or not 0 < len(body.biz_id) <= _LONGEST_REFERENCE:
                return Unknown("accepted without a BizId")
        except AlibabaCloudException as error:
            wait = error.retry_after / 1000 if error.retry_after else None
            return outcome_of(str(error.code), int(error.status_code or 0), wait)
        except UnretryableException as error:
            cause = _cause(error)
            return (NotSent if nothing_was_sent(cause) else Unknown)(type(cause).__name__)
        except _FAILURES as error:
            return Unknown(type(error).__name__)
        return Accepted(body.biz_id)

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        """One request for each, several at a time for all batches together."""
        if not batch:
            return []
        self._connected()
        assert self._threads is not None  # noqa: S101 - made together with the client
        return list(self._threads.map(lambda sms: attempt(self.send, sms, until), batch))

    def find(self, sms: Sms, since: datetime) -> Finding:
        """Look for our id among what was sent to the number on the days on which it can have been."""
        days = {clock.local_date(since - _CLOCK_SKEW), clock.local_date(since + _CLOCK_SKEW)}
        try:
            for day in sorted(days):
                for detail in self._sent_to(sms.to, f"{day:%Y%m%d}"):
                    if detail.out_id == str(sms.notice_id):
                        return Found("", _STATES.get(detail.send_status, "unknown"))
        except _CannotList as error:
            return CannotTell(str(error))
        except AlibabaCloudException as error:
            return CannotTell(str(error.code))
        except UnretryableException as error:
            return CannotTell(type(_cause(error)).__name__)
        except _FAILURES as error:
            return CannotTell(type(error).__name__)
        return Absent()

    def receipts(self, callback: Callback) -> Received | Forged:
        """Read a push of receipts. That its address was the secret one, the caller has seen."""
        return aliyun_receipts.read(callback.body) or Forged()

    def close(self) -> None:
        """Close the connections of this process."""
        with self._lock:
            if self._pid == os.getpid() and self._threads is not None:
                self._threads.shutdown(cancel_futures=True)
                DaraCore._sessions.pop(self._session_key(), requests.Session()).close()
            self._client = self._threads = None

    def _sent_to(self, to: str, day: str) -> Iterator[Any]:
        for page in range(1, _MOST_PAGES + 1):
            request = models.QuerySendDetailsRequest(
                phone_number=_as_dialled(to), send_date=day, page_size=_PAGE_SIZE, current_page=page
            )
            with deadline(self._settings.timeout_seconds):
                body = self._connected().query_send_details(request).body
            if body.code != "OK":
                raise _CannotList(str(body.code))
            yield from body.sms_send_detail_dtos.sms_send_detail_dto
            if int(body.total_count) <= page * _PAGE_SIZE:
                return
        raise _CannotList("more texts than are listed")

    def _connected(self) -> Client:
        with self._lock:
            # A fork inherits open sockets that it must not share with its parent, and none of its threads.
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._build(), os.getpid()
                self._threads = ThreadPoolExecutor(self._limit, "aliyun")
            return self._client

    def _build(self) -> Client:
        protocol, endpoint = self._address()
        milliseconds = int(self._settings.timeout_seconds * 1000)
        session = requests.Session()
        # A redirect would be followed with another request.
        session.max_redirects = 0
        mount(session, self._limit)
        DaraCore._sessions[self._session_key()] = session
        return Client(
            Config(
                access_key_id=self._settings.access_key_id,
                access_key_secret=self._settings.access_key_secret,
                protocol=protocol,
                endpoint=endpoint,
                connect_timeout=milliseconds,
                read_timeout=milliseconds,
                max_idle_conns=self._limit,
            )
        )

    def _address(self) -> tuple[str, str]:
        if self._settings.api_base_url is None:
            return "HTTPS", _ENDPOINT
        parts = urlsplit(self._settings.api_base_url)
        return parts.scheme.upper(), parts.netloc

    def _session_key(self) -> str:
        """Under which name the SDK looks for the session of this account's address."""
        protocol, endpoint = self._address()
        return f"{protocol.lower()}://{endpoint}:80:pool={self._limit}"


class _CannotList(Exception):
    """The provider did not answer the question; the message is its code."""


def _cause(error: UnretryableException) -> BaseException:
    """What requests raised, which the SDK has wrapped twice."""
    inner: BaseException = error.inner_exception
    return inner.__context__ or inner


def _as_dialled(number: str) -> str:
    """As the provider writes numbers: mainland ones bare, others with their country's code."""
    return re.sub(r"^\+(?:86)?", "", number)
