"""Take an announced change back: nothing more is told of it, and whoever was told is told so."""

from typing import Any

from sqlalchemy import insert, select, update

from tracker import clock
from tracker.db import after_commit
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.tariff_changes.announce_change import ring
from tracker.tariffs.models import Plan, PlanEvent, TariffChange
from tracker.tariffs.rules import ChangeState, PlanState

_changes, _plans = TariffChange.__table__, Plan.__table__


def withdraw_change(runtime: Runtime, operator_id: int, change_id: int, reason: str, actor: str) -> None:
    """Withdraw a change that has not taken effect; its version never comes into force.

    Raises Refusal: tariff_change.not_found, tariff_change.withdrawn, tariff_change.already_effective.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        change = connection.execute(
            select(_changes)
            .where(_changes.c.id == change_id, _changes.c.operator_id == operator_id)
            .with_for_update()
        ).one_or_none()
        if change is None:
            raise Refusal(Fault("tariff_change.not_found"))
        if change.state == ChangeState.WITHDRAWN:
            raise Refusal(Fault("tariff_change.withdrawn"))
        if change.effective_on <= clock.local_date(now):
            raise Refusal(Fault("tariff_change.already_effective"))
        connection.execute(
            update(_changes)
            .where(_changes.c.id == change_id)
            .values(
                state=ChangeState.WITHDRAWN, withdrawn_at=now, withdrawn_by=actor, withdrawal_reason=reason
            )
        )
        if change.plan_id is not None:
            values: dict[str, Any] = {
                "state": PlanState.WITHDRAWN,
                # Before its first day: it never began.
                "on_sale_to": _plans.c.on_sale_from - 1,
                "withdrawn_at": now,
                "revision": _plans.c.revision + 1,
            }
            connection.execute(update(_plans).where(_plans.c.id == change.plan_id).values(**values))
            connection.execute(
                insert(PlanEvent).values(
                    operator_id=operator_id,
                    plan_id=change.plan_id,
                    kind="withdrawn",
                    detail={"change": change_id},
                    reason=reason,
                    actor=actor,
                    at=now,
                )
            )
        after_commit(lambda: ring(runtime, change_id))
