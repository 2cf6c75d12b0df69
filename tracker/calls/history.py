"""Calls that have come to their end: how, by whom, and each of them as the row of a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, tuple_

from tracker.calls.queries import STANDS, Position
from tracker.db import Database
from tracker.files.cells import instant_cell
from tracker.notices.call_models import CallAttempt, CallTask
from tracker.notices.call_rules import Outcome
from tracker.notices.models import Notice
from tracker.orders.models import Order

_AT_ONCE = 1000
_LAST_ACTOR = (
    select(CallAttempt.actor)
    # What was added once the task had closed is not how it ended.
    .where(CallAttempt.task_id == CallTask.id, STANDS, CallAttempt.recorded_at <= CallTask.closed_at)
    .order_by(CallAttempt.id.desc())
    .limit(1)
    .correlate(CallTask)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Closed:
    """Tasks that were closed from `begin` on and before `end`; with this outcome, if one is named."""

    operator_id: int
    begin: datetime
    end: datetime
    outcome: str | None = None


def closed_page(
    connection: Connection, which: Closed, *, before: Position | None, limit: int
) -> tuple[Sequence[Row[Any]], Position | None]:
    """The latest first; and the place to go on before, if any."""
    wanted = (
        _narrowed(
            select(
                CallTask.id,
                CallTask.reason,
                CallTask.outcome,
                CallTask.attempts,
                CallTask.opened_at,
                CallTask.closed_at,
                Notice.template,
                Order.number.label("order_number"),
                _LAST_ACTOR.label("actor"),
            ),
            which,
        )
        .join(Notice, Notice.id == CallTask.notice_id)
        .outerjoin(Order, Order.id == CallTask.order_id)
        .order_by(CallTask.closed_at.desc(), CallTask.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        wanted = wanted.where(tuple_(CallTask.closed_at, CallTask.id) < tuple_(*before))
    rows = connection.execute(wanted).all()
    shown = rows[:limit]
    return shown, (shown[-1].closed_at, shown[-1].id) if len(rows) > limit else None


def by_outcome(connection: Connection, which: Closed) -> Mapping[str, int]:
    """How many were closed with each outcome."""
    counted = _narrowed(select(CallTask.outcome, func.count().label("number")), which).group_by(
        CallTask.outcome
    )
    found = {row.outcome: row.number for row in connection.execute(counted)}
    return {outcome.value: found[outcome] for outcome in Outcome if outcome in found}


def by_person(connection: Connection, which: Closed) -> Sequence[Row[Any]]:
    """Who made how many calls in that time, and how many reached somebody; whoever made most first."""
    reached = func.count().filter(CallAttempt.outcome == Outcome.REACHED)
    return connection.execute(
        select(CallAttempt.actor, func.count().label("calls"), reached.label("reached"))
        .where(
            CallAttempt.operator_id == which.operator_id,
            CallAttempt.recorded_at >= which.begin,
            CallAttempt.recorded_at < which.end,
            STANDS,
        )
        .group_by(CallAttempt.actor)
        .order_by(func.count().desc(), CallAttempt.actor)
    ).all()


@dataclass(frozen=True)
class Words:
    """How the file says our own words and names people."""

    template: Callable[[str], str]
    reason: Callable[[str], str]
    outcome: Callable[[str], str]
    person: Callable[[str], str]


def pages(db: Database, which: Closed, words: Words) -> Iterator[list[tuple[str | int, ...]]]:
    """Order, text, reason, opened, closed, calls made, outcome, who called last; read in batches."""
    before: Position | None = None
    while True:
        with db.reading() as connection:
            rows, before = closed_page(connection, which, before=before, limit=_AT_ONCE)
        yield [_cells(row, words) for row in rows]
        if before is None:
            return


def _narrowed(wanted: Select[Any], which: Closed) -> Select[Any]:
    wanted = wanted.select_from(CallTask).where(
        CallTask.operator_id == which.operator_id,
        CallTask.closed_at >= which.begin,
        CallTask.closed_at < which.end,
    )
    return wanted if which.outcome is None else wanted.where(CallTask.outcome == which.outcome)


def _cells(row: Row[Any], words: Words) -> tuple[str | int, ...]:
    return (
        row.order_number or "",
        words.template(row.template),
        words.reason(row.reason),
        instant_cell(row.opened_at),
        instant_cell(row.closed_at),
        row.attempts,
        words.outcome(row.outcome) if row.outcome else "",
        words.person(row.actor) if row.actor else "",
    )
