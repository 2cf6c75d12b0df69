"""Digests: at their times, in working hours, once for each time and person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest

from tests.watching import Watch
from tracker.at_risk.escalate import escalate
from tracker.at_risk.recipients import wish_digests
from tracker.at_risk.rules import Rules
from tracker.at_risk.save_rules import save_rules
from tracker.at_risk.send_digests import send_digests
from tracker.orders.actor import Actor
from tracker.orders.rules import Stage

# Friday 27 November 2026, midnight in Qingyuan; what was placed on Wednesday at ten is due on it at ten.
FRIDAY = datetime(2026, 11, 26, 16, tzinfo=UTC)


@pytest.fixture
def office(watch: Watch) -> Watch:
    watch.hire("dispatcher", "dispatcher", "+8613900000001")
    watch.hire("manager", "manager", "+8613900000002")
    watch.hire("second", "manager", "+8613900000003")
    return watch


def test_it_says_how_many_why_and_the_most_urgent(office: Watch) -> None:
    number = office.book.order(Stage.RESOURCE_CHECKED)
    office.book.order()
    office.now = FRIDAY + timedelta(hours=8, minutes=59)
    assert send_digests(office.run) == 0
    office.now += timedelta(minutes=1)
    assert send_digests(office.run) == 2
    bodies = [row.body for row in office.texts()]
    assert (
        bodies
        == [
            f"超时预警2张：临近未上门2、未派人2、待核查1。最急{number}。请在工作台“超时预警”处理。【清远电信】"
        ]
        * 2
    )
    digest = office.all("SELECT * FROM risk_digests WHERE operator_id = :o", o=office.operator_id)[0]
    assert (digest.orders, digest.counts) == (2, {"due": 2, "no_team": 2, "check": 1})
    assert digest.account_ids == [office.hired["manager"], office.hired["second"]]


def test_once_for_each_time(office: Watch) -> None:
    office.book.order()
    for hours, planned in ((9, 2), (9.02, 0), (12, 0), (14.98, 0), (15, 2), (17.9, 0), (18.5, 0)):
        office.now = FRIDAY + timedelta(hours=hours)
        assert send_digests(office.run) == planned, hours
    assert len({row.dedup_key for row in office.texts()}) == 4


def test_before_a_weekend_what_breaks_on_it_is_told(office: Watch) -> None:
    # Due on Sunday, 9:00.
    office.now = FRIDAY + timedelta(hours=9)
    number = office.book.order()
    assert send_digests(office.run) == 2
    assert office.risks(number) == [], "the list has its own hours until it is brought up"
    escalate(office.run)
    assert office.risks(number) == ["due"]
    assert office.texts()[0].body.startswith("超时预警1张：临近未上门1。")


def test_nothing_at_risk_at_its_time_stays_untold(office: Watch) -> None:
    office.now = FRIDAY - timedelta(hours=14)
    office.book.order()
    office.now = FRIDAY - timedelta(hours=9)
    assert send_digests(office.run) == 0
    assert office.all("SELECT orders FROM risk_digests WHERE operator_id = :o", o=office.operator_id) == [
        (0,)
    ]
    office.now = FRIDAY + timedelta(hours=9)
    assert send_digests(office.run) == 2


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 28, 1, 30, tzinfo=UTC),  # Saturday, 9:30
        datetime(2026, 10, 1, 1, 30, tzinfo=UTC),  # National Day
        datetime(2026, 11, 25, 0, 30, tzinfo=UTC),  # Wednesday, 8:30: before the first
        datetime(2026, 11, 25, 10, 30, tzinfo=UTC),  # 18:30: after work
    ],
)
def test_nobody_is_told_outside_of_work(office: Watch, now: datetime) -> None:
    office.now = now - timedelta(hours=50)
    office.book.order()
    office.now = now
    assert send_digests(office.run) == 0
    assert office.texts() == []


def test_on_a_worked_saturday_they_are(office: Watch) -> None:
    # 10 October 2026 is worked for National Day (调休上班).
    office.now = datetime(2026, 10, 8, 1, tzinfo=UTC)
    office.book.order()
    office.now = datetime(2026, 10, 10, 1, 30, tzinfo=UTC)
    assert send_digests(office.run) == 2


def test_a_worker_that_was_away_makes_good_the_last_time_alone(office: Watch) -> None:
    office.book.order()
    office.now = FRIDAY + timedelta(hours=16)
    assert send_digests(office.run) == 2
    assert send_digests(office.run) == 0


def test_who_switched_it_off_is_left_alone(office: Watch) -> None:
    office.book.order()
    wish_digests(office.run, office.operator_id, office.hired["manager"], False)
    office.now = FRIDAY + timedelta(hours=9)
    assert send_digests(office.run) == 1


def test_its_times_are_the_operators_to_say(office: Watch) -> None:
    actor = Actor(office.operator_id, "staff:manager")
    save_rules(office.run, actor, Rules(digest_at=(time(11, 30),)), "试", if_version=0)
    office.book.order()
    office.now = FRIDAY + timedelta(hours=10)
    assert send_digests(office.run) == 0
    office.now = FRIDAY + timedelta(hours=11, minutes=31)
    assert send_digests(office.run) == 2
    save_rules(office.run, actor, Rules(digest_at=()), "停", if_version=1)
    office.now += timedelta(hours=4)
    assert send_digests(office.run) == 0


def test_two_rounds_at_once_tell_once(office: Watch) -> None:
    office.book.order()
    office.now = FRIDAY + timedelta(hours=9)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(send_digests, [office.run] * 4)) == 2
    assert len(office.texts()) == 2
