"""How often one address may ask, and how often one order may be guessed at.

Ten thousand digits can be tried from ten thousand addresses, so the order itself is guarded, too: by its
number as it was typed, so that a known one and an unknown one are locked alike.
"""

import math
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, wraps
from typing import Any

from flask import Response, make_response, request
from werkzeug.exceptions import TooManyRequests

from public_status.runtime import PublicRuntime
from tracker import clock
from tracker.addresses import household_of
from tracker.channels.quotas import Quota
from tracker.orders import numbers
from tracker.tries.rules import TooOften

View = Callable[..., Any]
Limited = Callable[[View], View]

_LOOKUPS = "lookup"
_NOTHING = b""

_household_of = lru_cache(maxsize=4096)(household_of)


class TooOftenError(TooManyRequests):
    """Refused unread: the order is `locked`, or else the address asked enough; `retry_after` in seconds."""

    def __init__(self, why: TooOften) -> None:
        super().__init__()
        self.locked = why.locked
        self.retry_after = max(1, math.ceil((why.until - clock.now()) / timedelta(seconds=1)))


class Limits:
    """What views are guarded by. Raises SQLAlchemyError in their place where nobody can count."""

    def __init__(self, run: PublicRuntime) -> None:
        self._run = run

    def limit(self, words: str) -> Limited:
        """Let an address ask for the view below so often ("6 per minute"), each view counted by itself.

        Raises ValueError for anything but one limit.
        """
        quota = Quota.read(words)

        def guard(view: View) -> View:
            @wraps(view)
            def limited(**given: Any) -> Any:
                self._enter(view.__name__, quota, _NOTHING)
                return view(**given)

            return limited

        return guard

    def lookups(self, typed_number: Callable[[], str]) -> Limited:
        """Guard a view that shows the order of a typed number to whoever proves a right to it.

        All such views count together. An answer of status 404 is a wrong try at the number.
        """
        quota = Quota.read(self._run.config.lookup_limit)

        def guard(view: View) -> View:
            @wraps(view)
            def limited(**given: Any) -> Response:
                number = numbers.normalise(typed_number())
                # What cannot be a number can be nobody's.
                guarded = self._digest(f"number/{number}") if number else _NOTHING
                self._enter(_LOOKUPS, quota, guarded)
                answer = make_response(view(**given))
                if guarded and answer.status_code == 404:
                    self._refuse(self._run.tries.count_wrong(self._run.db, guarded, clock.now()))
                return answer

            return limited

        return guard

    def _enter(self, name: str, quota: Quota, guarded: bytes) -> None:
        caller = self._digest(f"{name}/{_household_of(request.remote_addr)}")
        self._refuse(self._run.tries.enter(self._run.db, caller, quota, guarded, clock.now()))

    def _digest(self, what: str) -> bytes:
        """Neither store need know numbers or addresses."""
        return self._run.keys.digest_of("public.tries", what)

    def _refuse(self, why: TooOften | None) -> None:
        if why is not None:
            raise TooOftenError(why)
