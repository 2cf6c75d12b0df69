"""Note when a key was last used: at most once a minute, and never in the way of a request."""

import threading
import time

import structlog
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock
from tracker.channels.models import ChannelKeyUse
from tracker.db import Database

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 60.0
_uses = insert(ChannelKeyUse.__table__)
_NOTE = _uses.on_conflict_do_update(
    index_elements=["key_id"],
    set_={"last_used_at": func.greatest(ChannelKeyUse.last_used_at, _uses.excluded.last_used_at)},
)


class KeyUses:
    """What one process has noted. Safe to use from several threads; never raises."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: dict[int, float] = {}
        self._lock = threading.Lock()

    def note(self, key_id: int, operator_id: int) -> None:
        """The key is used now. Committed by itself, whatever becomes of the request."""
        now = time.monotonic()
        with self._lock:
            # Also where it fails below: one try a minute.
            if now - self._noted.get(key_id, -_EVERY_SECONDS) < _EVERY_SECONDS:
                return
            self._noted[key_id] = now
        row = {"key_id": key_id, "operator_id": operator_id, "last_used_at": clock.now()}
        try:
            with self._db.engine.begin() as connection:
                connection.execute(_NOTE, row)
        except SQLAlchemyError as error:
            log.warning("key_use_not_noted", key=key_id, error=type(error).__name__)
