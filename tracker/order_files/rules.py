"""What may become of an uploaded file of orders, and how far it is."""

from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a file is on its way in."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    BROKEN = "broken"
    CANCELLED = "cancelled"


# In these something is still to come; a person may cancel.
OPEN = (State.WAITING, State.RUNNING)

# The rows that failed can be fetched for so long; they hold what customers said of themselves.
FAILED_ROWS_KEPT = timedelta(days=7)
# So many workers may die over a file without a row of progress.
MOST_STALLS = 5


def percent(state: State, position: int, size: int) -> int:
    """How far the file is, 0 to 100; all of it only once it is done."""
    if state == State.DONE:
        return 100
    return 0 if size <= 0 else max(0, min(99, 100 * position // size))


def failed_rows_until(finished_at: datetime) -> datetime:
    """Until when the rows that failed are kept."""
    return finished_at + FAILED_ROWS_KEPT
