"""Set which real-name checks an operator requires."""

from collections.abc import Collection

from sqlalchemy import insert, select, text

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.real_name.models import RequiredChecks
from tracker.real_name.rules import Check

_required = RequiredChecks.__table__


def require_checks(
    db: Database,
    operator_id: int,
    checks: Collection[str],
    reason: str,
    actor: str,
    *,
    if_last: int | None = None,
) -> int:
    """From now on require these and no others, of every order that is to be verified or connected.

    `if_last`: the setting that was seen, 0 for none. Returns the id of the new one. Raises Refusal:
    version.stale where somebody was faster, real_name.no_change.
    """
    wanted = [one.value for one in Check if one in checks]
    with db.transaction() as connection:
        # Two managers at once: the second sees what the first has set.
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext('required_checks'), :operator)"),
            {"operator": operator_id},
        )
        last = connection.execute(
            select(_required.c.id, _required.c.checks)
            .where(_required.c.operator_id == operator_id)
            .order_by(_required.c.id.desc())
            .limit(1)
        ).one_or_none()
        if if_last is not None and if_last != (last.id if last else 0):
            raise Refusal(Fault("version.stale"))
        if wanted == (last.checks if last else []):
            raise Refusal(Fault("real_name.no_change"))
        values = {"operator_id": operator_id, "checks": wanted, "reason": reason, "actor": actor}
        made = insert(_required).values(**values, at=clock.now()).returning(_required.c.id)
        setting: int = connection.execute(made).scalar_one()
    return setting
