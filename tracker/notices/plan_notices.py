"""Write down what customers are to be told, in the transaction of what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.db import after_commit
from tracker.notices import tallies
from tracker.notices.models import Notice
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.rules import IDENTICAL_LIMIT, IDENTICAL_WITHIN, State, Why, send_from
from tracker.queueing import Doorbell
from tracker.reference import Reference
from tracker.runtime import Runtime
from tracker.templates.rules import Category, Template
from tracker.templates.seed import SEED

_notices = Notice.__table__
_INSERT = (
    insert(_notices)
    .on_conflict_do_nothing(index_elements=[_notices.c.dedup_key])
    .returning(
        _notices.c.id,
        _notices.c.operator_id,
        _notices.c.order_id,
        _notices.c.template,
        _notices.c.queue,
        _notices.c.state,
        _notices.c.reason,
        _notices.c.next_at,
        _notices.c.dedup_key,
    )
)
DELIVER = "workers.jobs.deliver"

_COALESCING = [code for code, template in SEED.items() if template.coalesces]


@dataclass(frozen=True)
class Wanted:
    """Something that somebody should be told. `dedup_key` makes it the only one of its kind (I2).

    `by_call`: the customer asked for a call instead. `not_before`: it is told then, as a reminder is.
    """

    operator_id: int
    order_id: int | None
    template: str
    language: str
    values: Mapping[str, str]
    phone: str
    dedup_key: str
    by_call: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True)
class _Draft:
    """A wish with its wording: the text as it will be, and whom it goes to as a digest."""

    wanted: Wanted
    template: Template
    body: str
    digest: bytes

    @property
    def text(self) -> tuple[bytes, str]:
        """What makes it identical to another."""
        return self.digest, self.body


def plan_notices(
    connection: Connection, runtime: Runtime, reference: Reference, wanted: Sequence[Wanted], now: datetime
) -> int:
    """Store the notices that are new and ring for them after the commit; returns how many are new.

    Where no text can reach the number, or its owner wants a call, a person is asked to call instead. A
    step of an order takes the place of one that was told within minutes and has not been sent. A text
    that was sent as often as it may be is kept, and not sent.
    """
    if not wanted:
        return 0
    drafts = [_draft(runtime, reference, one) for one in wanted]
    _supersede(connection, drafts)
    repeated = _repeated(connection, drafts, now)
    keyed = {draft.wanted.dedup_key: _why_not(reference, draft, repeated) for draft in drafts}
    rows = connection.execute(
        _INSERT, [_row(runtime, draft, keyed[draft.wanted.dedup_key], now) for draft in drafts]
    ).all()
    _ring_for(runtime.bell, rows, now)
    calls = [row for row in rows if row.state == State.CALL]
    needed = []
    for row in calls:
        why = keyed[row.dedup_key]
        if why is not None:
            needed.append(Needed(row.id, row.template, row.operator_id, row.order_id, why, row.reason or ""))
    open_calls(connection, needed, now)
    tallies.count(connection, tallies.reached(State.CALL for _ in calls))
    return len(rows)


def cancel(connection: Connection, order_id: int, codes: Sequence[str], reason: str) -> int:
    """Cancel notices of an order that have not been sent; returns how many."""
    statement = (
        update(Notice)
        .where(
            Notice.order_id == order_id,
            Notice.template.in_(codes),
            Notice.state == State.CREATED,
            # One that was tried already may be on its way in spite of what the provider said.
            Notice.attempts == 0,
        )
        .values(state=State.CANCELLED, reason=reason)
        .returning(Notice.id)
    )
    return len(connection.execute(statement).all())


def _draft(runtime: Runtime, reference: Reference, wanted: Wanted) -> _Draft:
    template = reference.templates.current(
        wanted.operator_id, wanted.template, runtime.config.approving_gateways
    )
    return _Draft(
        wanted,
        template,
        template.render(wanted.language, wanted.values),
        runtime.keys.digest_of(RECIPIENT, wanted.phone),
    )


def _supersede(connection: Connection, drafts: Sequence[_Draft]) -> None:
    """A later step says more than an earlier one that nobody has read yet."""
    for draft in drafts:
        if draft.template.coalesces and draft.wanted.order_id is not None:
            cancel(connection, draft.wanted.order_id, _COALESCING, f"a later step: {draft.template.code}")


def _repeated(connection: Connection, drafts: Sequence[_Draft], now: datetime) -> set[tuple[bytes, str]]:
    """Texts that these numbers have had as often as they may."""
    # Who places an order gets a number that no other text has named.
    digests = {draft.digest for draft in drafts if not draft.template.always_new}
    if not digests:
        return set()
    rows = connection.execute(
        select(Notice.recipient_digest, Notice.body)
        .where(
            Notice.recipient_digest.in_(digests),
            Notice.created_at > now - IDENTICAL_WITHIN,
            Notice.state != State.CANCELLED,
        )
        .group_by(Notice.recipient_digest, Notice.body)
        .having(func.count() >= IDENTICAL_LIMIT)
    )
    return {(bytes(row.recipient_digest), row.body) for row in rows}


def _why_not(reference: Reference, draft: _Draft, repeated: set[tuple[bytes, str]]) -> Why | None:
    """Why no text is to be sent; None where one is."""
    wanted = draft.wanted
    if not takes_texts(wanted.phone):
        return Why.LANDLINE
    # A code answers what the customer has just asked for.
    if draft.template.category is not Category.CODE and (
        wanted.by_call or (wanted.operator_id, draft.digest) in reference.wishes
    ):
        return Why.WISH
    return Why.REPEATED if draft.text in repeated else None


_REASONS = {
    Why.LANDLINE: "the number is a landline",
    Why.WISH: "the customer wants no text",
    Why.REPEATED: "the same text was sent as often as it may be",
}


def _row(runtime: Runtime, draft: _Draft, why_not: Why | None, now: datetime) -> dict[str, Any]:
    wanted, template = draft.wanted, draft.template
    state = State.CREATED if why_not is None else State.CALL
    if why_not is Why.REPEATED and not template.must_arrive:
        state = State.CANCELLED
    earliest = now
    if template.coalesces:
        earliest += timedelta(seconds=runtime.config.coalesce)
    if wanted.not_before is not None:
        earliest = max(earliest, wanted.not_before)
    return {
        "operator_id": wanted.operator_id,
        "order_id": wanted.order_id,
        "template": template.code,
        "template_version": template.version,
        "language": wanted.language,
        "params": {name: wanted.values[name] for name in template.params},
        "body": draft.body,
        "recipient": runtime.keys.seal(wanted.phone, RECIPIENT),
        "recipient_digest": draft.digest,
        "dedup_key": wanted.dedup_key,
        "queue": template.queue,
        "must_arrive": template.must_arrive,
        "state": state,
        "reason": None if why_not is None else _REASONS[why_not],
        "next_at": send_from(earliest, any_hour=template.any_hour),
        "created_at": now,
    }


def _ring_for(bell: Doorbell, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Ring once for each queue in which something is due now; the rest is the sweep's."""
    first_due: dict[str, int] = {}
    for row in rows:
        if row.state == State.CREATED and row.next_at <= now:
            first_due.setdefault(row.queue, row.id)
    for queue, notice_id in first_due.items():
        after_commit(lambda queue=queue, notice_id=notice_id: _ring(bell, queue, notice_id))


def _ring(bell: Doorbell, queue: str, notice_id: int) -> None:
    bell.ring(queue, DELIVER, notice_id, one_is_enough=True)
