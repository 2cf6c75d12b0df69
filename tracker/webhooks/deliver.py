"""Deliver what channels are to be told: look into the feed, claim, send with no connection held, record.

One worker serves all webhooks at once. Each has a number of requests of its own that may be under way,
so that one that hangs holds up nobody else.
"""

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait

from sqlalchemy import select

from tracker.queueing import STOPPING, WEBHOOKS
from tracker.runtime import Runtime
from tracker.webhooks.claim import Claimed, claim, recover
from tracker.webhooks.fan_out import fan_out
from tracker.webhooks.models import Webhook
from tracker.webhooks.record import record
from tracker.webhooks.rules import Answer, State
from tracker.webhooks.send import LATE, Message, Sender

QUEUE = WEBHOOKS
DELIVER = "workers.jobs.deliver_webhooks"

# Over long before a job's own time is; the schedule rings again.
LONGEST = 50.0
# An event may be read once every transaction that began before it has ended, which nobody can ring for:
# so a worker looks, as long as there is somebody to tell.
_LOOK_EVERY = 0.25
_RECOVER_EVERY = 1.0
# What ends within a moment is recorded together.
_GATHER = 0.01
_MOST_IN_HAND = 1000

_ACTIVE = select(Webhook.id).where(Webhook.state == State.ACTIVE).limit(1)


def deliver(runtime: Runtime, *, patience: float = 0.0) -> int:
    """Send whatever is due to any webhook; returns how many attempts were made.

    `patience`: how many seconds to go on looking, while some webhook is active, for what comes to be due.
    In a worker that is told to stop it ends with the requests that are under way.
    """
    config = runtime.config
    sender = Sender(config.webhook_timeout, config.webhook_allow, config.webhook_in_flight)
    try:
        return _Delivery(runtime, sender, patience).run()
    finally:
        sender.close()


class _Delivery:
    """One worker's turn."""

    def __init__(self, runtime: Runtime, sender: Sender, patience: float) -> None:
        self._runtime, self._sender = runtime, sender
        self._patient_until = time.monotonic() + patience
        self._ends = time.monotonic() + max(patience, LONGEST)
        self._recover_at = 0.0
        self._in_hand: dict[Future[Answer], Claimed] = {}
        self._tried = 0

    def run(self) -> int:
        """Look, claim, send and record, over and over."""
        while not self._is_over():
            if time.monotonic() >= self._recover_at:
                recover(self._runtime)
                self._recover_at = time.monotonic() + _RECOVER_EVERY
            found = fan_out(self._runtime) + self._begin()
            if self._in_hand:
                self._record(_LOOK_EVERY)
            elif not found and not self._stays():
                break
        while self._in_hand:
            self._record(None)
        return self._tried

    def _is_over(self) -> bool:
        return STOPPING.is_set() or time.monotonic() > self._ends

    def _stays(self) -> bool:
        """Wait a moment; returns whether to look again after it."""
        if time.monotonic() >= self._patient_until:
            return False
        with self._runtime.db.reading() as connection:
            if connection.scalar(_ACTIVE) is None:
                return False
        STOPPING.wait(_LOOK_EVERY)
        return True

    def _begin(self) -> int:
        if len(self._in_hand) >= _MOST_IN_HAND:
            return 0
        claimed = claim(self._runtime, Counter(one.webhook_id for one in self._in_hand.values()))
        for one in claimed:
            self._in_hand[self._sent(one)] = one
        return len(claimed)

    def _sent(self, one: Claimed) -> Future[Answer]:
        if isinstance(one.message, Message):
            return self._sender.submit(one.message)
        unsent: Future[Answer] = Future()
        unsent.set_result(one.message)
        return unsent

    def _record(self, patience: float | None) -> None:
        """Record what has ended, once something has or `patience` is over."""
        if wait(self._in_hand, timeout=patience, return_when=FIRST_COMPLETED).done:
            time.sleep(_GATHER)
        ended = [future for future in self._in_hand if future.done()]
        done = [(self._in_hand.pop(future), future.result()) for future in ended]
        # One that was not begun belongs to whoever has it by now.
        done = [(claimed, answer) for claimed, answer in done if answer is not LATE]
        if done:
            record(self._runtime, done)
            self._tried += len(done)
