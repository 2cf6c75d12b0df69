"""What becomes of an order as far as it is measured, read from its events and its promise ledger."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from tracker.figures.measure_rules import CAUSES
from tracker.orders.models import APPOINTMENT_KIND, MOVE_KINDS, OrderEvent
from tracker.orders.rules import REASONS, Stage
from tracker.promises.ledger import Kind
from tracker.promises.models import PromiseEntry

_events = OrderEvent.__table__
_entries = PromiseEntry.__table__
_MOMENT: Final = DateTime(timezone=True)
# What ends that a visit is to come: another one, other installers, or the order's end.
_ENDS_VISITS = (Stage.APPOINTED, Stage.DISPATCHED, Stage.WITHDRAWN, Stage.RETURNED)


def steps_of(order_id: Column[int]) -> LateralFromClause:
    """When an order came to its steps, to be joined on true: one row, nulls where it did not.

    `responded_at`: somebody agreed a visit for the first time. `on_sites`: how often somebody was on site.
    `return_cause` as stored by `measure_rules.CAUSES`.
    """
    events = _events.alias("steps")

    def first(stage: Stage) -> ColumnElement[datetime]:
        return func.min(events.c.occurred_at).filter(events.c.stage == stage)

    returned = events.c.stage == Stage.RETURNED
    cause = func.max(_cause_of(events.c.reason_code)).filter(returned)
    return (
        select(
            first(Stage.APPOINTED).label("responded_at"),
            first(Stage.ACTIVATED).label("connected_at"),
            first(Stage.COMPLETED).label("completed_at"),
            first(Stage.WITHDRAWN).label("withdrawn_at"),
            first(Stage.RETURNED).label("returned_at"),
            cause.label("return_cause"),
            cast(func.count().filter(events.c.stage == Stage.ON_SITE), Integer).label("on_sites"),
        )
        .where(events.c.order_id == order_id, events.c.kind.in_(MOVE_KINDS))
        .lateral("steps")
    )


def _cause_of(code: ColumnElement[str]) -> ColumnElement[int]:
    """The stored cause of a reason's code; that of others for one that is not known."""
    numbers = {cause: number for number, cause in CAUSES.items()}
    return case(
        {reason.code: numbers[reason.cause] for reason in REASONS.values()},
        value=code,
        else_=numbers[REASONS["other"].cause],
    )


def visits_of(order_id: Column[int]) -> LateralFromClause:
    """The visits of an order that stood when their time ended, or will: one row of two arrays.

    `visit_ends` has when they end and `visits_until` the latest of them; `visits_kept` whether somebody was
    on site by then, and not before the visit was agreed. Once somebody came, a visit is kept, whatever is
    agreed after it. Otherwise it does not count where it was replaced, given up with its installers, or
    withdrawn or returned before its end; nor where a hold that was on record by then covered its end.
    """
    steps = _events.alias("visit_steps")
    in_order = {"order_by": steps.c.order_version}
    gone = select(
        steps.c.order_id,
        steps.c.order_version.label("version"),
        steps.c.occurred_at.label("agreed_at"),
        cast(steps.c.detail["appointment"][1].astext, _MOMENT).label("ends_at"),
        func.lead(steps.c.order_version).over(**in_order).label("gone_version"),
        func.lead(steps.c.occurred_at).over(**in_order).label("gone_at"),
    ).where(
        steps.c.order_id == order_id,
        or_(
            steps.c.kind == APPOINTMENT_KIND,
            and_(steps.c.kind.in_(MOVE_KINDS), steps.c.stage.in_(_ENDS_VISITS)),
        ),
    )
    agreed = gone.correlate(order_id.table).subquery("agreed")
    kept = _kept(agreed)
    judged = select(agreed.c.version, agreed.c.ends_at, kept.label("kept"))
    stood = and_(
        or_(agreed.c.gone_at.is_(None), agreed.c.gone_at >= agreed.c.ends_at),
        ~_held(agreed),
    )
    visits = judged.where(agreed.c.ends_at.is_not(None), or_(kept, stood)).subquery("visits")

    def all_of(what: ColumnElement[Any], of: Any) -> ColumnElement[Any]:
        return func.array_agg(aggregate_order_by(what, visits.c.version), type_=ARRAY(of))

    return select(
        all_of(visits.c.ends_at, _MOMENT).label("visit_ends"),
        all_of(visits.c.kept, Boolean()).label("visits_kept"),
        func.max(visits.c.ends_at).label("visits_until"),
    ).lateral("visits_of")


def _kept(agreed: Subquery) -> ColumnElement[bool]:
    came = _events.alias("came")
    return (
        exists()
        .where(
            came.c.order_id == agreed.c.order_id,
            came.c.kind.in_(MOVE_KINDS),
            came.c.stage == Stage.ON_SITE,
            came.c.order_version > agreed.c.version,
            or_(agreed.c.gone_version.is_(None), came.c.order_version < agreed.c.gone_version),
            came.c.occurred_at.between(agreed.c.agreed_at, agreed.c.ends_at),
        )
        .correlate(agreed)
    )


def _held(agreed: Subquery) -> ColumnElement[bool]:
    """Whether a hold that was on record by the end covers it, as `tracker.promises.ledger.hold_at` says."""
    hold, resume = _entries.alias("hold"), _entries.alias("resume")
    ends_at = agreed.c.ends_at
    lifted = (
        exists()
        .where(
            resume.c.order_id == hold.c.order_id,
            resume.c.kind == Kind.RESUME,
            resume.c.lifts == hold.c.number,
            resume.c.starts_at <= ends_at,
        )
        .correlate(agreed, hold)
    )
    return (
        exists()
        .where(
            hold.c.order_id == agreed.c.order_id,
            hold.c.kind == Kind.HOLD,
            hold.c.recorded_at <= ends_at,
            hold.c.starts_at <= ends_at,
            hold.c.ends_at > ends_at,
            ~lifted,
        )
        .correlate(agreed)
    )
