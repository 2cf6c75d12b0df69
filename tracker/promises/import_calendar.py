"""Write the working-day calendar that the packages know into the database."""

from dataclasses import asdict

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.promises import seed
from tracker.promises.models import CalendarDay, CalendarYear


def import_calendar(db: Database) -> list[int]:
    """Store every announced year, and the statutory days of those after it; returns the announced.

    Statutory days of a year stand only until it is announced.
    """
    years, now = seed.announced_years(), clock.now()
    announced = [asdict(day) | {"source": seed.source()} for day in seed.announced_days()]
    statutory = [
        asdict(day) | {"source": "statutory days, not announced"}
        for year in range(years[-1] + 1, years[-1] + seed.YEARS_AHEAD + 1)
        for day in seed.statutory_days(year)
    ]
    with db.transaction() as connection:
        connection.execute(delete(CalendarDay))
        connection.execute(insert(CalendarDay), announced + statutory)
        connection.execute(
            insert(CalendarYear).on_conflict_do_nothing(),
            [{"year": year, "source": seed.source(), "announced_at": now} for year in years],
        )
    return years
