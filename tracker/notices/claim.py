"""Take due notices for one worker, so that no other can send them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from tracker import clock
from tracker.crypto import UnreadableError
from tracker.notices.claimed import Claimed, Due
from tracker.notices.drafts import RECIPIENT, SECRET
from tracker.notices.models import Notice
from tracker.notices.office_hours import resting
from tracker.notices.record import record
from tracker.notices.rules import CODE_VALID, State, in_window
from tracker.notices.to_staff import IS_TRIAL, OF_WORK, QUEUES_OF_WORK
from tracker.runtime import Runtime
from tracker.sms.port import SECRET_SHOWN, Gateway, NotSent, Sms
from tracker.templates.seed import SEED

# At most. A batch should be through well before its lease runs out, even if every request of it takes the
# provider's full time-out: two lanes of 256 texts over 100 requests at 10 s are 52 s of a lease
# of 180 s. What has not been begun by then is not begun any more.
BATCH = 256

FIRST: Due = (datetime(1, 1, 1, tzinfo=UTC), 0)

# What `as_sms` reads of a row; the latter only where the provider asks for it.
TEXT = (Notice.id, Notice.recipient, Notice.body, Notice.secret)
TEMPLATE = (Notice.template, Notice.language, Notice.params)

_instant = DateTime(timezone=True)
_ANY_HOUR = [literal_column(f"'{code}'") for code, template in SEED.items() if template.any_hour]
_due = (
    select(Notice.id)
    .where(
        Notice.queue == bindparam("of_queue"),
        # Written out: a plan made for any state could not use the index of this one.
        Notice.state == literal_column(f"'{State.CREATED}'"),
        Notice.next_at <= bindparam("now", type_=_instant),
        # A code that is not good any more is left to the sweep, which cancels it.
        or_(Notice.secret.is_(None), Notice.created_at > bindparam("codes_since", type_=_instant)),
        tuple_(Notice.next_at, Notice.id)
        > tuple_(bindparam("after_at", type_=_instant), bindparam("after_id", type_=BigInteger)),
    )
    .order_by(Notice.next_at, Notice.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, key_share=True)
)


def _claiming(due: Select[tuple[int]]) -> ReturningUpdate[Any]:
    return (
        update(Notice.__table__)
        # An array, and no join: the planner could take the limit for a large part of the table and read it
        # all.
        .where(Notice.id == func.any(func.array(due.scalar_subquery())))
        .values(
            state=State.SENDING,
            attempts=Notice.attempts + 1,
            sending_at=bindparam("now", type_=_instant),
            lease_until=bindparam("until", type_=_instant),
            provider=bindparam("gateway"),
            misses=0,
        )
        .returning(Notice.attempts, Notice.operator_id, Notice.next_at, *TEXT)
    )


_CLAIM = _claiming(_due)
# What was late for its hours waits for the next ones: who looks after it puts it there, and until then it
# stays.
_RESTING = Notice.operator_id == func.any(bindparam("resting", type_=ARRAY(Integer)))
_CLAIM_AFTER_WORK = _claiming(_due.where(not_(and_(OF_WORK, _RESTING))))
_CLAIM_AT_NIGHT = _claiming(_due.where(or_(Notice.template.in_(_ANY_HOUR), IS_TRIAL)))
_STATEMENTS = {
    # And whether the provider wants the template.
    (claiming, wants): claiming.returning(*TEMPLATE) if wants else claiming
    for claiming in (_CLAIM, _CLAIM_AFTER_WORK, _CLAIM_AT_NIGHT)
    for wants in (False, True)
}


def claim(
    runtime: Runtime, queue: str, limit: int = BATCH, *, gateway: Gateway | None = None, after: Due = FIRST
) -> list[Claimed]:
    """Take due notices for this worker until the lease runs out, and commit that; oldest first.

    Outside of the hours of texts only those that may leave at any hour, and none to staff who are not at
    work. Those that came due at or before
    `after` are left out: whoever drains a long queue need not search again through what it has taken
    already. One whose number this process cannot open (damaged, or sealed under a key that was added since
    it started) goes back by itself and holds up nobody else's.
    """
    gateway = gateway or runtime.gateway
    now = clock.now()
    values = {
        "of_queue": queue,
        "now": now,
        "codes_since": now - CODE_VALID,
        "until": now + timedelta(seconds=runtime.config.lease),
        "gateway": gateway.name,
        "after_at": after[0],
        "after_id": after[1],
        "most": limit,
    }
    claiming = _CLAIM
    if not in_window(now):
        claiming = _CLAIM_AT_NIGHT
    elif queue in QUEUES_OF_WORK and (away := resting(runtime.reference.current(), now)):
        claiming, values["resting"] = _CLAIM_AFTER_WORK, away
    with runtime.db.transaction() as connection:
        rows = connection.execute(_STATEMENTS[claiming, gateway.by_template], values).all()
    claimed, unreadable = [], []
    for row in sorted(rows, key=lambda row: (row.next_at, row.id)):
        facts = row.attempts, row.operator_id, gateway.name, (row.next_at, row.id)
        try:
            claimed.append(Claimed(*facts, as_sms(runtime, row)))
        except UnreadableError:
            unreadable.append(Claimed(*facts, Sms(row.id, "", row.body)))
    if unreadable:
        record(runtime, unreadable, [NotSent("the number cannot be opened")] * len(unreadable))
    return claimed


def as_sms(runtime: Runtime, row: Row[Any]) -> Sms:
    """The text of a row that has TEXT, and may have TEMPLATE. Raises UnreadableError."""
    phone = runtime.keys.open(bytes(row.recipient), RECIPIENT)
    sms = Sms(row.id, phone, row.body)
    if hasattr(row, "template"):
        sms = replace(sms, template=row.template, language=row.language, params=row.params)
    return sms if row.secret is None else _with_secret(sms, runtime.keys.open(bytes(row.secret), SECRET))


def _with_secret(sms: Sms, secret: str) -> Sms:
    return replace(
        sms,
        body=sms.body.replace(SECRET_SHOWN, secret),
        params={name: value.replace(SECRET_SHOWN, secret) for name, value in sms.params.items()},
        secret=secret,
    )
