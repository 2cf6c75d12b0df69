"""Write one warning for each subscriber whom a change concerns, exactly once however often this runs.

The row of `tariff_warnings` is what makes a warning the only one (invariant I2); its notice is written
in the same statement. Chunks are committed one by one, so whatever ends this half way loses none and
doubles none, and the next run goes on with those who have none yet.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.reference import Reference
from tracker.runtime import Runtime
from tracker.tariff_changes import texts
from tracker.tariff_changes.affected import NO_DAY, UNWARNED, Group, Scope, groups
from tracker.tariff_changes.chunk import warnings_of
from tracker.tariff_changes.models import WarningRun
from tracker.tariff_changes.read_change import Change, read_change
from tracker.tariff_changes.rules import spread
from tracker.tariff_changes.shared import link_shared, shared_by
from tracker.tariff_changes.write_chunks import Told, per_day, take_turns, write_chunks
from tracker.templates.length import parts

log = structlog.get_logger(__name__)

# Everybody is looked at anew so often: a subscription that was updated may have become affected.
_WHOLE_EVERY = timedelta(hours=24)

_runs = WarningRun.__table__


def warn_subscribers(runtime: Runtime, change_id: int) -> int:
    """Write the warnings of a change that stands and whose time has come; returns how many are new."""
    with runtime.db.reading() as connection:
        change = read_change(connection, change_id)
    now = clock.now()
    if change is None or not change.stands or clock.local_date(now) < change.row.warn_from:
        return 0
    return _Round(runtime, change, now).run()


class _Round:
    """One run over the subscribers of a change."""

    def __init__(self, runtime: Runtime, change: Change, now: datetime) -> None:
        self._runtime = runtime
        self._change = change
        self._scope: Scope = change.scope
        self._now = now

    def run(self) -> int:
        """Warn whomever it concerns and who has not been warned."""
        with self._runtime.db.reading() as connection:
            after, whole = self._begin(connection)
        given = self._scope.values | {"after": after, "today": clock.local_date(self._now), "now": self._now}
        written = self._link_signers(given)
        with self._runtime.db.reading() as connection:
            found = groups(connection, self._scope, self._open, given)
            shared = shared_by(connection, self._scope, self._open, given) if found else []
        told = self._told(self._runtime.reference.current(), found)
        statement, values = warnings_of(self._scope, self._open), given | {"shared": shared, "key_ends": ""}
        new, last = write_chunks(self._runtime, self._change, statement, told, values, self._now)
        written += new + link_shared(self._runtime.db, self._scope, shared, self._now)
        self._end(max(last, after), whole)
        if written:
            log.info("warned", change=self._change.id, warnings=written)
        return written

    @property
    def _open(self) -> str:
        return f"{self._scope.due} AND s.id > :after {UNWARNED}"

    def _told(self, reference: Reference, found: Sequence[Group]) -> list[Told]:
        news = [group for group in found if not self._change.is_no_news(group)]
        counts: dict[date, int] = {}
        for group in news:
            begins = self._scope.begins_on(group.agreed_until)
            counts[begins] = counts.get(begins, 0) + group.subscribers
        told = []
        for group in news:
            begins = self._scope.begins_on(group.agreed_until)
            words = texts.warning(reference, self._runtime.config, self._change, group)
            most = per_day(self._runtime, parts(words.body))
            leaving = spread(begins, counts[begins], self._now, most)
            new_fen, ends = self._change.new_fen(group), group.agreed_until or NO_DAY
            told.append(Told(group, new_fen, begins, words, leaving, ends))
        return told

    def _begin(self, connection: Connection) -> tuple[int, bool]:
        """From which subscriber on to look, and whether that is everybody."""
        run = connection.execute(_runs.select().where(_runs.c.change_id == self._change.id)).one_or_none()
        whole = run is None or run.whole_at is None or run.whole_at <= self._now - _WHOLE_EVERY
        return (0 if whole or run is None else run.through_subscriber_id), whole

    def _end(self, last: int, whole: bool) -> None:
        statement = insert(_runs).values(
            change_id=self._change.id,
            operator_id=self._change.row.operator_id,
            through_subscriber_id=last,
            whole_at=self._now if whole else None,
        )
        changes: dict[str, Any] = {"through_subscriber_id": statement.excluded.through_subscriber_id}
        if whole:
            changes["whole_at"] = statement.excluded.whole_at
        with self._runtime.db.transaction() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=[_runs.c.change_id], set_=changes)
            )

    def _link_signers(self, given: dict[str, Any]) -> int:
        """Whoever was told when they signed needs no other text."""
        if not self._scope.plans or self._change.row.plan_id is None:
            return 0
        new_fen = "s.monthly_fen" if self._scope.new_fen is None else ":new_fen"
        statement = text(
            f"""
            INSERT INTO tariff_warnings (change_id, subscriber_id, kind, operator_id, notice_id, old_fen,
                new_fen, effective_on, created_at)
            SELECT :change, s.id, 'warning', s.operator_id, signing.id, s.monthly_fen, {new_fen},
                :effective_on, :now
            FROM (SELECT s.* {self._scope.source} {self._open} AND s.order_id IS NOT NULL) s
            JOIN notices signing ON signing.dedup_key = 'tariff:' || :change || ':order:' || s.order_id
                AND signing.state <> 'cancelled'
            ON CONFLICT DO NOTHING
            """
        )
        with self._runtime.db.transaction() as connection:
            take_turns(connection, self._change.id)
            return connection.execute(statement, given).rowcount
