"""Record that service is back."""

from datetime import datetime

from sqlalchemy import update

from tracker import clock
from tracker.db import Database
from tracker.outages.history import OUTAGES, record, to_change
from tracker.problems import Fault, Refusal


def record_recovery(
    db: Database, operator_id: int, outage_id: int, revision: int, restored_at: datetime, actor: str
) -> None:
    """Record when service came back; also of planned work, whose window may be over by then.

    Raises Refusal: outage.not_found, outage.withdrawn, outage.stale, outage.over where a recovery is
    recorded, outage.not_begun, outage.recovery_ahead.
    """
    now = clock.now()
    with db.transaction() as connection:
        before = to_change(connection, operator_id, outage_id, revision)
        if before.restored_at is not None:
            raise Refusal(Fault("outage.over"))
        if restored_at < before.starts_at:
            raise Refusal(Fault("outage.not_begun", "/restored_at"))
        if restored_at > now:
            raise Refusal(Fault("outage.recovery_ahead", "/restored_at"))
        connection.execute(
            update(OUTAGES)
            .where(OUTAGES.c.id == outage_id)
            .values(
                restored_at=restored_at, restored_by=actor, recovery_recorded_at=now, revision=revision + 1
            )
        )
        detail = {"restored_at": restored_at}
        record(connection, operator_id, outage_id, revision + 1, "restored", actor, now, detail=detail)
