"""Take an outage back that will not come: it stays on the board, struck out, until its time is over."""

from sqlalchemy import update

from tracker import clock
from tracker.db import Database
from tracker.outages.history import OUTAGES, record, to_change
from tracker.outages.rules import Standing, standing_of
from tracker.problems import Fault, Refusal


def withdraw_outage(
    db: Database, operator_id: int, outage_id: int, revision: int, why: str, actor: str
) -> None:
    """Withdraw an outage that has not begun; `why` is for the history.

    Raises Refusal: outage.not_found, outage.withdrawn, outage.stale; outage.over once it has begun, when
    there is only its recovery to record.
    """
    now = clock.now()
    with db.transaction() as connection:
        before = to_change(connection, operator_id, outage_id, revision)
        if standing_of(before, now) is not Standing.COMING:
            raise Refusal(Fault("outage.over"))
        connection.execute(
            update(OUTAGES)
            .where(OUTAGES.c.id == outage_id)
            .values(withdrawn_at=now, withdrawn_by=actor, withdrawal_reason=why, revision=revision + 1)
        )
        record(connection, operator_id, outage_id, revision + 1, "withdrawn", actor, now, reason=why)
