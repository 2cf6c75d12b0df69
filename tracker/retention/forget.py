"""Forget what has been kept for long enough: a chunk in each transaction, so that killing it costs nothing.

Every statement looks at what still stands there, so two at once, or one after another that was killed, only
find less to do.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import BigInteger

from tracker import clock
from tracker.crypto import ERASED
from tracker.db import Database
from tracker.excuses.models import ExcuseFile
from tracker.notices.heartbeat import beat, last_beat
from tracker.notices.models import Notice
from tracker.retention import due
from tracker.retention.rules import AGAIN_AFTER, SLOTS_KEPT, ended_before, is_night
from tracker.site_work.models import SitePhoto

JOB = "retention"
# A worker that keeps house has other work, too: the rest of a great many has time until its next round.
ROUND_SECONDS = 20.0
_CHUNK = 500

_ids = bindparam("ids", type_=ARRAY(BigInteger))
_ORDERS = select(func.anonymise_orders(_ids, bindparam("at")))
_SUBSCRIBERS = select(func.anonymise_subscribers(_ids))
_COMPLAINTS = select(func.anonymise_complaints(_ids))
_SLOTS = select(func.delete_unbooked_slots(_ids))
_STAFF_TEXTS = (
    update(Notice)
    .where(Notice.id == func.any(_ids))
    .values(
        recipient=ERASED,
        recipient_digest=None,
        body="",
        # What an order is called by names nobody.
        params=case(
            (Notice.params.has_key("number"), func.jsonb_build_object("number", Notice.params["number"])),
            else_=cast({}, JSONB),
        ),
        secret=None,
    )
)
_Forget = Callable[[Connection, Sequence[int]], int]


@dataclass
class Forgotten:
    """How much was forgotten; `is_all`: nothing was left to be, when the time came to an end."""

    orders: int = 0
    subscribers: int = 0
    complaints: int = 0
    staff_texts: int = 0
    slots: int = 0
    photos: int = 0
    evidence: int = 0
    is_all: bool = False


def _called(function: Select[Any]) -> _Forget:
    return lambda connection, ids: connection.scalar(function, {"ids": list(ids)}) or 0


def _nobody(number: int) -> None:
    """Nobody counts along."""


def forget_tonight(db: Database, years: int, remove_file: Callable[[str], None]) -> Forgotten | None:
    """A round of what a night is for; None by day, and where this night's work is done. See `forget`."""
    now = clock.now()
    with db.reading() as connection:
        done_at = last_beat(connection, JOB)
    if not is_night(now) or (done_at is not None and now - done_at < AGAIN_AFTER):
        return None
    return forget(db, years, remove_file, seconds=ROUND_SECONDS)


def forget(
    db: Database,
    years: int,
    remove_file: Callable[[str], None],
    *,
    seconds: float | None = None,
    done: Callable[[int], None] = _nobody,
) -> Forgotten:
    """Anonymise orders, subscriptions and complaints that ended over so many years ago, and texts to staff of
    before then; delete old slots.

    `remove_file` deletes an installer's photo, or a file that an excuse rests on, by its name; one that is
    gone is no fault.
    `seconds`: after so many it stops, and goes on next time; None: when nothing is left. `done` is called
    with the number of rows of each chunk.
    """
    until = None if seconds is None else time.monotonic() + seconds
    work = _Work(db, clock.now(), years, remove_file, until, done)
    steps = (
        work.orders,
        work.photos,
        work.evidence,
        work.subscribers,
        work.complaints,
        work.staff_texts,
        work.slots,
    )
    work.found.is_all = all(step() for step in steps)
    if work.found.is_all:
        with db.transaction() as connection:
            beat(connection, JOB, clock.now())
    return work.found


class _Work:
    """One run; each step says whether it came to its end."""

    def __init__(
        self,
        db: Database,
        now: datetime,
        years: int,
        remove_file: Callable[[str], None],
        until: float | None,
        done: Callable[[int], None],
    ) -> None:
        self.found = Forgotten()
        self._db = db
        self._now = now
        self._before = ended_before(now, years)
        self._remove_file = remove_file
        self._until = until
        self._done = done

    def orders(self) -> bool:
        def anonymise(connection: Connection, ids: Sequence[int]) -> int:
            free = due.hold_back(connection, ids, self._before)
            return connection.scalar(_ORDERS, {"ids": list(free), "at": self._now}) or 0

        return self._chunks("orders", due.orders_due(self._before), anonymise)

    def photos(self) -> bool:
        return self._files("photos", due.photos_due(), SitePhoto)

    def evidence(self) -> bool:
        return self._files("evidence", due.evidence_due(), ExcuseFile)

    def subscribers(self) -> bool:
        return self._chunks("subscribers", due.subscribers_due(self._before), _called(_SUBSCRIBERS))

    def complaints(self) -> bool:
        return self._chunks("complaints", due.complaints_due(self._before), _called(_COMPLAINTS))

    def staff_texts(self) -> bool:
        def empty(connection: Connection, ids: Sequence[int]) -> int:
            return connection.execute(_STAFF_TEXTS, {"ids": list(ids)}).rowcount

        with self._db.reading() as connection:
            since = last_beat(connection, due.STAFF_TEXTS)
        is_all = self._chunks("staff_texts", due.staff_texts_due(since, self._before), empty)
        if is_all and (since is None or since < self._before):
            with self._db.transaction() as connection:
                beat(connection, due.STAFF_TEXTS, self._before)
        return is_all

    def slots(self) -> bool:
        slots_before = self._now - SLOTS_KEPT
        return self._chunks("slots", due.slots_due(slots_before), _called(_SLOTS))

    def _files(self, what: str, wanted: Select[Any], table: type[SitePhoto] | type[ExcuseFile]) -> bool:
        """The file first: what is left of a killed run is a row, which the next one finds."""
        while self._has_time():
            with self._db.transaction() as connection:
                some = connection.execute(wanted.limit(_CHUNK)).all()
                for one in some:
                    self._remove_file(one.name)
                connection.execute(delete(table).where(table.id.in_([one.id for one in some])))
            if not some:
                return True
            setattr(self.found, what, getattr(self.found, what) + len(some))
        return False

    def _chunks(self, what: str, wanted: Select[Any], forget: _Forget) -> bool:
        behind: Row[Any] | None = None
        while self._has_time():
            with self._db.transaction() as connection:
                some = due.next_of(connection, wanted, behind=behind, limit=_CHUNK)
                forgotten = forget(connection, [one.id for one in some]) if some else 0
            if not some:
                return True
            behind = some[-1]
            setattr(self.found, what, getattr(self.found, what) + forgotten)
            self._done(forgotten)
        return False

    def _has_time(self) -> bool:
        return self._until is None or time.monotonic() < self._until
