"""An order's way through its stages over HTTP: history kept, stale writes refused, customers told."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from tracker import clock
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.orders.models import OrderEvent

ORDERS = "/api/v1/orders"
LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def order(post, order_body):
    return post(ORDERS, order_body()).json


@pytest.fixture
def step(post, order):
    """POST a step of the order at the version it has now."""
    version = iter(range(1, 100))

    def send(stage: str, *, if_match: str | None = None, **fields):
        return post(
            f"{ORDERS}/{order['number']}/progress",
            {"stage": stage, **fields},
            If_Match=if_match or f'"{next(version)}"',
        )

    return send


def slot():
    # Far enough that the evening before, with its reminder, is still to come at any hour of today.
    starts = clock.now() + timedelta(days=2)
    return {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}


def test_the_whole_path_is_recorded_and_told(step, order, get, database) -> None:
    for stage in ("verified", "resource_checked", "dispatched"):
        assert step(stage).status_code == 200
    assert (
        step(
            "appointed", appointment=slot(), installer={"title": "李师傅", "staff_number": "0321"}
        ).status_code
        == 200
    )
    for stage in ("on_site", "activated", "completed"):
        answer = step(stage)
        assert answer.status_code == 200
    assert answer.json["next_stages"] == []
    assert answer.headers["ETag"] == '"8"'
    assert get(f"{ORDERS}/{order['number']}").json["stage"] == "completed"
    with database.reading() as connection:
        events = connection.execute(
            select(OrderEvent.order_version, OrderEvent.stage, OrderEvent.actor).order_by(OrderEvent.id)
        ).all()
        notices = connection.execute(
            select(Notice.template, Notice.state, Notice.body).order_by(Notice.id)
        ).all()
    # The installer came before the evening on which the visit was to be reminded of.
    reminders = [notice.state for notice in notices if notice.template == "visit_reminder"]
    assert reminders == [State.CANCELLED]
    texts = [notice.body for notice in notices if notice.template != "visit_reminder"]
    assert [event.order_version for event in events] == list(range(1, 9))
    assert {event.actor for event in events} == {"channel:app"}
    assert [body[:2] + body[-6:] for body in texts] == ["您的【清远电信】"] + ["订单【清远电信】"] * 3
    assert "装维员李师傅（工号0321）" in texts[2]


def test_a_stale_step_is_refused_and_changes_nothing(step, order, get) -> None:
    assert step("verified", if_match='"1"').status_code == 200
    stale = step("resource_checked", if_match='"1"')
    assert (stale.status_code, stale.json["rule"]) == (412, "version.stale")
    assert step("resource_checked", if_match='"x"').status_code == 412
    assert get(f"{ORDERS}/{order['number']}").json["version"] == 2
    assert step("resource_checked", if_match="*").status_code == 200


def test_a_step_must_name_the_version_it_saw(post, order) -> None:
    answer = post(f"{ORDERS}/{order['number']}/progress", {"stage": "verified"})
    assert (answer.status_code, answer.json["rule"]) == (428, "version.required")


def test_a_repeated_step_is_answered_as_the_first_time(post, order) -> None:
    path, body = f"{ORDERS}/{order['number']}/progress", {"stage": "verified"}
    first = post(path, body, key="step", If_Match='"1"')
    again = post(path, body, key="step", If_Match='"1"')
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json


@pytest.mark.parametrize(
    ("fields", "status", "rule", "pointer"),
    [
        ({"stage": "activated"}, 409, "order.illegal_move", "/stage"),
        ({"stage": "accepted"}, 422, "field.choice", "/stage"),
        ({"stage": "returned"}, 422, "order.reason_required", "/reason_code"),
        ({"stage": "returned", "reason_code": "other"}, 422, "order.reason_text_required", "/reason_text"),
        ({"stage": "returned", "reason_code": "laziness"}, 422, "field.choice", "/reason_code"),
        ({"stage": "verified", "occurred_at": LONG_AGO}, 422, "order.before_last_stage", "/occurred_at"),
        ({"stage": "verified", "appointment": {}}, 422, "field.required", "/appointment/starts_at"),
    ],
)  # fmt: skip
def test_a_wrong_step_names_its_rule(step, order, get, fields, status, rule, pointer) -> None:
    answer = step(**fields)
    assert (answer.status_code, answer.json["rule"]) == (status, rule)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert get(f"{ORDERS}/{order['number']}").json["version"] == 1


def test_another_channels_order_does_not_exist(client, order, runtime) -> None:
    from tracker.channels.create_key import create_key

    other = next(c for c in runtime.reference.current().channels.values() if c.code == "hall")
    answer = client.post(
        f"{ORDERS}/{order['number']}/progress",
        json={"stage": "verified"},
        headers={
            "Authorization": f"Bearer {create_key(runtime.db, other)}",
            "Idempotency-Key": "x",
            "If-Match": "*",
        },
    )
    assert answer.status_code == 404


def test_a_return_tells_the_reason_in_words(step, database) -> None:
    assert step("returned", reason_code="line_missing").status_code == 200
    with database.reading() as connection:
        body = connection.scalars(select(Notice.body).order_by(Notice.id.desc())).first()
    assert "原因：线路没到" in body


def test_what_happened_long_ago_tells_nobody(post, order_body, database) -> None:
    long_ago = clock.now() - timedelta(days=3)
    old = post(ORDERS, order_body(accepted_at=long_ago.isoformat())).json
    for number, stage in enumerate(("verified", "resource_checked", "dispatched"), start=1):
        at = (long_ago + timedelta(hours=number)).isoformat()
        answer = post(
            f"{ORDERS}/{old['number']}/progress", {"stage": stage, "occurred_at": at}, If_Match=f'"{number}"'
        )
        assert answer.status_code == 200
    with database.reading() as connection:
        assert connection.execute(select(Notice.id)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE promises SET deadline = now()",
        "DELETE FROM promises",
        "UPDATE order_events SET occurred_at = now()",
        "DELETE FROM order_events",
        "UPDATE payments SET amount_fen = 1",
        "DELETE FROM payments",
        "UPDATE charges SET amount_fen = 1",
        "DELETE FROM charges",
        "DELETE FROM orders",
        "TRUNCATE notices",
        "ALTER TABLE orders ADD COLUMN extra int",
        "CREATE TABLE extra (id int)",
    ],
)
def test_the_service_itself_cannot_rewrite_history_or_the_schema(order, database, statement) -> None:
    """I3, I6, I7: the database refuses what the code should never try."""
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        database.transaction() as c,
    ):
        c.execute(text(statement))
