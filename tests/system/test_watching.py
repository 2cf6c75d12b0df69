"""What those who watch see: metrics that are true and cheap, and a switch that tells of a dead sweep."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from doubles import use_gateway
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, event, select, text, update

from tests.serving import app_of
from tracker import walls
from tracker.health import examine
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.deliver import deliver
from tracker.notices.models import Notice
from tracker.notices.sweep import sweep
from tracker.runtime import Runtime
from tracker.sms.port import NotSent, Outcome, Receipt, Sms, Standing
from tracker.sms.recording import RecordingGateway

OF_WHAT_IS_OPEN = {
    "ix_notices_due",
    "ix_notices_leased",
    "ix_notices_unknown",
    "ix_call_tasks_open",
    "ix_call_tasks_due",
    "ix_call_tasks_next",
    "uq_call_tasks_open_notice",
    "pk_tallies",
    "pk_heartbeats",
    "ix_webhook_deliveries_due",
    "pk_webhooks",
    "ix_complaints_open",
}
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


class Failing(RecordingGateway):
    """Sends nothing."""

    def send_many(self, batch: Sequence[Sms], *, until: datetime | None = None) -> list[Outcome]:
        return [NotSent("connection refused") for _ in batch]


@pytest.fixture
def noon():
    """Tuesday, 12:00 in Qingyuan."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def metrics(runtime: Runtime):
    """Every sample of /metrics: {(name, label): value}."""
    client = app_of(runtime).test_client()

    def read() -> dict[tuple[str, str], float]:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain")
        return {
            (sample.name, ",".join(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return read


def test_a_new_system_has_figures(metrics) -> None:
    seen = metrics()
    assert seen["tracker_queue_due", "progress"] == 0
    assert seen["tracker_notices", "unknown"] == 0
    assert seen["tracker_accepted_after_seconds_count", ""] == 0


def test_queues_show_length_and_age(metrics, runtime, place, noon) -> None:
    place()
    noon.shift(timedelta(seconds=90))
    place()
    seen = metrics()
    assert seen["tracker_queue_due", "progress"] == 2
    assert seen["tracker_queue_oldest_due_seconds", "progress"] == 90
    assert seen["tracker_notices", "created"] == 2
    assert seen["tracker_queue_due", "bulk"] == 0


def test_attempts_states_and_waits_are_counted_once(metrics, runtime, place, noon) -> None:
    place()
    place()
    place(customer__phone="0763-3368888")
    use_gateway(runtime, Failing(runtime.db, runtime.keys))
    deliver(runtime, "progress")
    noon.shift(timedelta(seconds=40))
    use_gateway(runtime, RecordingGateway(runtime.db, runtime.keys))
    deliver(runtime, "progress")
    noon.shift(timedelta(minutes=10))
    # Which of them was tried again first is left to chance.
    with runtime.db.reading() as connection:
        named = dict(connection.execute(select(Notice.id, Notice.provider_reference)).all())
    arrived = Receipt(1, named[1], Standing.DELIVERED, "delivered")
    apply_receipts(runtime, "recording", [arrived, arrived])
    apply_receipts(runtime, "recording", [arrived])
    apply_receipts(runtime, "recording", [Receipt(2, named[2], Standing.FAILED, "failed")])
    seen = metrics()
    assert seen["tracker_attempts_total", "not_sent"] == 2
    assert seen["tracker_attempts_total", "accepted"] == 2
    reached = {label: n for (name, label), n in seen.items() if name == "tracker_notices_reached_total"}
    assert reached == {"accepted": 2, "delivered": 1, "undelivered": 1, "call": 1}
    assert seen["tracker_accepted_after_seconds_bucket", "15"] == 0
    assert seen["tracker_accepted_after_seconds_bucket", "60"] == 2
    assert seen["tracker_accepted_after_seconds_sum", ""] == 80
    assert seen["tracker_delivered_after_seconds_bucket", "300"] == 0
    assert seen["tracker_delivered_after_seconds_bucket", "1800"] == 1
    assert seen["tracker_delivered_after_seconds_bucket", "+Inf"] == 1
    assert seen["tracker_call_tasks", "open"] == 2
    assert seen["tracker_call_tasks", "overdue"] == 0


def test_a_text_that_waits_for_the_morning_has_not_waited_yet(metrics, runtime, place, noon) -> None:
    place()
    with runtime.db.transaction() as connection:
        # Planned at 23:00 the day before, to leave at 08:00.
        planned = NOON - timedelta(hours=13)
        connection.execute(update(Notice).values(template="dispatched", created_at=planned))
    noon.move_to(NOON - timedelta(hours=4) + timedelta(seconds=3))
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).values(next_at=NOON - timedelta(hours=4)))
    deliver(runtime, "progress")
    assert metrics()["tracker_accepted_after_seconds_sum", ""] == 3


def test_figures_name_nobody(runtime, place) -> None:
    place(customer__name="欧阳春雨")
    answer = app_of(runtime).test_client().get("/metrics")
    for personal in ("欧阳春雨", "13800001234", "测试路", "QY"):
        assert personal not in answer.text


def test_no_figure_reads_a_table_that_grows(runtime, place, stores) -> None:
    """Whatever it asks, PostgreSQL can answer from an index of what is open, or from a small table."""
    for _ in range(30):
        place()
    deliver(runtime, "progress")
    asked: list[tuple[str, Any]] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        asked.append((statement, parameters))

    client = app_of(runtime).test_client()
    service = runtime.db.behind_walls
    event.listen(service.autocommitting, "before_cursor_execute", note)
    client.get("/metrics")
    event.remove(service.autocommitting, "before_cursor_execute", note)
    assert len(asked) > 10
    # An index of what grows is taken while it is as small as one of what is open: here it has grown.
    owner = create_engine(stores.owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(update(Notice).values(state="undelivered"))
        connection.execute(text("REINDEX TABLE notices"))
        connection.execute(text("ANALYZE notices"))
    owner.dispose()
    with walls.everywhere(), service.transaction() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, parameters in asked:
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in re.sub(r"Seq Scan on (tallies|heartbeats|webhooks)\b", "", plan), plan
            assert set(re.findall(r"\b(?:ix|pk|uq)_\w+", plan)) <= OF_WHAT_IS_OPEN, plan


def test_a_sweep_that_ended_is_fine_and_one_that_did_not_is_told(runtime, noon, metrics) -> None:
    assert examine(runtime)["sweep"] == "warning: no sweep has ended yet"
    sweep(runtime)
    assert examine(runtime)["sweep"] == "ok"
    noon.shift(timedelta(seconds=5 * runtime.config.sweep_interval + 60))
    assert examine(runtime)["sweep"] == "ok"
    noon.shift(timedelta(seconds=1))
    assert examine(runtime)["sweep"] == "warning: the last sweep ended 361 s ago"
    assert metrics()["tracker_sweep_age_seconds", ""] == 361
    sweep(runtime)
    assert examine(runtime)["sweep"] == "ok"


def test_a_sweep_that_breaks_off_leaves_no_sign_of_life(runtime, place, noon, monkeypatch) -> None:
    from tracker.notices import sweep as sweeping

    monkeypatch.setattr(sweeping, "ask_silent", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        sweep(runtime)
    assert examine(runtime)["sweep"] == "warning: no sweep has ended yet"


def test_a_dead_sweep_turns_no_caller_away(runtime) -> None:
    rested = replace(runtime, config=replace(runtime.config, sweep_interval=1.0))
    answer = app_of(rested).test_client().get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert answer.json["checks"]["sweep"].startswith("warning")
