"""Announce a change: publish the version that it brings, and have everybody warned whom it concerns."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select, text

from tracker import clock
from tracker.db import after_commit
from tracker.queueing import UPKEEP
from tracker.runtime import Runtime
from tracker.tariff_changes.check_change import check_change
from tracker.tariffs.models import TariffChange
from tracker.tariffs.publish_plan import publish_version
from tracker.tariffs.rules import ChangeKind, ChangeState

WARN = "workers.jobs.warn_subscribers"

_NEXT_ID = select(func.nextval(text("'tariff_changes_id_seq'")))
# Held until the commit: two announcements at once must see each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('tariff changes', :operator))")


def announce_change(runtime: Runtime, operator_id: int, request: Mapping[str, Any], actor: str) -> int:
    """Announce a change, loaded by ChangeRequestSchema; returns its id.

    Raises Refusal with every rule broken, see `check_change`; and those of `publish_version`.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        connection.execute(_LOCK, {"operator": operator_id})
        sound = check_change(connection, operator_id, request, now)
        change_id: int = connection.execute(_NEXT_ID).scalar_one()
        plan_id = None
        if sound.kind is not ChangeKind.TERM_END:
            plan_id = publish_version(
                connection,
                operator_id,
                sound.fields,
                actor,
                request["reason"],
                change_id=change_id,
                sold=sound.sold,
            )
        override = request["override"] if sound.overridden else None
        connection.execute(
            insert(TariffChange).values(
                id=change_id,
                operator_id=operator_id,
                kind=sound.kind,
                filing_number=request["filing_number"],
                region=request["region"],
                plan_id=plan_id,
                effective_on=sound.effective_on,
                ends_from=request["ends_from"],
                ends_to=request["ends_to"],
                latest_notice_on=sound.latest_notice_on,
                warn_from=sound.warn_from,
                summary=request["summary"],
                summary_en=request["summary_en"] or request["summary"],
                reason=request["reason"],
                override_reason=override and override["reason"],
                override_by=override and override["manager"],
                state=ChangeState.ANNOUNCED,
                announced_at=now,
                announced_by=actor,
            )
        )
        after_commit(lambda: ring(runtime, change_id))
    return change_id


def ring(runtime: Runtime, change_id: int) -> None:
    """Ask a worker to do what is due about a change."""
    runtime.bell.ring(UPKEEP, WARN, change_id)
