"""I2: one warning for each subscriber whom a change concerns, however often it is looked for."""

import threading
from datetime import date, timedelta

import pytest
from subscribing import City, in_city

from tracker import clock
from tracker.contacts.record_wish import record_wish
from tracker.notices.rules import WINDOW_CLOSES, WINDOW_OPENS
from tracker.tariff_changes.warn_subscribers import warn_subscribers

BODY = (
    "您的千兆家庭套餐（24GD100001）自2027年1月1日起月费由129元调为139元。"
    "详情见营业厅或官网资费公示，不同意可于此前免费改退，咨询10000。【清远电信】"
)


def warn(city: City, change_id: int) -> int:
    return warn_subscribers(city.run, change_id)


def test_each_subscriber_is_told_once(city: City, frozen) -> None:
    subscribers = city.subscribe(50)
    frozen.move_to(in_city(2026, 11, 17, 9))
    change = city.announce()
    assert warn(city, change) == 50
    assert warn(city, change) == 0
    told = city.notices()
    assert {notice.dedup_key for notice in told} == {f"tariff:{change}:{one}" for one in subscribers}
    assert {notice.body for notice in told} == {BODY}
    assert {(n.queue, n.state, n.must_arrive, n.template) for n in told} == {
        ("bulk", "created", True, "tariff_change")
    }
    assert told[0].params["new_fee"] == "139元"
    warnings = city.rows("SELECT * FROM tariff_warnings")
    assert {(w.old_fen, w.new_fen, w.effective_on, w.kind) for w in warnings} == {
        (12900, 13900, date(2027, 1, 1), "warning")
    }
    assert {w.notice_id for w in warnings} == {notice.id for notice in told}
    phone = city.run.keys.open(bytes(told[0].recipient), "notices.recipient")
    assert phone == "+8613800000001"


def test_nobody_is_told_before_the_time_has_come(city: City, frozen) -> None:
    city.subscribe(3)
    change = city.announce()
    assert warn(city, change) == 0
    frozen.move_to(in_city(2026, 11, 16, 23, 59))
    assert warn(city, change) == 0
    frozen.move_to(in_city(2026, 11, 17, 0, 1))
    assert warn(city, change) == 3
    assert all(n.next_at >= in_city(2026, 11, 17, 8) for n in city.notices())


def test_texts_leave_within_the_hours_of_texts(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 20, 30))
    city.subscribe(200)
    warn(city, city.announce())
    leaves = [clock.local(notice.next_at) for notice in city.notices()]
    assert all(WINDOW_OPENS <= at.time() < WINDOW_CLOSES for at in leaves)
    assert min(leaves) >= clock.local(clock.now())
    # Few texts leave on one day, and not all at once.
    assert {at.date() for at in leaves} == {date(2026, 11, 20)}
    assert len(set(leaves)) > 150


@pytest.mark.parametrize(
    ("values", "concerned"),
    [
        ({}, True),
        ({"ended_on": date(2026, 12, 31)}, False),
        ({"ended_on": date(2027, 1, 1)}, True),
        ({"agreed_until": date(2027, 1, 1), "agreement": "contract"}, False),
        ({"agreed_until": date(2026, 12, 31), "agreement": "discount"}, True),
        ({"monthly_fen": 13900}, False),
        ({"monthly_fen": 9900}, True),
    ],
    ids=str,
)
def test_whom_a_new_price_concerns(city: City, frozen, values: dict[str, object], concerned: bool) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(**values)
    assert warn(city, city.announce()) == concerned


def test_everybody_reads_their_own_price_in_their_own_language(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(monthly_fen=9950)
    city.subscribe(language="en")
    warn(city, city.announce())
    chinese, english = (notice.body for notice in city.notices())
    assert "月费由99.50元调为139元" in chinese
    assert "(24GD100001) changes from 129 yuan to 139 yuan" in english
    assert "From 1 Jan 2027" in english


def test_landlines_and_those_who_want_no_texts_are_called(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(takes_texts=False)
    city.subscribe(phone="+8613900000001")
    city.subscribe()
    record_wish(city.run.db, city.run.keys, city.operator_id, "+8613900000001", "call", "channel:app")
    assert warn(city, city.announce()) == 3
    assert [notice.state for notice in city.notices()] == ["call", "call", "created"]
    tasks = city.rows("SELECT reason FROM call_tasks ORDER BY reason")
    assert [task.reason for task in tasks] == ["landline", "wish"]


def test_a_number_with_very_many_subscriptions_gets_three_texts(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    company = city.subscribe(10, phone="+8613900000009")
    city.subscribe(2)
    change = city.announce()
    assert warn(city, change) == 12
    assert warn(city, change) == 0
    assert len(city.notices()) == 5
    notices = dict(city.rows("SELECT subscriber_id, notice_id FROM tariff_warnings"))
    assert len(notices) == 12
    assert {notices[one] for one in company[3:]} == {notices[company[0]]}


def test_who_subscribes_later_is_told_at_the_next_look(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(2)
    change = city.announce()
    warn(city, change)
    frozen.shift(timedelta(minutes=10))
    city.subscribe(1)
    assert warn(city, change) == 1


def test_who_becomes_concerned_later_is_found_within_a_day(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    (early, _) = city.subscribe(2, agreed_until=date(2027, 6, 30), agreement="discount")
    change = city.announce()
    assert warn(city, change) == 0
    with city.run.db.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE subscribers SET agreed_until = '2026-12-01' WHERE id = {early}")
    frozen.shift(timedelta(hours=25))
    assert warn(city, change) == 1


def test_several_at_once_write_each_warning_once(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(300)
    change = city.announce()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(warn(city, change))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 300
    assert len(city.notices()) == 300


def test_a_second_change_starts_from_the_price_that_was_told(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(2)
    warn(city, city.announce())
    told, untold = city.notices()
    city.arrive(told.id, clock.now())
    frozen.move_to(in_city(2027, 2, 20, 9))
    second = city.announce(effective_on="2027-04-01", monthly_fen=14900)
    assert warn(city, second) == 2
    bodies = [notice.body for notice in city.notices()[2:]]
    assert ["月费由139元调为149元" in body for body in bodies] == [True, False]
    assert "月费由129元调为149元" in bodies[1]
    assert untold.id


def test_an_agreed_price_that_ends_is_told_to_each_in_time(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 21, 9))
    for until in (date(2027, 1, 4), date(2027, 1, 5), date(2027, 3, 1)):
        city.subscribe(monthly_fen=9900, agreed_until=until, agreement="discount")
    city.subscribe(agreed_until=date(2027, 1, 3), agreement="contract")
    change = city.announce(kind="term_end", ends_from="2027-01-01", ends_to="2027-06-30")
    # 45 days before 2027-01-05 and before 2027-01-06.
    assert warn(city, change) == 1
    frozen.shift(timedelta(days=1))
    assert warn(city, change) == 1
    body = city.notices()[0].body
    assert "约定资费于2027年1月4日到期，2027年1月5日起月费由99元恢复为129元" in body
    effective = city.rows("SELECT effective_on FROM tariff_warnings ORDER BY subscriber_id")
    assert [row.effective_on for row in effective] == [date(2027, 1, 5), date(2027, 1, 6)]


def test_after_its_term_a_price_is_the_changed_one(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 21, 9))
    city.subscribe(monthly_fen=9900, agreed_until=date(2027, 1, 4), agreement="discount")
    assert warn(city, city.announce()) == 0
    end = city.announce(kind="term_end", ends_from="2027-01-01", ends_to="2027-01-31")
    assert warn(city, end) == 1
    assert "月费由99元恢复为139元" in city.notices()[0].body


def test_changed_terms_are_told_in_the_managers_words(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(agreed_until=date(2028, 1, 1), agreement="contract")
    change = city.announce(
        kind="terms",
        effective_on="2027-01-01",
        fields={"upload_mbps": 30},
        summary="上行速率由50M调为30M",
        summary_en="upload speed 30 instead of 50 Mbit/s",
    )
    assert warn(city, change) == 1
    assert "自2027年1月1日起有变动：上行速率由50M调为30M。" in city.notices()[0].body
