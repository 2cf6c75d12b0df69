"""What somebody is to be told, worded and addressed, before it is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.notices.models import Notice
from tracker.notices.rules import IDENTICAL_LIMIT, IDENTICAL_WITHIN, State, Why, send_from
from tracker.reference import Reference
from tracker.runtime import Runtime
from tracker.templates.rules import Category, Template

# The column for which a code is sealed.
SECRET = "notices.secret"  # noqa: S105 - a column's name

_REASONS = {
    Why.LANDLINE: "the number is a landline",
    Why.WISH: "the customer wants no text",
    Why.REPEATED: "the same text was sent as often as it may be",
    Why.ASKED: "a person was asked to call",
}


@dataclass(frozen=True)
class Wanted:
    """Something that somebody should be told. `dedup_key` makes it the only one of its kind (I2).

    `by_call`: the customer asked for a call instead. `call_asked_for`: so did somebody of ours, whatever the
    customer wants else. `not_before`: it is told then, as a reminder is.
    `secret`: a code, where `values` hold SECRET_SHOWN.
    """

    operator_id: int
    order_id: int | None
    template: str
    language: str
    values: Mapping[str, str]
    phone: str
    dedup_key: str
    by_call: bool = False
    call_asked_for: bool = False
    not_before: datetime | None = None
    secret: str | None = None


@dataclass(frozen=True)
class Draft:
    """A wish with its wording: the text as it will be, and whom it goes to as a digest."""

    wanted: Wanted
    template: Template
    body: str
    digest: bytes

    @property
    def text(self) -> tuple[bytes, str]:
        """What makes it identical to another."""
        return self.digest, self.body


def draft(runtime: Runtime, reference: Reference, wanted: Wanted) -> Draft:
    """Word it by the operator's template in force."""
    template = reference.templates.current(
        wanted.operator_id, wanted.template, runtime.config.approving_gateways
    )
    return Draft(
        wanted,
        template,
        template.render(wanted.language, wanted.values),
        runtime.keys.digest_of(RECIPIENT, wanted.phone),
    )


def repeated(connection: Connection, drafts: Sequence[Draft], now: datetime) -> set[tuple[bytes, str]]:
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


def why_not(reference: Reference, one: Draft, repeated: set[tuple[bytes, str]]) -> Why | None:
    """Why no text is to be sent; None where one is."""
    wanted = one.wanted
    if not takes_texts(wanted.phone):
        return Why.LANDLINE
    # A code answers what the customer has just asked for.
    if one.template.category is not Category.CODE and (
        wanted.by_call or (wanted.operator_id, one.digest) in reference.wishes
    ):
        return Why.WISH
    if wanted.call_asked_for:
        return Why.ASKED
    return Why.REPEATED if one.text in repeated else None


def notice_row(runtime: Runtime, one: Draft, why: Why | None, now: datetime) -> dict[str, Any]:
    """The row of `notices` that it becomes; a call, or nothing, where no text is to be sent."""
    wanted, template = one.wanted, one.template
    state = State.CREATED if why is None else State.CALL
    if why is Why.REPEATED and not template.must_arrive:
        state = State.CANCELLED
    earliest = now
    if template.coalesces:
        earliest += timedelta(seconds=runtime.config.coalesce)
    if wanted.not_before is not None:
        earliest = max(earliest, wanted.not_before)
    row = {
        "operator_id": wanted.operator_id,
        "order_id": wanted.order_id,
        "template": template.code,
        "template_version": template.version,
        "language": wanted.language,
        "params": {name: wanted.values[name] for name in template.params},
        "body": one.body,
        "recipient": runtime.keys.seal(wanted.phone, RECIPIENT),
        "recipient_digest": one.digest,
        "dedup_key": wanted.dedup_key,
        "queue": template.queue,
        "must_arrive": template.must_arrive,
        "state": state,
        "reason": None if why is None else _REASONS[why],
        "next_at": send_from(earliest, any_hour=template.any_hour),
        "created_at": now,
    }
    if wanted.secret is not None:
        row["secret"] = runtime.keys.seal(wanted.secret, SECRET) if state == State.CREATED else None
    return row
