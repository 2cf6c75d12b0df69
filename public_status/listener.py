"""Hearing of a change of reference data at its commit, without asking.

The triggers on these tables send a notification on the channel `reference` in the transaction that
changes them. One connection a process listens; whether anything came is a look at its socket.
"""

import os
import select
from contextlib import suppress

import psycopg
from sqlalchemy.engine import URL

from tracker.silence import PatientConnection

# Somebody waits for a page while the connection is opened.
_CONNECT_SECONDS = 2
# How long an answer is waited for, which a server that is alive gives in milliseconds.
_PATIENCE_SECONDS = 2.0
# How long bytes may stay unanswered before the peer counts as gone (TCP only).
_SILENCE_MS = 3000

_REVISION = "SELECT revision FROM reference_revision"


class Listener:
    """One connection that listens. Not for several threads at once, but for `quiet`.

    A forked child must not use or close it: it would speak on its parent's connection.
    """

    def __init__(self, url: URL, role: str) -> None:
        """Connect and listen. Raises psycopg.Error where that cannot be done."""
        self.pid = os.getpid()
        options = f"-c role={role} -c statement_timeout=3s -c application_name=public-pages"
        self._connection = PatientConnection.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_SILENCE_MS,
            options=options,
        )
        self._connection.patience = _PATIENCE_SECONDS
        try:
            self._connection.execute("LISTEN reference")
            self._fd = self._connection.fileno()
        except psycopg.Error:
            self.close()
            raise

    def quiet(self) -> bool:
        """Whether nothing at all has come since the last `revision`, not even the connection's end."""
        # An object of its own for each look: one may not be polled by two threads at once.
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return not poll.poll(0)

    def revision(self) -> int:
        """The revision as last committed. Raises psycopg.Error for a lost connection, or for a silent one.

        A notification may come along with the answer and be about what the answer does not know yet,
        so it is asked for again until none came. What comes later, `quiet` tells.
        """
        revision = self._ask()
        while any(True for _ in self._connection.notifies(timeout=0)):
            revision = self._ask()
        return revision

    def _ask(self) -> int:
        row = self._connection.execute(_REVISION).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """End the connection, if this process opened it."""
        if self.pid == os.getpid():
            with suppress(psycopg.Error):
                self._connection.close()
