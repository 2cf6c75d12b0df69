"""I1 when an import dies: what a batch stored is stored, a batch is whole, and a repeat adds the rest."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from import_and_die import BATCH
from processes import scrubbed
from sqlalchemy import func, select, text
from waiting import until

from tracker.contacts.record_wish import PURPOSE
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.subscribers.import_subscribers import import_subscribers
from tracker.subscribers.models import Subscriber

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
)


def write(path: Path, count: int) -> Path:
    rows = [f"R{n},24GD100001,138{n:08d},2024-03-15" for n in range(count)]
    path.write_text("\n".join(["reference,plan,phone,began_on", *rows]))
    return path


def stored(runtime: Runtime) -> int:
    with runtime.db.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(Subscriber)) or 0)


def everyone_is_there_once(runtime: Runtime, count: int) -> None:
    """The references are those of the file, and each has its own number."""
    with runtime.db.reading() as connection:
        rows = connection.execute(select(Subscriber.reference, Subscriber.contact)).all()
    opened = {row.reference: runtime.keys.open(bytes(row.contact), PURPOSE) for row in rows}
    assert len(rows) == count
    assert opened == {f"R{n}": f"+86138{n:08d}" for n in range(count)}


@pytest.mark.parametrize(("which", "when"), [(1, "before"), (1, "after"), (3, "before"), (4, "after")])
def test_killed_at_a_commit(
    runtime: Runtime, channel: ChannelFacts, settings: dict[str, str], tmp_path: Path, which: int, when: str
) -> None:
    count = 6 * BATCH + 7
    path = write(tmp_path / "base.csv", count)
    script = Path(__file__).with_name("import_and_die.py")
    command = [sys.executable, str(script), str(path), str(channel.operator_id), str(which), when]
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT)}
    died = subprocess.run(command, env=env, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    # PostgreSQL may still be at the commit that it was asked for.
    until("no transaction is open", lambda: nobody_writes(runtime))
    kept = stored(runtime)
    assert kept % BATCH == 0
    # The next batch is being stored while the one before is told of.
    assert kept == (which - 1) * BATCH if when == "before" else which * BATCH <= kept <= (which + 1) * BATCH
    report = import_subscribers(runtime.db, runtime.keys, channel.operator_id, path, actor="console:test")
    assert (report.stored, report.repeated, report.bad_rows) == (count - kept, kept, 0)
    everyone_is_there_once(runtime, count)


def nobody_writes(runtime: Runtime) -> bool:
    with runtime.db.reading() as connection:
        return connection.scalar(_OTHERS) == 0
