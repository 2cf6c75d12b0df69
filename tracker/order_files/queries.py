"""Reads of uploaded files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.files.rows import BadRow
from tracker.order_files.models import FAILED, OrderFile
from tracker.order_files.parts import each_part
from tracker.order_files.rules import FAILED_ROWS_KEPT, OPEN, State, percent
from tracker.order_files.store_upload import NAME
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_files = OrderFile.__table__


@dataclass(frozen=True)
class FileShown:
    """A file as people see it. `percent`: how far it is; `faults`: the first ones of `fault_count`;
    `refusal`: why nothing of it could be read; `failed_until`: until when its failed rows can be fetched,
    None where there are none.
    """

    id: int
    channel_id: int
    name: str
    upload_bytes: int
    dry_run: bool
    notify_old: bool
    actor: str
    state: State
    percent: int
    rows_total: int | None
    rows_done: int
    stored: int
    repeated: int
    bad_rows: int
    fault_count: int
    faults: list[BadRow]
    refusal: list[Fault]
    failed_until: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.state in OPEN


def file_shown(runtime: Runtime, operator_id: int, file_id: int) -> FileShown:
    """One file of an operator. Raises Refusal order_file.not_found."""
    return _shown(runtime, _row(runtime, operator_id, file_id))


def channel_file(runtime: Runtime, channel: ChannelFacts, actor: str, file_id: int) -> FileShown:
    """One file that a channel's own system sent. Raises Refusal order_file.not_found."""
    row = _row(runtime, channel.operator_id, file_id)
    if (row.channel_id, row.actor) != (channel.id, actor):
        raise Refusal(Fault("order_file.not_found"))
    return _shown(runtime, row)


def files_shown(
    runtime: Runtime, operator_id: int, *, before_id: int | None, limit: int
) -> tuple[list[FileShown], int | None]:
    """Files of an operator, newest first; and the id to go on below, None at the end."""
    wanted = (
        select(_files)
        .where(_files.c.operator_id == operator_id)
        .order_by(_files.c.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        wanted = wanted.where(_files.c.id < before_id)
    with runtime.db.reading() as connection:
        rows = connection.execute(wanted).all()
    return [_shown(runtime, row) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None


def oldest_waiting(connection: Connection, now: datetime) -> float:
    """For how many seconds the file that waits longest for a worker has waited; 0 where none does."""
    due = case((_files.c.state == State.WAITING, _files.c.created_at), else_=_files.c.lease_until)
    since = connection.scalar(select(func.min(due)).where(_files.c.state.in_(OPEN)))
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def failed_rows_of(runtime: Runtime, operator_id: int, actor: str, shown: FileShown) -> Iterator[bytes]:
    """The rows of a file that failed, as the pieces of a CSV file; the trail names `actor` as having
    fetched them. Raises Refusal order_file.no_failed_rows before the first.
    """
    with runtime.db.transaction() as connection:
        count = connection.scalar(select(_files.c.failed_parts).where(_files.c.id == shown.id)) or 0
        if not count:
            raise Refusal(Fault("order_file.no_failed_rows", "", {"days": FAILED_ROWS_KEPT.days}))
        # Personal data leaves the house.
        append(
            connection,
            Action.SAW,
            operator_id=operator_id,
            actor=actor,
            subject=f"order_file:{shown.id}",
            fields=("failed_rows",),
            why="failed rows fetched",
        )
    return each_part(runtime.db, runtime.keys, shown.id, FAILED, count)


def _row(runtime: Runtime, operator_id: int, file_id: int) -> Row[Any]:
    wanted = select(_files).where(_files.c.id == file_id, _files.c.operator_id == operator_id)
    with runtime.db.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Refusal(Fault("order_file.not_found"))
    return row


def _shown(runtime: Runtime, row: Row[Any]) -> FileShown:
    state = State(row.state)
    return FileShown(
        id=row.id,
        channel_id=row.channel_id,
        name=runtime.keys.open(bytes(row.name), NAME),
        upload_bytes=row.upload_bytes,
        dry_run=row.dry_run,
        notify_old=row.notify_old,
        actor=row.actor,
        state=state,
        percent=percent(state, row.position, row.size),
        rows_total=row.rows_total,
        rows_done=row.rows_done,
        stored=row.stored,
        repeated=row.repeated,
        bad_rows=row.bad_rows,
        fault_count=row.fault_count,
        faults=[BadRow(one["line"], one["column"], _fault(one)) for one in row.faults],
        refusal=[_fault(one) for one in row.refusal or ()],
        failed_until=row.failed_until if row.failed_parts else None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _fault(told: dict[str, Any]) -> Fault:
    return Fault(told["rule"], told["pointer"], told["params"])
