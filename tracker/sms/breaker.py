"""When a provider is to be left alone: pure decisions, the time passed in.

After several failures in a row it rests. Then one text tries it: another failure makes the next
rest twice as long, anything else ends the trouble.
"""

import threading
from enum import Enum

from tracker.sms.port import Accepted, NotSent, Outcome, Refused, Scope

FAILURES = 5
_LONGEST_REST = 300.0
_LONGEST_ASKED = 3600.0


class _State(Enum):
    WELL = "well"
    RESTING = "resting"
    TRIED = "tried"  # one text is on its way to see whether the trouble is over


class Breaker:
    """One provider's. Times are seconds of a monotonic clock; safe to use from several threads."""

    def __init__(self, rest: float) -> None:
        """`rest`: length of the first rest; each further one is twice as long, up to five minutes."""
        self._first_rest = self._rest = rest
        self._lock = threading.Lock()
        self._state = _State.WELL
        self._failures = 0
        self._until = 0.0

    def room(self, wanted: int, now: float) -> tuple[int, float]:
        """How many texts may be tried, and if none, in how many seconds to ask again.

        A probe that is granted and not used is to be given back by `unused`.
        """
        with self._lock:
            if self._state is _State.WELL:
                return wanted, 0.0
            if now < self._until:
                return 0, self._until - now
            # Should nobody hear of this one again, another follows as after a failure.
            self._state, self._until = _State.TRIED, now + self._rest
            return 1, 0.0

    def unused(self, now: float) -> None:
        """Nothing was due: the probe that was granted has not been sent."""
        with self._lock:
            if self._state is _State.TRIED:
                self._state, self._until = _State.RESTING, now

    def rests(self) -> bool:
        """Whether texts that are already claimed are to be put back."""
        return self._state is _State.RESTING

    def saw(self, outcome: Outcome, now: float) -> bool:
        """Take note of an outcome; whether the provider's rest begins or ends with it."""
        with self._lock:
            if not _is_trouble(outcome):
                ended = self._state is not _State.WELL
                self._state, self._failures, self._rest = _State.WELL, 0, self._first_rest
                return ended
            self._failures += 1
            if self._state is _State.RESTING or self._failures < FAILURES:
                return False
            if self._state is _State.TRIED:
                self._rest = min(self._rest * 2, _LONGEST_REST)
            asked = outcome.retry_after if isinstance(outcome, NotSent) else None
            self._state = _State.RESTING
            self._until = now + max(self._rest, min(asked or 0.0, _LONGEST_ASKED))
            return True


def _is_trouble(outcome: Outcome) -> bool:
    """Whether an outcome says something of the provider or our account, and not of one text."""
    if isinstance(outcome, Refused):
        return outcome.scope is Scope.ACCOUNT
    return not isinstance(outcome, Accepted)
