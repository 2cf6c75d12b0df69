"""Rounds of a night, killed ones, two at once, by hand, and what the desk shows afterwards."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from forget_and_die import CHUNK
from sqlalchemy import Connection, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import LargeBinary, Text

from tests.retention.conftest import NAME, PHONE, Past, no_photos
from tests.serving import app_of
from tests.staff_sessions import sign_in
from tracker import clock, tables
from tracker.cli import cli
from tracker.notices.heartbeat import beat
from tracker.orders.desk_view import desk_view
from tracker.retention import due
from tracker.retention import forget as forgetting
from tracker.retention.forget import JOB, forget, forget_tonight
from tracker.retention.rules import ended_before, is_night
from workers.schedule import jobs

ROOT = Path(__file__).parents[2]
LONG_AGO = "2 years 1 day"
# 02:30 in Qingyuan.
NIGHT = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)


def forgotten(past: Past) -> int:
    with past.owning() as connection:
        return int(connection.scalar(text("SELECT count(anonymised_at) FROM orders")) or 0)


def some_old(past: Past, count: int, ago: str = LONG_AGO) -> list[Any]:
    """Orders of nothing but themselves, all of which have ended."""
    placed = [past.desk.place() for _ in range(count)]
    past.execute("UPDATE notices SET state = 'delivered'")
    past.execute("UPDATE orders SET stage = 'completed', closed_at = now() - CAST(:ago AS interval)", ago=ago)
    return placed


@pytest.mark.faults
@pytest.mark.parametrize(("which", "when", "left"), [(2, "before", 5), (1, "after", 5), (3, "after", 1)])
def test_killed_in_the_middle_it_goes_on(
    past: Past, settings: dict[str, str], which: int, when: str, left: int
) -> None:
    some_old(past, 7)
    command = [sys.executable, str(Path(__file__).with_name("forget_and_die.py")), str(which), when]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    env = clean | settings | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, env=env, timeout=60, check=False).returncode == -signal.SIGKILL
    assert forgotten(past) == 7 - left
    assert (7 - left) % CHUNK == 0
    assert forget(past.desk.runtime.db, 2, no_photos).orders == left
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 0
    assert forgotten(past) == 7


def test_two_at_once_forget_each_order_once(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_CHUNK", 3)
    some_old(past, 20)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: forget(past.desk.runtime.db, 2, no_photos).orders, range(2)))
    # What both looked at together one has left alone, if the other was not done in time.
    rest = forget(past.desk.runtime.db, 2, no_photos).orders
    assert sum(both) + rest == 20
    assert forgotten(past) == 20


def test_an_order_that_somebody_works_on_is_left_for_another_night(past: Past) -> None:
    first, _ = some_old(past, 2)
    with past.owning() as connection:
        connection.execute(
            text("SELECT FROM orders WHERE id = :id FOR KEY SHARE"), {"id": first.order_id}
        ).all()
        assert forget(past.desk.runtime.db, 2, no_photos).orders == 1
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 1


def test_what_comes_before_the_lock_counts(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A complaint between the look and the lock keeps the order."""
    (one,) = some_old(past, 1)
    look = due.next_of

    def look_and_be_late(connection: Connection, *given: Any, **more: Any) -> Any:
        found = look(connection, *given, **more)
        if found and "anonymised_at" in str(given[0]):
            past.execute(
                "INSERT INTO complaints (operator_id, number, order_id, source, topic, text, received_at,"
                " due_on, state, next_on, filed_by, filed_at, version) SELECT operator_id, 'TS1', id,"
                " 'hotline', 'other', 'x', now(), now()::date, 'open', now()::date, 'staff:wang', now(), 1"
                " FROM orders WHERE id = :id AND NOT EXISTS (SELECT FROM complaints)",
                id=one.order_id,
            )
        return found

    monkeypatch.setattr(due, "next_of", look_and_be_late)
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 0
    assert forgotten(past) == 0


def test_a_night_is_worked_through_once(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    run = past.desk.runtime
    some_old(past, 3, ago="20 years")
    monkeypatch.setattr(clock, "now", lambda: NIGHT - timedelta(hours=12))
    assert forget_tonight(run.db, 2, no_photos) is None
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    monkeypatch.setattr(forgetting, "ROUND_SECONDS", 0.0)
    first = forget_tonight(run.db, 2, no_photos)
    assert first is not None
    assert not first.is_all
    monkeypatch.setattr(forgetting, "ROUND_SECONDS", 60.0)
    second = forget_tonight(run.db, 2, no_photos)
    assert second is not None
    assert (second.orders, second.is_all) == (3, True)
    monkeypatch.setattr(clock, "now", lambda: NIGHT + timedelta(hours=1))
    assert forget_tonight(run.db, 2, no_photos) is None
    monkeypatch.setattr(clock, "now", lambda: NIGHT + timedelta(days=1))
    assert forget_tonight(run.db, 2, no_photos) is not None


def test_a_night_begins_and_ends_by_the_citys_clocks() -> None:
    one = datetime(2026, 1, 1, 17, 0, tzinfo=UTC)
    assert not is_night(one - timedelta(seconds=1))
    assert is_night(one)
    assert is_night(one + timedelta(hours=4, seconds=-1))
    assert not is_night(one + timedelta(hours=4))


def test_a_leap_day_counts_as_the_28th() -> None:
    at = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert ended_before(at, 2) == datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert ended_before(at, 4) == datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_it_is_scheduled(config: Any) -> None:
    assert "workers.jobs.forget_persons" in jobs(config)


def test_by_hand(past: Past) -> None:
    some_old(past, 2)
    past.end(past.everything(subscription=None), LONG_AGO)
    past.desk.file(past.desk.place().number)
    with past.owning() as connection:
        beat(connection, JOB, clock.now())
        connection.execute(
            text(
                "UPDATE complaints SET order_id = 1 WHERE state = 'open'"  # of an order that ended
            )
        )
    shown = CliRunner().invoke(cli, ["retention", "preview"])
    assert shown.exit_code == 0, shown.output
    assert "a complaint is open" in shown.output
    counts = {
        line.split("│")[1].strip(): line.split("│")[2].strip() for line in shown.output.splitlines()[3:-1]
    }
    assert (counts["orders"], counts["orders kept: a complaint is open"]) == ("2", "1")
    assert forgotten(past) == 0
    done = CliRunner().invoke(cli, ["retention", "run"])
    assert done.exit_code == 0, done.output
    assert "2 orders" in done.stderr
    assert forgotten(past) == 2
    for command in ([], ["preview"], ["run"]):
        assert CliRunner().invoke(cli, ["retention", *command, "--help"]).exit_code == 0


def test_the_desk_says_so(past: Past) -> None:
    old = past.everything()
    run = past.desk.runtime
    with run.db.reading() as connection:
        view = desk_view(connection, run.keys, past.desk.operator_id, old.number)
    assert view is not None
    assert (view.name[0], view.phone[-4:]) == (NAME[0], PHONE[-4:])
    past.end(old, LONG_AGO)
    forget(run.db, 2, no_photos)
    client = app_of(run).test_client()
    sign_in(client, run, "wang")
    for address, times in ((f"/orders/{old.number}", 1), ("/complaints/1", 1), ("/", 0), ("/ratings", 0)):
        page = client.get(address)
        assert page.status_code == 200, address
        assert page.text.count("已匿名化") == times, address
        assert PHONE[-4:] not in page.text


# Columns with words or bytes of whatever hangs on an order, a subscription, a complaint or a text: what is
# forgotten, and what is kept because it names nobody.
FORGOTTEN = {
    "orders": "customer_name contact_phone address_detail phone_digest lookup_digest content_digest"
    " credit_code credit_lookup_digest",
    "order_events": "reason_text",
    "promise_entries": "reason_text evidence",
    "notices": "recipient recipient_digest body params secret",
    "complaints": "text contact_name contact_phone",
    "complaint_events": "note",
    "ratings": "comment follow_up_note",
    "customer_requests": "payload session_digest",
    "lookup_codes": "digest session_digest shown",
    "subscribers": "contact contact_digest",
    "subscriber_events": "reason",
    "return_requests": "reason_text evidence words",
    "real_name_checks": "reference reason_text",
    "line_tests": "reason",
    "call_line_codes": "code",
    "call_attempts": "note",
    "site_photos": "kind name",
    "excuse_requests": "reason_text evidence words",
    "excuse_files": "kind name",
    "compensation_entries": "reason",
}
KEPT = {
    # Numbers by which the books refer to it, what was sold and where, and staff.
    "orders": "number external_reference customer_kind product resource community_code dealer language"
    " notify_by price stage installer_title installer_staff_number",
    # "may hold no personal data: events are shown and sent on" (append_events)
    "order_events": "kind stage reason_code detail actor",
    "promises": "rule explanation",
    "promise_entries": "kind reason_code contact actor asked_by rule explanation",
    # The books, which are kept for as long as books must be.
    "payments": "fee reference method receipt reason actor",
    "charges": "fee reference reason actor",
    "notices": "template language dedup_key queue state provider provider_reference reason",
    "notice_attempts": "provider outcome detail",
    # Less what can name a person (apply_receipts).
    "notice_receipts": "provider provider_reference provider_state error_code raw",
    "call_tasks": "reason detail outcome claimed_by",
    "call_attempts": "outcome actor",
    # The result is told by text, and may hold nothing personal.
    "complaints": "number source topic state result satisfaction filed_by",
    "complaint_events": "kind detail actor",
    "ratings": "actor followed_up_by",
    "customer_requests": "kind once state refusal outcome",
    "subscribers": "reference agreement language source",
    "subscriber_events": "kind detail actor",
    "slot_bookings": "state",
    "return_requests": "stage reason_code asked_by state decided_by",
    "real_name_checks": "kind result reason_code actor",
    "line_tests": "warnings",
    "installer_actions": "kind outcome faults",
    "risk_takeovers": "actor",
    "risk_digests": "counts",
    "excuse_requests": "reason_code asked_by state decided_by",
    # The books once more.
    "compensation_entries": "kind working because method reference actor",
}


def test_every_column_that_could_name_a_customer_has_been_thought_of() -> None:
    """A table that comes to hang on orders, say, has to say here what is forgotten of it."""
    found = list(tables.metadata().sorted_tables)
    roots = {"orders", "subscribers", "complaints", "notices"}
    hanging = set(roots)
    for _ in found:
        hanging |= {
            table.name
            for table in found
            if any(key.column.table.name in hanging for key in table.foreign_keys)
        }
    wanted = {
        (table.name, column.name)
        for table in found
        if table.name in hanging
        for column in table.columns
        if isinstance(column.type, String | Text | LargeBinary | JSONB)
    }
    listed = {
        (table, column)
        for listing in (FORGOTTEN, KEPT)
        for table, columns in listing.items()
        for column in columns.split()
    }
    assert wanted - listed == set(), "say whether it is forgotten, and forget it"
    assert listed - wanted == set(), "there is no such column"
