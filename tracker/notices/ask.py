"""Ask the provider about a text."""

import time
from typing import Any

from sqlalchemy import Row

from tracker.crypto import UnreadableError
from tracker.notices.claim import as_sms
from tracker.runtime import Runtime
from tracker.sms.port import CannotTell, Finding


class Asking:
    """The questions of one round. Where a provider hangs they end after so many seconds, and the
    round with them; the next one goes on."""

    def __init__(self, runtime: Runtime, seconds: float) -> None:
        self._runtime = runtime
        self._until = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time for questions has run out."""
        return time.monotonic() >= self._until

    def about(self, row: Row[Any]) -> Finding:
        """What its own provider says of a notice, given as TEXT, TEMPLATE, provider and sending_at.

        Another one would truly say that it has no such text.
        """
        try:
            sms = as_sms(self._runtime, row)
        except UnreadableError:
            # Nobody else's text waits for it.
            return CannotTell("the number cannot be opened")
        return self._runtime.routes.find(row.provider, sms, row.sending_at)
