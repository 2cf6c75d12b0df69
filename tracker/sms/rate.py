"""How many texts a provider may be handed: a token bucket that all workers share through Valkey.

While Valkey does not answer, each process keeps to a share of its own, small enough that all of
them together stay within the limit. What is urgent finds tokens that the others have to leave.
"""

import os
import secrets
import threading
import time
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from tracker.queueing import connect

log = structlog.get_logger(__name__)

# Share of a full bucket that a queue leaves to those more urgent than itself.
_LEAVES = {"urgent": 0.0, "progress": 0.1, "bulk": 0.2}
# As long as the number of processes that send has not been heard from Valkey.
_ASSUMED_SENDERS = 8
_MEMBER_SECONDS = 120
_REST_AFTER_FAILURE = 5.0

# Keys: bucket, senders. Arguments: rate, capacity, wanted (negative gives back), tokens to leave,
# this sender, seconds it counts. The server's clock is everybody's.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local rate, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted, leave = tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local at = tonumber(kept[2]) or now
local tokens = math.min(capacity, (tonumber(kept[1]) or capacity) + math.max(0, now - at) * rate)
local granted = wanted
if wanted > 0 then granted = math.max(0, math.min(wanted, math.floor(tokens - leave))) end
tokens = math.min(capacity, tokens - granted)
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(capacity / rate) + 60)
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[6]), ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('EXPIRE', KEYS[2], ARGV[6])
local wait = granted == 0 and math.max(0, (1 + leave - tokens) / rate) or 0
return {granted, string.format('%.6f', wait), redis.call('ZCARD', KEYS[2])}
"""


@dataclass
class _Local:
    """This process's own bucket, which starts empty."""

    tokens: float = 0.0
    at: float = 0.0

    def take(self, rate: float, wanted: int, now: float) -> tuple[int, float]:
        capacity = max(1.0, rate / 2)
        self.tokens = min(capacity, self.tokens + (now - self.at) * rate) if self.at else 0.0
        self.at = now
        granted = wanted if wanted < 0 else min(wanted, int(self.tokens))
        self.tokens -= granted
        return granted, 0.0 if granted else (1 - self.tokens) / rate


class Rate:
    """One provider's limit in texts a second. Safe to use from several threads; never raises."""

    def __init__(self, redis_url: str, provider: str, per_second: float) -> None:
        self._take_tokens = connect(redis_url, patient=False).register_script(_TAKE)
        self._keys = [f"tracker:sms:{provider}:tokens", f"tracker:sms:{provider}:senders"]
        self._rate = per_second
        # Half a second's worth, and always one more than what bulk leaves to the others.
        self._capacity = max(2.0, per_second / 2)
        self._member = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._senders = 0
        self._local = _Local()
        self._lock = threading.Lock()
        self._rest_until = 0.0

    def take(self, wanted: int, queue: str) -> tuple[int, float]:
        """How many of `wanted` texts may be sent now, and if none, in how many seconds to ask again."""
        leave = _LEAVES[queue] * self._capacity
        return self._ask(wanted, max(leave, 1.0) if queue == "bulk" else leave)

    def give_back(self, count: int) -> None:
        """Return what was taken and not used."""
        if count:
            self._ask(-count, 0.0)

    def _ask(self, wanted: int, leave: float) -> tuple[int, float]:
        with self._lock:
            if time.monotonic() >= self._rest_until:
                arguments: list[str | float]
                arguments = [self._rate, self._capacity, wanted, leave, self._member, _MEMBER_SECONDS]
                try:
                    granted, wait, self._senders = self._take_tokens(self._keys, arguments)
                except RedisError as error:
                    self._rest_until = time.monotonic() + _REST_AFTER_FAILURE
                    log.warning("rate_kept_alone", error=type(error).__name__)
                else:
                    return int(granted), float(wait)
            share = self._rate / (self._senders or _ASSUMED_SENDERS)
            return self._local.take(share, wanted, time.monotonic())
