"""Verify the whole audit trail by the clock, and keep what came of it for those who watch."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.audit.models import AuditCheck
from tracker.audit.rules import NO_OPERATOR
from tracker.audit.verify import heads, verify
from tracker.db import Database

log = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
# One round may be missed before somebody is told that there are none.
_LONGEST = 2 * EVERY

_checks = AuditCheck.__table__
_insert = insert(_checks)
_KEEP = _insert.on_conflict_do_update(
    index_elements=[_checks.c.chain],
    set_={name: _insert.excluded[name] for name in ("checked_at", "entries", "head", "broken_at")},
)


def check_trail(db: Database) -> int:
    """Verify every chain from its beginning; returns how many are broken.

    The head of the last round that was whole has to stand in its chain still: whoever cut the chain since,
    or wrote it anew, is found although what the chain says of itself fits.
    """
    kept = {row.chain: row for row in _kept(db)}
    chains = sorted({one.chain for one in heads(db)} | set(kept))
    broken = 0
    for chain in chains:
        known = kept.get(chain)
        noted = [bytes(known.head)] if known is not None else []
        verdict = verify(db, [chain], noted=noted)[0]
        row = {
            "chain": chain,
            "operator_id": None if chain == NO_OPERATOR else chain,
            "checked_at": clock.now(),
            "entries": verdict.entries,
            # Where it is broken, what was known of it before stays known.
            "head": noted[0] if verdict.broken and noted else verdict.head,
            "broken_at": None if verdict.broken is None else verdict.broken.number,
        }
        if verdict.broken is not None:
            broken += 1
            log.error("audit_trail_broken", chain=chain, at=verdict.broken.number, flaw=verdict.broken.flaw)
        with db.transaction() as connection:
            connection.execute(_KEEP, row)
    return broken


def trail_word(connection: Connection, now: datetime) -> str:
    """What is to be said of the trail by its last checks: "ok" or "warning: …"."""
    rows = connection.execute(select(_checks).order_by(_checks.c.chain)).all()
    said = [
        f"the audit trail of {'no operator' if row.chain == NO_OPERATOR else f'operator {row.chain}'}"
        f" is broken at entry {row.broken_at}"
        for row in rows
        if row.broken_at is not None
    ]
    if rows and now - min(row.checked_at for row in rows) > _LONGEST:
        said.append(f"the audit trail was last verified {min(row.checked_at for row in rows):%Y-%m-%d}")
    return f"warning: {', '.join(said)}" if said else "ok"


def _kept(db: Database) -> list[AuditCheck]:
    with db.reading() as connection:
        return list(connection.execute(select(_checks.c.chain, _checks.c.head)).all())
