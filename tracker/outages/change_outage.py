"""Change an outage that is to come or under way; what was said before stays in its history."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from tracker import clock
from tracker.db import Database
from tracker.outages.check_outage import check_changed
from tracker.outages.history import OUTAGES, record, to_change
from tracker.outages.queries import read_places
from tracker.outages.rules import OPEN, standing_of
from tracker.problems import Fault, Refusal


def change_outage(
    db: Database,
    operator_id: int,
    outage_id: int,
    revision: int,
    request: Mapping[str, Any],
    why: str,
    actor: str,
) -> None:
    """Let an outage stand as `request` says, loaded by OutageSchema; its kind stays as it is.

    `revision`: the one that the change was made from. An `override_reason` must come from a manager, which
    the caller sees to. Raises Refusal: outage.not_found, outage.withdrawn, outage.stale, outage.over,
    outage.no_change, and every rule that the change breaks.
    """
    now = clock.now()
    with db.transaction() as connection:
        before = to_change(connection, operator_id, outage_id, revision)
        if standing_of(before, now) not in OPEN:
            raise Refusal(Fault("outage.over"))
        altered = check_changed(before, request, read_places(connection), now)
        more: dict[str, Any] = {"changed_at": now, "revision": revision + 1}
        if "area_codes" in altered:
            more["area_changed_at"] = now
        if before.first_ends_at is None and "ends_at" in altered:
            # The first time that anybody could say: no change of what was known.
            more["first_ends_at"] = altered["ends_at"]
        connection.execute(update(OUTAGES).where(OUTAGES.c.id == outage_id).values(**altered, **more))
        detail = {name: [getattr(before, name), value] for name, value in altered.items()}
        record(
            connection, operator_id, outage_id, revision + 1, "changed", actor, now, detail=detail, reason=why
        )
