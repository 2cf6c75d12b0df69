"""The orders at risk of an operator: most urgent first, and how many for each risk.

All is found from its open orders, by the index of those: there are thousands of them at most, however many
it has had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Lateral,
    Row,
    Select,
    String,
    Subquery,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from tracker.at_risk.models import Escalation
from tracker.at_risk.rules import GRAVITY, SLOTS_LOOKED_BACK, Risk, Rules
from tracker.notices.call_models import CallTask
from tracker.notices.call_rules import Outcome
from tracker.orders.desk_list import hold_of
from tracker.orders.models import Order
from tracker.orders.open_work import NOBODY, listed, to_install
from tracker.orders.rules import Stage
from tracker.visits.models import VisitSlot
from tracker.visits.rules import latest_start

_TOWN_DIGITS, _COUNTY_DIGITS = 9, 6
_UNCHECKED = (Stage.ACCEPTED, Stage.VERIFIED)
_UNBUILT = (*_UNCHECKED, Stage.RESOURCE_CHECKED)
_NEEDS_BUILDING = "needs_building"


@dataclass(frozen=True)
class Wanted:
    """By what the list is narrowed; None or empty: by nothing of the kind.

    `place`: the code of a county or town. `team_id`: 0 is for what nobody has to do.
    """

    risk: Risk | None = None
    place: str = ""
    team_id: int | None = None
    channel_id: int | None = None
    customer_kind: str | None = None


@dataclass(frozen=True)
class Position:
    """Behind which order to go on."""

    deadline: datetime
    gravity: int
    id: int


@dataclass(frozen=True)
class Counts:
    """How many orders are at risk, and of them by risk; one with several stands with each of them."""

    total: int
    by_risk: dict[Risk, int]


def list_at_risk(
    connection: Connection,
    operator_id: int,
    rules: Rules,
    wanted: Wanted,
    now: datetime,
    *,
    behind: Position | None = None,
    limit: int,
) -> tuple[Sequence[Row[Any]], Position | None]:
    """So many orders at risk, what is due first first and of those the gravest, and where to go on; None at
    the end.

    Each as in the lists of open work, with `channel_id`, its `risks` as codes, the gravest first, and the
    `gravity` of that one.
    """
    risky = _risky(operator_id, rules, wanted, now)
    place = tuple_(risky.c.deadline, risky.c.gravity, risky.c.id)
    statement = select(risky).order_by(risky.c.deadline, risky.c.gravity, risky.c.id).limit(limit + 1)
    if wanted.risk is not None:
        statement = statement.where(risky.c[wanted.risk])
    if behind is not None:
        at = literal(behind.deadline, DateTime(timezone=True))
        statement = statement.where(place > tuple_(at, literal(behind.gravity, Integer), behind.id))
    rows = connection.execute(statement).all()
    shown = rows[:limit]
    if len(rows) <= limit:
        return shown, None
    return shown, Position(shown[-1].deadline, shown[-1].gravity, shown[-1].id)


def count_at_risk(
    connection: Connection, operator_id: int, rules: Rules, wanted: Wanted, now: datetime
) -> Counts:
    """How many there are, whatever risk the list is narrowed to."""
    risky = _risky(operator_id, rules, wanted, now)
    counted = select(
        func.count().label("total"), *(func.count().filter(risky.c[risk]).label(risk) for risk in GRAVITY)
    ).select_from(risky)
    row = connection.execute(counted).one()
    return Counts(row.total, {risk: getattr(row, risk) for risk in GRAVITY})


def standing_near(
    connection: Connection, operator_id: int, rules: Rules, now: datetime
) -> Sequence[Row[Any]]:
    """The open orders that a step of escalation may have come to: `id`, `deadline`, `stage` and `risks`."""
    ahead = timedelta(hours=rules.warn_hours or 0)
    candidates = _judged(operator_id, rules, Wanted(), now)
    wanted = select(candidates.c.id, candidates.c.deadline, candidates.c.stage, _risks(candidates)).where(
        candidates.c.deadline <= now + ahead
    )
    return connection.execute(wanted.order_by(candidates.c.deadline, candidates.c.id)).all()


def _risky(operator_id: int, rules: Rules, wanted: Wanted, now: datetime) -> Subquery:
    """Judged orders with at least one risk, its gravity and their codes."""
    judged = _judged(operator_id, rules, wanted, now)
    gravity = case(*((judged.c[risk], place) for place, risk in enumerate(GRAVITY)))
    return (
        select(judged, gravity.label("gravity"), _risks(judged))
        .where(or_(*(judged.c[risk] for risk in GRAVITY)))
        .subquery("risky")
    )


def _risks(judged: Subquery) -> ColumnElement[Any]:
    codes = array([case((judged.c[risk], literal(risk.value))) for risk in GRAVITY], type_=String)
    return func.array_remove(codes, null(), type_=ARRAY(String)).label("risks")


def _judged(operator_id: int, rules: Rules, wanted: Wanted, now: datetime) -> Subquery:
    """Every open order whose clock runs, with a column for each risk: whether it has it."""
    orders = _orders(operator_id, wanted, now).subquery("open_order")
    slots = _slots(operator_id, now).cte("slots")
    town, county = slots.alias("town"), slots.alias("county")
    called = _called(operator_id, now).cte("called")
    first_free = func.least(town.c.first_free, county.c.first_free)
    brought_up = _brought_up(orders, rules, now)
    has_slots = or_(town.c.area_code.isnot(None), county.c.area_code.isnot(None))
    return (
        select(
            orders,
            *(
                clause.label(risk)
                for risk, clause in _clauses(
                    orders,
                    rules,
                    now,
                    has_slots,
                    first_free,
                    called.c.order_id.isnot(None),
                    brought_up.c.order_id.isnot(None),
                ).items()
            ),
        )
        .outerjoin(town, town.c.area_code == func.left(orders.c.community_code, _TOWN_DIGITS))
        .outerjoin(county, county.c.area_code == func.left(orders.c.community_code, _COUNTY_DIGITS))
        .outerjoin(called, called.c.order_id == orders.c.id)
        .outerjoin(brought_up, true())
        .subquery("judged")
    )


def _clauses(
    orders: Subquery,
    rules: Rules,
    now: datetime,
    has_slots: ColumnElement[bool],
    first_free: ColumnElement[datetime],
    is_called: ColumnElement[bool],
    is_brought_up: ColumnElement[bool],
) -> dict[Risk, ColumnElement[bool]]:
    deadline, stage, visit_ends = orders.c.deadline, orders.c.stage, orders.c.appointment_ends_at
    ahead = deadline >= now
    is_away = stage != Stage.ON_SITE
    waits = deadline <= now + timedelta(hours=rules.waiting_hours)
    # What was agreed and is over without anybody on site is no visit any more.
    no_visit = or_(visit_ends.is_(None), visit_ends <= now)
    return {
        Risk.OVERDUE: ~ahead,
        # Whoever comes may need the whole window.
        Risk.VISIT_LATE: and_(ahead, is_away, func.coalesce(visit_ends > deadline, False)),
        Risk.NO_SLOT: and_(ahead, is_away, no_visit, has_slots, func.coalesce(first_free > deadline, true())),
        Risk.UNREACHABLE: is_called,
        Risk.DUE: and_(
            ahead, is_away, or_(deadline <= now + timedelta(hours=rules.due_hours), is_brought_up)
        ),
        Risk.NO_TEAM: and_(orders.c.is_nobodys, deadline <= now + timedelta(hours=rules.team_hours)),
        Risk.BUILDING: and_(waits, orders.c.resource == _NEEDS_BUILDING, stage.in_(_UNBUILT)),
        Risk.CHECK: and_(waits, orders.c.resource != _NEEDS_BUILDING, stage.in_(_UNCHECKED)),
    }


def _brought_up(orders: Subquery, rules: Rules, now: datetime) -> Lateral:
    """Of an order that is not near yet: a step has brought it up already, before days off.

    Whoever was told of it finds it in the list.
    """
    return (
        select(Escalation.order_id)
        .where(
            orders.c.deadline > now + timedelta(hours=rules.due_hours),
            Escalation.order_id == orders.c.id,
            Escalation.deadline == orders.c.deadline,
        )
        .limit(1)
        .lateral("brought_up")
    )


def _orders(operator_id: int, wanted: Wanted, now: datetime) -> Select[Any]:
    hold = hold_of(now)
    found = (
        to_install(
            listed().add_columns(Order.channel_id, Order.resource, NOBODY.label("is_nobodys")), operator_id
        )
        .outerjoin(hold, true())
        .where(hold.c.number.is_(None))
    )
    if wanted.place:
        found = found.where(Order.community_code.startswith(wanted.place, autoescape=True))
    if wanted.team_id is not None:
        found = found.where(Order.team_id == wanted.team_id if wanted.team_id else NOBODY)
    if wanted.channel_id is not None:
        found = found.where(Order.channel_id == wanted.channel_id)
    if wanted.customer_kind is not None:
        found = found.where(Order.customer_kind == wanted.customer_kind)
    return found


def _slots(operator_id: int, now: datetime) -> Select[Any]:
    """Areas that have slots of late or to come, and when the first that can be booked now ends, if any."""
    is_free = and_(
        VisitSlot.closed_at.is_(None),
        VisitSlot.booked < VisitSlot.capacity,
        VisitSlot.starts_at > latest_start(now),
    )
    return (
        select(VisitSlot.area_code, func.min(VisitSlot.ends_at).filter(is_free).label("first_free"))
        .where(VisitSlot.operator_id == operator_id, VisitSlot.ends_at > now - SLOTS_LOOKED_BACK)
        .group_by(VisitSlot.area_code)
    )


def _called(operator_id: int, now: datetime) -> Select[Any]:
    """Orders whose customer was called in vain, or should have been called by now."""
    return (
        select(CallTask.order_id)
        .where(
            CallTask.operator_id == operator_id,
            CallTask.closed_at.is_(None),
            CallTask.order_id.isnot(None),
            # Who named another time was got through to.
            or_(CallTask.outcome == Outcome.NO_ANSWER, CallTask.due_at < now),
        )
        .distinct()
    )
