"""Take an announced change back: nothing more is told of it, and whoever was told is told so."""

from sqlalchemy import select, update

from tracker import clock
from tracker.db import after_commit
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.tariff_changes.announce_change import ring
from tracker.tariffs.models import TariffChange
from tracker.tariffs.rules import ChangeState
from tracker.tariffs.withdraw_plan import withdraw

_changes = TariffChange.__table__


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
            # Before its first day: it never begins.
            withdraw(connection, operator_id, change.plan_id, reason, actor, with_its_change=True)
        after_commit(lambda: ring(runtime, change_id))
