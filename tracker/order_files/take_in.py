"""Take in uploaded files, batch by batch, each counted in the commit that stores it.

A worker may be killed at any moment: what a batch stored is counted with it, and another worker goes on
behind the last batch once the lease has run out. Whoever was thought dead and is not finds its claim
taken, and its batch is rolled back. A dry run leaves nothing to go on from, and begins anew.
"""

import time
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, and_, bindparam, cast, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from tracker import clock
from tracker.files.lanes import in_two_lanes, little_garbage
from tracker.files.workbook import Limits
from tracker.order_files.models import FAILED, UPLOAD, OrderFile
from tracker.order_files.parts import GoneError, Upload, add_part, delete_parts
from tracker.order_files.rules import MOST_STALLS, OPEN, State, failed_rows_until
from tracker.order_files.store_upload import MOST_BYTES, ring
from tracker.orders import failed_rows
from tracker.orders.file_batches import Batch, Taken, Taking, open_orders, patiently, take
from tracker.orders.file_batches import OrderFile as OpenFile
from tracker.orders.import_orders import taking_in
from tracker.problems import Fault, Refusal
from tracker.queueing import STOPPING
from tracker.runtime import Runtime

log = structlog.get_logger(__name__)

# As many rows as a spreadsheet can hold, and room for what its markup takes.
LIMITS = Limits(packed=MOST_BYTES, unpacked=1_500_000_000, rows=1_048_576)
SHOWN_FAULTS = 200
# A job that takes longer is ended by RQ; the next one goes on.
_LONGEST_SECONDS = 300.0

_files = OrderFile.__table__
_NEXT = (
    select(_files.c.id)
    .where(
        _files.c.state.in_(OPEN),
        or_(
            _files.c.state == State.WAITING,
            and_(_files.c.state == State.RUNNING, _files.c.lease_until < bindparam("now")),
        ),
    )
    .order_by(_files.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_files)
    .where(_files.c.id == _NEXT.scalar_subquery())
    .values(
        state=State.RUNNING,
        claim=_files.c.claim + 1,
        stalls=_files.c.stalls + 1,
        lease_until=bindparam("until"),
        started_at=bindparam("now"),
    )
    .returning(_files)
)
_MINE = and_(
    _files.c.id == bindparam("file"),
    _files.c.claim == bindparam("mine"),
    _files.c.state == State.RUNNING,
)
_PROGRESS = (
    update(_files)
    .where(_MINE)
    .values(
        stalls=bindparam("stalled"),
        lease_until=bindparam("until"),
        rows_done=_files.c.rows_done + bindparam("rows"),
        last_line=bindparam("line"),
        position=bindparam("at"),
        stored=_files.c.stored + bindparam("newly"),
        repeated=_files.c.repeated + bindparam("again"),
        bad_rows=_files.c.bad_rows + bindparam("bad"),
        fault_count=_files.c.fault_count + bindparam("found"),
        faults=_files.c.faults.op("||")(cast(bindparam("more", type_=JSONB), JSONB)),
        failed_parts=_files.c.failed_parts + bindparam("kept"),
    )
)
_ANEW: dict[str, Any] = {
    "rows_done": 0,
    "last_line": 0,
    "position": 0,
    "stored": 0,
    "repeated": 0,
    "bad_rows": 0,
    "fault_count": 0,
    "faults": [],
    "failed_parts": 0,
}


class LostError(Exception):
    """The file is no longer this worker's: it was cancelled, or another has taken it up."""


def take_in_due(runtime: Runtime) -> None:
    """Take in every file that waits, or that whoever had it let lie, until this process is to stop."""
    ends = time.monotonic() + _LONGEST_SECONDS
    while not STOPPING.is_set():
        if time.monotonic() >= ends:
            ring(runtime)
            return
        row = _claim(runtime)
        if row is None:
            return
        _Work(runtime, row, ends).run()


def _claim(runtime: Runtime) -> Row[Any] | None:
    now = clock.now()
    until = now + timedelta(seconds=runtime.config.lease)
    with runtime.db.transaction() as connection:
        return connection.execute(_CLAIM, {"now": now, "until": until}).one_or_none()


class _Work:
    """One file in the hands of one worker."""

    def __init__(self, runtime: Runtime, row: Row[Any], ends: float) -> None:
        self._runtime, self._row, self._ends = runtime, row, ends
        self._mine = {"file": row.id, "mine": row.claim}
        anew = row.dry_run
        self._after = 0 if anew else row.last_line
        self._shown = 0 if anew else len(row.faults)
        self._kept = 0 if anew else row.failed_parts

    def run(self) -> None:
        """Go on from the last batch, to the end or until somebody else is to."""
        row, log_ = self._row, log.bind(file=self._row.id)
        try:
            if row.stalls > MOST_STALLS:
                self._end(State.BROKEN, [Fault("order_file.interrupted")])
                log_.error("order_file_given_up")
            elif self._take_all():
                self._end(State.DONE)
                log_.info("order_file_done")
            else:
                self._put_back()
        except Refusal as refusal:
            self._end(State.REFUSED, refusal.faults)
            log_.info("order_file_refused", rules=[fault.rule for fault in refusal.faults])
        except (GoneError, LostError):
            log_.info("order_file_lost")

    def _take_all(self) -> bool:
        """Whether the file has come to its end; if not, somebody else is to go on."""
        runtime, row = self._runtime, self._row
        channel = runtime.reference.current().channels[row.channel_id]
        upload = Upload(runtime.db, runtime.keys, row.id, row.upload_bytes)
        with (
            open_orders(upload, LIMITS, after_line=self._after) as file,
            taking_in(
                runtime, channel, notify_old=row.notify_old, dry_run=row.dry_run, actor=row.actor
            ) as taking,
            little_garbage(),
        ):
            self._begin(file)
            # A dry run cannot be gone on with by another.
            may_rest = not row.dry_run
            with closing(in_two_lanes(file.batches, lambda batch: self._store(file, batch, taking))) as lanes:
                for _ in lanes:
                    if STOPPING.is_set() or (may_rest and time.monotonic() >= self._ends):
                        return False
        return True

    def _begin(self, file: OpenFile) -> None:
        values: dict[str, Any] = {"rows_total": file.total, "size": file.size}
        with self._runtime.db.transaction() as connection:
            if self._row.dry_run:
                values |= _ANEW
                delete_parts(connection, self._row.id, FAILED)
            self._change(connection, values)

    def _store(self, file: OpenFile, batch: Batch, taking: Taking) -> Taken:
        return patiently(lambda: self._store_once(file, batch, taking))

    def _store_once(self, file: OpenFile, batch: Batch, taking: Taking) -> Taken:
        now, row, runtime = clock.now(), self._row, self._runtime
        with runtime.db.transaction() as connection:
            taken = take(file, batch, taking)
            faults = [bad for failed in taken.failed for bad in failed.faults]
            shown = faults[: max(0, SHOWN_FAULTS - self._shown)]
            if taken.failed:
                text = failed_rows.lines(file.names, taken.failed, row.language)
                if not self._kept:
                    text = failed_rows.head(file.names) + text
                place = (row.id, FAILED, self._kept)
                add_part(connection, runtime.keys, row.operator_id, place, text.encode())
            values = {
                # A dry run that is cut off begins anew, and must not do so for ever.
                "stalled": row.stalls if row.dry_run else 0,
                "until": now + timedelta(seconds=runtime.config.lease),
                "rows": batch.rows,
                "line": batch.last_line,
                "at": batch.position,
                "newly": taken.stored,
                "again": taken.repeated,
                "bad": len(taken.failed),
                "found": len(faults),
                "more": [{"line": bad.line, "column": bad.column, **_as_json(bad.fault)} for bad in shown],
                "kept": int(bool(taken.failed)),
            }
            if connection.execute(_PROGRESS, self._mine | values).rowcount != 1:
                raise LostError
        self._shown += len(shown)
        self._kept += int(bool(taken.failed))
        return taken

    def _end(self, state: State, refusal: Iterable[Fault] = ()) -> None:
        now = clock.now()
        told = [_as_json(fault) for fault in refusal]
        with self._runtime.db.transaction() as connection:
            self._change(connection, ended(state, now) | {"refusal": told or None})
            delete_parts(connection, self._row.id, UPLOAD)

    def _put_back(self) -> None:
        with self._runtime.db.transaction() as connection:
            self._change(connection, {"state": State.WAITING, "lease_until": None, "stalls": 0})
        ring(self._runtime)

    def _change(self, connection: Connection, values: dict[str, Any]) -> None:
        """Raises LostError where the file is another's by now."""
        if connection.execute(update(_files).where(_MINE).values(values), self._mine).rowcount != 1:
            raise LostError


def ended(state: State, now: datetime) -> dict[str, Any]:
    """The columns of a file that has come to its end."""
    return {
        "state": state,
        "lease_until": None,
        "finished_at": now,
        "failed_until": failed_rows_until(now),
    }


def _as_json(fault: Fault) -> dict[str, Any]:
    return {"rule": fault.rule, "pointer": fault.pointer, "params": dict(fault.params)}
