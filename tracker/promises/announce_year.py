"""Announce a year by its list of days, where no package knows it yet, or correct one."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.promises.calendar import SpecialDay
from tracker.promises.change_calendar import Announced, Author, announce, lock, require_seen
from tracker.promises.models import CalendarYear


def announce_year(
    db: Database, year: int, days: Sequence[SpecialDay], author: Author, *, seen: int | None = None
) -> Announced | None:
    """Make these the special days of the year; returns what changed, if anything did.

    Days of the December before are set too, those not given there stay as they are. `seen`: the last
    revision that whoever asks knew of. Raises Refusal calendar.year_gap where a year between the last
    announced one and this is missing, or calendar.stale.
    """
    with db.transaction() as connection:
        lock(connection)
        require_seen(connection, None, seen)
        require_no_gap(year, connection.scalars(select(CalendarYear.year)).all())
        return announce(
            connection,
            [year],
            [(day, author.source) for day in days],
            author,
            clock.now(),
            replaces=lambda day: day.year == year,
        )


def require_no_gap(year: int, known: Collection[int]) -> None:
    """Raises Refusal calendar.year_gap where a year between the last announced one and this is missing."""
    if known and year not in known and year - 1 not in known:
        raise Refusal(Fault("calendar.year_gap", "", {"year": max(known) + 1}))
