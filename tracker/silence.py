"""Not waiting for a PostgreSQL that says nothing.

A server that is gone closes the connection, and one that is slow is stopped by its own time limit. One that
is frozen (a stopped machine, a disk that hangs) does neither, and the driver would wait for ever.
"""

import time
from typing import Any

import psycopg


class SilentError(psycopg.OperationalError):
    """The server did not answer in time; the connection is given up, whatever became of the statement."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection that waits `patience` seconds for an answer, None for as long as it takes."""

    patience: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """What psycopg does for each exchange with the server. Raises SilentError."""
        patience = self.patience
        if patience is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        began = time.monotonic()
        try:
            return super().wait(gen, interval, patience)
        except psycopg.OperationalError as error:
            if time.monotonic() - began < patience:
                raise
            # Without a farewell, which would wait for the server, too.
            self.pgconn.finish()
            raise SilentError(f"no answer within {patience:g} s") from error


def is_silence(error: BaseException) -> bool:
    """Whether an error, the driver's or SQLAlchemy's of it, says that the server did not answer in time."""
    cause = getattr(error, "orig", error)
    return isinstance(cause, SilentError | psycopg.errors.ConnectionTimeout)
