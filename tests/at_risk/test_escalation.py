"""Steps of escalation: written down once, told in working hours, whoever is killed whenever."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.watching import Watch
from tracker import walls
from tracker.at_risk.escalate import escalate
from tracker.at_risk.history import escalations_of, followed, is_supervised, takeovers_of
from tracker.at_risk.keep_to_work import keep_to_work
from tracker.at_risk.recipients import wish_digests
from tracker.at_risk.rules import Rules
from tracker.at_risk.save_rules import save_rules
from tracker.at_risk.send_digests import send_digests
from tracker.at_risk.take_over import take_over
from tracker.at_risk.tell_staff import tell_staff
from tracker.notices.claim import claim
from tracker.notices.drafts import RECIPIENT
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.rules import Why
from tracker.orders.actor import Actor
from tracker.orders.place_hold import place_hold
from tracker.orders.promise_anew import promise_anew
from tracker.orders.rules import Stage
from tracker.problems import Refusal
from workers.schedule import jobs

FRIDAY_TEN = datetime(2026, 11, 27, 2, tzinfo=UTC)


@pytest.fixture
def office(watch: Watch) -> Watch:
    """A dispatcher, two managers, and one who has left."""
    watch.hire("dispatcher", "dispatcher", "+8613900000001")
    watch.hire("manager", "manager", "+8613900000002")
    watch.hire("second", "manager", "+8613900000003")
    watch.hire("gone", "manager", "+8613900000004")
    watch.hire("counter", "counter", "+8613900000005")
    watch.write("UPDATE accounts SET disabled_at = now() WHERE username = 'gone'")
    return watch


def told(watch: Watch) -> list[tuple[str, str]]:
    """The texts: whom they went to, by user name, and what they say."""
    people = {"1": "dispatcher", "2": "manager", "3": "second"}
    return [
        (people[watch.run.keys.open(bytes(row.recipient), RECIPIENT)[-1]], row.body) for row in watch.texts()
    ]


def test_one_order_through_all_steps(office: Watch) -> None:
    number = office.book.order(Stage.RESOURCE_CHECKED)
    assert escalate(office.run) == 0
    # Thursday, 22:00: half a day before the deadline.
    office.pass_hours(36.1)
    assert (escalate(office.run), escalate(office.run)) == (1, 0)
    assert tell_staff(office.run) == 0, "nobody is at work"
    # Friday, 8:30.
    office.now = FRIDAY_TEN - timedelta(minutes=90)
    assert (tell_staff(office.run), tell_staff(office.run)) == (1, 0)
    assert told(office) == [
        (
            "dispatcher",
            f"一级督办：订单{number}临近未上门，承诺11月27日10时。请在工作台“超时预警”处理。【清远电信】",
        )
    ]
    office.now = FRIDAY_TEN + timedelta(minutes=1)
    assert escalate(office.run) == 1
    assert tell_staff(office.run) == 1
    assert [who for who, _ in told(office)[1:]] == ["manager", "second"]
    assert f"二级督办：订单{number}已超时" in told(office)[1][1]
    # Two days later, which is a Sunday; on Monday they are told.
    office.now = FRIDAY_TEN + timedelta(days=2, minutes=1)
    assert escalate(office.run) == 1
    assert tell_staff(office.run) == 0
    office.now = FRIDAY_TEN + timedelta(days=3)
    assert escalate(office.run) == 0
    assert tell_staff(office.run) == 1
    assert [who for who, _ in told(office)[3:]] == ["manager", "second"]
    assert office.escalations() == [(number, 1), (number, 2), (number, 3)]
    row = office.book.row(number)
    with office.run.db.reading() as connection:
        lines = escalations_of(connection, office.operator_id, row.id)
        assert is_supervised(connection, office.operator_id, row.id, lines[0].deadline)
    managers = [office.hired["manager"], office.hired["second"]]
    assert [line.account_ids for line in lines] == [[office.hired["dispatcher"]], managers, managers]
    assert lines[0].risks == ["due", "no_team"]
    assert all(line.text_id is not None and line.settled_at is not None for line in lines)


@pytest.mark.parametrize(
    ("placed", "told_at"),
    [
        ("2026-11-26T20:00", "2026-11-27T08:30"),  # due on Saturday, told on Friday
        ("2026-09-30T16:30", "2026-09-30T17:00"),  # due on National Day, told on the last day before it
        ("2026-11-23T07:00", "2026-11-24T16:30"),  # due on Wednesday, 7:00, told on Tuesday
    ],
)
def test_what_breaks_while_nobody_is_at_work_is_told_before(office: Watch, placed: str, told_at: str) -> None:
    office.now = datetime.fromisoformat(f"{placed}+08:00").astimezone(UTC)
    number = office.book.order()
    office.now = datetime.fromisoformat(f"{told_at}+08:00").astimezone(UTC)
    assert (escalate(office.run), tell_staff(office.run)) == (1, 1)
    assert [(who, f"订单{number}临近未上门" in body) for who, body in told(office)] == [("dispatcher", True)]
    assert "due" in office.risks(number), "whoever was told finds it in the list"


def test_on_an_ordinary_tuesday_nothing_is_told_sooner(office: Watch) -> None:
    # Due on Wednesday, 7:00.
    office.now = datetime(2026, 11, 22, 23, tzinfo=UTC)
    office.book.order()
    office.now = datetime(2026, 11, 24, 7, 50, tzinfo=UTC)
    assert escalate(office.run) == 0


def test_texts_to_staff_belong_to_no_order(office: Watch) -> None:
    """Or the customer would read them."""
    office.book.order()
    office.pass_hours(48.1)
    escalate(office.run)
    tell_staff(office.run)
    assert {row.order_id for row in office.texts()} == {None}


def test_several_at_once_are_one_text_and_the_next_waits(office: Watch) -> None:
    numbers = [office.book.order() for _ in range(3)]
    office.pass_hours(48.1)
    assert escalate(office.run) == 3
    assert tell_staff(office.run) == 3
    assert [body for _, body in told(office)] == [
        f"二级督办：3张工单，最急{numbers[0]}。请在工作台“超时预警”处理。【清远电信】"
    ] * 2
    office.write("UPDATE escalations SET settled_at = NULL, text_id = NULL WHERE id = 1")
    office.pass_hours(0.4)
    assert tell_staff(office.run) == 0
    office.pass_hours(0.11)
    assert tell_staff(office.run) == 1


def test_what_is_over_before_work_begins_is_not_told(office: Watch) -> None:
    connected, held, left = (office.book.order(Stage.RESOURCE_CHECKED) for _ in range(3))
    # Thursday, 22:00.
    office.pass_hours(36.1)
    assert escalate(office.run) == 3
    for stage in (Stage.DISPATCHED, Stage.APPOINTED):
        begin = office.now + timedelta(hours=1)
        visit = {"appointment": {"starts_at": begin, "ends_at": begin + timedelta(hours=1)}}
        office.book.move(connected, stage, **(visit if stage is Stage.APPOINTED else {}))
    office.pass_hours(1)
    for stage in (Stage.ON_SITE, Stage.ACTIVATED):
        office.book.move(connected, stage)
    hold = {"reason_code": "undecided", "reason_text": None, "evidence": None, "starts_at": None}
    place_hold(office.run, office.book.staff, held, hold | {"ends_at": office.now + timedelta(days=9)})
    office.now = FRIDAY_TEN - timedelta(hours=1)
    assert tell_staff(office.run) == 1
    assert left in told(office)[0][1]
    assert office.all("SELECT FROM escalations WHERE settled_at IS NULL") == []
    assert len(office.all("SELECT FROM escalations WHERE text_id IS NULL")) == 2


@pytest.mark.parametrize(("hours", "told_of"), [(36.1, 0), (48.1, 1)])
def test_who_came_before_work_began_is_not_said_to_be_missing(
    office: Watch, hours: float, told_of: int
) -> None:
    """But an order that is late by now is late, whoever is there."""
    number = office.book.order(Stage.RESOURCE_CHECKED)
    office.pass_hours(hours)
    assert escalate(office.run) == 1
    for stage in (Stage.DISPATCHED, Stage.APPOINTED, Stage.ON_SITE):
        begin = office.now + timedelta(hours=1)
        visit = {"appointment": {"starts_at": begin, "ends_at": begin + timedelta(hours=1)}}
        office.book.move(number, stage, **(visit if stage is Stage.APPOINTED else {}))
    office.now = max(office.now, FRIDAY_TEN - timedelta(hours=1))
    assert tell_staff(office.run) == told_of


def test_a_step_that_was_passed_before_it_was_told_is_told_no_more(office: Watch) -> None:
    """Or dispatchers would read that the deadline is near of what broke it hours ago."""
    # Due on Thursday, 18:30; the step comes up at 6:30, and the worker is away all day.
    office.now = FRIDAY_TEN - timedelta(days=2, hours=15.5)
    number = office.book.order()
    office.pass_hours(36.1)
    assert escalate(office.run) == 1
    assert tell_staff(office.run) == 0
    office.now += timedelta(hours=12)
    assert escalate(office.run) == 1
    office.now = FRIDAY_TEN - timedelta(hours=1)
    assert tell_staff(office.run) == 1
    assert [(who, f"二级督办：订单{number}已超时" in body) for who, body in told(office)] == [
        ("manager", True),
        ("second", True),
    ]
    assert office.all("SELECT FROM escalations WHERE settled_at IS NULL") == []


def test_without_a_higher_step_the_text_says_that_it_is_overdue(office: Watch) -> None:
    save_rules(
        office.run,
        Actor(office.operator_id, "staff:manager"),
        Rules(late_hours=None, chase_days=None),
        "只用一级",
        if_version=0,
    )
    # Due on Friday, 6:00; brought up on Thursday, 18:01.
    office.now = FRIDAY_TEN - timedelta(hours=52)
    number = office.book.order()
    office.pass_hours(36.02)
    assert escalate(office.run) == 1
    office.now = FRIDAY_TEN - timedelta(hours=2)
    assert tell_staff(office.run) == 1
    assert [(who, f"一级督办：订单{number}已超时" in body) for who, body in told(office)] == [
        ("dispatcher", True)
    ]


def test_a_new_deadline_begins_anew(office: Watch) -> None:
    number = office.book.order(Stage.RESOURCE_CHECKED)
    office.pass_hours(49)
    escalate(office.run)
    row = office.book.row(number)
    # On Tuesday, past what comes up on the Friday before a weekend.
    later = office.now + timedelta(days=4)
    asked = {
        "resource": None,
        "deadline": later,
        "contact": {"name": "王敏", "extension": None},
        "reason_code": "estate_unfinished",
        "reason_text": None,
        "evidence": None,
    }
    promise_anew(office.run, office.book.staff, number, asked)
    assert escalate(office.run) == 0
    with office.run.db.reading() as connection:
        assert followed(connection, office.operator_id, {row.id: later})[row.id].level is None
    office.now = later - timedelta(hours=1)
    assert escalate(office.run) == 1
    assert office.escalations() == [(number, 2), (number, 1)]


def test_long_overdue_at_once_skips_what_it_has_passed(office: Watch) -> None:
    number = office.book.order()
    office.pass_hours(48 + 49)
    assert escalate(office.run) == 1
    assert office.escalations() == [(number, 3)]


def test_without_dispatchers_managers_are_told_first(watch: Watch) -> None:
    watch.hire("manager", "manager", "+8613900000002")
    watch.book.order()
    watch.pass_hours(47)
    escalate(watch.run)
    assert tell_staff(watch.run) == 1
    assert [who for who, _ in told(watch)] == ["manager"]


def test_who_wants_no_texts_is_told_of_the_last_step_alone(office: Watch) -> None:
    wish_digests(office.run, office.operator_id, office.hired["manager"], False)
    office.book.order()
    office.pass_hours(48.1)
    escalate(office.run)
    tell_staff(office.run)
    assert [who for who, _ in told(office)] == ["second"]
    office.now = FRIDAY_TEN + timedelta(days=3)
    escalate(office.run)
    tell_staff(office.run)
    assert [who for who, _ in told(office)[1:]] == ["manager", "second"]
    wish_digests(office.run, office.operator_id, office.hired["manager"], True)
    assert office.all("SELECT wanted FROM digest_wishes")[0].wanted is True


def test_without_a_mobile_on_record_the_page_alone_tells(watch: Watch) -> None:
    watch.hire("manager", "manager", None)
    watch.hire("second", "manager", "+867633380000")
    watch.book.order()
    watch.pass_hours(48.1)
    assert escalate(watch.run) == 1
    assert tell_staff(watch.run) == 1
    assert watch.texts() == []
    assert watch.all("SELECT FROM call_tasks") == []


def test_a_text_that_cannot_be_delivered_asks_nobody_to_call(office: Watch) -> None:
    office.book.order()
    office.pass_hours(48.1)
    escalate(office.run)
    tell_staff(office.run)
    notice = office.texts()[0]
    needed = Needed(notice.id, notice.template, office.operator_id, None, Why.UNDELIVERED, "30003")
    with office.run.db.transaction() as connection:
        open_calls(connection, [needed], office.now)
    assert office.all("SELECT FROM call_tasks WHERE notice_id = :id", id=notice.id) == []


def test_what_is_late_for_working_hours_waits_for_the_next(office: Watch) -> None:
    office.book.order()
    # Friday, 17:59.
    office.now = FRIDAY_TEN + timedelta(hours=7, minutes=59)
    escalate(office.run)
    assert tell_staff(office.run) == 1
    assert send_digests(office.run) == 2
    assert keep_to_work(office.run) == 0, "they may still leave"
    sent = office.texts()[0].id
    office.write("UPDATE notices SET state = 'accepted' WHERE id = :id", id=sent)
    office.pass_hours(0.1)
    assert (keep_to_work(office.run), keep_to_work(office.run)) == (3, 0)
    monday = FRIDAY_TEN + timedelta(days=3, hours=-2)
    assert [(row.template, row.state, row.next_at == monday) for row in office.texts()] == [
        ("escalation", "accepted", False),
        ("escalation", "created", True),
        ("risk_digest", "cancelled", False),
        ("risk_digest", "cancelled", False),
    ]


@pytest.mark.parametrize(
    ("at", "leaves"),
    [
        ("2026-11-27T17:59:59", True),  # Friday
        ("2026-11-27T18:00:00", False),
        ("2026-11-27T20:59:00", False),
        ("2026-11-27T23:00:00", False),
        ("2026-11-28T10:00:00", False),  # Saturday
        ("2026-10-01T10:00:00", False),  # National Day
        ("2026-10-10T10:00:00", True),  # a Saturday that is worked for it
    ],
)
def test_a_worker_hands_over_no_text_to_staff_who_are_not_at_work(
    office: Watch, at: str, leaves: bool
) -> None:
    """Also before the job has come round that puts it off."""
    office.now = datetime.fromisoformat(f"{at}+08:00").astimezone(UTC)
    office.write(
        "INSERT INTO notices (operator_id, template, template_version, language, params, body, recipient,"
        " dedup_key, queue, state, next_at, attempts, misses, created_at)"
        " SELECT :o, template, 1, 'zh', '{}', '', :to, key, 'progress', 'created', :now, tried, 0, :now FROM"
        " (VALUES ('escalation', 'a', 0), ('escalations', 'b', 0), ('risk_digest', 'c', 1),"
        " ('escalation', 'trial:1:d', 0), ('order_accepted', 'e', 0)) given (template, key, tried)",
        o=office.operator_id,
        to=office.run.keys.seal("+8613900000001", RECIPIENT),
        now=office.now,
    )
    claimed = {one.sms.notice_id for one in claim(office.run, "progress")}
    keys = {row.dedup_key for row in office.all("SELECT id, dedup_key FROM notices") if row.id in claimed}
    # A trial and an answer to a customer leave at any hour.
    assert keys == ({"a", "b", "c", "trial:1:d", "e"} if leaves else {"trial:1:d", "e"})


def test_a_digest_that_was_tried_waits_for_the_next_working_hours(office: Watch) -> None:
    office.book.order()
    office.now = FRIDAY_TEN
    assert send_digests(office.run) == 2
    office.write("UPDATE notices SET attempts = 1 WHERE template = 'risk_digest'")
    office.pass_hours(8)
    assert (keep_to_work(office.run), keep_to_work(office.run)) == (2, 0)
    monday = FRIDAY_TEN + timedelta(days=3, hours=-2)
    assert {(row.state, row.next_at) for row in office.texts()} == {("created", monday)}


def test_two_rounds_at_once_write_and_tell_once(office: Watch) -> None:
    for _ in range(6):
        office.book.order()
    office.pass_hours(48.1)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(escalate, [office.run] * 4)) == 6
        assert sum(pool.map(tell_staff, [office.run] * 4)) == 6
    assert len(office.texts()) == 2


@pytest.mark.faults
@pytest.mark.parametrize("which", [1, 2, 3, 4])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_commit_it_is_made_good_once(
    office: Watch, settings: dict[str, str], which: int, when: str
) -> None:
    for _ in range(3):
        office.book.order()
    office.pass_hours(48.1)
    script = Path(__file__).with_name("watch_and_die.py")
    died = subprocess.run(
        [sys.executable, str(script), str(which), when, office.now.isoformat()],
        env={**os.environ, **settings},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert died.returncode in (-signal.SIGKILL, 3), died.stderr
    escalate(office.run)
    tell_staff(office.run)
    send_digests(office.run)
    assert len(office.escalations()) == 3
    bodies = [row.template for row in office.texts()]
    assert sorted(bodies) == ["escalations", "escalations", "risk_digest", "risk_digest"]


def test_taken_over_and_from_somebody(office: Watch) -> None:
    number = office.book.order(Stage.RESOURCE_CHECKED)
    wang, li = (Actor(office.operator_id, f"staff:{name}") for name in ("manager", "dispatcher"))
    assert take_over(office.run, wang, number)
    assert not take_over(office.run, wang, number), "a second press"
    assert take_over(office.run, li, number)
    row = office.book.row(number)
    with office.run.db.reading() as connection:
        assert [one.actor for one in takeovers_of(connection, office.operator_id, row.id)] == [
            wang.label,
            li.label,
        ]
        standing = followed(connection, office.operator_id, {row.id: office.now})[row.id]
    assert (standing.taken_by, standing.taken_at) == (li.label, office.now)
    with pytest.raises(Refusal, match=r"order\.not_found"):
        take_over(office.run, Actor(office.operator_id + 1, "staff:x"), number)
    office.book.move(number, Stage.WITHDRAWN)
    with pytest.raises(Refusal, match=r"risk\.not_open"):
        take_over(office.run, wang, number)


def test_rules_are_saved_with_their_history(office: Watch) -> None:
    actor = Actor(office.operator_id, "staff:manager")
    assert save_rules(office.run, actor, Rules(due_hours=12), "试行", if_version=0) == 1
    for rules, reason, version, rule in (
        (Rules(due_hours=6), "再改", 0, "risk.stale"),
        (Rules(due_hours=12), "没有改", 1, "risk.nothing_new"),
        (Rules(due_hours=6), "", 1, "field.required"),
        (Rules(due_hours=6), "长" * 201, 1, "field.too_long"),
        (Rules(due_hours=0), "错", 1, "risk.hours"),
    ):
        with pytest.raises(Refusal, match=rule):
            save_rules(office.run, actor, rules, reason, if_version=version)
    assert save_rules(office.run, actor, Rules(digest_at=(), warn_hours=None), "停", if_version=1) == 2
    office.book.order()
    office.pass_hours(47)
    assert escalate(office.run) == 0, "the step is left out"
    versions = office.all("SELECT version, due_hours, warn_hours, reason FROM risk_rules ORDER BY version")
    assert [tuple(row) for row in versions] == [(1, 12, 12, "试行"), (2, 24, None, "停")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE escalations SET level = 1",
        "DELETE FROM escalations",
        "UPDATE risk_takeovers SET actor = 'x'",
        "DELETE FROM risk_rules",
        "UPDATE risk_rules SET due_hours = 1",
        "UPDATE risk_digests SET orders = 0",
        "DELETE FROM escalation_texts",
    ],
)
def test_what_happened_is_not_rewritten(office: Watch, statement: str) -> None:
    with walls.everywhere(), pytest.raises(ProgrammingError, match="permission denied"):
        office.write(statement)


def test_it_is_looked_at_every_minute(office: Watch) -> None:
    assert jobs(office.run.config)["workers.jobs.watch_risks"] == ("upkeep", 60.0)
