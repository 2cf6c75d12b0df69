"""Take in an upload: its row and all its parts in one commit, then a ring for a worker."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from tracker import clock
from tracker.db import after_commit
from tracker.order_files.models import UPLOAD, OrderFile
from tracker.order_files.parts import add_part
from tracker.order_files.rules import State
from tracker.problems import Fault, Refusal
from tracker.queueing import FILES
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

MOST_BYTES = 60_000_000
JOB = "workers.jobs.import_order_files"
NAME = "order_files.name"
_LONGEST_NAME = 120

_files = OrderFile.__table__
_BY_KEY = select(_files.c.id, _files.c.request_digest).where(
    _files.c.channel_id == bindparam("channel"), _files.c.request_key == bindparam("key")
)


@dataclass(frozen=True)
class Wish:
    """What is to be done with a file, for whom and in which language its reasons are given.

    `key` and `digest`: the Idempotency-Key of a request, and what tells it from another under that key.
    """

    channel: ChannelFacts
    name: str
    actor: str
    dry_run: bool
    notify_old: bool = False
    language: str = "zh"
    key: str | None = None
    digest: bytes | None = None


@dataclass(frozen=True)
class Kept:
    """A file that is stored. `repeated`: it was before, by the same request."""

    id: int
    repeated: bool = False


def store_upload(runtime: Runtime, wish: Wish, blocks: Iterable[bytes], size: int) -> Kept:
    """Store an upload of `size` bytes, given in blocks of `parts.PART` bytes of which the last may be
    shorter, for a worker to take in.

    Raises Refusal order_file.empty, order_file.too_large, idempotency.reused.
    """
    if not size:
        raise Refusal(Fault("order_file.empty", "/file"))
    if size > MOST_BYTES:
        raise Refusal(too_large())
    with runtime.db.transaction() as connection:
        file_id = connection.scalar(_insert(runtime, wish, size))
        if file_id is None:
            given = {"channel": wish.channel.id, "key": wish.key}
            return _again(wish, connection.execute(_BY_KEY, given).one())
        for number, block in enumerate(blocks):
            add_part(connection, runtime.keys, wish.channel.operator_id, (file_id, UPLOAD, number), block)
        after_commit(lambda: ring(runtime))
    return Kept(file_id)


def ring(runtime: Runtime) -> None:
    """Ask a worker to look for files that wait."""
    runtime.bell.ring(FILES, JOB, one_is_enough=True)


def too_large() -> Fault:
    """What is said of an upload that is larger than any may be."""
    return Fault("order_file.too_large", "/file", {"megabytes": MOST_BYTES // 1_000_000})


def _insert(runtime: Runtime, wish: Wish, size: int) -> ReturningInsert[tuple[int]]:
    name = "".join(char for char in wish.name if char.isprintable())[:_LONGEST_NAME]
    row = {
        "operator_id": wish.channel.operator_id,
        "channel_id": wish.channel.id,
        "name": runtime.keys.seal(name, NAME),
        "upload_bytes": size,
        "dry_run": wish.dry_run,
        "notify_old": wish.notify_old,
        "language": wish.language,
        "actor": wish.actor,
        "request_key": wish.key,
        "request_digest": wish.digest,
        "state": State.WAITING,
        "claim": 0,
        "created_at": clock.now(),
        "faults": [],
    }
    counts = (
        "stalls",
        "rows_done",
        "last_line",
        "position",
        "size",
        "stored",
        "repeated",
        "bad_rows",
        "fault_count",
        "failed_parts",
    )
    statement = insert(_files).values(row | dict.fromkeys(counts, 0))
    return statement.on_conflict_do_nothing().returning(_files.c.id)


def _again(wish: Wish, known: Row[tuple[int, bytes]]) -> Kept:
    if bytes(known.request_digest) != wish.digest:
        raise Refusal(Fault("idempotency.reused"))
    return Kept(known.id, repeated=True)
