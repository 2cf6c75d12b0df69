"""Announce an outage: it is on the public board from the commit on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, text

from tracker import clock
from tracker.db import Database
from tracker.outages.check_outage import check_new
from tracker.outages.history import OUTAGES, record
from tracker.outages.queries import read_places
from tracker.problems import Fault, Refusal

# Held until the commit: two presses of one button must see each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('outages', :operator))")


def announce_outage(db: Database, operator_id: int, request: Mapping[str, Any], actor: str) -> int:
    """Announce an outage, loaded by OutageSchema; returns its id.

    An `override_reason` must come from a manager, which the caller sees to. Raises Refusal with every rule
    broken; outage.duplicate names the one that stands already.
    """
    now = clock.now()
    with db.transaction() as connection:
        connection.execute(_LOCK, {"operator": operator_id})
        columns = check_new(request, read_places(connection), now)
        same = ("kind", "starts_at", "ends_at", "area_codes")
        standing = connection.scalar(
            select(OUTAGES.c.id).where(
                OUTAGES.c.operator_id == operator_id,
                OUTAGES.c.withdrawn_at.is_(None),
                *(OUTAGES.c[name].is_not_distinct_from(columns[name]) for name in same),
            )
        )
        if standing is not None:
            raise Refusal(Fault("outage.duplicate", "", {"outage": standing}))
        outage_id: int = connection.execute(
            insert(OUTAGES)
            .values(
                operator_id=operator_id,
                first_starts_at=columns["starts_at"],
                first_ends_at=columns["ends_at"],
                announced_at=now,
                announced_by=actor,
                **columns,
            )
            .returning(OUTAGES.c.id)
        ).scalar_one()
        record(connection, operator_id, outage_id, 1, "announced", actor, now, detail=columns)
    return outage_id
