"""What ended long ago is forgotten wherever it stands, and nothing else is."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import start as start_site
from tests.retention.conftest import CODE, PHONE, SECRETS, WORDS, Past, no_photos
from tracker import clock
from tracker.config import Config
from tracker.contacts.record_wish import PURPOSE
from tracker.orders.proofs import lookup_digest
from tracker.problems import Refusal
from tracker.retention.forget import Forgotten, forget

LONG_AGO, LATELY = "2 years 1 day", "1 year 364 days"


def look_up(client: FlaskClient, number: str, proof: str) -> TestResponse:
    """The form as a browser sends it."""
    return client.post("/status", data={"number": number, "last4": proof})


def values(stored: Any) -> Iterator[Any]:
    """Everything in it that is not a container."""
    if isinstance(stored, dict):
        stored = list(stored.values())
    if isinstance(stored, list | tuple):
        for one in stored:
            yield from values(one)
    else:
        yield stored


def traces(past: Past) -> list[str]:
    """Where something of the customer still stands: a sealed value, a digest of hers, or her words."""
    keys = past.desk.runtime.keys
    sealed = tuple(bytes([1, len(name)]) + name.encode() for name in keys.encryption)
    digests = {
        keys.digest_of("orders.phone", f"+86{PHONE}"),
        keys.digest_of(PURPOSE, f"+86{PHONE}"),
    }
    with past.owning() as connection:
        numbers = list(connection.scalars(text("SELECT number FROM orders")))
    for number in numbers:
        digests |= {lookup_digest(keys, number, last) for last in (PHONE[-4:], CODE[-4:])}
    found = []
    for table, rows in past.everything_stored().items():
        for row in rows:
            for column, stored in row.items():
                for value in values(stored):
                    if isinstance(value, memoryview | bytes):
                        value = bytes(value)
                        if value.startswith(sealed) or value in digests:
                            found.append(f"{table}.{column}")
                    elif isinstance(value, str) and any(secret in value for secret in SECRETS):
                        found.append(f"{table}.{column}")
    return found


def test_nothing_of_the_customer_is_left_anywhere(past: Past) -> None:
    old = past.everything()
    everywhere = {
        "orders.customer_name", "orders.contact_phone", "orders.address_detail", "orders.credit_code",
        "orders.phone_digest", "orders.lookup_digest", "orders.credit_lookup_digest",
        "order_events.reason_text", "promise_entries.reason_text", "promise_entries.evidence",
        "notices.recipient", "notices.recipient_digest", "recorded_texts.recipient", "complaints.text",
        "complaints.contact_name", "complaints.contact_phone", "complaint_events.note", "ratings.comment",
        "ratings.follow_up_note", "customer_requests.payload", "subscribers.contact",
        "subscribers.contact_digest", "excuse_requests.reason_text", "excuse_requests.evidence",
    }  # fmt: skip
    assert everywhere <= set(traces(past)), "the test looks where these stand"
    past.end(old, LONG_AGO)
    done = forget(past.desk.runtime.db, 2, no_photos)
    assert traces(past) == []
    # A subscription and a complaint go with their order.
    assert vars(done) == vars(Forgotten(orders=1, is_all=True))
    with past.owning() as connection:
        row = connection.execute(text("SELECT * FROM orders")).one()
        codes = connection.scalar(text("SELECT count(*) FROM lookup_codes"))
        bodies = set(connection.scalars(text("SELECT body FROM notices")))
        numbers = set(connection.scalars(text("SELECT params ->> 'number' FROM notices")))
        calls = connection.execute(text("SELECT outcome, closed_at IS NOT NULL FROM call_tasks")).all()
    assert row.anonymised_at is not None
    assert (codes, bodies, numbers - {None}) == (0, {""}, {old.number})
    assert calls == [("not_needed", True)]


def test_what_the_figures_count_stays(past: Past) -> None:
    old = past.everything()
    past.end(old, LONG_AGO)
    counted = (
        "SELECT number, stage, accepted_at, closed_at, customer_kind, community_code, channel_id, plan_id,"
        " price FROM orders",
        "SELECT kind, stage, reason_code, actor, occurred_at FROM order_events ORDER BY id",
        "SELECT kind, deadline, reason_code FROM promise_entries ORDER BY id",
        "SELECT deadline FROM promises",
        "SELECT score, rated_at, follow_up_on FROM ratings",
        "SELECT number, source, topic, received_at, due_on, state, result FROM complaints",
        "SELECT template, state, created_at, delivered_at FROM notices ORDER BY id",
        "SELECT reference, plan_id, monthly_fen, began_on, ended_on FROM subscribers",
    )

    def read() -> list[Any]:
        with past.owning() as connection:
            return [connection.execute(text(statement)).all() for statement in counted]

    before = read()
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 1
    assert read() == before


def test_younger_ones_keep_every_byte(past: Past) -> None:
    past.end(past.everything(), LATELY)
    before = past.everything_stored()
    done = forget(past.desk.runtime.db, 2, no_photos)
    after = past.everything_stored()
    assert vars(done) == vars(Forgotten(is_all=True)) | {"subscribers": 1}
    # The subscription ended three years ago; a heartbeat says that somebody has looked.
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"heartbeats", "subscribers"}


@pytest.mark.parametrize(
    "ended",
    ["-1 day", "1 year"],  # in force until tomorrow; ended last year
)
def test_a_service_that_goes_on_or_ended_lately_keeps_its_order(past: Past, ended: str) -> None:
    past.end(past.everything(subscription=ended), LONG_AGO)
    before = past.everything_stored()
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 0
    assert past.everything_stored()["orders"] == before["orders"]
    past.execute("UPDATE subscribers SET ended_on = (now() - interval '2 years 1 day')::date")
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 1


def test_a_service_without_an_end_keeps_its_order(past: Past) -> None:
    past.end(past.everything(), LONG_AGO)
    past.execute("UPDATE subscribers SET ended_on = NULL")
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 0


def test_an_open_complaint_keeps_its_order(past: Past) -> None:
    old = past.everything()
    past.end(old, LONG_AGO)
    complaint = past.desk.file(old.number)
    past.execute("UPDATE notices SET state = 'delivered'")
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 0
    past.desk.close(complaint)
    past.execute("UPDATE notices SET state = 'delivered'")
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 1


@pytest.mark.parametrize("state", ["created", "sending", "unknown"])
def test_a_text_that_has_come_to_no_end_keeps_its_order(past: Past, state: str) -> None:
    past.end(past.everything(), LONG_AGO)
    past.execute("UPDATE notices SET state = :state WHERE id = 1", state=state)
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 0
    past.execute("UPDATE notices SET state = 'cancelled' WHERE id = 1")
    assert forget(past.desk.runtime.db, 2, no_photos).orders == 1


def test_the_years_are_a_setting(past: Past) -> None:
    past.end(past.everything(subscription="6 years"), "4 years 364 days")
    assert forget(past.desk.runtime.db, 5, no_photos).orders == 0
    assert forget(past.desk.runtime.db, 4, no_photos).orders == 1


def test_the_database_forgets_nothing_of_the_last_year(past: Past) -> None:
    """Whatever a mistaken clock or caller asks for."""
    old = past.everything()
    past.end(old, "364 days")
    past.execute("UPDATE subscribers SET ended_on = (now() - interval '364 days')::date")
    past.execute("UPDATE complaints SET ended_at = now() - interval '364 days'")
    before = past.everything_stored()
    with past.desk.runtime.db.transaction() as connection:
        for function in ("anonymise_subscribers(:ids)", "anonymise_complaints(:ids)"):
            assert connection.scalar(text(f"SELECT {function}"), {"ids": [1]}) == 0
        asked = text("SELECT anonymise_orders(:ids, now())")
        assert connection.scalar(asked, {"ids": [old.order_id]}) == 0
    assert past.everything_stored() == before


def test_complaints_about_no_order_and_subscriptions_without_one(past: Past) -> None:
    complaint = past.desk.file(None, source="hotline", contact_name="欧阳静怡", contact_phone=f"+86{PHONE}")
    past.desk.close(complaint)
    open_one = past.desk.file(None, source="hotline", text=WORDS)
    past.execute("UPDATE complaints SET ended_at = now() - interval '2 years 1 day' WHERE state = 'closed'")
    done = forget(past.desk.runtime.db, 2, no_photos)
    assert done.complaints == 1
    assert past.desk.row(complaint).text == b""
    assert past.desk.row(complaint).contact_phone is None
    assert past.desk.runtime.keys.open(past.desk.row(open_one).text, "complaints.text") == WORDS
    assert forget(past.desk.runtime.db, 2, no_photos).complaints == 0


def test_slots_of_the_past_go_if_nobody_booked_them(past: Past) -> None:
    order = past.desk.place()
    for days in (91, 91, 89, -1):
        past.execute(
            "INSERT INTO visit_slots (operator_id, area_code, starts_at, ends_at, capacity)"
            " SELECT :operator, '441802', at - interval '2 hours', at, 3 FROM (SELECT"
            " now() - make_interval(days => :days) - (SELECT count(*) FROM visit_slots) * interval '3 hours'"
            ") AS one (at)",
            operator=past.desk.operator_id,
            days=days,
        )
    past.execute(
        "INSERT INTO slot_bookings (operator_id, slot_id, order_id, state, booked_at)"
        " VALUES (:operator, 1, :order, 'used', now())",
        operator=past.desk.operator_id,
        order=order.order_id,
    )
    assert forget(past.desk.runtime.db, 2, no_photos).slots == 1
    with past.owning() as connection:
        left = connection.scalars(text("SELECT id FROM visit_slots ORDER BY id")).all()
    assert left == [1, 3, 4]


def test_it_is_not_found_any_more(past: Past, config: Config) -> None:
    old = past.everything()
    run = start_site(config)
    client = create_app(run).test_client()
    assert look_up(client, old.number, PHONE[-4:]).status_code == 200
    unknown = look_up(client, "QY261124AAAAAAB", PHONE[-4:])
    past.end(old, LONG_AGO)
    forget(past.desk.runtime.db, 2, no_photos)
    for proof in (PHONE[-4:], CODE[-4:], ""):
        answer = look_up(client, old.number, proof)
        assert answer.status_code == 404
        assert answer.text.count("没有查到") == unknown.text.count("没有查到") > 0
    run.close()


def test_a_channel_cannot_send_it_again(past: Past) -> None:
    """Its reference stays taken, although nobody can tell any more whether it is the same order."""
    old = past.everything(external_reference="K-1")
    past.end(old, LONG_AGO)
    forget(past.desk.runtime.db, 2, no_photos)
    with pytest.raises(Refusal) as refused:
        past.desk.place(external_reference="K-1")
    assert [fault.rule for fault in refused.value.faults] == ["order.duplicate_reference"]


def test_a_complaint_about_a_forgotten_order_is_taken_and_texts_nobody(past: Past) -> None:
    old = past.everything()
    past.end(old, LONG_AGO)
    forget(past.desk.runtime.db, 2, no_photos)
    with past.owning() as connection:
        texts = connection.scalar(text("SELECT count(*) FROM notices"))
    complaint = past.desk.file(old.number, source="hotline", actor=past.desk.staff)
    past.desk.close(complaint)
    with past.owning() as connection:
        assert connection.scalar(text("SELECT count(*) FROM notices")) == texts
    assert past.desk.row(complaint).ended_at <= clock.now()
