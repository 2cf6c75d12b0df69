"""What the public site does: ask for something, see what came of it, prove that a phone is one's own.

All of it works in the site's own database role, which may insert requests and neither change nor delete any.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tracker.crypto import KeyRing
from tracker.customer_requests.models import CustomerRequest, LookupCode
from tracker.customer_requests.rules import (
    CAN_BE_UNDONE,
    CODE_PURPOSE,
    CODE_TRIES,
    SESSION_PURPOSE,
    SESSION_VALID,
    Kind,
    State,
    can_be_undone,
)
from tracker.db import Database
from tracker.orders.models import Order
from tracker.problems import Fault
from tracker.queueing import REQUESTS, Doorbell

APPLY = "workers.jobs.apply_requests"
QUEUE = REQUESTS
# How long a page waits for an outcome before it says that the request was received.
PATIENCE = 3.0

_TOKEN_BYTES = 32
_LONGEST_TOKEN = 64
_LOOK_AGAIN = 0.05

_requests = CustomerRequest.__table__
_codes = LookupCode.__table__


class Verdict(StrEnum):
    """What came of typing a code."""

    OPENED = "opened"
    WRONG = "wrong"  # one of the tries is used up
    GONE = "gone"  # none was asked for; or it is used, too old, or was tried too often: a new one is needed


@dataclass(frozen=True)
class Asked:
    """A request as the person who asked may see it.

    `faults` say why it was refused; `outcome` holds what its page shows. `payload` is empty of free text once
    that is stored where it belongs. `due_at`: when a waiting one takes effect.
    """

    id: int
    kind: Kind
    state: State
    payload: Mapping[str, Any]
    asked_at: datetime
    applied_at: datetime | None
    due_at: datetime | None
    undo_until: datetime | None
    faults: tuple[Fault, ...]
    outcome: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether nobody has looked at it yet. One that waits for its time was looked at."""
        return self.state is State.ASKED

    def can_be_undone(self, now: datetime) -> bool:
        """Whether asking for its undoing has a chance now."""
        return self.kind in CAN_BE_UNDONE and can_be_undone(self.state, self.undo_until, now)


@dataclass(frozen=True)
class Session:
    """Half an hour in which somebody may see and ask more, as the phone of the order is theirs.

    `digest` goes with each request. `shown`: see LookupCode.
    """

    order_id: int
    operator_id: int
    number: str
    digest: bytes = field(repr=False)
    shown: Mapping[str, Any] = field(repr=False)
    ends_at: datetime


@dataclass(frozen=True)
class CodeStanding:
    """The latest code of an order: until when it is good, and how often it may still be tried."""

    sent_at: datetime
    expires_at: datetime
    tries_left: int


def ask(
    db: Database,
    kind: Kind,
    *,
    operator_id: int | None,
    order_id: int | None,
    session_digest: bytes | None,
    payload: Mapping[str, Any],
    now: datetime,
    once: str | None = None,
) -> int:
    """Write down what somebody asks for, in a commit of its own; returns the request's id.

    `payload` as `Kind` says; all of it is checked again when it is applied. `once`: a random word of the form
    (at most 40 characters), by which the second click on its button is the same request as the first.
    """
    row = {
        "kind": kind,
        "operator_id": operator_id,
        "order_id": order_id,
        "session_digest": session_digest,
        "payload": dict(payload),
        "asked_at": now,
        "once": once,
    }
    with db.at_once() as connection:
        asked: int | None = connection.scalar(_INSERT, row)
    if asked is not None:
        return asked
    with db.reading() as connection:
        return connection.execute(_SAME, {"once": once, "order": order_id}).scalar_one()


def ring(bell: Doorbell) -> bool:
    """Let a worker apply what was asked, and say whether one was rung; the sweep does within a minute."""
    return bell.ring(QUEUE, APPLY, one_is_enough=True)


def outcome_of(connection: Connection, request_id: int) -> Asked | None:
    """What came of a request so far; None for one that does not exist."""
    row = connection.execute(_ONE, {"request": request_id}).one_or_none()
    return None if row is None else _asked(row)


def wait_for(db: Database, request_id: int, patience: float = PATIENCE) -> Asked | None:
    """What came of a request, once somebody has looked at it; after so many seconds it may be open still.

    No connection is held between two looks.
    """
    until = time.monotonic() + patience
    while True:
        with db.reading() as connection:
            asked = outcome_of(connection, request_id)
        left = until - time.monotonic()
        if asked is None or not asked.is_open or left <= 0:
            return asked
        time.sleep(min(_LOOK_AGAIN, left))


def requests_of(connection: Connection, order_id: int, most: int = 50) -> list[Asked]:
    """What was asked for about an order, newest first; codes and undoings show by their effect alone."""
    rows = connection.execute(_OF_ORDER, {"order": order_id, "most": most})
    return [_asked(row) for row in rows]


def latest_code(connection: Connection, order_id: int, now: datetime) -> CodeStanding | None:
    """The code that may be typed now; None where none is good."""
    row = connection.execute(_LATEST_CODE, {"order": order_id}).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= now or row.tries >= CODE_TRIES:
        return None
    return CodeStanding(row.created_at, row.expires_at, CODE_TRIES - row.tries)


def open_session(
    db: Database, keys: KeyRing, order_id: int, number: str, code: str, now: datetime
) -> tuple[Verdict, str | None]:
    """Compare a typed code, count the try, and open a session if it is right; the token is for its cookie.

    `number` must be the order's. The database compares and counts, so that tries at the same moment
    count, too; a code opens one session.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    statement = select(
        func.open_lookup_session(
            order_id,
            keys.digest_of(CODE_PURPOSE, f"{number}/{code}"),
            session_digest_of(keys, token),
            now,
            now + SESSION_VALID,
        )
    )
    with db.at_once() as connection:
        verdict = Verdict(connection.execute(statement).scalar_one())
    return verdict, token if verdict is Verdict.OPENED else None


def session_of(connection: Connection, keys: KeyRing, token: str, now: datetime) -> Session | None:
    """The session that a cookie's token belongs to; None for a forged, closed or ended one."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    digest = session_digest_of(keys, token)
    row = connection.execute(_SESSION, {"digest": digest, "now": now}).one_or_none()
    if row is None:
        return None
    return Session(row.order_id, row.operator_id, row.number, digest, row.shown, row.session_ends_at)


def close_session(db: Database, keys: KeyRing, token: str, now: datetime) -> None:
    """End a session before its time; what is no session's token does nothing."""
    if token and len(token) <= _LONGEST_TOKEN:
        with db.at_once() as connection:
            connection.execute(select(func.close_lookup_session(session_digest_of(keys, token), now)))


def session_digest_of(keys: KeyRing, token: str) -> bytes:
    """How the database knows a session."""
    return keys.digest_of(SESSION_PURPOSE, token)


_INSERT = (
    insert(_requests)
    .on_conflict_do_nothing(index_elements=[_requests.c.order_id, _requests.c.once])
    .returning(_requests.c.id)
)
_SAME = select(_requests.c.id).where(
    _requests.c.once == bindparam("once"), _requests.c.order_id.is_not_distinct_from(bindparam("order"))
)
_SHOWN = select(
    _requests.c.id,
    _requests.c.kind,
    _requests.c.state,
    _requests.c.payload,
    _requests.c.asked_at,
    _requests.c.applied_at,
    _requests.c.due_at,
    _requests.c.undo_until,
    _requests.c.refusal,
    _requests.c.outcome,
)
_ONE = _SHOWN.where(_requests.c.id == bindparam("request"))
_OF_ORDER = (
    _SHOWN.where(_requests.c.order_id == bindparam("order"), _requests.c.kind.in_(sorted(CAN_BE_UNDONE)))
    .order_by(_requests.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_LATEST_CODE = (
    select(_codes.c.created_at, _codes.c.expires_at, _codes.c.tries, _codes.c.used_at)
    .where(_codes.c.order_id == bindparam("order"))
    .order_by(_codes.c.id.desc())
    .limit(1)
)
_SESSION = (
    select(_codes.c.order_id, Order.operator_id, Order.number, _codes.c.shown, _codes.c.session_ends_at)
    .join(Order, Order.id == _codes.c.order_id)
    .where(_codes.c.session_digest == bindparam("digest"), _codes.c.session_ends_at > bindparam("now"))
)


def _asked(row: Row[Any]) -> Asked:
    return Asked(
        id=row.id,
        kind=Kind(row.kind),
        state=State(row.state),
        payload=row.payload,
        asked_at=row.asked_at,
        applied_at=row.applied_at,
        due_at=row.due_at,
        undo_until=row.undo_until,
        faults=tuple(Fault(one["rule"], one["pointer"], one["params"]) for one in row.refusal or ()),
        outcome=row.outcome or {},
    )
