"""Handing in what customers ask for, and waiting a moment for what comes of it."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from flask import request

from public_status.runtime import PublicRuntime
from tracker import clock
from tracker.customer_requests import asking
from tracker.customer_requests.asking import Asked
from tracker.customer_requests.rules import Kind

# Nobody waits this long where workers do their work: a moment is what a request takes.
_TIRED_SECONDS = 15.0
_TIRED_PATIENCE = 0.2
# As long as the column that it is kept in.
_LONGEST_ONCE = 40


class Desk:
    """One process's. A process answers one request at a time, so whoever waits holds up all others.

    Nobody waits where no worker could be rung. After one who waited in vain, those of the next seconds
    hardly wait at all.
    """

    def __init__(self, run: PublicRuntime) -> None:
        self._run = run
        self._tired_until = 0.0

    def hand_in(
        self,
        kind: Kind,
        *,
        operator_id: int | None,
        order_id: int | None,
        session_digest: bytes | None = None,
        payload: Mapping[str, Any],
        once: str | None = None,
    ) -> tuple[int, bool]:
        """Write it down and ring; the request's id, and whether a worker was rung."""
        request_id = asking.ask(
            self._run.db,
            kind,
            operator_id=operator_id,
            order_id=order_id,
            session_digest=session_digest,
            payload=payload,
            now=clock.now(),
            once=once,
        )
        bell = self._run.bell
        return request_id, bell is not None and asking.ring(bell)

    def outcome(self, request_id: int, *, rung: bool) -> Asked:
        """What came of a request after a moment; it may be open still."""
        patience = asking.PATIENCE if rung else 0.0
        if time.monotonic() < self._tired_until:
            patience = min(patience, _TIRED_PATIENCE)
        asked = asking.wait_for(self._run.db, request_id, patience)
        if asked is None:
            raise LookupError("a request that was written down a moment ago is gone")
        if asked.is_open and patience == asking.PATIENCE:
            self._tired_until = time.monotonic() + _TIRED_SECONDS
        return asked


def new_once() -> str:
    """A word for a form, by which its second sending is known as such."""
    return secrets.token_hex(8)


def once_sent() -> str:
    """The word of the form that was sent; a new one where somebody has spoilt it."""
    sent = request.form.get("once", "")
    return sent if sent.isascii() and sent.isalnum() and len(sent) <= _LONGEST_ONCE else new_once()
