"""Discard a draft, take a published version off sale, and undo that while its last day has not passed."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.tariffs.history import lock_version, published_versions, record_event
from tracker.tariffs.models import Plan, PlanEvent, TariffChange
from tracker.tariffs.rules import ChangeState, PlanState, clashing, sold_until


class _Sold(NamedTuple):
    """A version as it would be sold again."""

    version: int
    on_sale_from: date
    on_sale_to: date | None


def withdraw_plan(
    db: Database,
    operator_id: int,
    plan_id: int,
    reason: str,
    actor: str,
    *,
    last_day: date | None = None,
    if_revision: int | None = None,
) -> int:
    """Discard a draft, or give a published version its last day on sale, today unless said; returns its
    new revision. A last day before the first one means that it never begins.

    Raises Refusal: plan.not_found, version.stale, plan.withdrawn, plan.ended, plan.ends_in_past,
    plan.ends_too_late, or plan.belongs_to_change for a version that an announced change is to bring.
    """
    with db.transaction() as connection:
        return withdraw(
            connection, operator_id, plan_id, reason, actor, last_day=last_day, if_revision=if_revision
        )


def withdraw(
    connection: Connection,
    operator_id: int,
    plan_id: int,
    reason: str,
    actor: str,
    *,
    last_day: date | None = None,
    if_revision: int | None = None,
    with_its_change: bool = False,
) -> int:
    """The same inside a transaction. `with_its_change`: the change that brings the version is being
    withdrawn, so it may be as well.
    """
    row = lock_version(connection, operator_id, plan_id, if_revision)
    if row.state == PlanState.WITHDRAWN:
        raise Refusal(Fault("plan.withdrawn"))
    detail: dict[str, Any] = {"revision": row.revision + 1}
    if row.published_at is not None:
        if not with_its_change and _is_to_be_brought(connection, row):
            raise Refusal(Fault("plan.belongs_to_change"))
        ends_on = _last_day(connection, row, last_day or clock.today())
        detail |= {"last_day": ends_on, "before": row.on_sale_to}
    connection.execute(
        update(Plan)
        .where(Plan.id == plan_id)
        .values(
            state=PlanState.WITHDRAWN,
            withdrawn_at=clock.now(),
            revision=row.revision + 1,
            on_sale_to=detail.get("last_day", row.on_sale_to),
        )
    )
    record_event(connection, operator_id, plan_id, "withdrawn", detail, reason, actor)
    return int(row.revision) + 1


def resume_plan(
    db: Database, operator_id: int, plan_id: int, reason: str, actor: str, *, if_revision: int | None = None
) -> int:
    """Put a version back on sale that was taken off by mistake, with the end that it had before; returns
    its new revision. It must still be sold: what had ended begins anew as a new version.

    Raises Refusal: plan.not_found, version.stale, plan.not_withdrawn, plan.ended, plan.overlap, or
    plan.change_withdrawn for one that went with its announced change.
    """
    with db.transaction() as connection:
        row = lock_version(connection, operator_id, plan_id, if_revision)
        if row.state != PlanState.WITHDRAWN or row.published_at is None:
            raise Refusal(Fault("plan.not_withdrawn"))
        if _change_state(connection, row) == ChangeState.WITHDRAWN:
            raise Refusal(Fault("plan.change_withdrawn"))
        if row.on_sale_to < clock.today():
            raise Refusal(Fault("plan.ended"))
        before = _end_before(connection, plan_id)
        again = _Sold(row.version, row.on_sale_from, before)
        others = published_versions(connection, operator_id, row.filing_number, row.region, but=plan_id)
        clashes = clashing(again, others)
        if clashes:
            raise Refusal(*(Fault("plan.overlap", "", {"version": one.version}) for one in clashes))
        connection.execute(
            update(Plan)
            .where(Plan.id == plan_id)
            .values(
                state=PlanState.PUBLISHED, withdrawn_at=None, on_sale_to=before, revision=row.revision + 1
            )
        )
        detail = {"revision": row.revision + 1, "last_day": before, "before": row.on_sale_to}
        record_event(connection, operator_id, plan_id, "resumed", detail, reason, actor)
        return int(row.revision) + 1


def _is_to_be_brought(connection: Connection, row: Row[Any]) -> bool:
    """Whether an announced change stands that will bring present customers to the version; once it has,
    the version can be taken off sale like any other.
    """
    return row.on_sale_from > clock.today() and _change_state(connection, row) == ChangeState.ANNOUNCED


def _change_state(connection: Connection, row: Row[Any]) -> str | None:
    return connection.scalar(select(TariffChange.state).where(TariffChange.id == row.change_id))


def _last_day(connection: Connection, row: Row[Any], asked: date) -> date:
    """The last day that was asked for, or the eve of the first where that is not reached."""
    others = published_versions(connection, row.operator_id, row.filing_number, row.region, but=row.id)
    end, today = sold_until(row, others), clock.today()
    if end is not None and end < today:
        raise Refusal(Fault("plan.ended"))
    if asked < today:
        raise Refusal(Fault("plan.ends_in_past", "/last_day"))
    if end is not None and asked > end:
        raise Refusal(Fault("plan.ends_too_late", "/last_day", {"day": end}))
    return max(asked, row.on_sale_from - timedelta(days=1))


def _end_before(connection: Connection, plan_id: int) -> date | None:
    """The end that a version had before it was taken off sale."""
    detail = connection.execute(
        select(PlanEvent.detail)
        .where(PlanEvent.plan_id == plan_id, PlanEvent.kind == "withdrawn")
        .order_by(PlanEvent.id.desc())
        .limit(1)
    ).scalar_one()
    return date.fromisoformat(detail["before"]) if detail["before"] else None
