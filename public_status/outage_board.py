"""What the board of outages shows at a moment: what is under way, what comes, what lately was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker import clock
from tracker.outages.areas import AreaLine
from tracker.outages.rules import FARTHEST, PRESENT, Standing, standing_of

# [ours] Whoever asks why there was no line last week finds it; older ones stand in the open data.
REMEMBERED = timedelta(days=30)
AHEAD = FARTHEST


@dataclass(frozen=True)
class PublishedOutage:
    """An outage as it is published; columns as in `tracker.outages.models.Outage`.

    `area` tells its places in few words, `counties` are those that it touches, `communities` how many.
    """

    id: int
    operator_id: int
    kind: str
    area_codes: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None
    first_starts_at: datetime
    first_ends_at: datetime | None
    minutes: int | None
    services: tuple[str, ...]
    reason: str
    reason_en: str
    announced_at: datetime
    changed_at: datetime | None
    area_changed_at: datetime | None
    withdrawn_at: datetime | None
    restored_at: datetime | None
    recovery_recorded_at: datetime | None
    area: tuple[AreaLine, ...] = ()
    counties: frozenset[str] = frozenset()
    communities: int = 0

    @property
    def over_at(self) -> datetime:
        """When it was over, or is expected to be; one without an end counts by its beginning."""
        return self.restored_at or self.ends_at or self.starts_at

    @property
    def turns(self) -> tuple[datetime, ...]:
        """The moments at which it comes to stand otherwise, with nobody doing anything."""
        return tuple(at for at in (self.starts_at, self.ends_at) if at is not None)

    @property
    def moments(self) -> tuple[datetime, ...]:
        """When somebody announced it or anything about it."""
        told = (self.announced_at, self.changed_at, self.withdrawn_at, self.recovery_recorded_at)
        return tuple(at for at in told if at is not None)


@dataclass(frozen=True)
class Board:
    """Outages in the order of the page, those to come and those past by the day on which they begin."""

    present: tuple[PublishedOutage, ...]
    coming: Mapping[date, tuple[PublishedOutage, ...]]
    past: Mapping[date, tuple[PublishedOutage, ...]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is announced and nothing was."""
        return not (self.present or self.coming or self.past)

    @property
    def ahead(self) -> int:
        """How many are still going to come."""
        return sum(one.withdrawn_at is None for day in self.coming.values() for one in day)


def board_at(outages: Iterable[PublishedOutage], now: datetime) -> Board:
    """The board; one that was withdrawn stays where it was until its time is over."""
    present, coming, past = [], [], []
    for one in outages:
        standing = standing_of(one, now)
        if standing in PRESENT:
            present.append(one)
        elif standing is Standing.COMING or (standing is Standing.WITHDRAWN and now < one.over_at):
            if one.starts_at <= now + AHEAD:
                coming.append(one)
        elif standing is not Standing.WITHDRAWN and clock.local_date(one.over_at) >= _first_day(now):
            past.append(one)
    return Board(
        tuple(sorted(present, key=_order, reverse=True)),
        _by_day(sorted(coming, key=_order)),
        _by_day(sorted(past, key=_order, reverse=True)),
    )


def narrowed(
    outages: Iterable[PublishedOutage], *, operator_id: int | None = None, county: str = ""
) -> list[PublishedOutage]:
    """Those of one operator, and those that touch one county."""
    return [
        one
        for one in outages
        if operator_id in (None, one.operator_id) and (not county or county in one.counties)
    ]


def _order(one: PublishedOutage) -> tuple[datetime, int]:
    return one.starts_at, one.id


def _first_day(now: datetime) -> date:
    return clock.local_date(now) - REMEMBERED


def _by_day(outages: Iterable[PublishedOutage]) -> dict[date, tuple[PublishedOutage, ...]]:
    days: dict[date, tuple[PublishedOutage, ...]] = {}
    for one in outages:
        day = clock.local_date(one.starts_at)
        days[day] = (*days.get(day, ()), one)
    return days
