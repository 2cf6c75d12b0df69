"""I1 and I2 when a run of warnings dies: the next one goes on, and nobody is warned or corrected twice."""

import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from processes import scrubbed
from sqlalchemy import text
from warn_and_die import CHUNK

from tracker import clock
from tracker.contacts.record_wish import PURPOSE
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.tariff_changes.announce_change import announce_change
from tracker.tariff_changes.schemas import ChangeRequestSchema
from tracker.tariff_changes.upkeep import keep_change
from tracker.tariff_changes.withdraw_change import withdraw_change
from tracker.tariffs.rules import earliest_effective_on

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
SUBSCRIBERS = 10 * CHUNK + 7
_SUBSCRIBE = text(
    """
    INSERT INTO subscribers (operator_id, reference, plan_id, monthly_fen, language, contact, contact_digest,
        takes_texts, began_on, source, created_at)
    SELECT p.operator_id, 'KD' || n, p.id, p.monthly_fen, 'zh', :contact, sha256(n::text::bytea), n % 10 <> 0,
        DATE '2025-01-01', 'import', now()
    FROM generate_series(1, :count) n, plans p WHERE p.filing_number = '24GD100001' AND p.version = 1
    """
)
_ONCE = text(
    """
    SELECT count(*) AS warnings, count(DISTINCT w.subscriber_id) AS subscribers, count(n.id) AS notices,
        count(DISTINCT n.id) AS different, count(t.id) AS calls,
        count(*) FILTER (WHERE n.state = 'call') AS to_call
    FROM tariff_warnings w LEFT JOIN notices n ON n.id = w.notice_id
    LEFT JOIN call_tasks t ON t.notice_id = n.id
    WHERE w.kind = :kind
    """
)


@pytest.fixture
def change(runtime: Runtime, channel: ChannelFacts, plans: None) -> int:
    """A change that concerns very many, whose warnings leave already."""
    contact = runtime.keys.seal("+8613800001234", PURPOSE)
    with runtime.db.transaction() as connection:
        connection.execute(_SUBSCRIBE, {"count": SUBSCRIBERS, "contact": contact})
    request = ChangeRequestSchema().load(
        {
            "kind": "price",
            "filing_number": "24GD100001",
            "region": "441800",
            "effective_on": (earliest_effective_on(clock.today()) + timedelta(days=5)).isoformat(),
            "monthly_fen": 13900,
            "reason": "网络升级",
        }
    )
    return announce_change(runtime, channel.operator_id, request, "staff:manager")


def die(settings: dict[str, str], change: int, which: int, when: str) -> None:
    """Run until that commit; a run with fewer of them comes to its end."""
    script = Path(__file__).with_name("warn_and_die.py")
    command = [sys.executable, str(script), str(change), str(which), when]
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT)}
    died = subprocess.run(command, env=env, timeout=60, check=False)
    assert died.returncode in (-signal.SIGKILL, 3)


def once(runtime: Runtime, kind: str) -> Any:
    """Everybody who has a row of this kind has one, with one notice of its own, and calls as they must be."""
    with runtime.db.reading() as connection:
        found = connection.execute(_ONCE, {"kind": kind}).one()
    assert found.warnings == found.subscribers == found.notices == found.different
    assert found.calls == found.to_call
    return found


@pytest.mark.parametrize("which", [1, 2, 4, 7])
@pytest.mark.parametrize("when", ["before", "after"])
def test_warnings_go_on_where_they_were_cut_off(
    runtime: Runtime, settings: dict[str, str], change: int, which: int, when: str
) -> None:
    die(settings, change, which, when)
    kept = once(runtime, "warning").warnings
    assert keep_change(runtime, change) == SUBSCRIBERS - kept
    assert once(runtime, "warning").warnings == SUBSCRIBERS
    assert keep_change(runtime, change) == 0


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_many_kills_at_any_commit_of_warnings_and_of_their_withdrawal(
    runtime: Runtime, settings: dict[str, str], channel: ChannelFacts, change: int, kills: int
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure, to repeat it
    chance = random.Random(seed)
    for _ in range(kills):
        die(settings, change, chance.randint(1, 6), chance.choice(["before", "after"]))
        once(runtime, "warning")
    keep_change(runtime, change)
    assert once(runtime, "warning").warnings == SUBSCRIBERS
    with runtime.db.transaction() as connection:
        connection.execute(
            text(
                "UPDATE notices SET state = 'accepted', attempts = 1, accepted_at = now()"
                " WHERE state = 'created' AND id % 2 = 0"
            )
        )
        told = connection.scalar(text("SELECT count(*) FROM notices WHERE state = 'accepted'"))
    withdraw_change(runtime, channel.operator_id, change, "用户意见", "staff:manager")
    for _ in range(kills):
        die(settings, change, chance.randint(1, 8), chance.choice(["before", "after"]))
    keep_change(runtime, change)
    assert keep_change(runtime, change) == 0
    with runtime.db.reading() as connection:
        left = connection.scalar(
            text("SELECT count(*) FROM notices WHERE state = 'created' AND dedup_key NOT LIKE '%withdrawn'")
        )
        open_tasks = connection.scalar(
            text(
                "SELECT count(*) FROM call_tasks t JOIN tariff_warnings w ON w.notice_id = t.notice_id"
                " WHERE w.kind = 'warning' AND t.closed_at IS NULL"
            )
        )
    assert (left, open_tasks) == (0, 0)
    assert once(runtime, "correction").warnings == told
