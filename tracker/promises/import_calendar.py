"""Write the working-day calendar that the packages know into the database."""

from datetime import date

from sqlalchemy import select

from tracker import clock
from tracker.db import Database
from tracker.promises import seed
from tracker.promises.change_calendar import Announced, Author, announce, lock
from tracker.promises.models import CalendarYear


def import_calendar(db: Database, actor: str = "system") -> Announced | None:
    """Store every announced year, and the statutory days of those after it; returns what changed, if
    anything did.

    Statutory days of a year stand only until it is announced. A year that was announced before and that
    this package does not know, because it is older, is left as it is.
    """
    known, source = seed.announced_years(), seed.source()
    with db.transaction() as connection:
        lock(connection)
        stored = set(connection.scalars(select(CalendarYear.year)))
        ahead = range(known[-1] + 1, known[-1] + seed.YEARS_AHEAD + 1)
        unannounced = [year for year in ahead if year not in stored]
        written = {*known, *unannounced}

        def says(day: date) -> bool:
            """Whether the package knows best: the notice of the next year settles the December before."""
            superseded = day.year == known[-1] and day.month == 12 and day.year + 1 in stored
            return day.year in written and not superseded

        statutory = [
            (day, "statutory days, not announced")
            for year in unannounced
            for day in seed.statutory_days(year)
        ]
        return announce(
            connection,
            known,
            [*((day, source) for day in seed.announced_days() if says(day.day)), *statutory],
            Author(actor, source),
            clock.now(),
            replaces=says,
        )
