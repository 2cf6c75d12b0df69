"""Write a version of a plan down as a draft, edit the draft, or copy a version into a new one."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.tariffs.history import is_region, lock_plans, lock_version, next_version, plain, record_event
from tracker.tariffs.models import Plan
from tracker.tariffs.rules import PlanState
from tracker.tariffs.schemas import FIELDS


def draft_plan(
    db: Database, operator_id: int, fields: Mapping[str, Any], actor: str, reason: str = ""
) -> int:
    """Store a draft, loaded by PlanDraftSchema, as the next version of its plan; returns its id.

    Raises Refusal plan.unknown_region. What a draft lacks to be published it may still lack.
    """
    with db.transaction() as connection:
        return draft(connection, operator_id, fields, actor, reason)


def draft(
    connection: Connection,
    operator_id: int,
    fields: Mapping[str, Any],
    actor: str,
    reason: str = "",
    *,
    source: Mapping[str, Any] | None = None,
) -> int:
    """The same inside a transaction. `source`: where it comes from, for the history."""
    lock_plans(connection, operator_id)
    _check_region(connection, fields["region"])
    plan_id = insert_version(connection, operator_id, fields)
    record_event(
        connection, operator_id, plan_id, "drafted", {"revision": 1, **(source or {})}, reason, actor
    )
    return plan_id


def insert_version(
    connection: Connection, operator_id: int, fields: Mapping[str, Any], **columns: Any
) -> int:
    """Insert the next version of a plan, a draft unless `columns` say otherwise; returns its id.

    The caller holds the lock of the operator's plans.
    """
    values = {name: fields[name] for name in FIELDS}
    version = next_version(connection, operator_id, values["filing_number"], values["region"])
    state = {"state": PlanState.DRAFT, **columns}
    plan_id: int = connection.execute(
        insert(Plan).values(operator_id=operator_id, version=version, **values, **state).returning(Plan.id)
    ).scalar_one()
    return plan_id


def edit_draft(
    db: Database,
    operator_id: int,
    plan_id: int,
    fields: Mapping[str, Any],
    actor: str,
    reason: str = "",
    *,
    if_revision: int | None = None,
) -> int:
    """Put these fields, loaded by PlanDraftSchema, in the place of a draft's; returns its new revision.

    A draft that is given another filing number or region becomes the next version of that plan. Raises
    Refusal: plan.not_found, version.stale, plan.not_draft, plan.unknown_region.
    """
    with db.transaction() as connection:
        return edit(connection, operator_id, plan_id, fields, actor, reason, if_revision=if_revision)


def edit(
    connection: Connection,
    operator_id: int,
    plan_id: int,
    fields: Mapping[str, Any],
    actor: str,
    reason: str = "",
    *,
    if_revision: int | None = None,
    source: Mapping[str, Any] | None = None,
) -> int:
    """The same inside a transaction. `source`: where the fields come from, for the history."""
    row = lock_version(connection, operator_id, plan_id, if_revision)
    if row.state != PlanState.DRAFT:
        raise Refusal(Fault("plan.not_draft"))
    _check_region(connection, fields["region"])
    stored = row._mapping
    changed = {name: fields[name] for name in FIELDS if fields[name] != stored[name]}
    if not changed:
        return int(row.revision)
    revision = int(row.revision) + 1
    moved = {}
    if changed.keys() & {"filing_number", "region"}:
        moved["version"] = next_version(connection, operator_id, fields["filing_number"], fields["region"])
    connection.execute(update(Plan).where(Plan.id == plan_id).values(revision=revision, **changed, **moved))
    before_and_after = {name: [plain(stored[name]), plain(value)] for name, value in changed.items()}
    detail = {"revision": revision, "changed": before_and_after, **(source or {})}
    record_event(connection, operator_id, plan_id, "edited", detail, reason, actor)
    return revision


def copy_plan(
    db: Database,
    operator_id: int,
    plan_id: int,
    actor: str,
    *,
    on_sale_from: date | None = None,
    reason: str = "",
) -> int:
    """Copy a version into a new draft, which goes on sale tomorrow unless said; returns the draft's id.

    Raises Refusal plan.not_found.
    """
    with db.transaction() as connection:
        row = lock_version(connection, operator_id, plan_id)
        fields = {name: row._mapping[name] for name in FIELDS}
        fields["on_sale_from"] = on_sale_from or clock.today() + timedelta(days=1)
        fields["on_sale_to"] = None
        return draft(connection, operator_id, fields, actor, reason, source={"copied_from": plan_id})


def _check_region(connection: Connection, region: str) -> None:
    if not is_region(connection, region):
        raise Refusal(Fault("plan.unknown_region", "/region"))
