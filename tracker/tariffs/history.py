"""What every change of a plan does alike: the lock, the version it is about, the event."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, column, exists, func, insert, select, table, text

from tracker import clock
from tracker.problems import Fault, Refusal
from tracker.tariffs.models import Plan, PlanEvent

# Held until the commit: two versions that are saved at once must see each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('plans', :operator))")

# Places are another feature's; only these columns are read of them.
DIVISIONS = table("divisions", column("code"), column("name"), column("level"))

_MOST = 2**31


def lock_plans(connection: Connection, operator_id: int) -> None:
    """Keep any other change of the operator's plans waiting until the commit."""
    connection.execute(_LOCK, {"operator": operator_id})


def lock_version(
    connection: Connection, operator_id: int, plan_id: int, if_revision: int | None = None
) -> Row[Any]:
    """A version that is about to change, with all plans of the operator locked.

    `if_revision`: the revision that the caller saw, None where any will do. Raises Refusal:
    plan.not_found, version.stale where somebody was faster (invariant I7).
    """
    lock_plans(connection, operator_id)
    row = (
        connection.execute(
            select(Plan.__table__).where(Plan.id == plan_id, Plan.operator_id == operator_id)
        ).one_or_none()
        if plan_id < _MOST
        else None
    )
    if row is None:
        raise Refusal(Fault("plan.not_found"))
    if if_revision is not None and if_revision != row.revision:
        raise Refusal(Fault("version.stale"))
    return row


def published_versions(
    connection: Connection, operator_id: int, filing_number: str, region: str, *, but: int | None = None
) -> list[Row[Any]]:
    """Every version of a plan that was published, on sale or not, less the one `but`, oldest first."""
    return list(
        connection.execute(
            select(Plan.__table__)
            .where(
                Plan.operator_id == operator_id,
                Plan.filing_number == filing_number,
                Plan.region == region,
                Plan.published_at.isnot(None),
                Plan.id.is_distinct_from(but),
            )
            .order_by(Plan.on_sale_from, Plan.version)
        )
    )


def next_version(connection: Connection, operator_id: int, filing_number: str, region: str) -> int:
    """The number of the next version of a plan; one that was discarded keeps its number."""
    newest = connection.scalar(
        select(func.max(Plan.version)).where(
            Plan.operator_id == operator_id, Plan.filing_number == filing_number, Plan.region == region
        )
    )
    return (newest or 0) + 1


def is_region(connection: Connection, code: str) -> bool:
    """Whether plans can be for this division: a city or a county."""
    wanted = exists().where(DIVISIONS.c.code == code, DIVISIONS.c.level.in_(("city", "county")))
    return bool(connection.scalar(select(wanted)))


def record_event(
    connection: Connection,
    operator_id: int,
    plan_id: int,
    kind: str,
    detail: Mapping[str, Any],
    reason: str,
    actor: str,
) -> None:
    """Write down what became of a version (invariant I7)."""
    connection.execute(
        insert(PlanEvent).values(
            operator_id=operator_id,
            plan_id=plan_id,
            kind=kind,
            detail={name: plain(value) for name, value in detail.items()},
            reason=reason,
            actor=actor,
            at=clock.now(),
        )
    )


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return value.isoformat() if isinstance(value, date) else value
