"""What was late for its send window waits for the next one."""

from sqlalchemy import bindparam, not_, select, update

from tracker import clock
from tracker.notices.models import Notice
from tracker.notices.rules import State, in_window, send_from
from tracker.notices.to_staff import IS_TRIAL
from tracker.runtime import Runtime
from tracker.templates.seed import SEED

_CHUNK = 5000

_notices = Notice.__table__
_late = (
    select(_notices.c.id)
    .where(
        _notices.c.state == State.CREATED,
        _notices.c.next_at <= bindparam("now", type_=_notices.c.next_at.type),
        _notices.c.template.not_in([code for code, template in SEED.items() if template.any_hour]),
        not_(IS_TRIAL),
    )
    .order_by(_notices.c.next_at)
    .limit(_CHUNK)
    .with_for_update(skip_locked=True, key_share=True)
    .cte("late")
)
_POSTPONE = (
    update(_notices)
    .where(_notices.c.id == _late.c.id)
    .values(next_at=bindparam("opens_at", type_=_notices.c.next_at.type))
)


def keep_hours(runtime: Runtime) -> int:
    """At night: put off until morning what keeps to hours and is due; returns how many.

    A provider or a worker that was away in the evening must not wake anybody when it is back.
    """
    now = clock.now()
    if in_window(now):
        return 0
    put_off = 0
    while True:
        with runtime.db.transaction() as connection:
            values = {"now": now, "opens_at": send_from(now, any_hour=False)}
            moved = connection.execute(_POSTPONE, values).rowcount
        put_off += moved
        if moved < _CHUNK:
            return put_off
