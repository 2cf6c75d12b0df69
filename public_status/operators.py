"""The operators and their hotlines, which stand on every page, also when the database is down."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tracker.db import Database
from tracker.staff.models import Operator

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 60.0
_REST_SECONDS = 5.0


@dataclass(frozen=True)
class OperatorCard:
    """An operator as customers know it."""

    id: int
    code: str
    name: str
    name_en: str
    hotline: str

    def name_in(self, language: str) -> str:
        """Its name in zh or en."""
        return self.name_en if language == "en" else self.name


class OperatorCache:
    """The process's copy, a minute old at most while the database answers, and kept when it does not."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._known: Sequence[OperatorCard] = ()
        self._next_look = 0.0

    def all(self) -> Sequence[OperatorCard]:
        """The operators as last read; none if they never could be. Never raises for the database's doing."""
        if time.monotonic() >= self._next_look and self._lock.acquire(blocking=False):
            try:
                self._known = self._read()
                self._next_look = time.monotonic() + _FRESH_SECONDS
            except SQLAlchemyError as error:
                self._next_look = time.monotonic() + _REST_SECONDS
                log.warning("operators_unreadable", error=type(error).__name__)
            finally:
                self._lock.release()
        return self._known

    def _read(self) -> Sequence[OperatorCard]:
        wanted = select(Operator.id, Operator.code, Operator.name, Operator.name_en, Operator.hotline)
        with self._db.reading() as connection:
            return tuple(OperatorCard(*row) for row in connection.execute(wanted.order_by(Operator.id)))
