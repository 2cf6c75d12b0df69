"""Take a complaint in: it has a number, a due day and a person in charge from the commit on."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.complaints.history import COMPLAINTS, NAME, PHONE, TEXT, record
from tracker.complaints.persons import person_in_charge
from tracker.complaints.rules import (
    Source,
    State,
    due_on,
    first_follow_up,
    new_number,
    received_faults,
)
from tracker.complaints.schemas import ComplaintSchema, load
from tracker.complaints.telling import complainant_of, day_in_text, key_of, tell
from tracker.crypto import KeyRing
from tracker.orders import wording
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_schema = ComplaintSchema()
# Of a hundred thousand numbers a day; a tenth of them in use, one in ten million complaints would find none.
_MOST_DRAWS = 7


def file_complaint(
    runtime: Runtime,
    actor: Actor,
    number: str | None,
    topic: str,
    text: str,
    *,
    source: str = Source.WEBSITE,
    received_at: datetime | None = None,
    contact_name: str | None = None,
    contact_phone: str | None = None,
) -> int:
    """Store a complaint about an order of the actor's, or about none; returns its id.

    `received_at`: when it came in, now unless given. Whoever complains is told by text, at `contact_phone`
    or else at the order's. Raises Refusal: order.not_found, complaint.duplicate where the same one is open,
    or every rule of the fields that is broken.
    """
    now = clock.now()
    given = {
        "topic": topic,
        "text": text,
        "source": source,
        "contact_name": contact_name,
        "contact_phone": contact_phone,
    }
    loaded = load(_schema, given)
    received_at = received_at or now
    faults = received_faults(received_at, now)
    if faults:
        raise Refusal(*faults)
    with runtime.db.transaction() as connection:
        order = None if number is None else lock_order(connection, actor, number, None)
        if order is not None:
            _refuse_duplicate(connection, runtime.keys, order.id, loaded)
        due = due_on(received_at)
        owner = person_in_charge(connection, actor.operator_id)
        row = _row(runtime.keys, loaded) | {
            "operator_id": actor.operator_id,
            "order_id": None if order is None else order.id,
            "received_at": received_at,
            "due_on": due,
            "state": State.OPEN,
            "owner_id": owner,
            "next_on": first_follow_up(now, due),
            "filed_by": actor.label,
            "filed_at": now,
            "version": 1,
        }
        complaint = _insert(connection, row, clock.local_date(now))
        detail = {"owner": owner, "next_on": complaint.next_on.isoformat()}
        record(connection, runtime.keys, actor, complaint.id, 1, "filed", now, detail=detail)
        to = complainant_of(connection, complaint, runtime.keys)
        if to is not None and wording.is_news(received_at, now):
            tell(
                connection,
                runtime,
                to,
                "complaint_received",
                key_of("complaint", complaint.id, "received"),
                now,
                complaint=complaint.number,
                day=day_in_text(due, to.language),
            )
        made: int = complaint.id
    return made


def _refuse_duplicate(connection: Connection, keys: KeyRing, order_id: int, loaded: dict[str, Any]) -> None:
    """The same words about the same thing are one complaint, however often the button is pressed."""
    standing = connection.execute(
        select(COMPLAINTS.c.number, COMPLAINTS.c.text).where(
            COMPLAINTS.c.order_id == order_id,
            COMPLAINTS.c.state == State.OPEN,
            COMPLAINTS.c.topic == loaded["topic"],
        )
    )
    for row in standing:
        if keys.open(bytes(row.text), TEXT) == loaded["text"]:
            raise Refusal(Fault("complaint.duplicate", "", {"number": row.number}))


def _row(keys: KeyRing, loaded: dict[str, Any]) -> dict[str, Any]:
    """What was said, with everything personal sealed."""

    def sealed(name: str, column: str) -> bytes | None:
        return None if loaded[name] is None else keys.seal(loaded[name], column)

    return {
        "source": loaded["source"],
        "topic": loaded["topic"],
        "text": keys.seal(loaded["text"], TEXT),
        "contact_name": sealed("contact_name", NAME),
        "contact_phone": sealed("contact_phone", PHONE),
    }


def _insert(connection: Connection, row: dict[str, Any], today: date) -> Row[Any]:
    """Store it under a number that no other has."""
    for _ in range(_MOST_DRAWS):
        made = connection.execute(
            insert(COMPLAINTS)
            .values(**row, number=new_number(today))
            .on_conflict_do_nothing(index_elements=[COMPLAINTS.c.number])
            .returning(COMPLAINTS)
        ).one_or_none()
        if made is not None:
            return made
    raise RuntimeError("the day's numbers of complaints are used up")
