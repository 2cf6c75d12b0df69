"""Who was told, when, and what proves it; what the customer pays therefore."""

from datetime import date, timedelta
from typing import Any

import pytest
from subscribing import City, in_city

from tracker import clock
from tracker.calls.take_back import take_back
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.call_unconfirmed import call_unconfirmed
from tracker.notices.record_call import record_call
from tracker.orders.actor import Actor
from tracker.sms.port import Receipt, Standing
from tracker.tariff_changes.coverage import Coverage, coverage, proof_page, proofs
from tracker.tariff_changes.price_of import Answer, price_of
from tracker.tariff_changes.read_change import read_change
from tracker.tariff_changes.rules import Told
from tracker.tariff_changes.warn_subscribers import warn_subscribers


@pytest.fixture
def change(city: City, frozen) -> int:
    """A change of which six subscribers were warned on 2026-11-20."""
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(6)
    change = city.announce()
    assert warn_subscribers(city.run, change) == 6
    return change


def covered(city: City, change_id: int) -> Coverage:
    with city.run.db.reading() as connection:
        change = read_change(connection, change_id)
        assert change is not None
        return coverage(connection, change, clock.now())


def price(city: City, reference: str, on: date) -> Answer:
    with city.run.db.reading() as connection:
        answer = price_of(connection, city.operator_id, reference, on)
    assert answer is not None
    return answer


def send(city: City, *notices: int) -> None:
    """The provider has taken these, each under the name `SM` and its id."""
    with city.run.db.transaction() as connection:
        for notice in notices:
            connection.exec_driver_sql(
                f"UPDATE notices SET state = 'accepted', attempts = 1, accepted_at = '{clock.now()}',"
                f" provider = 'twilio', provider_reference = 'SM{notice}' WHERE id = {notice}"
            )


def hear(city: City, notice: int, standing: Standing) -> None:
    apply_receipts(city.run, "twilio", [Receipt(notice, f"SM{notice}", standing, standing.value)])


def call(city: City, notice: int, outcome: str = "reached") -> None:
    task = city.rows("SELECT id FROM call_tasks WHERE notice_id = :n AND closed_at IS NULL", n=notice)[0].id
    request: dict[str, Any] = {"outcome": outcome, "called_at": None, "call_back_at": None}
    record_call(city.run, city.operator_id, "staff:clerk", task, request)


def test_a_receipt_on_the_last_day_is_in_time_and_a_second_later_is_not(
    city: City, frozen, change: int
) -> None:
    notices = [notice.id for notice in city.notices()]
    send(city, *notices)
    frozen.move_to(in_city(2026, 11, 30, 23, 59, 59))
    hear(city, notices[0], Standing.DELIVERED)
    frozen.move_to(in_city(2026, 12, 1, 0, 0, 1))
    hear(city, notices[1], Standing.DELIVERED)
    found = covered(city, change)
    assert (found.subscribers, found.on_time, found.late, found.waiting, found.not_reached) == (6, 1, 1, 0, 4)
    assert (found.by_text, found.by_call, found.unwarned) == (2, 0, 0)
    new_year = date(2027, 1, 1)
    assert price(city, "KD00000001", new_year).price.fen == 13900
    assert price(city, "KD00000002", new_year).price.fen == 12900
    assert price(city, "KD00000002", date(2027, 1, 2)).price.fen == 13900


def test_before_it_is_too_late_nobody_counts_as_not_reached(city: City, frozen, change: int) -> None:
    city.subscribe(2)
    found = covered(city, change)
    assert (found.subscribers, found.waiting, found.not_reached, found.unwarned) == (6, 6, 0, 2)


def test_what_could_not_be_delivered_is_sent_once_more_and_then_called(
    city: City, frozen, change: int
) -> None:
    notice = city.notices()[0].id
    send(city, notice)
    hear(city, notice, Standing.UNDELIVERED)
    hear(city, notice, Standing.UNDELIVERED)
    (second,) = city.rows("SELECT * FROM notices WHERE retry_of IS NOT NULL")
    assert (second.retry_of, second.state, second.must_arrive) == (notice, "created", True)
    assert second.body == city.notices()[0].body
    assert clock.local_date(second.next_at) == date(2026, 11, 21)
    assert city.rows("SELECT 1 FROM call_tasks") == []
    send(city, second.id)
    hear(city, second.id, Standing.UNDELIVERED)
    assert len(city.rows("SELECT 1 FROM notices WHERE retry_of IS NOT NULL")) == 1
    assert [task.notice_id for task in city.rows("SELECT notice_id FROM call_tasks")] == [second.id]
    assert covered(city, change).to_call == 1
    frozen.shift(timedelta(hours=1))
    call(city, second.id)
    found = covered(city, change)
    assert (found.on_time, found.by_call, found.to_call) == (1, 1, 0)
    assert price(city, "KD00000001", date(2027, 1, 1)).price.fen == 13900


def test_a_second_text_that_arrives_proves_it(city: City, frozen, change: int) -> None:
    notice = city.notices()[0].id
    send(city, notice)
    hear(city, notice, Standing.UNDELIVERED)
    (second,) = city.rows("SELECT id FROM notices WHERE retry_of IS NOT NULL")
    frozen.move_to(in_city(2026, 11, 21, 9))
    send(city, second.id)
    hear(city, second.id, Standing.DELIVERED)
    assert (covered(city, change).on_time, covered(city, change).by_text) == (1, 1)


def test_a_first_text_that_arrives_after_all_needs_no_second(city: City, frozen, change: int) -> None:
    notice = city.notices()[0].id
    send(city, notice)
    hear(city, notice, Standing.UNDELIVERED)
    hear(city, notice, Standing.DELIVERED)
    assert [n.state for n in city.rows("SELECT state FROM notices WHERE retry_of IS NOT NULL")] == [
        "cancelled"
    ]


def test_who_is_silent_is_called(city: City, frozen, change: int) -> None:
    notice = city.notices()[0].id
    send(city, notice)
    frozen.shift(timedelta(hours=49))
    assert call_unconfirmed(city.run) == 1
    frozen.shift(timedelta(hours=1))
    call(city, notice, "no_answer")
    assert covered(city, change).on_time == 0
    call(city, notice)
    assert covered(city, change).on_time == 1


def test_each_proof_names_its_evidence(city: City, frozen, change: int) -> None:
    first, second, *_ = (notice.id for notice in city.notices())
    send(city, first, second)
    hear(city, first, Standing.DELIVERED)
    frozen.shift(timedelta(hours=49))
    call_unconfirmed(city.run)
    frozen.move_to(in_city(2026, 12, 5, 10))
    call(city, second)
    with city.run.db.reading() as connection:
        found = read_change(connection, change)
        assert found is not None
        rows = list(proofs(city.run.db, found, clock.now()))
        late = list(proofs(city.run.db, found, clock.now(), told=Told.LATE))
        page = proof_page(
            connection, found, clock.now(), Told.NOT_REACHED, after=rows[2].subscriber_id, limit=2
        )
    assert [(row.reference, row.told, row.by, row.evidence) for row in rows[:3]] == [
        ("KD00000001", Told.ON_TIME, "text", f"SM{first}"),
        ("KD00000002", Told.LATE, "call", "staff:clerk"),
        ("KD00000003", Told.NOT_REACHED, "", ""),
    ]
    assert [row.begins_on for row in rows[:3]] == [date(2027, 1, 1), date(2027, 1, 6), None]
    assert late == rows[1:2]
    assert page == rows[3:5]


def test_the_reason_for_a_price_is_told_in_words(city: City, frozen, change: int) -> None:
    first = city.notices()[0].id
    on = date(2027, 1, 3)
    assert price(city, "KD00000001", on).why["zh"] == (
        f"2025年1月1日约定月费129元。变动{change}（2027年1月1日）尚未告知到，告知满一个月前仍按原价。"
    )
    city.arrive(first, in_city(2026, 12, 10, 12))
    answer = price(city, "KD00000001", on)
    assert f"变动{change}于2026年12月10日才告知，自2027年1月11日起执行。" in answer.why["zh"]
    later = price(city, "KD00000001", date(2027, 1, 11))
    assert later.price.fen == 13900
    assert later.why["en"] == f"Change {change}, told on 10 Dec 2026, holds from 11 Jan 2027."
    assert price(city, "KD00000001", date(2024, 1, 1)).why["en"].startswith("The subscription began on")


def test_another_operators_subscriber_has_no_price_here(city: City, change: int) -> None:
    with city.run.db.reading() as connection:
        assert price_of(connection, city.operator_id + 1, "KD00000001", date(2027, 1, 1)) is None
        assert price_of(connection, city.operator_id, "KD99999999", date(2027, 1, 1)) is None


def test_who_signs_after_the_announcement_is_told_then_and_not_again(city: City, frozen, place) -> None:
    frozen.move_to(in_city(2026, 11, 12, 9))
    change = city.announce()
    place()
    texts = city.rows("SELECT id, template, body, dedup_key FROM notices ORDER BY id")
    assert [text.template for text in texts] == ["order_accepted", "tariff_change"]
    assert "自2027年1月1日起月费由129元调为139元" in texts[1].body
    city.arrive(texts[1].id, clock.now())
    (order,) = city.rows("SELECT id, plan_id FROM orders")
    city.subscribe(order_id=order.id, source="order", began_on=date(2026, 11, 18))
    frozen.move_to(in_city(2026, 11, 20, 9))
    assert warn_subscribers(city.run, change) == 1
    assert len(city.notices()) == 2
    found = covered(city, change)
    assert (found.subscribers, found.on_time) == (1, 1)
    assert price(city, "KD00000001", date(2027, 1, 1)).price.fen == 13900


def test_who_signs_before_two_changes_is_told_of_each_from_the_price_before_it(city: City, place) -> None:
    city.announce(effective_on="2027-03-01")
    city.announce(effective_on="2027-05-01", monthly_fen=14900)
    place()
    told = [
        row.body for row in city.rows("SELECT body FROM notices WHERE template = 'tariff_change' ORDER BY id")
    ]
    assert ["由129元调为139元" in told[0], "由139元调为149元" in told[1]] == [True, True], told


def test_a_call_that_was_taken_back_proves_nothing(city: City, frozen, change: int) -> None:
    notice = city.notices()[0].id
    send(city, notice)
    hear(city, notice, Standing.UNDELIVERED)
    (second,) = city.rows("SELECT id FROM notices WHERE retry_of IS NOT NULL")
    send(city, second.id)
    hear(city, second.id, Standing.UNDELIVERED)
    clerk = Actor(city.operator_id, "staff:clerk")
    frozen.move_to(in_city(2026, 11, 30, 23, 59, 0))
    call(city, second.id)
    (task,) = city.rows("SELECT * FROM call_tasks")
    take_back(city.run, clerk, task.id, if_version=task.version)
    found = covered(city, change)
    assert (found.on_time, found.by_call, found.to_call) == (0, 0, 1)
    new_year = date(2027, 1, 1)
    assert price(city, "KD00000001", new_year).price.fen == 12900
    # Who was reached after midnight was reached after midnight.
    frozen.move_to(in_city(2026, 12, 1, 0, 0, 30))
    call(city, second.id)
    found = covered(city, change)
    assert (found.on_time, found.late, found.by_call) == (0, 1, 1)
    assert price(city, "KD00000001", new_year).price.fen == 12900
