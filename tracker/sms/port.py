"""What the tracker asks of any SMS provider, and the answers it can give.

One attempt is one request. A gateway never raises for what a provider or the network does: it
says which of four things happened, because only three results prove that nothing was sent (no
connection was made; a 429; another 4xx) and everything else may have reached the customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Protocol

# Stands in the place of a code wherever its text is kept or shown. No wording may hold such dots itself.
SECRET_SHOWN = "●" * 6


@dataclass(frozen=True)
class Sms:
    """One text to send: the notice's id, an E.164 number, the rendered body with its signature.

    `template`, `language` and `params` are what the body was rendered from. They are given where
    the provider sends registered templates (`Gateway.by_template`) and may be empty elsewhere. `secret` is a
    code within body and params that may be kept nowhere in clear.
    """

    notice_id: int
    to: str
    body: str = field(repr=False)
    template: str = ""
    language: str = ""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str | None = field(default=None, repr=False)


class Scope(Enum):
    """What a refusal is about: trying again helps for none of them but `ACCOUNT`."""

    NUMBER = "number"  # not a mobile, unknown, blocked: a person must call
    CONTENT = "content"  # the text or its template is not allowed
    ACCOUNT = "account"  # our credentials, funds or rights: an operator must act


@dataclass(frozen=True)
class Accepted:
    """The provider took it and named it."""

    reference: str


@dataclass(frozen=True)
class Refused:
    """The provider said no: nothing was sent."""

    scope: Scope
    code: str
    detail: str = ""


@dataclass(frozen=True)
class NotSent:
    """Nothing was sent and it is right to try again, not before `retry_after` seconds."""

    detail: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Unknown:
    """It may have been sent: never send again before `find` has answered."""

    detail: str


Outcome = Accepted | Refused | NotSent | Unknown


@dataclass(frozen=True)
class NotBegun:
    """No attempt was made: there was no time left, or the provider is to be left alone."""

    detail: str


class Stop(Protocol):
    """What a batch is sent under: asked before each text is begun, told what came of it.

    Both are called from the threads that send.
    """

    def reason(self) -> str | None:
        """Why no text is to be begun any more; None as long as there is no reason."""
        ...

    def saw(self, outcome: Outcome) -> None:
        """Take note of one attempt's outcome."""
        ...


@dataclass(frozen=True)
class Found:
    """The provider has the text; `state` is the provider's own word for how far it got.

    `reference` is empty where the provider knows it by our own id and names no other.
    """

    reference: str
    state: str


@dataclass(frozen=True)
class Absent:
    """The provider answered and has no such text."""


@dataclass(frozen=True)
class CannotTell:
    """The provider did not answer the question."""

    detail: str


Finding = Found | Absent | CannotTell


class Standing(StrEnum):
    """How far a provider has brought a text. Each of them proves that the provider has it."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DELIVERED = "delivered"


@dataclass(frozen=True)
class Callback:
    """A provider's request as it arrived.

    `path` is what stands behind the public base address, with its query; `headers` have lower-case names.
    """

    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Receipt:
    """What a provider says of one text.

    `notice_id` is the id that we gave it, None where it names none; `word` the provider's own for
    `standing`; `at` when it was so, if the provider says; `raw` its fields without personal data.
    """

    notice_id: int | None
    reference: str
    standing: Standing
    word: str
    error_code: str | None = None
    at: datetime | None = None
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """A genuine callback: its receipts, and what the provider wants to hear back."""

    receipts: Sequence[Receipt]
    acknowledgement: str = ""
    media_type: str = "text/plain"


@dataclass(frozen=True)
class Forged:
    """Nothing proves that the provider sent this."""


class Gateway(Protocol):
    """A provider. `name` is what notices record as their provider.

    `by_template`: it sends registered templates, so a text must name its own.
    """

    name: str
    by_template: bool

    @property
    def gives_receipts(self) -> bool:
        """Whether it tells by itself how far texts have come."""
        ...

    def send(self, sms: Sms) -> Outcome:
        """Make exactly one attempt. Never raises for the provider's or the network's doing."""
        ...

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        """At most one attempt for each, outcomes in the order of the batch.

        None is begun once `until` has a reason to stop: those are NotBegun. May be called from
        several threads at once.
        """
        ...

    def find(self, sms: Sms, since: datetime) -> Finding:
        """Ask whether a text attempted at or after `since` (aware UTC) reached the provider."""
        ...

    def receipts(self, callback: Callback) -> Received | Forged:
        """Make sure that a callback is the provider's, and read it. Never raises for its content."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
