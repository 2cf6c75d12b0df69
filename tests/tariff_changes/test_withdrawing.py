"""A change that is taken back: unsent warnings are cancelled, and whoever was told is told so."""

import pytest
from sqlalchemy import update
from subscribing import City, in_city

from tracker import clock
from tracker.notices.models import Notice
from tracker.problems import Refusal
from tracker.tariff_changes.price_of import price_of
from tracker.tariff_changes.queries import with_work_to_do
from tracker.tariff_changes.undo_warnings import undo_warnings
from tracker.tariff_changes.upkeep import keep_changes
from tracker.tariff_changes.warn_subscribers import warn_subscribers
from tracker.tariff_changes.withdraw_change import withdraw_change


@pytest.fixture
def warned(city: City, frozen) -> tuple[int, list[int]]:
    """A change of which eight subscribers were warned: its id, and their notices."""
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(8)
    change = city.announce()
    assert warn_subscribers(city.run, change) == 8
    return change, [notice.id for notice in city.notices()]


def put(city: City, notice_id: int, **values: object) -> None:
    with city.run.db.transaction() as connection:
        connection.execute(update(Notice).where(Notice.id == notice_id).values(**values))


def withdraw(city: City, change: int) -> None:
    withdraw_change(city.run, city.operator_id, change, "用户意见较大", "staff:manager")


def test_only_those_who_may_have_been_told_are_corrected(city: City, frozen, warned) -> None:
    change, notices = warned
    at = clock.now()
    told = {"attempts": 1, "accepted_at": at}
    put(city, notices[1], state="accepted", **told)
    city.arrive(notices[2], at)
    put(city, notices[3], state="unknown", attempts=1)
    put(city, notices[4], state="sending", attempts=1)
    put(city, notices[5], state="undelivered", **told)
    put(city, notices[6], state="created", attempts=1)
    put(city, notices[7], state="call", reason="refused (number): 21211", attempts=1)
    withdraw(city, change)
    assert undo_warnings(city.run, change) == 5
    assert undo_warnings(city.run, change) == 0
    states = [notice.state for notice in city.notices()[:8]]
    assert states == [
        "cancelled", "accepted", "delivered", "unknown", "sending", "undelivered", "cancelled", "call",
    ]  # fmt: skip
    corrections = city.notices()[8:]
    assert {n.body for n in corrections} == {
        "此前通知您的千兆家庭套餐（24GD100001）自2027年1月1日起的资费变动已取消，仍按原资费和约定执行，"
        "您无需办理任何手续，咨询10000。【清远电信】"
    }
    told_ids = city.rows("SELECT subscriber_id FROM tariff_warnings WHERE kind = 'correction' ORDER BY 1")
    first = city.rows("SELECT min(subscriber_id) FROM tariff_warnings")[0][0]
    assert [row.subscriber_id - first for row in told_ids] == [1, 2, 3, 4, 6]


def test_who_was_told_by_a_call_is_corrected_and_open_calls_are_closed(city: City, frozen, warned) -> None:
    change, notices = warned
    with city.run.db.transaction() as connection:
        for notice, outcome in ((notices[0], "reached"), (notices[1], None)):
            connection.exec_driver_sql(
                "INSERT INTO call_tasks (operator_id, notice_id, reason, detail, due_at, next_attempt_at,"
                " attempts, outcome, version, opened_at, closed_at)"
                f" VALUES ({city.operator_id}, {notice}, 'landline', '', now(), now(), 0,"
                f" {repr(outcome) if outcome else 'NULL'}, 1, now(),"
                f" {'now()' if outcome else 'NULL'})"
            )
    for notice in notices[:2]:
        put(city, notice, state="call")
    withdraw(city, change)
    assert undo_warnings(city.run, change) == 1
    tasks = city.rows("SELECT outcome, closed_at IS NOT NULL AS closed FROM call_tasks ORDER BY id")
    assert [(task.outcome, task.closed) for task in tasks] == [("reached", True), ("not_needed", True)]


def test_its_version_never_begins_and_the_price_stays(city: City, frozen, warned) -> None:
    change, notices = warned
    city.arrive(notices[0], clock.now())
    reference = city.rows("SELECT reference FROM subscribers ORDER BY id")[0].reference
    day = in_city(2027, 2, 1).date()

    def fee() -> int:
        with city.run.db.reading() as connection:
            answer = price_of(connection, city.operator_id, reference, day)
        assert answer is not None
        return answer.price.fen

    assert fee() == 13900
    withdraw(city, change)
    assert fee() == 12900
    facts = city.run.reference.current()
    versions = facts.plans[city.operator_id, "24GD100001"]
    place = next(iter(facts.places.values()))
    sold = facts.plan_on_sale(city.operator_id, "24GD100001", place, day)
    assert sold is not None
    assert sold.version == 1
    assert [version.version for version in versions] == [1, 2]
    assert facts.changes == {}


def test_it_is_looked_after_until_nothing_is_under_way(city: City, frozen, warned) -> None:
    change, notices = warned
    put(city, notices[0], state="sending", attempts=1)
    withdraw(city, change)
    undo_warnings(city.run, change)
    with city.run.db.reading() as connection:
        assert with_work_to_do(connection, clock.today()) == [change]
    # It turned out not to have been sent, and would be sent now.
    put(city, notices[0], state="created")
    keep_changes(city.run)
    assert city.notices()[0].state == "cancelled"
    with city.run.db.reading() as connection:
        assert with_work_to_do(connection, clock.today()) == []


def test_who_was_told_at_signing_is_corrected_before_there_is_a_subscription(
    city: City, frozen, place
) -> None:
    """Also where no warning has left yet, and the ring that tells of the withdrawal is lost."""
    change = city.announce()
    orders = [place().order_id for _ in range(2)]
    signed = {n.order_id: n for n in city.notices() if n.template == "tariff_change"}
    assert list(signed) == orders
    city.arrive(signed[orders[0]].id, clock.now())
    withdraw(city, change)
    assert keep_changes(city.run) == 1
    assert keep_changes(city.run) == 0
    states = {n.order_id: n.state for n in city.notices() if n.template == "tariff_change"}
    assert states == {orders[0]: "delivered", orders[1]: "cancelled"}
    (told,) = [n for n in city.notices() if n.template == "tariff_withdrawn"]
    assert told.order_id == orders[0]
    assert "此前通知您的千兆家庭套餐（24GD100001）自2027年1月1日起的资费变动已取消" in told.body
    with city.run.db.reading() as connection:
        assert with_work_to_do(connection, clock.today()) == []


@pytest.mark.parametrize(
    ("day", "rule"),
    [(in_city(2027, 1, 1, 0, 1), "tariff_change.already_effective"), (None, "tariff_change.withdrawn")],
)
def test_what_cannot_be_withdrawn(city: City, frozen, warned, day, rule: str) -> None:
    change, _ = warned
    if day is None:
        withdraw(city, change)
    else:
        frozen.move_to(day)
    with pytest.raises(Refusal) as caught:
        withdraw(city, change)
    assert [fault.rule for fault in caught.value.faults] == [rule]


def test_another_operators_change_is_not_found(city: City, frozen, warned) -> None:
    with pytest.raises(Refusal) as caught:
        withdraw_change(city.run, city.operator_id + 1, warned[0], "x", "staff:other")
    assert [fault.rule for fault in caught.value.faults] == ["tariff_change.not_found"]


def test_the_same_change_can_be_announced_anew(city: City, frozen, warned) -> None:
    change, notices = warned
    city.arrive(notices[0], clock.now())
    withdraw(city, change)
    undo_warnings(city.run, change)
    again = city.announce()
    assert again != change
    assert warn_subscribers(city.run, again) == 8
