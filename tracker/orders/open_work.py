"""What is to be installed: counted by town, listed by urgency, and what each team and installer has to do.

Every read is of open orders alone, by the indexes of those: an operator has thousands of them at most,
however many it has had.
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, not_, or_, select, true

from tracker import clock
from tracker.orders.desk_list import hold_of
from tracker.orders.left_installers import INSTALLER_LEFT
from tracker.orders.models import Order, OrderEvent
from tracker.orders.rules import TAKES_INSTALLERS, TO_INSTALL, Stage
from tracker.orders.standing import NEAR
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import latest_entry
from tracker.teams.rules import Load

_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional)
# Looked up order by order, as the latest entry is: joined, the promises of all time would be read.
_FIRST = (
    select(Promise.deadline, Promise.provisional)
    .where(Promise.order_id == Order.id)
    .limit(1)
    .lateral("first")
)
DEADLINE = func.coalesce(_LATEST.c.deadline, _FIRST.c.deadline)
_ONE_DAY = timedelta(days=1)
_TOWN_DIGITS = 9

NOBODY = and_(Order.team_id.is_(None), Order.installer_title.is_(None))
# Checked and ready, dispatched by somebody and then taken away again, or with an installer who has left.
_TO_DISPATCH = or_(
    Order.stage == Stage.RESOURCE_CHECKED,
    and_(Order.stage.in_((Stage.DISPATCHED, Stage.APPOINTED)), NOBODY),
    and_(Order.stage.in_(TAKES_INSTALLERS), INSTALLER_LEFT),
)


@dataclass(frozen=True)
class Work:
    """Open orders of a place, each counted wherever it belongs; `total` counts each once."""

    total: int = 0
    coming: int = 0
    to_dispatch: int = 0
    no_visit: int = 0
    today: int = 0
    tomorrow: int = 0
    late: int = 0
    due: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))


# What a list of work may be narrowed to.
SHOWN = tuple(field.name for field in fields(Work) if field.name != "total")


def day_of(day_at: datetime) -> tuple[datetime, datetime]:
    """The city's day in which an instant lies: when it begins, and when the next does."""
    begin = datetime.combine(clock.local_date(day_at), time(0), clock.CITY_ZONE)
    return begin, begin + _ONE_DAY


def work_by_town(connection: Connection, operator_id: int, now: datetime) -> dict[str, Work]:
    """The open orders of an operator by the code of their town; without an entry where there are none."""
    belongs = _belongs(now)
    town = func.left(Order.community_code, _TOWN_DIGITS)
    wanted = to_install(
        select(
            town.label("town"),
            func.count().label("total"),
            *(func.count().filter(belongs[name]).label(name) for name in SHOWN),
        ),
        operator_id,
    ).group_by(town)
    return {row.town: Work(*row[1:]) for row in connection.execute(wanted)}


def work_list(
    connection: Connection,
    operator_id: int,
    now: datetime,
    *,
    place: str = "",
    shown: str | None = None,
    team_id: int | None = None,
    skip: int = 0,
    limit: int,
) -> tuple[Sequence[Row[Any]], bool]:
    """Open orders, the one that is due first before the others, and whether there are more. Each with
    `held_until`, None where no hold runs.

    `place`: the code of the county or town that they lie in. `shown`: one of SHOWN.
    """
    wanted = _listed_with_holds(operator_id, now)
    if place:
        wanted = wanted.where(Order.community_code.startswith(place, autoescape=True))
    if shown is not None:
        wanted = wanted.where(_belongs(now)[shown])
    if team_id is not None:
        wanted = wanted.where(Order.team_id == team_id)
    rows = connection.execute(wanted.order_by(DEADLINE, Order.id).offset(skip).limit(limit + 1)).all()
    return rows[:limit], len(rows) > limit


def visits_of_day(
    connection: Connection,
    operator_id: int,
    begin: datetime,
    end: datetime,
    now: datetime,
    *,
    place: str = "",
    team_id: int | None,
) -> Sequence[Row[Any]]:
    """Open orders with a visit that begins in a stretch of time, by hour, each with `held_until`.

    Of a team: its own, and those of its area `place` that nobody has.
    """
    wanted = _listed_with_holds(operator_id, now).where(
        Order.appointment_starts_at >= begin, Order.appointment_starts_at < end
    )
    if team_id is not None:
        nobodys = and_(NOBODY, Order.community_code.startswith(place, autoescape=True))
        wanted = wanted.where(or_(Order.team_id == team_id, nobodys))
    return connection.execute(wanted.order_by(Order.appointment_starts_at, Order.id)).all()


def loads(
    connection: Connection, operator_id: int, begin: datetime, end: datetime
) -> tuple[dict[int, Load], dict[int, Load]]:
    """What each team, and each installer, has to do: open orders, and visits in a stretch of time."""
    in_it = and_(Order.appointment_starts_at >= begin, Order.appointment_starts_at < end)
    wanted = (
        select(
            Order.team_id,
            Order.installer_id,
            func.count().label("orders"),
            func.count().filter(in_it).label("visits"),
        )
        .where(
            Order.operator_id == operator_id,
            Order.closed_at.is_(None),
            Order.stage.in_(TO_INSTALL),
            Order.team_id.isnot(None),
        )
        .group_by(Order.team_id, Order.installer_id)
    )
    teams: dict[int, Load] = {}
    installers: dict[int, Load] = {}
    for row in connection.execute(wanted):
        load = Load(row.orders, row.visits)
        teams[row.team_id] = teams.get(row.team_id, Load()) + load
        if row.installer_id is not None:
            installers[row.installer_id] = installers.get(row.installer_id, Load()) + load
    return teams, installers


def visits_of_installers(
    connection: Connection, operator_id: int, installer_ids: Collection[int], since: datetime
) -> Sequence[Row[Any]]:
    """Visits of installers that end after a moment: `installer_id`, `number`, `starts_at`, `ends_at`."""
    wanted = select(
        Order.installer_id,
        Order.number,
        Order.appointment_starts_at.label("starts_at"),
        Order.appointment_ends_at.label("ends_at"),
    ).where(
        Order.operator_id == operator_id,
        Order.closed_at.is_(None),
        Order.stage.in_(TO_INSTALL),
        Order.installer_id.in_(installer_ids),
        Order.appointment_ends_at > since,
    )
    return connection.execute(wanted.order_by(Order.appointment_starts_at, Order.id)).all()


def versions_of(connection: Connection, operator_id: int, numbers: Sequence[str]) -> dict[str, int]:
    """The versions that an operator's orders have now."""
    wanted = select(Order.number, Order.version).where(
        Order.operator_id == operator_id, Order.number.in_(numbers)
    )
    return {row.number: row.version for row in connection.execute(wanted)}


def last_changes(connection: Connection, operator_id: int, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """Of each of an operator's orders who changed it last, how (`kind`, `stage`) and when (`recorded_at`)."""
    wanted = (
        select(Order.number, OrderEvent.kind, OrderEvent.stage, OrderEvent.actor, OrderEvent.recorded_at)
        .join(OrderEvent, and_(OrderEvent.order_id == Order.id, OrderEvent.order_version == Order.version))
        .where(Order.operator_id == operator_id, Order.number.in_(numbers))
    )
    return {row.number: row for row in connection.execute(wanted)}


def listed() -> Select[Any]:
    """What lists of open orders show of each, to be asked by `to_install`."""
    return select(
        Order.id,
        Order.number,
        Order.version,
        Order.stage,
        Order.customer_kind,
        Order.community_code,
        Order.accepted_at,
        Order.team_id,
        Order.installer_id,
        Order.installer_title,
        Order.installer_staff_number,
        INSTALLER_LEFT.label("installer_left"),
        Order.appointment_starts_at,
        Order.appointment_ends_at,
        DEADLINE.label("deadline"),
        func.coalesce(_LATEST.c.provisional, _FIRST.c.provisional).label("provisional"),
    )


def _listed_with_holds(operator_id: int, now: datetime) -> Select[Any]:
    hold = hold_of(now)
    wanted = to_install(listed().add_columns(hold.c.ends_at.label("held_until")), operator_id)
    return wanted.outerjoin(hold, true())


def to_install(wanted: Select[Any], operator_id: int) -> Select[Any]:
    """Of an operator's orders that are still to be installed, each with its promise."""
    return (
        wanted.join_from(Order, _FIRST, true())
        .outerjoin(_LATEST, true())
        .where(Order.operator_id == operator_id, Order.closed_at.is_(None), Order.stage.in_(TO_INSTALL))
    )


def _belongs(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What an order belongs to at a moment, by the names of SHOWN."""
    today, tomorrow = day_of(now)
    deadline, visit = DEADLINE, Order.appointment_starts_at
    return {
        "coming": Order.stage.in_((Stage.ACCEPTED, Stage.VERIFIED)),
        "to_dispatch": _TO_DISPATCH,
        "no_visit": and_(Order.stage == Stage.DISPATCHED, not_(or_(NOBODY, INSTALLER_LEFT))),
        "today": and_(visit >= today, visit < tomorrow),
        "tomorrow": and_(visit >= tomorrow, visit < tomorrow + _ONE_DAY),
        "late": deadline < now,
        "due": and_(deadline >= now, deadline <= now + NEAR),
    }
