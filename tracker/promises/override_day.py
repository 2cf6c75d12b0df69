"""Set a single day otherwise than announced, for all or for one county; and take that back.

For what a county declares by itself: an autonomous county's own festival, a typhoon. Promises that
were given before stay as they are: where such a day keeps an installer away, a hold says so.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.promises.change_calendar import Author, lock, next_revision, require_seen
from tracker.promises.models import CalendarChangeKind, CalendarDay, CalendarYear
from tracker.promises.seed import YEARS_AHEAD


def override_day(
    db: Database,
    request: Mapping[str, Any],
    actor: str,
    *,
    operator_id: int | None,
    counties: Collection[str],
    seen: int | None = None,
) -> int:
    """Set a day, loaded by OverrideRequestSchema; returns its id.

    `operator_id` None sets it for every operator, which only the console may. `seen`: the last revision
    that whoever asks knew of. Raises Refusal: calendar.stale, calendar.unknown_county,
    calendar.day_out_of_range, or calendar.already_overridden where the same day of the same county and
    operator is set.
    """
    county, day = request["county_code"], request["day"]
    with db.transaction() as connection:
        lock(connection)
        require_seen(connection, operator_id, seen)
        faults = override_faults(connection, request, operator_id, counties)
        if faults:
            raise Refusal(*faults)
        author = Author(actor, request["source"])
        revision = next_revision(connection, CalendarChangeKind.OVERRIDE, author, clock.now(), operator_id)
        statement = (
            insert(CalendarDay)
            .values(
                day=day,
                override=True,
                operator_id=operator_id,
                county_code=county,
                working=request["working"],
                name=request["name"],
                name_en=request["name_en"] or request["name"],
                source=request["source"],
                since_revision=revision,
            )
            .returning(CalendarDay.id)
        )
        return connection.execute(statement).scalar_one()


def override_faults(
    connection: Connection,
    request: Mapping[str, Any],
    operator_id: int | None,
    counties: Collection[str],
) -> list[Fault]:
    """Everything that keeps a day from being set."""
    county, day = request["county_code"], request["day"]
    faults = []
    if county is not None and county not in counties:
        faults.append(Fault("calendar.unknown_county", "/county_code"))
    years = connection.scalars(select(CalendarYear.year)).all()
    if not years or not min(years) <= day.year <= max(years) + YEARS_AHEAD:
        faults.append(Fault("calendar.day_out_of_range", "/day"))
    standing = select(CalendarDay.id).where(
        CalendarDay.override,
        CalendarDay.until_revision.is_(None),
        CalendarDay.day == day,
        CalendarDay.county_code.is_not_distinct_from(county),
        CalendarDay.operator_id.is_not_distinct_from(operator_id),
    )
    if connection.scalar(standing) is not None:
        faults.append(Fault("calendar.already_overridden", "/day"))
    return faults


def withdraw_override(
    db: Database,
    override_id: int,
    source: str,
    actor: str,
    *,
    operator_id: int | None,
    seen: int | None = None,
) -> date:
    """Let the announced day stand again; returns the day. `source` says why.

    Raises Refusal calendar.override_not_found for one that is not the operator's or stands no more, or
    calendar.stale as for `override_day`.
    """
    with db.transaction() as connection:
        lock(connection)
        require_seen(connection, operator_id, seen)
        mine = (
            CalendarDay.id == override_id,
            CalendarDay.override,
            CalendarDay.until_revision.is_(None),
            CalendarDay.operator_id.is_not_distinct_from(operator_id),
        )
        day: date | None = connection.scalar(select(CalendarDay.day).where(*mine))
        if day is None:
            raise Refusal(Fault("calendar.override_not_found"))
        revision = next_revision(
            connection, CalendarChangeKind.WITHDRAWAL, Author(actor, source), clock.now(), operator_id
        )
        connection.execute(update(CalendarDay).where(*mine).values(until_revision=revision))
    return day
