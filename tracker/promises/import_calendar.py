"""Write the working-day calendar that the packages know into the database."""

from dataclasses import asdict

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.promises import seed
from tracker.promises.models import CalendarDay, CalendarYear


def import_calendar(db: Database) -> list[int]:
    """Store every announced year, and the statutory days of those after it; returns the announced.

    Statutory days of a year stand only until it is announced. A year that was announced before and that
    this package does not know, because it is older, is left as it is.
    """
    known, now = seed.announced_years(), clock.now()
    with db.transaction() as connection:
        stored = set(connection.scalars(select(CalendarYear.year)))
        ahead = range(known[-1] + 1, known[-1] + seed.YEARS_AHEAD + 1)
        unannounced = [year for year in ahead if year not in stored]
        written = [*known, *unannounced]
        connection.execute(delete(CalendarDay).where(func.date_part("year", CalendarDay.day).in_(written)))
        announced = [asdict(day) | {"source": seed.source()} for day in seed.announced_days()]
        statutory = [
            asdict(day) | {"source": "statutory days, not announced"}
            for year in unannounced
            for day in seed.statutory_days(year)
        ]
        connection.execute(insert(CalendarDay), announced + statutory)
        connection.execute(
            insert(CalendarYear).on_conflict_do_nothing(),
            [{"year": year, "source": seed.source(), "announced_at": now} for year in known],
        )
    return known
