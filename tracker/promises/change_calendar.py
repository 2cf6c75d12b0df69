"""Write changes of the calendar, each under a revision of its own; what stood before stays readable."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select, text, update

from tracker.problems import Fault, Refusal
from tracker.promises.calendar import SpecialDay
from tracker.promises.calendar_queries import latest_change
from tracker.promises.models import CalendarChange, CalendarChangeKind, CalendarDay, CalendarYear

# Held until the commit: revisions are counted in the order in which they come to stand.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('calendar', 0))")


@dataclass(frozen=True)
class Author:
    """Who brings a change in ("console:root", "channel:app", "account:7") and what says so."""

    actor: str
    source: str


@dataclass(frozen=True)
class Announced:
    """What an announcement changed: years announced for the first time, and days that differ now."""

    revision: int
    years: tuple[int, ...]
    days: tuple[date, ...]


def lock(connection: Connection) -> None:
    """Wait for any other change of the calendar, and keep the next one waiting until the commit."""
    connection.execute(_LOCK)


def require_seen(connection: Connection, operator_id: int | None, seen: int | None) -> None:
    """Raises Refusal calendar.stale where a day that concerns the operator was changed after revision `seen`.

    The calendar must be locked.
    """
    if seen is not None and seen != latest_change(connection, operator_id):
        raise Refusal(Fault("calendar.stale"))


def next_revision(
    connection: Connection,
    kind: CalendarChangeKind,
    author: Author,
    now: datetime,
    operator_id: int | None = None,
) -> int:
    """Open a new revision. The calendar must be locked."""
    revision = (connection.scalar(select(func.max(CalendarChange.revision))) or 0) + 1
    connection.execute(
        insert(CalendarChange).values(
            revision=revision,
            kind=kind,
            operator_id=operator_id,
            source=author.source,
            actor=author.actor,
            at=now,
        )
    )
    return revision


def announce(
    connection: Connection,
    years: Sequence[int],
    days: Iterable[tuple[SpecialDay, str]],
    author: Author,
    now: datetime,
    *,
    replaces: Callable[[date], bool],
) -> Announced | None:
    """Make announced days stand: each special day with its source.

    Of the days for which `replaces` is true, those that are not given are plain days from now on.
    Returns None, and writes nothing, where all of it stands already.
    """
    lock(connection)
    wanted = {day.day: (day, source) for day, source in days}
    kept, ended = set(), []
    for row in connection.execute(
        select(CalendarDay.__table__).where(
            CalendarDay.until_revision.is_(None), CalendarDay.override.is_(False)
        )
    ):
        if not replaces(row.day) and row.day not in wanted:
            continue
        same = row.day in wanted and wanted[row.day][0] == SpecialDay(
            row.day, row.working, row.name, row.name_en
        )
        if same:
            kept.add(row.day)
        else:
            ended.append(row)
    known = set(connection.scalars(select(CalendarYear.year)))
    new_years = [year for year in years if year not in known]
    new_days = [(day, source) for day, source in wanted.values() if day.day not in kept]
    if not (new_years or new_days or ended):
        return None
    revision = next_revision(connection, CalendarChangeKind.ANNOUNCEMENT, author, now)
    if ended:
        connection.execute(
            update(CalendarDay)
            .where(CalendarDay.id.in_([row.id for row in ended]))
            .values(until_revision=revision)
        )
    if new_days:
        connection.execute(
            insert(CalendarDay),
            [asdict(day) | {"source": source, "since_revision": revision} for day, source in new_days],
        )
    if new_years:
        connection.execute(
            insert(CalendarYear),
            [
                {"year": year, "source": author.source, "announced_at": now, "since_revision": revision}
                for year in new_years
            ],
        )
    changed = {row.day for row in ended} | {day.day for day, _ in new_days}
    return Announced(revision, tuple(new_years), tuple(sorted(changed)))
