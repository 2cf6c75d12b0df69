"""Hand due notices to the providers: claim and commit, send with no connection held, record.

A notice is `sending` only between the two commits. Whatever kills a worker in between leaves a
lease that runs out, and the sweep takes such a notice for one that may have gone out.
"""

import math
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta

import structlog

from tracker import clock
from tracker.notices.claim import BATCH, FIRST, claim
from tracker.notices.plan_notices import DELIVER
from tracker.notices.record import record
from tracker.queueing import STOPPING
from tracker.runtime import Runtime
from tracker.sms.port import NotBegun
from tracker.sms.routes import Route

log = structlog.get_logger(__name__)

# A delivery is over after so many texts or seconds, long before a job's own time is.
MOST = 80 * BATCH
LONGEST = 60.0
# While the requests of one batch are under way, another is recorded and the next claimed.
_LANES = 2
# A batch for so many requests under way: enough for few round trips to the database, and no more than
# a worker that dies should leave to be asked about.
_BATCH_SHARE = 2.5
_LOOK_EVERY = 0.2


def deliver(runtime: Runtime, queue: str, *, patience: float = 0.0) -> int:
    """Send what is due in one queue, oldest first, up to MOST; returns how many were tried.

    Rings for the next delivery if it ends before the queue does. `patience`: how many seconds to
    wait for a provider that may not be used now, as it rests or has had all that it may get. In a
    worker that is told to stop it ends with the batches that are under way.
    """
    return _Delivery(runtime, queue, patience).run()


class _Delivery:
    """One delivery of a queue: by one lane, and by several once a whole batch was due."""

    def __init__(self, runtime: Runtime, queue: str, patience: float) -> None:
        self._runtime = runtime
        self._queue = queue
        self._batch_size = min(BATCH, math.ceil(runtime.config.sms_in_flight * _BATCH_SHARE))
        self._ends = time.monotonic() + LONGEST
        self._patient_until = time.monotonic() + patience
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._after = FIRST
        self._last = 0
        self._tried = 0
        self._empty = False

    def run(self) -> int:
        """Deliver, and ring if more may be due."""
        if self._lane(alone=True):
            # Another worker that is idle comes too, and rings for a third.
            self._ring()
            self._in_lanes()
        if self._last and not self._empty:
            self._ring()
        return self._tried

    def _ring(self) -> None:
        self._runtime.bell.ring(self._queue, DELIVER, self._last, one_is_enough=True)

    def _in_lanes(self) -> None:
        with ThreadPoolExecutor(_LANES, "lane") as pool:
            lanes: set[Future[bool]] = {pool.submit(self._lane) for _ in range(_LANES)}
            try:
                while lanes:
                    ended, lanes = wait(lanes, return_when=FIRST_COMPLETED)
                    for lane in ended:
                        lane.result()
            finally:
                # Whatever ended one of them, or this thread, the others end with the batch they have.
                self._stop.set()

    def _lane(self, *, alone: bool = False) -> bool:
        """Batch after batch until nothing is due; `alone`: until others would help, which it returns."""
        while not self._is_over() and self._tried < MOST:
            route, room, seconds = self._runtime.routes.choose(self._queue, self._batch_size)
            if route is None:
                until = time.monotonic() + seconds
                if until > self._patient_until:
                    return False
                while not self._is_over() and (left := until - time.monotonic()) > 0:
                    STOPPING.wait(min(left, _LOOK_EVERY))
                continue
            claimed = self._batch(route, room)
            if not claimed:
                self._empty = True
                return False
            if alone and claimed == self._batch_size:
                return True
        return False

    def _is_over(self) -> bool:
        return self._stop.is_set() or STOPPING.is_set() or time.monotonic() > self._ends

    def _batch(self, route: Route, room: int) -> int:
        """Claim up to `room` notices, send each and record; returns how many were due."""
        expires = clock.now() + timedelta(seconds=self._runtime.config.lease)
        batch = claim(self._runtime, self._queue, room, gateway=route.gateway, after=self._after)
        route.give_back(room, len(batch))
        if not batch:
            return 0
        with self._lock:
            self._after = max(self._after, batch[-1].due)
            self._last = batch[-1].sms.notice_id
        if clock.now() >= expires:
            # This process stood still, and another may have sent these by now: the sweep will find out.
            log.warning("lease_expired_before_sending", notices=[c.sms.notice_id for c in batch])
            self._stop.set()
            return len(batch)
        outcomes = route.gateway.send_many([c.sms for c in batch], until=route.watch(expires))
        record(self._runtime, batch, outcomes)
        begun = sum(not isinstance(outcome, NotBegun) for outcome in outcomes)
        with self._lock:
            self._tried += begun
            if begun < len(batch):
                # Some are due again, and stand before what was claimed after them.
                self._after = FIRST
        return len(batch)
