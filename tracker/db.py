"""Connections and transactions.

A use case opens `transaction()`; one that is called inside another's transaction joins it, so
that several can share one commit. What must wait for the commit, like ringing a worker, is
handed to `after_commit` and is dropped on rollback.

The service's connections reach the rows of one operator at a time: see `tracker.walls`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from psycopg import Error as DriverError
from sqlalchemy import Connection, DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase

from tracker import walls
from tracker.silence import PatientConnection, SilentError, is_silence

# How much longer than its own limit a server may take to say that it was reached.
_MARGIN_SECONDS = 1.0
# For so long nobody asks a server that was found frozen.
_REST_SECONDS = 1.0

APP_ROLE = "tracker_app"
WEB_ROLE = "tracker_web"
PUBLIC_ROLE = "tracker_public"


class Base(DeclarativeBase):
    """Tables of every feature; the naming convention keeps migrations deterministic."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own protocol


@dataclass
class _Unit:
    connection: Connection
    wall: str
    callbacks: list[Callable[[], None]] = field(default_factory=list)


_current: ContextVar[_Unit | None] = ContextVar("transaction", default=None)


class Database:
    """One process's pools of connections to PostgreSQL: one for transactions, one for single statements."""

    def __init__(
        self,
        url: str | URL,
        *,
        role: str | None = None,
        walled: bool = False,
        pool_size: int = 5,
        patience: int | None = None,
    ) -> None:
        """`role`: the database role that the login steps down to; None keeps the login's own.

        `walled`: every connection is told whose rows it may reach, which matters to the role of the service.

        `patience`: how many seconds a statement may take, a connection may be waited for, and what was sent
        may stay unanswered by the other machine; None sets no limit of a statement. A server that has not
        even refused by a second later is taken for frozen: its connection is given up, and for a moment
        nobody asks it again (`is_silent`).
        """
        self.url: URL = make_url(url)
        options = "-c timezone=UTC -c idle_in_transaction_session_timeout=60000"
        if role is not None:
            options += f" -c role={role}"
        connecting: dict[str, Any] = {"connect_timeout": 5}
        if patience is not None:
            options += f" -c statement_timeout={patience}s"
            connecting = {"connect_timeout": patience, "tcp_user_timeout": patience * 1000}
        common: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 5,
            "pool_timeout": patience or 5,
            "pool_pre_ping": False,
            # Errors would quote what was to be stored (I5).
            "hide_parameters": True,
            "connect_args": {**connecting, "options": options},
        }
        self.engine: Engine = create_engine(self.url, **common)
        # Its own connections: switching one to and fro costs a request more than its statement does.
        self.autocommitting: Engine = create_engine(
            self.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **common
        )
        self._silent_until = 0.0
        if patience is not None:
            for engine in (self.engine, self.autocommitting):
                self._be_patient(engine, patience + _MARGIN_SECONDS)
        self.walled = walled
        if walled:
            for engine in (self.engine, self.autocommitting):
                event.listen(engine, "checkout", _tell_wall)

    def _be_patient(self, engine: Engine, seconds: float) -> None:
        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, args: list[Any], given: dict[str, Any]) -> PatientConnection:
            made = PatientConnection.connect(*args, **given)
            made.patience = seconds
            return made

    @cached_property
    def behind_walls(self) -> "Database":
        """Pools of the same login as the service's role; they are closed with this one's."""
        return self if self.walled else Database(self.url, role=WEB_ROLE, walled=True)

    @property
    def is_silent(self) -> bool:
        """Whether the server was found frozen a moment ago, so that asking it would only be waiting."""
        return time.monotonic() < self._silent_until

    def note(self, error: Exception) -> None:
        """If this error tells of a frozen server, `transaction` and `reading` fail at once for a moment."""
        if is_silence(error):
            self._silent_until = time.monotonic() + _REST_SECONDS

    def _require_answers(self) -> None:
        if self.is_silent:
            raise OperationalError(None, None, SilentError("no answer a moment ago"))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, committed at the end; joins the one already open in this context."""
        outer = self._joined()
        if outer is not None:
            yield outer.connection
            return
        self._require_answers()
        try:
            with self.engine.connect() as connection:
                unit = _Unit(connection, walls.present())
                token = _current.set(unit)
                try:
                    with connection.begin():
                        yield connection
                finally:
                    _current.reset(token)
        except OperationalError as error:
            self.note(error)
            raise
        for callback in unit.callbacks:
            callback()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reads, each statement its own snapshot; inside a transaction, that one."""
        outer = self._joined()
        if outer is not None:
            yield outer.connection
            return
        self._require_answers()
        try:
            with self.autocommitting.connect() as connection:
                yield connection
        except OperationalError as error:
            self.note(error)
            raise

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """A connection for one statement that writes, and is its own transaction; inside one, that one."""
        with self.reading() as connection:
            yield connection

    def _joined(self) -> _Unit | None:
        """The open transaction, if there is one. Raises RuntimeError where it began behind another wall."""
        outer = _current.get()
        if outer is not None and self.walled and outer.wall != walls.present():
            raise RuntimeError("a transaction goes on behind the wall that it began behind")
        return outer

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in self._engines():
            engine.dispose()

    def forget(self) -> None:
        """After a fork: leave the pooled connections to the parent, whose they are."""
        for engine in self._engines():
            engine.dispose(close=False)

    def _engines(self) -> list[Engine]:
        twin = self.__dict__.get("behind_walls", self)
        return [one for db in {self, twin} for one in (db.engine, db.autocommitting)]


# Kept with a connection of the pool: what it was last told; gone with the connection.
_TOLD = "wall"
_TELL = f"SELECT set_config('{walls.SETTING}', %s, false)"


def _tell_wall(connection: Any, record: Any, _: Any) -> None:
    """As a connection leaves the pool, tell it whose rows it may reach, unless it knows.

    Told outside of any transaction, or a rollback would take it back.
    """
    wall = walls.present()
    if record.info.get(_TOLD, "") == wall:
        return
    record.info.pop(_TOLD, None)
    commits_itself = connection.autocommit
    try:
        connection.autocommit = True
        connection.execute(_TELL, (wall,))
        connection.autocommit = commits_itself
    except DriverError as error:
        # The pool gets another connection, as far as there is one.
        raise DisconnectionError from error
    record.info[_TOLD] = wall


def is_outage(error: Exception) -> bool:
    """Whether an error says that PostgreSQL could not be reached, and not that the question was wrong."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` once the open transaction has been committed; at once if there is none.

    A callback must not raise: what was committed stays committed.
    """
    unit = _current.get()
    if unit is None:
        callback()
    else:
        unit.callbacks.append(callback)
