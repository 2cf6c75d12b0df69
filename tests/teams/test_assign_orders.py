"""Orders that are assigned, assigned to others, and given back."""

import time
from datetime import timedelta

import pytest

from tests.conftest import order_json
from tests.teaming import (
    COUNTY,
    appointed,
    events_of,
    row_of,
    staff_number_of,
    texts_of,
)
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders, undo_assignment
from tracker.orders.feed import read_events
from tracker.orders.place_orders import place_order
from tracker.orders.positions import START
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import ASSIGNMENT_UNDONE_WITHIN, MOST_ASSIGNED_AT_ONCE
from tracker.orders.schemas import OrderRequestSchema
from tracker.problems import Refusal
from tracker.teams.save_team import set_closed
from tracker.teams.set_members import remove_members


@pytest.fixture
def morning(monkeypatch):
    """A Tuesday morning, when texts may leave; returns how to let time pass."""
    at = [clock.now().astimezone(clock.CITY_ZONE).replace(hour=9, minute=30, second=0, microsecond=0)]
    monkeypatch.setattr(clock, "now", lambda: at[0])

    def later(**span):
        at[0] += timedelta(**span)

    return later


def rules(outcome) -> dict[str, str]:
    return {number: fault.rule for number, fault in outcome.refused}


def refused(act) -> list[str]:
    with pytest.raises(Refusal) as caught:
        act()
    return [fault.rule for fault in caught.value.faults]


def test_a_checked_order_is_dispatched_to_an_installer_and_its_customer_told_once(runtime, crew, ready):
    number, team = ready(), crew.team()
    installer = crew.installer(team)
    came = assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=installer)
    assert (came.done, came.refused) == ((number,), ())
    order, worn = row_of(runtime, number), staff_number_of(runtime, installer)
    assert (order.stage, order.team_id, order.installer_id) == ("dispatched", team, installer)
    assert (order.installer_title, order.installer_staff_number) == ("李师傅", worn)
    assert [one.template for one in texts_of(runtime, number)] == ["order_accepted", "dispatched"]
    last = events_of(runtime, number)[-1]
    assert (last.kind, last.stage, last.actor) == ("stage", "dispatched", "staff:dispatcher")
    assert last.detail["installer"] == {"title": "李师傅", "staff_number": worn}


def test_a_team_alone_names_nobody(runtime, crew, ready):
    number = ready()
    assign_orders(runtime, crew.actor, [number], team_id=crew.team())
    order = row_of(runtime, number)
    assert (order.installer_id, order.installer_title, order.installer_staff_number) == (None, None, None)


def test_others_take_over_a_dispatched_order_and_nobody_is_texted(runtime, channel, crew, ready):
    number, first, second = ready(), crew.team(), crew.team("县城班", COUNTY)
    assign_orders(runtime, crew.actor, [number], team_id=first)
    told = texts_of(runtime, number)
    came = assign_orders(runtime, crew.actor, [number], team_id=second, reason="一班请假")
    assert came.done == (number,)
    order, last = row_of(runtime, number), events_of(runtime, number)[-1]
    assert (order.stage, order.team_id) == ("dispatched", second)
    assert (last.kind, last.stage, last.reason_text, last.order_version) == (
        "assigned", "dispatched", "一班请假", order.version,
    )  # fmt: skip
    assert texts_of(runtime, number) == told
    with runtime.db.reading() as connection:
        feed, _, _ = read_events(connection, channel.id, START, 100)
    assert [one["type"] for one in feed if one["order"] == number][-1] == "order.assigned"


def test_who_waits_for_a_visit_is_told_of_another_installer_once_it_stands(
    runtime, channel, crew, ready, morning
):
    number, team = ready(), crew.team()
    lee, chen = crew.installer(team), crew.installer(team, "陈师傅")
    assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=lee)
    appointed(runtime, channel, number)
    visit = row_of(runtime, number).appointment_starts_at
    morning(minutes=5)
    assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=chen)
    assert row_of(runtime, number).appointment_starts_at == visit
    telling = [one for one in texts_of(runtime, number) if one.template.startswith("appoint")]
    # The visit had not been told yet, so one text tells both.
    assert [one.template for one in telling] == ["appointment_changed"]
    assert "陈师傅" in telling[0].body
    assert telling[0].next_at >= clock.now() + ASSIGNMENT_UNDONE_WITHIN
    reminded = [one for one in texts_of(runtime, number) if one.template == "visit_reminder"]
    assert len(reminded) == 1


def test_no_text_follows_where_the_same_one_comes_as_was_told(runtime, channel, crew, ready, morning):
    number, first = ready(), crew.team()
    second = crew.team("县城班", COUNTY)
    lee = crew.installer(first)
    assign_orders(runtime, crew.actor, [number], team_id=first, installer_id=lee)
    appointed(runtime, channel, number)
    with runtime.db.transaction() as connection:
        connection.exec_driver_sql("UPDATE notices SET state = 'accepted' WHERE template = 'appointed'")
    before = texts_of(runtime, number)
    assign_orders(runtime, crew.actor, [number], team_id=second)
    assert texts_of(runtime, number) == before
    assign_orders(runtime, crew.actor, [number], team_id=first, installer_id=lee)
    assert texts_of(runtime, number) == before


def test_undoing_puts_everything_back_and_takes_the_text_back(runtime, channel, crew, ready, morning):
    number, team = ready(), crew.team()
    lee, chen = crew.installer(team), crew.installer(team, "陈师傅")
    assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=lee)
    appointed(runtime, channel, number)
    with runtime.db.transaction() as connection:
        connection.exec_driver_sql("UPDATE notices SET state = 'accepted' WHERE template = 'appointed'")
    before, told = row_of(runtime, number), texts_of(runtime, number)
    came = assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=chen)
    assert len(texts_of(runtime, number)) == len(told) + 1
    morning(minutes=9)
    assert undo_assignment(runtime, crew.actor, came.id).done == (number,)
    after = row_of(runtime, number)
    assert (after.installer_id, after.installer_title) == (before.installer_id, before.installer_title)
    assert after.installer_staff_number == before.installer_staff_number
    assert after.version == before.version + 2
    assert texts_of(runtime, number) == told
    assert refused(lambda: undo_assignment(runtime, crew.actor, came.id)) == ["assign.undo_over"]


def test_a_first_assignment_that_is_undone_leaves_a_dispatched_order_that_nobody_has(runtime, crew, ready):
    number, team = ready(), crew.team()
    came = assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=crew.installer(team))
    undo_assignment(runtime, crew.actor, came.id)
    order = row_of(runtime, number)
    assert (order.stage, order.team_id, order.installer_id) == ("dispatched", None, None)
    assert (order.installer_title, order.installer_staff_number) == (None, None)
    again = assign_orders(runtime, crew.actor, [number], team_id=team)
    assert again.done == (number,)
    assert [one.template for one in texts_of(runtime, number)].count("dispatched") == 1


def test_an_order_that_went_on_is_not_put_back(runtime, channel, crew, ready):
    still, gone, team = ready(), ready(), crew.team()
    came = assign_orders(runtime, crew.actor, [still, gone], team_id=team)
    appointed(runtime, channel, gone)
    undone = undo_assignment(runtime, crew.actor, came.id)
    assert undone.done == (still,)
    assert rules(undone) == {gone: "assign.moved_on"}
    assert row_of(runtime, gone).team_id == team


def test_an_order_of_a_team_that_was_closed_meanwhile_is_not_put_back(runtime, crew, ready):
    number, first, second = ready(), crew.team(), crew.team("县城班", COUNTY)
    assign_orders(runtime, crew.actor, [number], team_id=first)
    came = assign_orders(runtime, crew.actor, [number], team_id=second)
    set_closed(runtime.db, crew.operator_id, first, True, None, "staff:manager")
    assert rules(undo_assignment(runtime, crew.actor, came.id)) == {number: "team.closed"}
    assert row_of(runtime, number).team_id == second


def test_undoing_ends_after_ten_minutes_and_at_the_wall_of_the_operator(
    runtime, crew, strangers, ready, morning
):
    number = ready()
    came = assign_orders(runtime, crew.actor, [number], team_id=crew.team())
    assert refused(lambda: undo_assignment(runtime, strangers.actor, came.id)) == ["assign.not_found"]
    morning(minutes=10, seconds=1)
    assert refused(lambda: undo_assignment(runtime, crew.actor, came.id)) == ["assign.undo_over"]
    assert row_of(runtime, number).team_id is not None


def test_each_order_of_a_batch_is_assigned_or_refused_by_itself(runtime, channel, crew, ready, place):
    team = crew.team("县城班", COUNTY)
    good, stale, again, far = ready(), ready(), ready(), ready(address__community_code="441881001001")
    early, late = place().number, ready()
    record_progress(runtime, Actor.of_channel(channel), late, {"stage": "withdrawn"})
    assign_orders(runtime, crew.actor, [again], team_id=team)
    seen = {stale: row_of(runtime, stale).version}
    record_progress(runtime, Actor.of_channel(channel), stale, {"stage": "dispatched"})
    numbers = [early, good, stale, again, far, late, "QY000000NOSUCH", good]
    came = assign_orders(runtime, crew.actor, numbers, team_id=team, if_versions=seen)
    assert came.done == (good,)
    assert rules(came) == {
        early: "assign.too_early",
        stale: "version.stale",
        again: "assign.no_change",
        far: "assign.outside_area",
        late: "assign.too_late",
        "QY000000NOSUCH": "order.not_found",
    }
    assert row_of(runtime, stale).team_id is None
    ticked = assign_orders(runtime, crew.actor, [far], team_id=team, outside=True)
    assert ticked.done == (far,)


def test_nothing_of_another_operator_can_be_assigned_or_assigned_to(runtime, crew, strangers, ready):
    number, team = ready(), crew.team()
    theirs = strangers.team()
    their_installer = strangers.installer(theirs)
    assert refused(lambda: assign_orders(runtime, crew.actor, [number], team_id=theirs)) == ["team.not_found"]
    alien = {"team_id": team, "installer_id": their_installer}
    assert refused(lambda: assign_orders(runtime, crew.actor, [number], **alien)) == ["assign.not_member"]
    came = assign_orders(runtime, strangers.actor, [number], team_id=theirs)
    assert rules(came) == {number: "order.not_found"}
    assert row_of(runtime, number).stage == "resource_checked"


def test_only_a_member_who_may_sign_in_is_assigned_to(runtime, crew, ready):
    number, team, other = ready(), crew.team(), crew.team("县城班", COUNTY)
    lee, gone = crew.installer(team), crew.installer(team)
    with runtime.db.transaction() as connection:
        connection.exec_driver_sql("UPDATE accounts SET disabled_at = now() WHERE id = %(id)s", {"id": gone})
    out = crew.installer(team)
    remove_members(runtime.db, crew.operator_id, team, [out], None, "staff:manager")
    attempts = [(other, lee), (team, gone), (None, lee), (team, out)]
    for team_id, installer_id in attempts:
        wish = {"team_id": team_id, "installer_id": installer_id}
        assert refused(lambda wish=wish: assign_orders(runtime, crew.actor, [number], **wish)) == [
            "assign.not_member"
        ]
    set_closed(runtime.db, crew.operator_id, team, True, None, "staff:manager")
    assert refused(lambda: assign_orders(runtime, crew.actor, [number], team_id=team)) == ["team.closed"]
    assert row_of(runtime, number).version == 3


def test_nothing_and_too_much_are_refused(runtime, crew):
    team = crew.team()
    assert refused(lambda: assign_orders(runtime, crew.actor, [], team_id=team)) == ["assign.nothing"]
    many = [f"QY{n:012d}" for n in range(MOST_ASSIGNED_AT_ONCE + 1)]
    assert refused(lambda: assign_orders(runtime, crew.actor, many, team_id=team)) == ["assign.too_many"]


def test_an_order_is_taken_away_from_its_team(runtime, crew, ready):
    number, waits = ready(), ready()
    assign_orders(runtime, crew.actor, [number], team_id=crew.team())
    came = assign_orders(runtime, crew.actor, [number, waits], team_id=None)
    assert came.done == (number,)
    assert rules(came) == {waits: "assign.no_change"}
    assert (row_of(runtime, number).stage, row_of(runtime, number).team_id) == ("dispatched", None)


def test_an_installer_whom_a_channel_names_by_number_is_the_operators_own(runtime, channel, crew, ready):
    own, unknown = ready(), ready()
    team = crew.team()
    lee = crew.installer(team)
    worn = staff_number_of(runtime, lee)
    actor = Actor.of_channel(channel)
    for number, staff_number in ((own, worn), (unknown, "0000")):
        installer = {"title": "李师傅", "staff_number": staff_number}
        record_progress(runtime, actor, number, {"stage": "dispatched", "installer": installer})
    order = row_of(runtime, own)
    assert (order.team_id, order.installer_id) == (team, lee)
    order = row_of(runtime, unknown)
    assert (order.team_id, order.installer_id, order.installer_staff_number) == (None, None, "0000")


def test_two_hundred_orders_are_assigned_within_seconds(runtime, channel, crew):
    numbers = [
        place_order(
            runtime, channel, OrderRequestSchema().load(order_json(customer__phone=f"138{n:08d}"))
        ).number
        for n in range(MOST_ASSIGNED_AT_ONCE)
    ]
    with runtime.db.transaction() as connection:
        connection.exec_driver_sql("UPDATE orders SET stage = 'resource_checked'")
    team = crew.team()
    began = time.process_time()
    came = assign_orders(runtime, crew.actor, numbers, team_id=team)
    assert len(came.done) == MOST_ASSIGNED_AT_ONCE
    assert time.process_time() - began < 3
