"""What became of the notices that an operator planned in a period: counts, waits, reasons, calls.

Each question reads the period along its index. Nothing is counted beforehand, so a count is what the list
behind it shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Integer,
    Row,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    not_,
    select,
    tuple_,
)

from tracker import clock
from tracker.notices.call_models import CallTask
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.rules import State
from tracker.notices.to_staff import TO_STAFF
from tracker.templates.length import JOINED_PART, SINGLE_PART

# What people tell apart, by the states that it is made of; in the order in which it is shown.
KINDS: Mapping[str, tuple[State, ...]] = {
    "delivered": (State.DELIVERED,),
    "sent": (State.ACCEPTED,),
    "waiting": (State.CREATED, State.SENDING),
    "unknown": (State.UNKNOWN,),
    "failed": (State.UNDELIVERED,),
    "call": (State.CALL,),
    "cancelled": (State.CANCELLED,),
}
KIND_OF = {state: kind for kind, states in KINDS.items() for state in states}
# In the place of a provider: the text was never handed to any.
NO_PROVIDER = "-"
OPEN_CALL = "open"
_MOST_REASONS = 12
# Looked through at most, of what waits after an attempt.
_MOST_HELD = 10_000

Position = tuple[datetime, int]
"""Before which notice to go on: when it was planned, and its id."""


@dataclass(frozen=True)
class Period:
    """The notices that an operator planned from `begin` on and before `end`, to customers or `to_staff`."""

    operator_id: int
    begin: datetime
    end: datetime
    to_staff: bool = False


@dataclass(frozen=True)
class Which:
    """What a list of them is narrowed to; None leaves it open.

    `kind` is a key of KINDS, `reason` a digest as `Cause` has it, `call` an outcome of a call or OPEN_CALL.
    """

    period: Period
    kind: str | None = None
    template: str | None = None
    provider: str | None = None
    reason: str | None = None
    call: str | None = None


@dataclass(frozen=True)
class Waits:
    """In seconds from when a text was due, of `count` texts; None where there are none."""

    count: int
    median: float | None
    p90: float | None


@dataclass(frozen=True)
class Cause:
    """Why so many did not arrive, as the notice says it; `digest` names it in an address."""

    state: str
    provider: str | None
    reason: str
    digest: str
    count: int


_DAY = cast(func.timezone(literal_column(f"'{clock.CITY_ZONE.key}'"), Notice.created_at), Date)
# Templates let no character through that would count as two.
_LENGTH = func.char_length(Notice.body)
_PARTS = case(
    (Notice.accepted_at.is_(None), 0),
    (_LENGTH == 0, 0),
    (_LENGTH <= SINGLE_PART, 1),
    else_=cast(func.ceil(cast(_LENGTH, Integer) / literal_column(f"{JOINED_PART}.0")), Integer),
)
_FIRST_TRIED_AT = (
    select(func.min(NoticeAttempt.at))
    .where(NoticeAttempt.notice_id == Notice.id)
    .correlate(Notice)
    .scalar_subquery()
)
# An attempt that fails moves it on; then it counts from when the text was first tried.
_DUE_AT = case(
    ((Notice.attempts == 1) & (Notice.next_at <= Notice.sending_at), Notice.next_at),
    else_=func.least(Notice.sending_at, _FIRST_TRIED_AT),
)
_PROVIDER = func.coalesce(Notice.provider, NO_PROVIDER)
_REASON = func.coalesce(Notice.reason, "")
_TROUBLE = [literal_column(f"'{state}'") for state in (State.CALL, State.UNDELIVERED, State.UNKNOWN)]


def _within(period: Period) -> tuple[ColumnElement[bool], ...]:
    return (
        Notice.operator_id == period.operator_id,
        Notice.created_at >= period.begin,
        Notice.created_at < period.end,
        TO_STAFF if period.to_staff else not_(TO_STAFF),
    )


def cells(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """How many `notices`, and `parts` of those that a provider took, by day, template, provider and state."""
    # Read first and grouped then: what is sorted for grouping would carry the whole texts.
    read = (
        select(
            _DAY.label("day"),
            Notice.template.label("template"),
            _PROVIDER.label("provider"),
            Notice.state.label("state"),
            _PARTS.label("parts"),
        )
        .where(*_within(period))
        .cte("read")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    keys = (read.c.day, read.c.template, read.c.provider, read.c.state)
    return connection.execute(
        select(*keys, func.count().label("notices"), func.sum(read.c.parts).label("parts")).group_by(*keys)
    ).all()


def waits(connection: Connection, period: Period) -> dict[State, Waits]:
    """How long it took from when a text was due until a provider took it, and until it arrived."""
    columns = []
    for state, ended_at in ((State.ACCEPTED, Notice.accepted_at), (State.DELIVERED, Notice.delivered_at)):
        ended = and_(ended_at.is_not(None), Notice.sending_at.is_not(None))
        seconds = func.greatest(func.extract("epoch", ended_at - _DUE_AT), 0)
        columns += [
            func.count().filter(ended).label(f"{state}_count"),
            *(
                func.percentile_cont(part).within_group(seconds).filter(ended).label(f"{state}_{name}")
                for name, part in (("median", 0.5), ("p90", 0.9))
            ),
        ]
    row = connection.execute(select(*columns).where(*_within(period))).one()._mapping
    return {
        state: Waits(*(row[f"{state}_{name}"] for name in ("count", "median", "p90")))
        for state in (State.ACCEPTED, State.DELIVERED)
    }


def causes(connection: Connection, period: Period) -> list[Cause]:
    """Why texts did not arrive, or nobody knows whether they did; the most frequent first."""
    rows = connection.execute(
        select(Notice.state, Notice.provider, _REASON.label("reason"), func.count().label("number"))
        .where(*_within(period), Notice.state.in_(_TROUBLE))
        .group_by(Notice.state, Notice.provider, _REASON)
        .order_by(func.count().desc(), _REASON)
        .limit(_MOST_REASONS)
    )
    return [Cause(row.state, row.provider, row.reason, digest(row.reason), row.number) for row in rows]


def digest(reason: str) -> str:
    """Names a reason in an address; a provider's own words stay out of it (I5)."""
    return md5(reason.encode(), usedforsecurity=False).hexdigest()


def calls(connection: Connection, period: Period) -> Mapping[str, int]:
    """Of how many of these notices a call came that is open, or was closed with each outcome.

    One that was called about twice stands with either outcome, and once with the same.
    """
    how = case((CallTask.closed_at.is_(None), OPEN_CALL), else_=CallTask.outcome)
    rows = connection.execute(
        select(how.label("how"), func.count(CallTask.notice_id.distinct()).label("number"))
        .select_from(CallTask)
        .join(Notice, Notice.id == CallTask.notice_id)
        # Nobody is asked to call about a text before it is planned.
        .where(
            CallTask.operator_id == period.operator_id,
            CallTask.opened_at >= period.begin,
            *_within(period),
        )
        .group_by(literal_column("1"))
    )
    return {row.how: row.number for row in rows}


def held_up(connection: Connection, operator_id: int) -> Sequence[Row[Any]]:
    """What waits to be tried again, now: how many texts by `provider` and `reason`, the most first.

    So a provider shows that is left alone for a while, or that refuses our account.
    """
    waiting = (
        select(Notice.provider, _REASON.label("reason"), Notice.sending_at)
        .where(
            Notice.state == literal_column(f"'{State.CREATED}'"),
            Notice.operator_id == operator_id,
            Notice.attempts > 0,
        )
        .limit(_MOST_HELD)
        .subquery()
    )
    return connection.execute(
        select(
            waiting.c.provider,
            waiting.c.reason,
            func.count().label("notices"),
            func.max(waiting.c.sending_at).label("tried_at"),
        )
        .group_by(waiting.c.provider, waiting.c.reason)
        .order_by(func.count().desc())
        .limit(_MOST_REASONS)
    ).all()


def notice_page(
    connection: Connection, which: Which, *, before: Position | None, limit: int
) -> tuple[Sequence[Row[Any]], Position | None]:
    """The notices behind a count, the latest first, their numbers sealed; and the place to go on before."""
    found = _narrowed(
        select(
            Notice.id,
            Notice.template,
            Notice.language,
            Notice.state,
            Notice.provider,
            Notice.reason,
            Notice.recipient,
            Notice.created_at,
            Notice.accepted_at,
            Notice.delivered_at,
            Notice.order_id,
            Notice.params["number"].astext.label("order_number"),
        ),
        which,
    )
    if before is not None:
        found = found.where(tuple_(Notice.created_at, Notice.id) < tuple_(*before))
    rows = connection.execute(
        found.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(limit + 1)
    ).all()
    shown = rows[:limit]
    return shown, (shown[-1].created_at, shown[-1].id) if len(rows) > limit else None


def _narrowed(found: Select[Any], which: Which) -> Select[Any]:
    found = found.where(*_within(which.period))
    if which.kind is not None:
        # Written out, so that an index of some states can be seen to fit.
        states = [literal_column(f"'{state}'") for state in KINDS[which.kind]]
        found = found.where(Notice.state.in_(states))
    if which.template is not None:
        found = found.where(Notice.template == which.template)
    if which.provider is not None:
        found = found.where(which.provider == _PROVIDER)
    if which.reason is not None:
        # Reasons are counted of what went wrong alone.
        found = found.where(Notice.state.in_(_TROUBLE), func.md5(cast(_REASON, Text)) == which.reason)
    if which.call is not None:
        task = CallTask.notice_id == Notice.id
        if which.call == OPEN_CALL:
            found = found.where(exists().where(task, CallTask.closed_at.is_(None)))
        else:
            ended = CallTask.closed_at.is_not(None)
            found = found.where(exists().where(task, ended, CallTask.outcome == which.call))
    return found
