"""The doorbell: RQ tells workers to look at the database, and nothing more.

The rows are the queue. A ring that is lost, because Redis was down or was emptied, costs at most
the time until the next sweep; a ring too many costs one look. So ringing never fails a request,
and while Redis does not answer it is left alone for a few seconds rather than slow each request.
"""

import gc
import threading
import time
from types import FrameType

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

log = structlog.get_logger(__name__)

UPKEEP = "upkeep"
# Apart from upkeep: a long file would hold up the sweep.
FILES = "files"
# Apart from texts: whoever asks for something waits for it in front of a page, and a provider may hang.
REQUESTS = "requests"
# Apart from texts, too: a channel's system may hang.
WEBHOOKS = "webhooks"
# Every queue but those of texts.
OTHERS = (WEBHOOKS, UPKEEP, FILES, REQUESTS)

# Set once this process was told to stop: a long job then ends with what it has begun.
STOPPING = threading.Event()
_JOB_TIMEOUT = 600
_REST_AFTER_FAILURE = 5.0
_GARBAGE_EVERY = 20_000
# A worker that is rung for once in so many seconds loses no time that anybody would notice.
_MOMENT = 0.02


def connect(url: str, *, patient: bool) -> "Redis[bytes]":
    """A client for a process that can wait (a worker) or one that cannot (a request)."""
    if patient:
        retry = Retry(ExponentialBackoff(cap=2, base=0.05), 20)
        return Redis.from_url(url, retry=retry, socket_connect_timeout=5, health_check_interval=30)
    return Redis.from_url(url, retry=Retry(NoBackoff(), 1), socket_timeout=0.5, socket_connect_timeout=0.3)


class Silence:
    """Whether Redis is left alone for a few seconds because it did not answer: one for a whole process, so
    that a request waits for it at most once.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def lasts(self) -> bool:
        """Whether nobody should ask now."""
        return time.monotonic() < self._until

    def begin(self) -> None:
        """It did not answer."""
        self._until = time.monotonic() + _REST_AFTER_FAILURE


class Doorbell:
    """Rings workers. Safe to use from several threads; never raises for Redis's doing."""

    def __init__(self, url: str, silence: Silence | None = None) -> None:
        self._redis = connect(url, patient=False)
        self.silence = silence or Silence()
        self._queues: dict[str, Queue] = {}
        self._lock = threading.Lock()
        self._rung_at: dict[str, float] = {}
        self._late: dict[str, tuple[str, tuple[int, ...], int]] = {}
        self._timers: dict[str, threading.Timer] = {}

    def ring(self, queue: str, job: str, *ids: int, expires: int = 3600, one_is_enough: bool = False) -> bool:
        """Ask a worker of `queue` to run `job` ("workers.jobs.deliver") with row ids only (I5).

        `expires`: seconds after which nobody needs to come any more. `one_is_enough`: any job that
        waits in this queue does the same, so that many of a moment ring once at its end. Returns whether
        Redis took it, or will be asked to.
        """
        if one_is_enough and self._put_off(queue, job, ids, expires):
            return True
        return self._ring(queue, job, ids, expires, one_is_enough)

    def _put_off(self, queue: str, job: str, ids: tuple[int, ...], expires: int) -> bool:
        """Whether a ring of a moment ago lets this one wait for the end of that moment, with all between."""
        now = time.monotonic()
        with self._lock:
            wait = self._rung_at.get(queue, 0.0) + _MOMENT - now
            if wait <= 0:
                self._rung_at[queue] = now
                return False
            if queue not in self._late:
                self._late[queue] = (job, ids, expires)
                timer = self._timers[queue] = threading.Timer(wait, self._catch_up, (queue,))
                timer.daemon = True
                timer.start()
            return True

    def _catch_up(self, queue: str) -> None:
        """Ring for those that were put off: what they ring for was committed before."""
        with self._lock:
            late = self._late.pop(queue, None)
            self._rung_at[queue] = time.monotonic()
        if late is not None:
            self._ring(queue, *late, True)

    def _ring(self, queue: str, job: str, ids: tuple[int, ...], expires: int, one_is_enough: bool) -> bool:
        if self.silence.lasts():
            return False
        try:
            waiting = self._queue(queue)
            # One that has not been answered yet will find the row too: it was committed before this ring.
            if one_is_enough and waiting.count:
                return True
            waiting.enqueue_call(
                job, args=ids, timeout=_JOB_TIMEOUT, result_ttl=0, ttl=expires, failure_ttl=86400
            )
        except RedisError as error:
            self.silence.begin()
            log.warning("doorbell_silent", error=type(error).__name__)
            return False
        return True

    def ping(self) -> None:
        """Raises RedisError if Redis does not answer."""
        self._redis.ping()

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._redis, serializer=JSONSerializer)
        return self._queues[name]

    def close(self) -> None:
        """Ring for what was put off, and give back connections."""
        for queue, timer in self._timers.items():
            timer.cancel()
            self._catch_up(queue)
            # One that rings just now still needs the connection.
            timer.join(_MOMENT + 1)
        self._redis.close()


class _Worker(SimpleWorker):
    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Tell the job that runs, as RQ itself only waits for it."""
        STOPPING.set()
        super().request_stop(signum, frame)


def work(url: str, queue: str, *, burst: bool = False) -> None:
    """Serve one queue until told to stop (SIGTERM) or, with `burst`, until it is empty.

    One queue a worker: one that listens on several can lose a job when killed while popping.
    Jobs run in the worker's own process, so that connections and gateways live on between them;
    a job that brings the process down is found by the sweep, and the supervisor starts another.
    """
    connection = connect(url, patient=True)
    worker = _Worker(
        [Queue(queue, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    settle_memory()
    worker.work(burst=burst, logging_level="WARNING")


def settle_memory() -> None:
    """Leave what is loaded by now out of the search for garbage.

    It stays, and a busy process makes thousands of short-lived objects a second: looking through all of them
    after every 700 new ones finds next to nothing.
    """
    gc.freeze()
    gc.set_threshold(_GARBAGE_EVERY, 20, 20)


def keep_schedule(bell: Doorbell, jobs: dict[str, tuple[str, float]], stop: threading.Event) -> None:
    """Ring each job by its period until `stop`: {"workers.jobs.sweep": ("upkeep", 60.0)}.

    RQ's own cron scheduler writes its jobs with pickle, which nobody should load from a shared
    store; as jobs here only look at the database, ringing is all that a schedule has to do. Two
    schedules at once ring twice, and a ring that nobody answered in time expires.
    """
    due = dict.fromkeys(jobs, 0.0)
    while not stop.is_set():
        now = time.monotonic()
        for job, (queue, period) in jobs.items():
            if due[job] <= now:
                bell.ring(queue, job, expires=max(2, round(period)))
                due[job] = now + period
        stop.wait(max(0.05, min(due.values()) - time.monotonic()))
