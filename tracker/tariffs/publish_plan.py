"""Publish a version of a plan: from then on it binds, and is never edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.tariffs.checks import in_full, lacking, unusual
from tracker.tariffs.history import is_region, lock_plans, lock_version, published_versions, record_event
from tracker.tariffs.models import Plan
from tracker.tariffs.rules import PlanState, never_began
from tracker.tariffs.save_plan import insert_version
from tracker.tariffs.schemas import FIELDS


@dataclass(frozen=True)
class Preview:
    """What publishing a draft now would come to: why it would be refused, what is unusual in it, the
    version that it takes over from, and its first and its last day.
    """

    refusals: list[Fault]
    warnings: list[Fault]
    follows: Row[Any] | None
    in_force_from: date
    in_force_through: date | None


def publish_plan(
    db: Database, operator_id: int, plan_id: int, reason: str, actor: str, *, if_revision: int | None = None
) -> int:
    """Publish a draft; returns its new revision. English that was left out is filled with the Chinese.

    Raises Refusal: plan.not_found, version.stale, plan.not_draft, or everything that it lacks at once:
    plan.unknown_region, plan.services_required, plan.restrictions_required, plan.begins_in_past,
    plan.period, plan.overlap.
    """
    with db.transaction() as connection:
        return publish(connection, operator_id, plan_id, reason, actor, if_revision=if_revision)


def publish(
    connection: Connection,
    operator_id: int,
    plan_id: int,
    reason: str,
    actor: str,
    *,
    if_revision: int | None = None,
    change_id: int | None = None,
) -> int:
    """The same inside a transaction. `change_id`: the announced change that brings the version to
    present customers.
    """
    row = _draft(connection, operator_id, plan_id, if_revision)
    faults = _lacking(connection, operator_id, row._mapping)
    if faults:
        raise Refusal(*faults)
    values = {name: value for name, value in in_full(row._mapping).items() if name in FIELDS}
    revision = int(row.revision) + 1
    connection.execute(
        update(Plan).where(Plan.id == plan_id).values(**values, **_published(change_id), revision=revision)
    )
    _record(connection, operator_id, plan_id, revision, values, change_id, reason, actor)
    return revision


def publish_version(
    connection: Connection,
    operator_id: int,
    fields: Mapping[str, Any],
    actor: str,
    reason: str,
    *,
    change_id: int | None,
    back_dated: bool = False,
    sold: bool = True,
    source: Mapping[str, Any] | None = None,
) -> int:
    """Insert fields, loaded by PlanDraftSchema, as a published version of their plan; returns its id.

    It was no draft before, and nothing is stored where it is refused, with the faults of publish_plan.
    `back_dated`: it may have been on sale before it is written down, as when a city is set up. `sold`:
    False for one whose last day lies before its first, for present customers only. `source`: where it comes
    from, for the history.
    """
    lock_plans(connection, operator_id)
    faults = _lacking(connection, operator_id, fields, back_dated=back_dated, sold=sold)
    if faults:
        raise Refusal(*faults)
    values = in_full(fields)
    plan_id = insert_version(connection, operator_id, values, **_published(change_id))
    _record(connection, operator_id, plan_id, 1, values, change_id, reason, actor, source)
    return plan_id


def preview_publication(db: Database, operator_id: int, plan_id: int) -> Preview:
    """What publishing a draft now would come to; stores nothing.

    Raises Refusal: plan.not_found, plan.not_draft.
    """
    with db.transaction() as connection:
        row = _draft(connection, operator_id, plan_id, None)
        plan = row._mapping
        return Preview(
            refusals=_lacking(connection, operator_id, plan),
            warnings=unusual(plan),
            follows=_followed(
                published_versions(connection, operator_id, row.filing_number, row.region), row.on_sale_from
            ),
            in_force_from=row.on_sale_from,
            in_force_through=row.on_sale_to,
        )


def _draft(connection: Connection, operator_id: int, plan_id: int, if_revision: int | None) -> Row[Any]:
    row = lock_version(connection, operator_id, plan_id, if_revision)
    if row.state != PlanState.DRAFT:
        raise Refusal(Fault("plan.not_draft"))
    return row


def _lacking(
    connection: Connection,
    operator_id: int,
    plan: Mapping[str, Any],
    *,
    back_dated: bool = False,
    sold: bool = True,
) -> list[Fault]:
    others = published_versions(connection, operator_id, plan["filing_number"], plan["region"])
    known = is_region(connection, plan["region"])
    return lacking(plan, others, clock.today(), region_is_known=known, back_dated=back_dated, sold=sold)


def _followed(published: list[Row[Any]], on: date) -> Row[Any] | None:
    """The version that one which begins that day takes over from."""
    begun = [one for one in published if one.on_sale_from < on and not never_began(one)]
    return begun[-1] if begun else None


def _published(change_id: int | None) -> dict[str, Any]:
    return {"state": PlanState.PUBLISHED, "published_at": clock.now(), "change_id": change_id}


def _record(
    connection: Connection,
    operator_id: int,
    plan_id: int,
    revision: int,
    values: Mapping[str, Any],
    change_id: int | None,
    reason: str,
    actor: str,
    source: Mapping[str, Any] | None = None,
) -> None:
    detail = {"revision": revision, "on_sale_from": values["on_sale_from"], **(source or {})}
    if change_id is not None:
        detail["change_id"] = change_id
    record_event(connection, operator_id, plan_id, "published", detail, reason, actor)
