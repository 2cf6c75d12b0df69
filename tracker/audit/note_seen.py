"""Note who saw personal fields, once a day for each: a list that is open all day is one look."""

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy import Connection, select

from tracker import clock
from tracker.audit.append import append
from tracker.audit.models import AuditEntry
from tracker.audit.rules import Action

_entries = AuditEntry.__table__


def note_seen(
    connection: Connection,
    subjects: Sequence[str],
    *,
    operator_id: int,
    actor: str,
    fields: Sequence[str],
    why: str,
) -> None:
    """Append an entry for each subject of which `actor` has not seen all these fields yet today.

    To be called before what was seen is given out. Two looks at one instant may both be noted.
    """
    if not subjects:
        return
    today = datetime.combine(clock.today(), time(0), clock.CITY_ZONE)
    known = connection.scalars(
        select(_entries.c.subject).where(
            _entries.c.subject.in_(subjects),
            _entries.c.operator_id == operator_id,
            _entries.c.actor == actor,
            _entries.c.action == Action.SAW,
            _entries.c.at >= today,
            _entries.c.fields.contains(list(fields)),
        )
    ).all()
    for subject in dict.fromkeys(subjects):
        if subject not in known:
            append(
                connection,
                Action.SAW,
                operator_id=operator_id,
                actor=actor,
                subject=subject,
                fields=fields,
                why=why,
            )
