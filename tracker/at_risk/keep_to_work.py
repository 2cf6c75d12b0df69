"""Texts to staff that are late for working hours: escalations wait for the next, a digest is told no more."""

from datetime import datetime

from sqlalchemy import Update, update

from tracker import clock
from tracker.at_risk import send_digests
from tracker.notices.models import Notice
from tracker.notices.office_hours import office_calendar
from tracker.notices.rules import State
from tracker.notices.to_staff import OF_WORK
from tracker.promises.office_hours import in_working_hours, next_opening
from tracker.runtime import Runtime
from tracker.templates.seed import SEED

_notices = Notice.__table__
_QUEUE = SEED[send_digests.TEMPLATE].queue
_OVER = "working hours were over"


def keep_to_work(runtime: Runtime) -> int:
    """Put off, or cancel, what a worker or a provider that was away has left; returns how many texts.

    One that was handed over already is left as it is.
    """
    late = 0
    reference = runtime.reference.current()
    for operator_id in reference.operators:
        now, calendar = clock.now(), office_calendar(reference, operator_id)
        if calendar is None or in_working_hours(calendar, now):
            continue
        opens = next_opening(calendar, now)
        waiting = _waiting(operator_id, opens)
        with runtime.db.transaction() as connection:
            for statement in (
                # One that was tried may be on its way in spite of what the provider said.
                waiting.where(_notices.c.template == send_digests.TEMPLATE, _notices.c.attempts == 0).values(
                    state=State.CANCELLED, reason=_OVER
                ),
                waiting.values(next_at=opens),
            ):
                late += len(connection.execute(statement.returning(_notices.c.id)).all())
    return late


def _waiting(operator_id: int, opens: datetime) -> Update:
    return update(_notices).where(
        _notices.c.queue == _QUEUE,
        _notices.c.state == State.CREATED,
        _notices.c.next_at < opens,
        _notices.c.operator_id == operator_id,
        OF_WORK,
    )
