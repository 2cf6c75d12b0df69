"""What installers record: once however often it is sent, in its order, on what they were shown."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.on_site import GOOD_TEST, Crew
from tests.visiting_slots import Diary
from tracker import clock
from tracker.accounts.doer import console
from tracker.accounts.switch_account import disable_account, enable_account
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import agree_times
from tracker.orders.lift_hold import lift_hold
from tracker.orders.record_payment import record_payment
from tracker.orders.record_progress import record_progress
from tracker.problems import Refusal
from tracker.site_work.models import InstallerAction, LineTest, SiteVisit
from tracker.site_work.queries import jobs_of
from tracker.site_work.read_actions import data_of
from tracker.site_work.record_action import Installer, Result, record_action
from tracker.site_work.rules import Act, Outcome

MINUTE = timedelta(minutes=1)


def rules(result: Result) -> list[str]:
    return [fault.rule for fault in result.faults]


def count(crew: Crew, table: type) -> int:
    with crew.runtime.db.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_job_is_done_from_arrival_to_the_customers_confirmation(crew: Crew, li: Installer) -> None:
    number = crew.at_stage(li, "arrive", "test", "activate", "complete")
    order = crew.order(number)
    assert order.stage == "completed"
    moves = [(e.stage, e.actor) for e in crew.events(number)][-3:]
    assert moves == [(stage, "staff:li.shifu") for stage in ("on_site", "activated", "completed")]
    with crew.runtime.db.reading() as connection:
        texts = connection.scalars(select(Notice.template).where(Notice.order_id == order.id)).all()
    assert texts.count("completed") == 1


def test_what_is_sent_again_is_not_done_again_and_answers_the_same(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    arrival = crew.action(number, "arrive")
    first = record_action(crew.runtime, li, arrival)
    assert first.outcome is Outcome.OK
    # Whatever else it says the second time, and however the order went on.
    crew.do(li, number, "test", GOOD_TEST)
    again = record_action(crew.runtime, li, replace(arrival, version=1, act=Act.CANNOT))
    assert (again.outcome, again.version) == (first.outcome, first.version)
    assert [e.stage for e in crew.events(number)].count("on_site") == 1
    assert count(crew, SiteVisit) == 1


def test_a_refusal_answers_the_same_again_too(crew: Crew, li: Installer) -> None:
    number = crew.at_stage(li, "arrive")
    early = crew.action(number, "activate")
    assert rules(record_action(crew.runtime, li, early)) == ["job.test_first"]
    crew.do(li, number, "test", GOOD_TEST)
    assert rules(record_action(crew.runtime, li, early)) == ["job.test_first"]
    assert crew.order(number).stage == "on_site"


def test_the_same_action_sent_ten_times_at_once_is_done_once(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    arrival = crew.action(number, "arrive")
    results: list[Result] = []
    threads = [
        threading.Thread(target=lambda: results.append(record_action(crew.runtime, li, arrival)))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {(one.outcome, one.version) for one in results} == {(Outcome.OK, results[0].version)}
    assert len(results) == 10
    assert count(crew, SiteVisit) == 1
    assert count(crew, InstallerAction) == 1


def test_after_a_refused_one_the_later_ones_of_its_order_are_kept_back_and_others_go_on(
    crew: Crew, li: Installer
) -> None:
    one, other = crew.at_stage(li, "arrive"), crew.job(li)
    shown = crew.order(one).version
    early = crew.action(one, "activate")
    then = crew.action(one, "complete", {"last4": "1234"}, version=shown, after=early.client_id)
    last = crew.action(one, "cannot", {"reason_code": "no_power"}, version=shown, after=then.client_id)
    beside = crew.action(other, "arrive")
    results = [record_action(crew.runtime, li, action) for action in (early, then, last, beside)]
    outcomes = [result.outcome for result in results]
    assert outcomes == [Outcome.REFUSED, Outcome.HELD, Outcome.HELD, Outcome.OK]
    assert rules(results[1]) == ["job.kept_back"]
    assert crew.order(one).stage == "on_site"


def test_the_own_steps_are_no_change_by_somebody_else(crew: Crew, li: Installer) -> None:
    """A whole visit without signal: every step names the version that was shown before the first."""
    number = crew.job(li)
    shown = crew.order(number).version
    before = None
    for act, data in (("arrive", {}), ("test", GOOD_TEST), ("activate", {}), ("complete", {"last4": "1234"})):
        action = crew.action(number, act, data, version=shown, after=before)
        assert record_action(crew.runtime, li, action).faults == ()
        before = action.client_id
    assert crew.order(number).stage == "completed"


def test_what_somebody_else_moved_is_not_done_on(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    arrival = crew.action(number, "arrive")
    step = {"stage": "withdrawn", "reason_code": "no_longer_wanted"}
    record_progress(crew.runtime, Actor(li.actor.operator_id, "staff:wang.min"), number, step)
    assert rules(record_action(crew.runtime, li, arrival)) == ["job.changed"]
    assert crew.order(number).stage == "withdrawn"


def test_a_hold_disturbs_and_a_payment_does_not(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    shown = crew.order(number).version
    desk = Actor(li.actor.operator_id, "staff:wang.min")
    paid = {"fee": "installation", "amount_fen": 100, "reference": "R-1", "paid_at": clock.now()}
    record_payment(crew.runtime, desk, number, paid)
    assert crew.order(number).version > shown
    arrived = crew.do(li, number, "arrive", version=shown)
    assert arrived.outcome is Outcome.OK
    shown = crew.order(number).version
    crew.hold(number)
    assert rules(crew.do(li, number, "test", GOOD_TEST, version=shown)) == ["job.changed"]
    # Seen with what changed, it can be done.
    assert crew.do(li, number, "test", GOOD_TEST).outcome is Outcome.OK


def test_nobody_comes_to_an_order_on_hold_or_takes_one(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None]
) -> None:
    mine, nobodys = crew.job(li, visit_in=None), crew.job(None, visit_in=None)
    desk = Actor(li.actor.operator_id, "staff:wang.min")
    for number in (mine, nobodys):
        crew.hold(number)
    # Staff may agree a visit within the hold; whoever comes has it resumed first.
    begin = clock.now() + 60 * MINUTE
    agree_times(crew.runtime, desk, mine, (begin, begin + 60 * MINUTE))
    for number, act in ((mine, "arrive"), (nobodys, "take")):
        refused = crew.do(li, number, act)
        assert rules(refused) == ["job.on_hold"]
        assert refused.faults[0].words("zh") == "工单缓装至11月27日，请先由客服或调度恢复办理"
        assert "until 27 Nov: the desk must resume it first" in refused.faults[0].words("en")
    assert (crew.order(mine).stage, crew.order(nobodys).installer_id) == ("appointed", None)
    assert count(crew, SiteVisit) == 0
    clocks(clock.now() + MINUTE)
    for number in (mine, nobodys):
        lift_hold(crew.runtime, desk, number, 1, {"reason_text": None, "resumes_at": None})
    assert crew.do(li, mine, "arrive").outcome is Outcome.OK
    assert crew.do(li, nobodys, "take").outcome is Outcome.OK


def test_a_hold_that_is_over_stops_nobody(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None]
) -> None:
    number = crew.job(li, visit_in=timedelta(days=3))
    crew.hold(number)
    assert crew.order(number).stage == "appointed"
    clocks(clock.now() + timedelta(days=3))
    assert crew.do(li, number, "arrive").outcome is Outcome.OK


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        (timedelta(days=2), True),
        (timedelta(hours=9), False),  # 00:00 of the day of the visit
        (timedelta(hours=9, minutes=1), True),
        (timedelta(0), False),
        (-timedelta(days=1), False),  # late is better than never
    ],
)
def test_nobody_comes_before_the_day_that_was_agreed(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None], before: timedelta, refused: bool
) -> None:
    nine = clock.local(clock.now()).replace(hour=9) + timedelta(days=4)
    number = crew.job(li, visit_in=nine - clock.now())
    clocks(nine - before)
    result = crew.do(li, number, "arrive")
    assert rules(result) == (["job.visit_later"] if refused else [])
    assert crew.order(number).stage == ("appointed" if refused else "on_site")
    if refused:
        assert result.faults[0].words("zh") == "约的是11月28日；今天上门请先改约"
        assert "agreed for 28 Nov" in result.faults[0].words("en")
        assert count(crew, SiteVisit) == 0


def test_the_day_is_that_on_which_he_came_however_late_his_phone_sends(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None]
) -> None:
    number = crew.job(li, visit_in=timedelta(days=1))
    came = clock.now() + 10 * MINUTE
    clocks(came + timedelta(days=1))
    early = crew.do(li, number, "arrive", done_at=came, phone_now=clock.now())
    assert rules(early) == ["job.visit_later"]


def test_only_a_change_of_the_visit_wants_a_reason(crew: Crew, li: Installer) -> None:
    diary = Diary(crew.runtime, crew.channel.operator_id)
    number = crew.job(li, visit_in=None)
    first = diary.slot(starts_at=clock.now() + timedelta(days=1))
    assert crew.do(li, number, "reappoint", {"slot": first}).faults == ()
    assert crew.events(number)[-1].reason_code is None
    with crew.runtime.db.reading() as connection:
        texts = connection.scalars(
            select(Notice.template)
            .where(Notice.order_id == crew.order(number).id, Notice.state == "created")
            .order_by(Notice.id)
        ).all()
    assert texts[-2:] == ["appointed", "visit_reminder"]
    assert "appointment_changed" not in texts
    second = diary.slot()
    refused = crew.do(li, number, "reappoint", {"slot": second})
    assert [(one.rule, one.pointer) for one in refused.faults] == [("field.required", "/reason_code")]
    assert crew.do(li, number, "reappoint", {"slot": second, "reason_code": "undecided"}).faults == ()
    on_site = crew.at_stage(li, "arrive")
    assert rules(crew.do(li, on_site, "reappoint", {"slot": first})) == ["field.required"]


def test_another_installers_job_is_nobody_elses(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    chen = crew.hire("chen.shifu")
    assert rules(crew.do(chen, number, "arrive")) == ["job.not_yours"]
    stranger = crew.hire("wu.shifu", in_team=False, operator_id=2)
    assert rules(crew.do(stranger, number, "arrive")) == ["order.not_found"]
    assert crew.order(number).stage == "appointed"


def test_a_job_of_the_team_goes_to_who_takes_it_first(crew: Crew, li: Installer) -> None:
    number = crew.job(None)
    chen = crew.hire("chen.shifu")
    shown = crew.order(number).version
    assert crew.do(li, number, "take").outcome is Outcome.OK
    order = crew.order(number)
    assert (order.installer_id, order.installer_title) == (li.account_id, "李师傅")
    event = crew.events(number)[-1]
    assert (event.kind, event.actor, event.order_version) == ("assigned", "staff:li.shifu", order.version)
    assert rules(crew.do(chen, number, "take", version=shown)) == ["job.taken"]
    assert rules(crew.do(chen, number, "take")) == ["job.taken"]


def test_what_a_disabled_installer_had_is_his_teams_to_take(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    chen = crew.hire("chen.shifu")
    outsider = crew.hire("wu.shifu", in_team=False)

    def jobs(who: Installer, team_id: int | None = crew.team_id) -> list[str]:
        with crew.runtime.db.reading() as connection:
            operator = crew.channel.operator_id
            return [row.number for row in jobs_of(connection, operator, who.account_id, team_id, clock.now())]

    assert jobs(chen) == []
    disable_account(crew.runtime, console("demo"), li.account_id)
    assert (jobs(chen), jobs(outsider, None)) == ([number], [])
    assert rules(crew.do(outsider, number, "take")) == ["job.not_yours"]
    assert crew.do(chen, number, "take").outcome is Outcome.OK
    assert crew.order(number).installer_id == chen.account_id
    enable_account(crew.runtime, console("demo"), li.account_id)
    assert (jobs(chen), jobs(li)) == ([number], [])


def test_another_teams_job_cannot_be_taken(crew: Crew, li: Installer) -> None:
    outsider = crew.hire("chen.shifu", in_team=False)
    number = crew.job(None)
    assert rules(crew.do(outsider, number, "take")) == ["job.not_yours"]
    assert crew.order(number).installer_id is None


@pytest.mark.parametrize("wrong_by", [timedelta(0), timedelta(days=400), timedelta(hours=-30)])
def test_a_phones_clock_may_be_wrong(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None], wrong_by: timedelta
) -> None:
    number = crew.job(li)
    noon = clock.now()
    clocks(noon + 60 * MINUTE)
    phone_now = clock.now() + wrong_by
    crew.do(li, number, "arrive", done_at=phone_now - 20 * MINUTE, phone_now=phone_now)
    assert crew.events(number)[-1].occurred_at == noon + 40 * MINUTE


@pytest.mark.parametrize(
    ("done_at", "phone_now"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
        (datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("number", [None, "QY261123K7M4QZX"])
def test_a_clock_that_cannot_be_right_stops_nobody(
    crew: Crew, li: Installer, done_at: datetime, phone_now: datetime, number: str | None
) -> None:
    ours = crew.job(li)
    action = replace(crew.action(ours, "arrive", done_at=done_at, phone_now=phone_now), number=number or ours)
    done = record_action(crew.runtime, li, action)
    assert (done.outcome, rules(done)) == (
        (Outcome.REFUSED, ["order.not_found"]) if number else (Outcome.OK, [])
    )
    with crew.runtime.db.reading() as connection:
        assert connection.scalar(select(InstallerAction.moved)) is (number is None)


def test_nothing_is_done_before_the_stage_before_it(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None]
) -> None:
    number = crew.job(li)
    noon = clock.now()
    clocks(noon + 60 * MINUTE)
    result = crew.do(li, number, "arrive", done_at=noon - 300 * MINUTE, phone_now=clock.now())
    assert result.outcome is Outcome.OK
    assert crew.events(number)[-1].occurred_at == noon
    with crew.runtime.db.reading() as connection:
        kept = connection.execute(select(InstallerAction.done_at, InstallerAction.moved)).one()
    assert kept == (noon, True)


def test_a_position_is_kept_by_a_hundred_metres_and_only_if_it_was_given(crew: Crew, li: Installer) -> None:
    with_one, without = crew.job(li), crew.job(li)
    crew.do(li, with_one, "arrive", {"position": {"latitude": 23.681764, "longitude": 113.050929}})
    crew.do(li, without, "arrive")
    with crew.runtime.db.reading() as connection:
        found = connection.execute(
            select(SiteVisit.latitude, SiteVisit.longitude).order_by(SiteVisit.id)
        ).all()
    assert found == [(23.682, 113.051), (None, None)]


def test_an_earlier_visits_test_does_not_count(
    crew: Crew, li: Installer, clocks: Callable[[datetime], None]
) -> None:
    number = crew.at_stage(li, "arrive", "test")
    clocks(clock.now() + 30 * MINUTE)
    crew.do(li, number, "cannot", {"reason_code": "barrier"})
    diary = Diary(crew.runtime, crew.channel.operator_id)
    slot = diary.slot(capacity=1)
    assert crew.do(li, number, "reappoint", {"slot": slot, "reason_code": "barrier"}).faults == ()
    clocks(clock.now() + timedelta(days=2))
    crew.do(li, number, "arrive")
    assert rules(crew.do(li, number, "activate")) == ["job.test_first"]
    crew.do(li, number, "test", GOOD_TEST)
    assert crew.do(li, number, "activate").outcome is Outcome.OK


@pytest.mark.parametrize(
    ("reading", "told"),
    [({"down_mbps": 200}, "九成"), ({"optical_dbm": -28.5}, "过弱"), ({"optical_dbm": -5}, "过强")],
)
def test_a_line_that_is_amiss_needs_a_reason(
    crew: Crew, li: Installer, reading: dict[str, float], told: str
) -> None:
    number = crew.at_stage(li, "arrive")
    refused = crew.do(li, number, "test", GOOD_TEST | reading)
    assert rules(refused) == ["line_test.reason_required"]
    assert told in refused.faults[0].words("zh")
    assert count(crew, LineTest) == 0
    kept = crew.do(li, number, "test", GOOD_TEST | reading | {"reason": "客户自备网线"})
    assert kept.outcome is Outcome.OK
    with crew.runtime.db.reading() as connection:
        row = connection.execute(select(LineTest.warnings, LineTest.reason)).one()
    assert (len(row.warnings), row.reason) == (1, "客户自备网线")


@pytest.mark.parametrize(
    ("name", "given", "rule"),
    [
        ("down_mbps", "", "line_test.number"),
        ("down_mbps", "fast", "line_test.number"),
        ("down_mbps", -1, "line_test.range"),
        ("down_mbps", 20001, "line_test.range"),
        ("down_mbps", float("nan"), "line_test.number"),
        ("down_mbps", float("inf"), "line_test.number"),
        ("down_mbps", True, "line_test.number"),
        ("down_mbps", None, "field.null"),
        ("up_mbps", "1e3", "line_test.number"),
        ("latency_ms", 5000.1, "line_test.range"),
        ("latency_ms", [4], "line_test.number"),
        ("optical_dbm", 19.25, "line_test.range"),
        ("optical_dbm", "-50.01", "line_test.range"),
        ("optical_dbm", "--19", "line_test.number"),
    ],
)
def test_a_meter_shows_no_such_thing(name: str, given: object, rule: str) -> None:
    with pytest.raises(Refusal) as refused:
        data_of(Act.TEST, GOOD_TEST | {name: given})
    assert [(fault.rule, fault.pointer) for fault in refused.value.faults] == [(rule, f"/{name}")]


@pytest.mark.parametrize("typed", ["-19.25", "−19,25", " －19.25 ", "-19.254"])
def test_a_reading_is_read_as_keyboards_write_it(typed: str) -> None:
    assert data_of(Act.TEST, GOOD_TEST | {"optical_dbm": typed})["optical_dbm"] == -19.25


@pytest.mark.parametrize("last4", ["0000", "4321"])
def test_only_the_customers_own_digits_confirm(crew: Crew, li: Installer, last4: str) -> None:
    number = crew.at_stage(li, "arrive", "test", "activate")
    assert rules(crew.do(li, number, "complete", {"last4": last4})) == ["job.wrong_digits"]
    assert crew.order(number).stage == "activated"
    with crew.runtime.db.reading() as connection:
        kept = connection.execute(select(InstallerAction.faults).order_by(InstallerAction.id.desc())).scalar()
    assert last4 not in str(kept)


def test_a_visit_that_is_under_way_can_be_moved_to_a_free_slot(crew: Crew, li: Installer) -> None:
    number = crew.at_stage(li, "arrive")
    slot = Diary(crew.runtime, crew.channel.operator_id).slot(capacity=1)
    result = crew.do(li, number, "reappoint", {"slot": slot, "reason_code": "no_power"})
    assert result.faults == ()
    assert crew.order(number).stage == "appointed"
    assert [e.stage for e in crew.events(number)][-2:] == ["dispatched", "appointed"]
    other = crew.at_stage(li, "arrive")
    refused = crew.do(li, other, "reappoint", {"slot": slot, "reason_code": "no_power"})
    assert rules(refused) == ["slot.full"]
    # Neither half of it was done.
    assert crew.order(other).stage == "on_site"


def test_why_work_cannot_go_on_is_always_said(crew: Crew, li: Installer) -> None:
    number = crew.at_stage(li, "arrive")
    with pytest.raises(Refusal):
        crew.do(li, number, "cannot", {})
    refused = crew.do(li, number, "cannot", {"reason_code": "other"})
    assert rules(refused) == ["order.reason_text_required"]
    done = crew.do(li, number, "cannot", {"reason_code": "other", "reason_text": "电井上锁"})
    assert done.outcome is Outcome.OK
    event = crew.events(number)[-1]
    assert (event.stage, event.reason_code, event.reason_text) == ("dispatched", "other", "电井上锁")


def test_a_version_that_nobody_was_shown_is_refused(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    for version in (None, crew.order(number).version + 1):
        assert rules(crew.do(li, number, "arrive", version=version)) == ["version.stale"]


def test_an_order_that_does_not_exist_is_told_of(crew: Crew, li: Installer) -> None:
    real = crew.job(li)
    action = replace(crew.action(real, "arrive"), number="QY000000AAAAAA")
    assert rules(record_action(crew.runtime, li, action)) == ["order.not_found"]
    assert rules(record_action(crew.runtime, li, action)) == ["order.not_found"]


def test_an_id_is_one_persons_own(crew: Crew, li: Installer) -> None:
    one = crew.job(li)
    chen = crew.hire("chen.shifu")
    other = crew.job(chen)
    same = uuid.uuid4()
    assert crew.do(li, one, "arrive", client_id=same).outcome is Outcome.OK
    assert crew.do(chen, other, "arrive", client_id=same).outcome is Outcome.OK
    assert crew.order(other).stage == "on_site"
