"""Why an order comes later than promised, or stands still, as its customer reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.promises.ledger import Entry, Kind, holds_in


@dataclass(frozen=True)
class Contact:
    """Who follows a delay up: a name, and an extension of the operator's hotline or none."""

    name: str
    extension: str | None


@dataclass(frozen=True, kw_only=True)
class Line(Entry):
    """A line of the promise ledger with its reason, and with the person who was named in it."""

    reason_code: str | None
    contact: Contact | None


@dataclass(frozen=True)
class Pause:
    """The clock stands still until `ends_at`."""

    ends_at: datetime
    reason_code: str | None


def pause_at(lines: Sequence[Line], at: datetime) -> Pause | None:
    """The hold in which the clock stands still at a moment, the one that ends last; None while it runs."""
    reasons = {line.number: line.reason_code for line in lines}
    standing = [
        Pause(hold.ends_at, reasons[number])
        for number, hold in holds_in(lines).items()
        if hold.starts_at <= at < hold.ends_at
    ]
    return max(standing, key=lambda pause: pause.ends_at, default=None)


def new_promise_in(lines: Sequence[Line]) -> Line | None:
    """The line by which the date was last given anew; None where the first promise is still counted."""
    return next((line for line in reversed(lines) if line.kind is Kind.REPROMISE), None)


def excuse_in(lines: Sequence[Line]) -> Line | None:
    """The delay by a third party that was recorded last; None where the date was given anew since."""
    told = (line for line in reversed(lines) if line.kind in (Kind.REPROMISE, Kind.EXCUSE))
    latest = next(told, None)
    return latest if latest is not None and latest.kind is Kind.EXCUSE else None
