"""Go through the audit trail and see whether it is as it was written.

Reads only. The hashes are computed here and not by the database, which whoever forged the trail may have
changed too.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from tracker.audit.models import AuditChain, AuditEntry, AuditLink
from tracker.audit.rules import GENESIS, Break, Chain, Entry, Flaw, Link
from tracker.db import Database

# Rows that are in memory at a time; a million entries need no more of it than a thousand.
_AT_A_TIME = 2000

_links, _entries = AuditLink.__table__, AuditEntry.__table__
_LINKED = select(
    _links.c.number,
    _links.c.entry_id,
    _links.c.previous,
    _links.c.hash,
    _entries.c.id,
    _entries.c.action,
    _entries.c.actor,
    _entries.c.subject,
    _entries.c.fields,
    _entries.c.why,
    _entries.c.at,
).select_from(
    # The entry has to be of the same chain: moving one to another operator hides it.
    _links.outerjoin(
        _entries,
        (_entries.c.id == _links.c.entry_id)
        & _entries.c.operator_id.is_not_distinct_from(_links.c.operator_id),
    )
)


@dataclass(frozen=True)
class Verdict:
    """What a chain holds, counted from its beginning, and where it is broken, if it is."""

    chain: int
    entries: int
    head: bytes
    broken: Break | None


@dataclass(frozen=True)
class Head:
    """Where a chain ends."""

    chain: int
    entries: int
    hash: bytes


class UnknownEntryError(LookupError):
    """No link of the trail names this entry."""


def heads(db: Database, chains: Collection[int] | None = None) -> list[Head]:
    """The ends of chains, to be kept outside; of all chains that have begun unless some are named."""
    wanted = select(AuditChain.chain, AuditChain.entries, AuditChain.head).order_by(AuditChain.chain)
    if chains is not None:
        wanted = wanted.where(AuditChain.chain.in_(chains))
    with db.reading() as connection:
        return [Head(row.chain, row.entries, bytes(row.head)) for row in connection.execute(wanted)]


def size(db: Database, chains: Collection[int]) -> int:
    """About how many entries there are to go through."""
    return sum(one.entries for one in heads(db, chains))


def verify(
    db: Database,
    chains: Sequence[int],
    *,
    since_entry: int | None = None,
    noted: Collection[bytes] = (),
    advance: Callable[[int], None] = lambda count: None,
) -> list[Verdict]:
    """A verdict on each chain, all as of one moment.

    `since_entry`: begin at this entry of its chain and believe what stands before it; other chains are left
    out. `noted`: hashes of heads that were kept outside, each of which has to stand in one of the chains.
    `advance` hears how many entries were gone through. Raises UnknownEntryError.
    """
    snapshot = db.engine.execution_options(isolation_level="REPEATABLE READ")
    missing = set(noted)
    with snapshot.connect() as connection:
        begun = None if since_entry is None else _place_of(connection, since_entry)
        if begun is not None:
            chains = [begun.chain]
        verdicts = [_follow(connection, chain, begun, missing, advance) for chain in chains]
        if missing:
            verdicts = [_not_ours(verdict) for verdict in verdicts]
    return verdicts


def _place_of(connection: Connection, entry_id: int) -> Row[Any]:
    found = connection.execute(
        select(_links.c.chain, _links.c.number, _links.c.previous).where(_links.c.entry_id == entry_id)
    ).one_or_none()
    if found is None:
        raise UnknownEntryError(entry_id)
    return found


def _follow(
    connection: Connection,
    chain: int,
    begun: Row[Any] | None,
    missing: set[bytes],
    advance: Callable[[int], None],
) -> Verdict:
    if begun is None:
        chained = Chain(chain)
    else:
        chained = Chain(chain, number=begun.number, previous=bytes(begun.previous))
    missing.discard(chained.head)
    broken = None
    for batch in _batches(connection, chain, chained.next):
        for row in batch:
            broken = chained.take(_link(row))
            if broken is not None:
                break
            missing.discard(chained.head)
        advance(len(batch))
        if broken is not None:
            break
    if broken is None:
        broken = _unlinked(connection, chain, chained.next) or _ended(connection, chained)
    return Verdict(chain, chained.next - 1, chained.head, broken)


def _batches(connection: Connection, chain: int, number: int) -> Iterator[Sequence[Row[Any]]]:
    """The links of a chain in their order: by their primary key, a batch at a time."""
    wanted = _LINKED.where(_links.c.chain == chain).order_by(_links.c.number).limit(_AT_A_TIME)
    while True:
        rows = connection.execute(wanted.where(_links.c.number >= number)).all()
        if not rows:
            return
        yield rows
        number = rows[-1].number + 1


def _link(row: Row[Any]) -> Link:
    entry = None
    if row.id is not None:
        entry = Entry(row.id, row.action, row.actor, row.subject, row.fields, row.why, row.at)
    return Link(row.number, row.entry_id, bytes(row.previous), bytes(row.hash), entry)


def _unlinked(connection: Connection, chain: int, number: int) -> Break | None:
    """The first entry of the chain's operator that is in no chain. Each has its link from its commit on."""
    linked = exists().where(_links.c.entry_id == _entries.c.id, _links.c.chain == chain)
    first = connection.scalar(
        select(func.min(_entries.c.id)).where(
            _entries.c.operator_id.is_not_distinct_from(chain or None), ~linked
        )
    )
    return None if first is None else Break(Flaw.UNLINKED, number, first)


def _ended(connection: Connection, chained: Chain) -> Break | None:
    """Compares the end with what the database noted of it; nothing was noted where nothing was written."""
    found = connection.execute(
        select(AuditChain.entries, AuditChain.head).where(AuditChain.chain == chained.chain)
    ).one_or_none()
    return chained.end(found.entries, bytes(found.head)) if found else chained.end(0, GENESIS)


def _not_ours(verdict: Verdict) -> Verdict:
    if verdict.broken is not None:
        return verdict
    gone = Break(Flaw.NOT_OURS, verdict.entries + 1, None)
    return Verdict(verdict.chain, verdict.entries, verdict.head, gone)
