"""What a customer said on the phone is forgotten with the texts that the call was about."""

import pytest
from sqlalchemy import text

from tests.calling import LANDLINE
from tests.retention.conftest import WORDS, Past, no_photos
from tests.staff_sessions import sign_in
from tracker import create_app
from tracker.calls import queries
from tracker.notices.record_call import NOTE, record_call
from tracker.retention.forget import forget


@pytest.fixture
def called(past: Past) -> int:
    """The call about an order that has ended, with a note of what was said."""
    placed = past.desk.place(customer__phone=LANDLINE)
    run, operator_id = past.desk.runtime, past.desk.operator_id
    with past.owning() as connection:
        task = connection.scalar(
            text("SELECT id FROM call_tasks WHERE order_id = :o"), {"o": placed.order_id}
        )
    given = {"outcome": "no_answer", "called_at": None, "call_back_at": None}
    record_call(run, operator_id, "staff:wang", task, given, note=WORDS)
    past.end(placed, "2 years 1 day")
    return task


def test_notes_go_with_the_rest(past: Past, called: int) -> None:
    run = past.desk.runtime
    with run.db.reading() as connection:
        (before,) = queries.attempts_of(connection, called)
    assert run.keys.open(bytes(before.note), NOTE) == WORDS
    assert forget(run.db, 2, no_photos).orders == 1
    with run.db.reading() as connection:
        (after,) = queries.attempts_of(connection, called)
        task = queries.call_row(connection, past.desk.operator_id, called)
    assert after.note is None
    assert (after.outcome, after.actor) == ("no_answer", "staff:wang")
    assert task is not None
    assert (task.outcome, task.body, bytes(task.recipient)) == ("not_needed", "", b"")


def test_the_pages_say_so(past: Past, called: int) -> None:
    run = past.desk.runtime
    with run.db.reading() as connection:
        task = queries.call_row(connection, past.desk.operator_id, called)
    assert task is not None
    forget(run.db, 2, no_photos)
    client = create_app(run).test_client()
    sign_in(client, run, "wang")
    for address in (f"/calls/{called}", f"/notices/{task.notice_id}", "/notices/list", "/calls/history"):
        page = client.get(address)
        assert page.status_code == 200, address
        assert WORDS not in page.text
        assert LANDLINE[-4:] not in page.text
    assert "已匿名化" in client.get(f"/calls/{called}").text
