"""A code that was not sent while it was good is not sent any more."""

from sqlalchemy import literal_column, update

from tracker import clock
from tracker.notices.models import Notice
from tracker.notices.rules import CODE_VALID, State
from tracker.runtime import Runtime
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

_QUEUES = {template.queue for template in SEED.values() if template.category is Category.CODE}


def cancel_codes(runtime: Runtime) -> int:
    """Cancel, and forget, what has waited longer than a code is good for; returns how many."""
    statement = (
        update(Notice)
        .where(
            Notice.queue.in_(_QUEUES),
            # Written out: a plan made for any state could not use the index of this one.
            Notice.state == literal_column(f"'{State.CREATED}'"),
            Notice.secret.is_not(None),
            Notice.created_at <= clock.now() - CODE_VALID,
        )
        .values(state=State.CANCELLED, reason="the code is not good any more", secret=None)
    )
    with runtime.db.transaction() as connection:
        return connection.execute(statement).rowcount
