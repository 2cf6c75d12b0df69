"""Tries counted together by every process: in Redis, and in PostgreSQL while Redis is away.

A wrong try is written to PostgreSQL whatever Redis does, for it is rare, and five of them make a lock that
must not be lost. Redis holds a copy of the locks, so that guesses at what is locked cost PostgreSQL nothing,
and it is believed only while it bears a mark. An emptied Redis has none; nor has one that was away, for
whoever missed it takes the mark off. Whoever finds no mark copies the locks anew before it asks again.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tracker.channels.quotas import Quota
from tracker.db import Database
from tracker.tries import in_database
from tracker.tries.rules import MOST_WRONG, Count, TooOften, refusal

log = structlog.get_logger(__name__)

# Somebody waits for a page; the database can do the same.
_PATIENCE_SECONDS = 0.2
_ASK_AGAIN_SECONDS = 1.0

_MARK = "tracker:tries:complete"
_COUNTED = b"tracker:tries:count:"
_LOCKED = b"tracker:tries:lock:"

# Keys: the mark, the caller's count, the lock. Argument: how long the count lasts, in milliseconds.
# Answers: the count, or 0 without a mark; milliseconds to its end; the end of the lock as it was written.
_ENTER = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0, false} end
local count = redis.call('INCR', KEYS[2])
if count == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[2]), redis.call('GET', KEYS[3])}
"""


class SharedTries:
    """Counts for one process. Safe to use from several threads; never raises for Redis's doing.

    Where neither store can be reached, SQLAlchemyError tells so: nothing can be looked up then either.
    """

    def __init__(self, redis_url: str | None) -> None:
        """Without Redis's address, PostgreSQL counts everything."""
        self._redis: Redis[bytes] | None = None
        self._away = threading.Event()
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()
        if redis_url is not None:
            self._redis = Redis.from_url(
                redis_url,
                socket_timeout=_PATIENCE_SECONDS,
                socket_connect_timeout=_PATIENCE_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
            self._enter = self._redis.register_script(_ENTER)

    def enter(
        self, db: Database, caller: bytes, quota: Quota, guarded: bytes, now: datetime
    ) -> TooOften | None:
        """Count a try of `caller` at `guarded`, both digests; returns what stands against it, if anything.

        `guarded` is empty where nothing can be locked. A count begins with its first try, and lasts as long
        as the quota says.
        """
        length = timedelta(seconds=quota.seconds)
        found = self._enter_redis(db, caller, length, guarded, now)
        count, locked_until = found or in_database.enter(db, caller, length, guarded, now)
        return refusal(count, quota.amount, locked_until, now)

    def count_wrong(self, db: Database, guarded: bytes, now: datetime) -> TooOften | None:
        """Count a wrong try; returns the lock if it came too late to be answered.

        Tries that are under way in several processes at the moment of the fifth are all counted here, and a
        wrong one of them is told no more than any other that meets the lock.
        """
        count = in_database.count_wrong(db, guarded, now)
        if count.number < MOST_WRONG:
            return None
        redis = self._answering()
        if redis is not None:
            try:
                _copy_lock(redis, guarded, count.ends_at, now)
            except RedisError as error:
                self._miss(error)
        return TooOften(True, count.ends_at) if count.number > MOST_WRONG else None

    def close(self) -> None:
        """Give back connections."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join(_PATIENCE_SECONDS * 2)
        if self._redis is not None:
            self._redis.close()

    def _enter_redis(
        self, db: Database, caller: bytes, length: timedelta, guarded: bytes, now: datetime
    ) -> tuple[Count, datetime | None] | None:
        """The count and the end of the lock; None where the database has to tell."""
        redis = self._answering()
        if redis is None:
            return None
        names = [_MARK, _COUNTED + caller, _LOCKED + guarded]
        milliseconds = [_milliseconds(length)]
        try:
            number, left, until = self._enter(names, milliseconds)
            if not number:
                self._complete(redis, db, now)
                number, left, until = self._enter(names, milliseconds)
        except RedisError as error:
            self._miss(error)
            return None
        if not number:
            return None
        ends_at = now + timedelta(milliseconds=left)
        return Count(number, ends_at), until and datetime.fromtimestamp(int(until) / 1000, UTC)

    def _complete(self, redis: "Redis[bytes]", db: Database, now: datetime) -> None:
        """Copy the locks, then say that none is missing."""
        with db.reading() as connection:
            locks = in_database.locks(connection, now)
        with redis.pipeline(transaction=False) as pipeline:
            for guarded, until in locks:
                _copy_lock(pipeline, guarded, until, now)
            pipeline.set(_MARK, 1)
            pipeline.execute()
        log.info("tries_counted_in_redis", locks=len(locks))

    def _answering(self) -> "Redis[bytes] | None":
        if not self._away.is_set():
            return self._redis
        self._watch()
        return None

    def _miss(self, error: RedisError) -> None:
        """Leave Redis alone until it answers: nobody waits for it a second time."""
        log.warning("tries_counted_in_database", error=type(error).__name__)
        self._away.set()
        self._watch()

    def _watch(self) -> None:
        """Have somebody ask for Redis; after a fork, that is nobody of the parent's."""
        with self._lock:
            if not self._closing.is_set() and (self._watcher is None or not self._watcher.is_alive()):
                self._watcher = threading.Thread(target=self._ask_for_redis, name="tries", daemon=True)
                self._watcher.start()

    def _ask_for_redis(self) -> None:
        redis: Any = self._redis
        while not self._closing.wait(_ASK_AGAIN_SECONDS):
            try:
                # What was locked meanwhile is missing there.
                redis.delete(_MARK)
            except RedisError:
                continue
            self._away.clear()
            return


def _copy_lock(redis: Any, guarded: bytes, until: datetime, now: datetime) -> None:
    redis.set(_LOCKED + guarded, round(until.timestamp() * 1000), px=_milliseconds(until - now))


def _milliseconds(length: timedelta) -> int:
    return max(1, length // timedelta(milliseconds=1))
