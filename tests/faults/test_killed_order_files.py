"""I1 when a worker dies over a file of orders: what it counted is stored, and another adds the rest once."""

import subprocess
import sys
from pathlib import Path

import pytest
from order_file_samples import csv_file, rows_of, xlsx_file
from processes import Child, scrubbed
from sqlalchemy import func, select, text
from take_in_and_die import BATCH
from waiting import until

from tracker.notices.models import Notice
from tracker.order_files import parts, store_upload
from tracker.order_files.queries import failed_rows_of, file_shown
from tracker.order_files.rules import State
from tracker.order_files.store_upload import Wish
from tracker.order_files.take_in import take_in_due
from tracker.orders.models import Order
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
)
COUNT = 6 * BATCH + 7
FAILING = [line for line in range(2, COUNT + 2) if line % 9 == 0]


def send(runtime: Runtime, channel: ChannelFacts, content: bytes) -> int:
    wish = Wish(channel=channel, name="工单", actor="staff:tester", dry_run=False)
    blocks = [content[at : at + parts.PART] for at in range(0, len(content), parts.PART)]
    return store_upload.store_upload(runtime, wish, blocks, len(content)).id


def stored(runtime: Runtime, table: type = Order) -> int:
    with runtime.db.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def nobody_writes(runtime: Runtime) -> bool:
    with runtime.db.reading() as connection:
        return connection.scalar(_OTHERS) == 0


def lease_runs_out(runtime: Runtime) -> None:
    with runtime.db.engine.begin() as connection:
        connection.execute(text("UPDATE order_files SET lease_until = now() - interval '1 s'"))


@pytest.mark.parametrize(
    ("which", "when", "make"),
    [(1, "before", csv_file), (1, "after", xlsx_file), (3, "before", xlsx_file), (4, "after", csv_file)],
)
def test_killed_at_a_commit(
    runtime: Runtime, channel: ChannelFacts, settings: dict[str, str], which: int, when: str, make
) -> None:
    rows = rows_of(*({"联系电话": "12"} if line in FAILING else {} for line in range(2, COUNT + 2)))
    file_id = send(runtime, channel, make(rows))
    script = Path(__file__).with_name("take_in_and_die.py")
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT)}
    died = subprocess.run([sys.executable, str(script), str(which), when], env=env, timeout=60, check=False)
    assert died.returncode == -9
    # PostgreSQL may still be at the commit that it was asked for.
    until("no transaction is open", lambda: nobody_writes(runtime))
    half = file_shown(runtime, channel.operator_id, file_id)
    assert half.state == State.RUNNING
    assert half.rows_done == BATCH * (which if when == "after" else which - 1)
    # What is counted is what is stored, to the row.
    assert half.stored == stored(runtime) == stored(runtime, Notice)
    lease_runs_out(runtime)
    take_in_due(runtime)
    done = file_shown(runtime, channel.operator_id, file_id)
    good = COUNT - len(FAILING)
    assert (done.state, done.stored, done.repeated, done.bad_rows) == (State.DONE, good, 0, len(FAILING))
    assert stored(runtime) == stored(runtime, Notice) == good
    listed = b"".join(failed_rows_of(runtime, 1, "staff:tester", done)).decode("utf-8-sig").splitlines()[1:]
    assert [int(line.split(",")[0]) for line in listed] == FAILING


def test_a_real_worker_is_killed_and_another_takes_over(
    runtime: Runtime, channel: ChannelFacts, settings: dict[str, str], tmp_path: Path
) -> None:
    """The product's own processes: a worker of the queue `files`, rung as an upload rings it."""
    count = 20_000
    rows = rows_of(*({} for _ in range(count)))
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT), "TRACKER_LEASE_SECONDS": "2"}
    argv = [sys.executable, "-m", "tracker", "worker", "files"]
    worker = Child("files", argv, env, tmp_path / "files.log")
    worker.start()
    try:
        file_id = send(runtime, channel, csv_file(rows))

        def shown():
            return file_shown(runtime, channel.operator_id, file_id)

        until("rows are stored", lambda: shown().rows_done >= 1000, within=40, else_say=worker.last_words)
        worker.kill()
        half = shown().rows_done
        assert half < count
        worker.start()
        # A lost ring is made up for by the schedule; here by hand.
        until(
            "another worker has finished it",
            lambda: store_upload.ring(runtime) is None and shown().state == State.DONE,
            within=60,
            every=0.5,
            else_say=worker.last_words,
        )
    finally:
        worker.kill()
    done = shown()
    assert (done.stored, done.repeated, done.bad_rows) == (count, 0, 0)
    assert stored(runtime) == count
