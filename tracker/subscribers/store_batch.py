"""Store a batch of checked subscriptions in one transaction, and tell what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update

from tracker.contacts.recipients import takes_texts
from tracker.problems import Fault
from tracker.subscribers.check_subscription import Checked
from tracker.subscribers.events import detail_of, event_row
from tracker.subscribers.models import Subscriber, SubscriberEvent
from tracker.subscribers.rules import CHANGEABLE, differences

_COLUMNS = (
    "reference",
    "plan_id",
    "monthly_fen",
    "agreed_until",
    "agreement",
    "language",
    "contact",
    "contact_digest",
    "takes_texts",
    "began_on",
    "ended_on",
)
_NAMES = ", ".join(_COLUMNS)
# What COPY writes for nothing.
_NULL = r"\N"
# One import of an operator writes at a time, or two that meet the same references could wait for each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('subscribers', :operator))")
_INCOMING = text(
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_subscribers (
        line bigint, reference text, plan_id integer, monthly_fen integer, agreed_until date,
        agreement text, language text, contact bytea, contact_digest bytea, takes_texts boolean,
        began_on date, ended_on date
    ) ON COMMIT DELETE ROWS
    """
)
_COPY = f"COPY incoming_subscribers (line, {_NAMES}) FROM STDIN"
_STORE = text(
    f"""
    WITH stored AS (
        INSERT INTO subscribers (operator_id, source, created_at, {_NAMES})
        SELECT :operator, 'import', :now, {_NAMES} FROM incoming_subscribers
        ON CONFLICT (operator_id, reference) DO NOTHING
        RETURNING id, reference
    )
    SELECT coalesce(array_agg(id) FILTER (WHERE id IS NOT NULL), '{{}}') AS stored,
        coalesce(array_agg(line) FILTER (WHERE id IS NULL), '{{}}') AS known
    FROM incoming_subscribers LEFT JOIN stored USING (reference)
    """  # noqa: S608 - names of columns
)
_known = Subscriber.__table__.c
_KNOWN = select(
    _known.id,
    _known.reference,
    *(_known[name] for name in _COLUMNS if name not in ("reference", "contact", "takes_texts")),
).where(_known.operator_id == bindparam("operator"), _known.reference == text("ANY(:references)"))
_UPDATE = (
    update(Subscriber.__table__)
    .where(_known.id == bindparam("subscriber"))
    .values(
        {
            "version": _known.version + 1,
            **{name: bindparam(f"new_{name}") for name in _COLUMNS[3:] if name != "began_on"},
        }
    )
)


class Prepared(NamedTuple):
    """A checked row of a file, with what is stored of its phone."""

    line: int
    checked: Checked
    contact: bytes
    contact_digest: bytes

    def as_copied(self) -> str:
        """The row as COPY reads it. Nothing in it needs a backslash: references have a narrow shape, and
        everything else is a number, a day, one of our own words, or hexadecimal.
        """
        line, checked, contact, digest = self
        request = checked.request
        return (
            f"{line}\t{request.reference}\t{checked.plan.id}\t{checked.monthly_fen}"
            f"\t{request.agreed_until or _NULL}\t{request.agreement or _NULL}\t{checked.language}"
            f"\t\\\\x{contact.hex()}\t\\\\x{digest.hex()}\t{takes_texts(request.phone)}"
            f"\t{request.began_on}\t{request.ended_on or _NULL}\n"
        )


@dataclass
class Done:
    """What became of rows: how many were stored, brought up to date and known, and why others were not."""

    stored: int = 0
    updated: int = 0
    repeated: int = 0
    refused: list[tuple[int, Fault]] = field(default_factory=list)


class Import(NamedTuple):
    """What every batch of one import has in common. `update`: bring what is stored up to date."""

    operator_id: int
    actor: str
    reason: str
    now: datetime
    update: bool


class Met:
    """The subscriptions that a file has spoken of, a bit for each by its id: a reference that stands in
    a file twice is found without keeping it, in an eighth of a byte for each row of the table.
    """

    def __init__(self) -> None:
        self._bits = bytearray()

    def again(self, subscriber_id: int) -> bool:
        """Whether this one was met before; it has been from now on."""
        place, bit = subscriber_id >> 3, 1 << (subscriber_id & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits) + len(self._bits) // 8))
        met = bool(self._bits[place] & bit)
        self._bits[place] |= bit
        return met


def store_batch(
    connection: Connection, run: Import, batch: Sequence[Prepared], copied: str, met: Met
) -> Done:
    """Store a batch in which every reference stands once; `copied` is its rows as COPY reads them.

    Faults: subscriber.differs, subscriber.price_differs, subscriber.repeated_reference.
    """
    connection.execute(_LOCK, {"operator": run.operator_id})
    connection.execute(_INCOMING)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(copied)
    ids, lines = connection.execute(_STORE, {"operator": run.operator_id, "now": run.now}).one()
    for subscriber_id in ids:
        met.again(subscriber_id)
    done = Done(stored=len(ids))
    if lines:
        known = set(lines)
        _against_known(connection, run, [row for row in batch if row.line in known], met, done)
    return done


def _against_known(
    connection: Connection, run: Import, rows: Sequence[Prepared], met: Met, done: Done
) -> None:
    """What rows say of subscriptions that are stored already."""
    wanted = _KNOWN.with_for_update() if run.update else _KNOWN
    given = {"operator": run.operator_id, "references": [row.checked.request.reference for row in rows]}
    stored = {one.reference: one for one in connection.execute(wanted, given)}
    changed: list[tuple[Prepared, Row[Any], dict[str, Any]]] = []
    for row in rows:
        one = stored[row.checked.request.reference]
        if met.again(one.id):
            done.refused.append((row.line, Fault("subscriber.repeated_reference", "/reference")))
            continue
        differing = differences(one._mapping, row.checked.said(row.contact_digest))
        fault = _fault_of(differing, run.update)
        if fault is not None:
            done.refused.append((row.line, fault))
        elif differing:
            changed.append((row, one, differing))
        else:
            done.repeated += 1
    if changed:
        _bring_up_to_date(connection, run, changed)
        done.updated += len(changed)


# Columns of the table by their names in a file, and what an announced change alone may change.
_NAMED = {"plan_id": "plan", "monthly_fen": "monthly_fee", "contact_digest": "phone"}
_PRICED = ("plan", "monthly_fee")


def _fault_of(differing: dict[str, Any], may_update: bool) -> Fault | None:
    """Why a row that differs so is refused; None where it is not."""
    names = [_NAMED.get(column, column) for column in differing]
    standing = [name for name in names if name not in CHANGEABLE] if may_update else names
    if not standing:
        return None
    if may_update and standing[0] in _PRICED:
        return Fault("subscriber.price_differs", f"/{standing[0]}")
    return Fault("subscriber.differs", f"/{standing[0]}", {"columns": ", ".join(standing)})


def _bring_up_to_date(
    connection: Connection, run: Import, changed: Sequence[tuple[Prepared, Row[Any], dict[str, Any]]]
) -> None:
    updates, events = [], []
    for row, one, differing in changed:
        request = row.checked.request
        updates.append(
            {
                "subscriber": one.id,
                "new_agreed_until": request.agreed_until or one.agreed_until,
                "new_agreement": request.agreement or one.agreement,
                "new_language": request.language or one.language,
                "new_contact": row.contact,
                "new_contact_digest": row.contact_digest,
                "new_takes_texts": takes_texts(request.phone),
                "new_ended_on": request.ended_on or one.ended_on,
            }
        )
        events.append(
            event_row(
                run.operator_id, one.id, "updated", detail_of(differing), run.reason, run.actor, run.now
            )
        )
    connection.execute(_UPDATE, updates)
    connection.execute(insert(SubscriberEvent.__table__), events)
