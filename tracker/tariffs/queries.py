"""Reads of plans: lists of versions, and one with its history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from tracker.tariffs.checks import unusual
from tracker.tariffs.history import DIVISIONS
from tracker.tariffs.models import Plan, PlanEvent
from tracker.tariffs.rules import PlanState, Standing

_later = aliased(Plan)

# As `rules.sold_until` has it: its own last day, or the day before the next version begins.
_NEXT_BEGINS = (
    select(func.min(_later.on_sale_from))
    .where(
        _later.operator_id == Plan.operator_id,
        _later.filing_number == Plan.filing_number,
        _later.region == Plan.region,
        _later.published_at.isnot(None),
        _later.on_sale_from > Plan.on_sale_from,
        or_(_later.on_sale_to.is_(None), _later.on_sale_to >= _later.on_sale_from),
    )
    .scalar_subquery()
)
_sold_until = case((Plan.published_at.isnot(None), func.least(Plan.on_sale_to, _NEXT_BEGINS - 1)))


@dataclass(frozen=True)
class Wanted:
    """Which versions: None or an empty text wants any. `text` is looked for in names and filing number."""

    state: str | None = None
    standing: str | None = None
    audience: str | None = None
    filing_number: str | None = None
    text: str = ""
    published_only: bool = False


def plan_page(
    connection: Connection,
    operator_id: int,
    wanted: Wanted,
    today: date,
    *,
    limit: int,
    after_id: int | None = None,
    before_id: int | None = None,
) -> tuple[list[dict[str, Any]], int | None]:
    """Versions of an operator's plans with `standing` and `sold_until`, and the id to go on from, None
    at the end: oldest first with ids above `after_id`, else newest first with ids below `before_id`.
    """
    question = _shown(today).where(Plan.operator_id == operator_id, *_conditions(wanted, today))
    if after_id is not None:
        question = question.where(Plan.id > after_id).order_by(Plan.id)
    else:
        if before_id is not None:
            question = question.where(Plan.id < before_id)
        question = question.order_by(Plan.id.desc())
    rows = [row._asdict() for row in connection.execute(question.limit(limit + 1))]
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


def plan_row(connection: Connection, operator_id: int, plan_id: int, today: date) -> dict[str, Any] | None:
    """One version with `warnings`, `versions` (all of its plan, oldest first) and `events`, oldest first;
    None for another operator's.
    """
    if plan_id >= 2**31:
        return None
    found = connection.execute(
        _shown(today).where(Plan.operator_id == operator_id, Plan.id == plan_id)
    ).one_or_none()
    if found is None:
        return None
    plan = found._asdict()
    versions = connection.execute(
        _shown(today)
        .where(
            Plan.operator_id == operator_id,
            Plan.filing_number == found.filing_number,
            Plan.region == found.region,
        )
        .order_by(Plan.version)
    )
    events = connection.execute(
        select(PlanEvent.__table__).where(PlanEvent.plan_id == plan_id).order_by(PlanEvent.id)
    )
    return plan | {
        "warnings": unusual(plan),
        "versions": [row._asdict() for row in versions],
        "events": [row._asdict() for row in events],
    }


# How the version stands by which present customers have a plan.
PRESENT = (Standing.ON_SALE, Standing.ENDED, Standing.PRESENT_ONLY)


def present_plans(
    connection: Connection, operator_id: int, today: date, *, limit: int
) -> list[dict[str, Any]]:
    """The latest version that has begun of each plan of an operator, sold today or not."""
    question = (
        _shown(today)
        .where(Plan.operator_id == operator_id, Plan.on_sale_from <= today, _standing(today).in_(PRESENT))
        .ext(distinct_on(Plan.filing_number, Plan.region))
        .order_by(Plan.filing_number, Plan.region, Plan.on_sale_from.desc(), Plan.version.desc())
        .limit(limit)
    )
    return [row._asdict() for row in connection.execute(question)]


def regions(connection: Connection) -> dict[str, str]:
    """Code and name of the city and of its counties, which plans can be for; the city first."""
    rows = connection.execute(
        select(DIVISIONS.c.code, DIVISIONS.c.name)
        .where(DIVISIONS.c.level.in_(("city", "county")))
        .order_by(DIVISIONS.c.level, DIVISIONS.c.code)
    )
    return {row.code: row.name for row in rows}


def products(connection: Connection, operator_id: int) -> list[str]:
    """The products that an operator's plans name."""
    return list(
        connection.scalars(
            select(Plan.product).where(Plan.operator_id == operator_id).distinct().order_by(Plan.product)
        )
    )


def _shown(today: date) -> Select[Any]:
    return select(Plan.__table__, _sold_until.label("sold_until"), _standing(today).label("standing"))


def _standing(today: date) -> Any:
    return case(
        (Plan.state == PlanState.DRAFT, Standing.DRAFT),
        (Plan.published_at.is_(None), Standing.DISCARDED),
        (
            Plan.on_sale_to < Plan.on_sale_from,
            case((Plan.state == PlanState.PUBLISHED, Standing.PRESENT_ONLY), else_=Standing.NEVER_BEGAN),
        ),
        (Plan.on_sale_from > today, Standing.UPCOMING),
        (_sold_until < today, Standing.ENDED),
        else_=Standing.ON_SALE,
    )


def _conditions(wanted: Wanted, today: date) -> list[Any]:
    conditions = [
        column == value
        for column, value in (
            (Plan.state, wanted.state),
            (_standing(today), wanted.standing),
            (Plan.audience, wanted.audience),
            (Plan.filing_number, wanted.filing_number),
        )
        if value
    ]
    if wanted.text:
        places = (Plan.name, Plan.name_en, Plan.filing_number)
        conditions.append(or_(*(place.icontains(wanted.text, autoescape=True) for place in places)))
    if wanted.published_only:
        conditions.append(Plan.published_at.isnot(None))
    return conditions
