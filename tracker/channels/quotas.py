"""How many requests a caller may send in a stretch of time, counted by all processes together.

They count in Redis, and each takes a lease of about a hundredth of the quota at a time: so a busy caller
costs a round trip per hundredth of its quota, and what is told of the rest is true to within that. While
Redis does not answer, each process goes on by itself from what it last knew.
"""

import math
import threading
import time
from dataclasses import dataclass

import structlog
from limits import parse_many
from redis.exceptions import RedisError

from tracker.queueing import Silence, connect

log = structlog.get_logger(__name__)

_LEASES_PER_QUOTA = 100
# What other processes have taken since then is not known here.
_KNOWN_FOR_SECONDS = 1.0
# More callers than there are keys: addresses that send wrong keys are counted too.
_MOST_CALLERS = 10_000

# Key: what everybody together has taken in this window, which begins with the first of it. Arguments: the
# quota, the window in milliseconds, tokens wanted. Answers: granted, left for everybody, milliseconds to go.
_TAKE = """
local quota, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local granted = math.max(0, math.min(wanted, quota - used))
if granted > 0 then redis.call('INCRBY', KEYS[1], granted) end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = window
  if granted > 0 then redis.call('PEXPIRE', KEYS[1], window) end
end
return {granted, math.max(0, quota - used - granted), left}
"""


@dataclass(frozen=True)
class Quota:
    """So many requests in so many seconds."""

    amount: int
    seconds: int

    @classmethod
    def read(cls, text: str) -> "Quota":
        """From words like "1200 per minute". Raises ValueError for none, several, or a quota of nothing."""
        found = parse_many(text)
        if len(found) != 1 or found[0].amount < 1:
            raise ValueError("one limit above 0 is wanted")
        return cls(found[0].amount, found[0].get_expiry())


@dataclass(frozen=True)
class Share:
    """What a request met with: whether it may pass, and what is left until when."""

    quota: Quota
    allowed: bool
    remaining: int
    reset_seconds: int


@dataclass
class _Window:
    """What this process knows of a caller's present window; times are monotonic."""

    shared: int
    ends: float
    leased: int = 0
    asked: float = -math.inf


class Quotas:
    """Counts for one process. Safe to use from several threads; never raises for Redis's doing."""

    def __init__(self, redis_url: str, silence: Silence | None = None) -> None:
        self._redis = connect(redis_url, patient=False)
        self._take_shared = self._redis.register_script(_TAKE)
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()
        self._silence = silence or Silence()

    def take(self, caller: str, quota: Quota) -> Share:
        """Count one request of this caller ("key:7") against its quota."""
        name = f"{caller}:{quota.amount}/{quota.seconds}"
        with self._lock:
            now = time.monotonic()
            window = self._window(name, quota, now)
            # Once everything is taken, nothing more comes in this window.
            if window.shared and (not window.leased or now - window.asked > _KNOWN_FOR_SECONDS):
                self._lease(name, quota, window, now)
            allowed = window.leased > 0
            window.leased -= allowed
            return Share(
                quota=quota,
                allowed=allowed,
                remaining=window.leased + window.shared,
                reset_seconds=max(1, math.ceil(window.ends - now)),
            )

    def close(self) -> None:
        """Give back connections."""
        self._redis.close()

    def _window(self, name: str, quota: Quota, now: float) -> _Window:
        window = self._windows.get(name)
        if window is None or window.ends <= now:
            # Taken out first, so that whoever has not been heard of for longest stands first.
            self._windows.pop(name, None)
            if len(self._windows) >= _MOST_CALLERS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[name] = _Window(quota.amount, now + quota.seconds)
        return window

    def _lease(self, name: str, quota: Quota, window: _Window, now: float) -> None:
        """Fill the lease up, from what all processes share or, without Redis, from what is known of it."""
        wanted = max(1, quota.amount // _LEASES_PER_QUOTA) - window.leased
        window.asked = now
        if not self._silence.lasts():
            try:
                granted, window.shared, left = self._take_shared(
                    [f"tracker:api:{name}"], [quota.amount, quota.seconds * 1000, max(0, wanted)]
                )
            except RedisError as error:
                self._silence.begin()
                log.warning("quota_kept_alone", error=type(error).__name__)
            else:
                window.leased += granted
                window.ends = now + left / 1000
                return
        granted = max(0, min(wanted, window.shared))
        window.leased += granted
        window.shared -= granted
