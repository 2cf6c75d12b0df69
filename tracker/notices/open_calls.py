"""Ask a person to call, in the transaction of what made that necessary, or take it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from tracker.notices.call_models import CallTask
from tracker.notices.call_rules import Outcome, first_call
from tracker.notices.models import Notice
from tracker.notices.rules import Why
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

_tasks = CallTask.__table__
_OPEN = insert(_tasks).on_conflict_do_nothing(
    index_elements=[_tasks.c.notice_id], index_where=_tasks.c.closed_at.is_(None)
)
_TAKE_BACK = (
    update(_tasks)
    .where(_tasks.c.notice_id == bindparam("notice"), _tasks.c.closed_at.is_(None))
    .values(outcome=Outcome.TOLD_BY_TEXT, closed_at=bindparam("at"), version=_tasks.c.version + 1)
)
_DETAIL_LIMIT = 200
_NOT_CALLED = {
    code for code, template in SEED.items() if template.category in (Category.CODE, Category.STAFF)
}


@dataclass(frozen=True)
class Needed:
    """A notice whose customer somebody has to call, and why."""

    notice_id: int
    template: str
    operator_id: int
    order_id: int | None
    why: Why
    detail: str


def open_calls(connection: Connection, needed: Sequence[Needed], now: datetime) -> None:
    """Open a task for each notice that has none open; none for a one-time code, nor for a text to staff.

    A code is of no use once somebody could call, and nobody but its owner may see it; staff find what they
    were told on their pages.
    """
    needed = [one for one in needed if one.template not in _NOT_CALLED]
    if not needed:
        return
    begins, due = first_call(now)
    rows = [
        {
            "operator_id": one.operator_id,
            "notice_id": one.notice_id,
            "order_id": one.order_id,
            "reason": one.why,
            "detail": one.detail[:_DETAIL_LIMIT],
            "next_attempt_at": begins,
            "due_at": due,
            "opened_at": now,
        }
        for one in needed
    ]
    connection.execute(_OPEN, rows)


def take_back(connection: Connection, notice_ids: Sequence[int], now: datetime) -> None:
    """Close the tasks of notices that arrived after all."""
    if notice_ids:
        connection.execute(_TAKE_BACK, [{"notice": notice_id, "at": now} for notice_id in notice_ids])


def call_off(connection: Connection, order_id: int, codes: Sequence[str], now: datetime) -> None:
    """Close the tasks of these texts of an order: what was to be said does not matter any more."""
    of_order = select(Notice.id).where(Notice.order_id == order_id, Notice.template.in_(codes))
    connection.execute(
        update(_tasks)
        .where(_tasks.c.notice_id.in_(of_order), _tasks.c.closed_at.is_(None))
        .values(outcome=Outcome.NOT_NEEDED, closed_at=now, version=_tasks.c.version + 1)
    )
