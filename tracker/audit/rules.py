"""What an entry of the audit trail says, and how the next one is linked to it: pure decisions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

GENESIS = bytes(32)
"""What stands before the first entry of a chain."""

NO_OPERATOR = 0
"""The chain of entries that belong to no operator; any other chain is numbered as its operator is."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Action(StrEnum):
    """What somebody did with personal data or with accounts."""

    SAW = "saw"  # a field in clear; what stands behind a mask is not seen
    CHANGED = "changed"
    SOUGHT = "sought"  # orders by somebody's phone, whose data stayed behind masks
    GRANTED = "granted"  # an account, a role, a reset
    REVOKED = "revoked"


class Flaw(StrEnum):
    """What is wrong with a chain."""

    EDITED = "edited"  # the entry is not the one that was hashed
    MISSING = "missing"  # a number, or the entry that a link points to, is not there
    DISPLACED = "displaced"  # it does not follow from the one before it
    UNLINKED = "unlinked"  # an entry that the database was kept from linking
    CUT = "cut"  # the chain ends earlier, or otherwise, than was noted
    NOT_OURS = "not ours"  # a head that was noted outside stands nowhere in the chain


@dataclass(frozen=True)
class Entry:
    """What is hashed of an entry."""

    id: int
    action: str
    actor: str
    subject: str
    fields: Sequence[str]
    why: str
    at: datetime


@dataclass(frozen=True)
class Link:
    """A place in a chain, and the entry that stands in it, if there is one."""

    number: int
    entry_id: int
    previous: bytes
    hash: bytes
    entry: Entry | None


@dataclass(frozen=True)
class Break:
    """Where a chain is broken first: its number in the chain, and the entry's id where there is one."""

    flaw: Flaw
    number: int
    entry_id: int | None


def hash_of(chain: int, number: int, entry: Entry, previous: bytes) -> bytes:
    """SHA-256 of the hash before and of every part of the entry, each part with its length in bytes.

    The database's function link_audit_entry makes the same; the time counts in microseconds since 1970.
    """
    microseconds = (entry.at - _EPOCH) // timedelta(microseconds=1)
    parts = (
        str(chain),
        str(number),
        str(entry.id),
        entry.action,
        entry.actor,
        entry.subject,
        str(len(entry.fields)),
        *entry.fields,
        entry.why,
        str(microseconds),
    )
    digest = hashlib.sha256(previous)
    for part in parts:
        encoded = part.encode()
        digest.update(b"%d:" % len(encoded) + encoded)
    return digest.digest()


class Chain:
    """A chain as it is gone through from `number` on, one link at a time, in the order of numbers."""

    def __init__(self, chain: int, *, number: int = 1, previous: bytes = GENESIS) -> None:
        """`previous`: the hash that stands before the first link that will be taken."""
        self.chain = chain
        self.next = number
        self.head = previous

    def take(self, link: Link) -> Break | None:
        """Go on by one link; what is wrong with it, if anything is."""
        if link.number != self.next:
            return Break(Flaw.MISSING, self.next, None)
        if link.entry is None:
            return Break(Flaw.MISSING, link.number, link.entry_id)
        if link.previous != self.head:
            return Break(Flaw.DISPLACED, link.number, link.entry_id)
        if hash_of(self.chain, link.number, link.entry, link.previous) != link.hash:
            return Break(Flaw.EDITED, link.number, link.entry_id)
        self.next += 1
        self.head = link.hash
        return None

    def end(self, entries: int, head: bytes) -> Break | None:
        """What is wrong with where it ended, by what was noted of its end."""
        if (entries, head) != (self.next - 1, self.head):
            return Break(Flaw.CUT, self.next, None)
        return None
