"""Whom staff texts went to is forgotten after as long as whom any other did."""

import json
from typing import Any

import pytest

from tests.retention.conftest import PHONE, Past, no_photos
from tracker import clock
from tracker.contacts.record_wish import PURPOSE
from tracker.retention.due import count_due
from tracker.retention.forget import forget
from tracker.retention.rules import ended_before


def write(past: Past, template: str, key: str, ago: str) -> None:
    """A text that was planned so long ago."""
    keys = past.desk.runtime.keys
    past.execute(
        "INSERT INTO notices (operator_id, template, template_version, language, params, body, recipient,"
        " recipient_digest, dedup_key, queue, state, next_at, attempts, misses, created_at)"
        " VALUES (:o, :template, 1, 'zh', :params, 'words', :phone, :digest,"
        " :key, 'progress', 'delivered', now(), 1, 0, now() - CAST(:ago AS interval))",
        o=past.desk.operator_id,
        params=json.dumps({"number": "QY1", "reason": "x"}),
        template=template,
        phone=keys.seal(f"+86{PHONE}", PURPOSE),
        digest=keys.digest_of(PURPOSE, f"+86{PHONE}"),
        key=key,
        ago=ago,
    )


def kept(past: Past) -> list[str]:
    """The keys of those whose phone is still known; all else of the others is gone with it."""
    rows: list[Any] = past.execute("SELECT * FROM notices ORDER BY id").all()
    for row in rows:
        if not row.recipient:
            assert (row.body, row.recipient_digest) == ("", None)
            assert row.params == {"number": "QY1"}
    return [row.dedup_key for row in rows if row.recipient]


@pytest.mark.parametrize("template", ["risk_digest", "escalation", "escalations", "staff_code"])
def test_old_ones_go_and_younger_ones_stay(past: Past, template: str) -> None:
    write(past, template, "old", "2 years 1 day")
    write(past, template, "young", "1 year 364 days")
    run = past.desk.runtime
    with run.db.reading() as connection:
        now = clock.now()
        assert count_due(connection, ended_before(now, 2), now).staff_texts == 1
    assert forget(run.db, 2, no_photos).staff_texts == 1
    assert kept(past) == ["young"]
    assert forget(run.db, 2, no_photos).staff_texts == 0
    with run.db.reading() as connection:
        assert count_due(connection, ended_before(now, 2), now).staff_texts == 0
    # A shorter limit reaches further.
    assert forget(run.db, 1, no_photos).staff_texts == 1
    assert kept(past) == []


def test_trials_go_and_what_customers_were_told_stays_with_its_own_limit(past: Past) -> None:
    write(past, "dispatched", "trial:1:abc", "3 years")
    write(past, "tariff_change", "change:1:1", "3 years")
    assert forget(past.desk.runtime.db, 2, no_photos).staff_texts == 1
    assert kept(past) == ["change:1:1"]


def test_a_round_that_runs_out_of_time_leaves_none_behind(past: Past) -> None:
    write(past, "escalation", "old", "3 years")
    run = past.desk.runtime
    assert forget(run.db, 2, no_photos, seconds=0).is_all is False
    assert kept(past) == ["old"]
    assert forget(run.db, 2, no_photos).staff_texts == 1
    assert kept(past) == []
