"""Keeping what the open pages show in memory, and knowing at each request whether it still stands.

A change of reference data is heard of at its commit, by a look at a socket; nothing is asked. In case
that a notification does not get through (a pooler in between, say), the revision is asked for too, once
a second whatever the load. Without the database, the last copy is shown for some minutes, as of its time.
"""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from public_status.listener import Listener
from public_status.published import OperatorCard, Snapshot
from public_status.read_published import read
from tracker import clock
from tracker.db import PUBLIC_ROLE, Database, is_outage
from tracker.silence import is_silence

log = structlog.get_logger(__name__)

_ASK_SECONDS = 1.0
_REST_SECONDS = 3.0
# [ours] A fee schedule that is this old is worth more than none; an older one may mislead.
STALE_SECONDS = 600.0


class NothingToShowError(Exception):
    """The database cannot be reached, and what is known of it is too old to show."""


@dataclass(frozen=True)
class Current:
    """What may be shown now. `as_of` is set where the database is away: nothing later is known."""

    snapshot: Snapshot
    as_of: datetime | None = None


class Keeper:
    """The process's copy. Threads may share it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._current: Current | None = None
        # When the copy was last known to stand, by the clock on the wall and by one that only runs.
        self._stood_at = clock.now()
        self._stood = 0.0
        self._look_at = 0.0
        self._pid = os.getpid()
        # Kept, and never used again: letting go of one would end the parent's session.
        self._parents: list[Listener] = []

    def current(self) -> Current:
        """What is published, as last committed; what was, for some minutes without the database.

        Raises NothingToShowError where there is no copy that may be shown, SQLAlchemyError where the
        database refuses to be read.
        """
        current = self._standing()
        if current is not None:
            return current
        with self._lock:
            # Another thread may have looked while this one waited.
            current = self._standing()
            return self._look() if current is None else current

    def operators(self) -> Sequence[OperatorCard]:
        """The operators and their hotlines as last known, however long ago; none if they never were."""
        try:
            return self.current().snapshot.operators
        except (NothingToShowError, SQLAlchemyError):
            return self._current.snapshot.operators if self._current is not None else ()

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._stop_listening()

    def _standing(self) -> Current | None:
        """The copy, if it needs no look at the database."""
        current, listener = self._current, self._listener
        if current is None or time.monotonic() >= self._look_at:
            return None
        if listener is None:
            # The database is away, and was asked a moment ago.
            return current if current.as_of is not None and self._is_recent() else None
        return current if listener.pid == os.getpid() and listener.quiet() else None

    def _is_recent(self) -> bool:
        return time.monotonic() - self._stood < STALE_SECONDS

    def _look(self) -> Current:
        if self._pid != os.getpid():
            self._start_anew()
        if self._db.is_silent or (self._listener is None and time.monotonic() < self._look_at):
            return self._as_it_was()
        try:
            return self._ask()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            return self._without_database(error)
        except SQLAlchemyError as error:
            if not is_outage(error):
                raise
            return self._without_database(error)

    def _ask(self) -> Current:
        """Compare the copy's revision with the database's, and read everything anew if they differ."""
        began_at, began = clock.now(), time.monotonic()
        revision = self._revision()
        known = self._current.snapshot if self._current is not None else None
        if known is None or known.revision != revision:
            known = self._read(began_at, known)
            log.info("published_read", revision=known.revision)
        if self._current is None or self._current.snapshot is not known or self._current.as_of is not None:
            self._current = Current(known)
        self._stood_at, self._stood = began_at, began
        self._look_at = time.monotonic() + _ASK_SECONDS
        return self._current

    def _read(self, read_at: datetime, previous: Snapshot | None) -> Snapshot:
        """Everything anew; asked for once more if the pooled connection has died since its last use."""
        engine = self._db.engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            with engine.begin() as connection:
                return read(connection, read_at, previous)
        except DBAPIError as error:
            if is_silence(error) or not error.connection_invalidated:
                raise
        with engine.begin() as connection:
            return read(connection, read_at, previous)

    def _revision(self) -> int:
        """The database's revision, by a connection that listened before it asked."""
        if self._listener is not None:
            try:
                return self._listener.revision()
            except psycopg.Error as error:
                if is_silence(error):
                    raise
                # It may have been this connection alone: a new one decides.
                self._stop_listening()
        self._listener = Listener(self._db.url, PUBLIC_ROLE)
        return self._listener.revision()

    def _without_database(self, error: Exception) -> Current:
        self._db.note(error)
        self._stop_listening()
        self._look_at = time.monotonic() + _REST_SECONDS
        log.warning("published_unreadable", error=type(error).__name__)
        return self._as_it_was()

    def _as_it_was(self) -> Current:
        if self._current is None or not self._is_recent():
            raise NothingToShowError
        if self._current.as_of is None:
            self._current = Current(self._current.snapshot, self._stood_at)
        return self._current

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._listener = None

    def _start_anew(self) -> None:
        """After a fork: the parent's connections are the parent's."""
        self._pid = os.getpid()
        if self._listener is not None:
            self._parents.append(self._listener)
        self._listener = None
        self._look_at = 0.0
        self._db.forget()
