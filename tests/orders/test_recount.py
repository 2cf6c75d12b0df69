"""A year is announced: each provisional promise is counted anew once, and each customer told once."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select

from tracker import clock
from tracker.cli import cli
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order, OrderEvent
from tracker.orders.place_hold import place_hold
from tracker.orders.record_progress import record_progress
from tracker.orders.recount_promises import Recount, count_waiting, recount_promises
from tracker.orders.verify_promises import verify_promises
from tracker.promises import seed
from tracker.promises.announce_year import announce_year
from tracker.promises.calendar import SpecialDay, announced
from tracker.promises.change_calendar import Author
from tracker.promises.ledger import Kind
from tracker.promises.models import PromiseEntry

pytestmark = pytest.mark.usefixtures("changeable")

LAST = announced().last_announced_year
NOTICE = Author("console:root", "国办发明电〔2026〕7号")
COMPANY = {"customer__kind": "enterprise", "plan": "24GD110002"}
FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


def working_day_before(day: date, n: int) -> date:
    """The day from which `day` is the n-th working day on."""
    calendar = announced()
    while n:
        day -= timedelta(days=1)
        n -= calendar.is_working(day)
    return day


# The first working day that is not settled yet, and the one after it: the notice takes the second one away.
FIRST = announced().next_working_day(announced().certain_until)
TAKEN = announced().next_working_day(FIRST)
UNTOUCHED, MOVED = working_day_before(FIRST, 3), working_day_before(TAKEN, 3)


def announce(runtime, taken: date = TAKEN):
    days = [SpecialDay(date(LAST + 1, month, day), False, "假日", "holiday") for month, day in FIXED]
    return announce_year(runtime.db, LAST + 1, [SpecialDay(taken, False, "元旦", "New Year"), *days], NOTICE)


@pytest.fixture(autouse=True)
def december():
    at = datetime.combine(MOVED, time(15), clock.CITY_ZONE)
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def company(place):
    """Places a company's order accepted at ten that day; three working days are promised."""

    def make(day: date, phone: str = "13800001234", **more):
        accepted_at = datetime.combine(day, time(10), clock.CITY_ZONE).isoformat()
        return place(accepted_at=accepted_at, customer__phone=phone, **COMPANY, **more)

    return make


def entries(runtime) -> dict[int, list]:
    with runtime.db.reading() as connection:
        rows = connection.execute(select(PromiseEntry.__table__).order_by(PromiseEntry.number)).all()
    found: dict[int, list] = {}
    for row in rows:
        found.setdefault(row.order_id, []).append(row)
    return found


def texts(runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(select(Notice.body).order_by(Notice.id)))


def end_of(day: date) -> datetime:
    return datetime.combine(day, time(18), clock.CITY_ZONE)


def test_a_date_that_moved_is_told_and_one_that_did_not_is_not(runtime, company) -> None:
    untouched, moved = company(UNTOUCHED, "13800000001"), company(MOVED, "13800000002")
    told_before = len(texts(runtime))
    assert count_waiting(runtime) == 0, "nothing was announced yet"
    announce(runtime)
    assert count_waiting(runtime) == 2
    assert recount_promises(runtime) == Recount(orders=2, changed=1, texts=1)
    (kept,), (changed,) = (entries(runtime)[one.order_id] for one in (untouched, moved))
    assert (kept.kind, kept.deadline, kept.provisional) == ("announcement", end_of(FIRST), False)
    after = announced().next_working_day(TAKEN)
    while after.month == 1:
        after += timedelta(days=1)
    assert changed.deadline > end_of(TAKEN)
    assert not changed.provisional
    (told,) = texts(runtime)[told_before:]
    there = clock.local(changed.deadline)
    assert f"订单{moved.number}承诺期限更新为{there.month}月{there.day}日18时" in told
    assert verify_promises(runtime) == (2, [])


def test_it_is_done_once_however_often_it_runs(runtime, company) -> None:
    company(MOVED)
    announce(runtime)
    recount_promises(runtime)
    told = texts(runtime)
    assert recount_promises(runtime) == Recount()
    assert count_waiting(runtime) == 0
    assert [len(one) for one in entries(runtime).values()] == [1]
    assert texts(runtime) == told


def test_a_customer_with_many_orders_gets_one_text(runtime, company) -> None:
    orders = [company(MOVED, "13800000001") for _ in range(5)]
    company(MOVED, "13800000002")
    told_before = len(texts(runtime))
    announce(runtime)
    assert recount_promises(runtime) == Recount(orders=6, changed=6, texts=2)
    told = texts(runtime)[told_before:]
    assert sum("您有5个宽带订单的承诺期限更新" in one for one in told) == 1
    with runtime.db.reading() as connection:
        events = Counter(connection.scalars(select(OrderEvent.kind)))
        versions = set(connection.scalars(select(Order.version)))
    assert events["announcement"] == len(orders) + 1
    assert versions == {2}


def test_what_is_done_or_certain_is_left_alone(runtime, company, channel) -> None:
    withdrawn, certain = company(MOVED), company(working_day_before(announced().certain_until, 4))
    step = {"stage": "withdrawn", "occurred_at": None, "reason_code": "no_longer_wanted"}
    record_progress(runtime, Actor.of_channel(channel), withdrawn.number, step)
    announce(runtime)
    assert recount_promises(runtime) == Recount()
    assert certain.order_id not in entries(runtime)


def test_holds_and_what_they_gave_back_are_counted_anew_too(runtime, company, channel) -> None:
    """A promise that was certain until a hold pushed it into the days that are not settled."""
    held = company(working_day_before(announced().certain_until, 4))
    actor = Actor.of_channel(channel)
    request = {
        "reason_code": "not_decorated",
        "reason_text": None,
        "starts_at": end_of(UNTOUCHED),
        "ends_at": end_of(FIRST),
        "evidence": None,
    }
    place_hold(runtime, actor, held.number, request)
    (before,) = entries(runtime)[held.order_id]
    assert before.provisional
    announce(runtime)
    assert recount_promises(runtime).orders == 1
    assert [row.kind for row in entries(runtime)[held.order_id]] == ["hold", "announcement"]
    assert verify_promises(runtime) == (1, [])


def test_one_that_was_promised_by_the_old_calendar_while_the_new_one_came_is_found(runtime, company) -> None:
    """A process may still hold the calendar of a moment ago when it stores an order."""
    stale = runtime.reference.current()
    announce(runtime)
    recount_promises(runtime)
    runtime.reference.__dict__["current"] = lambda: stale
    late = company(MOVED)
    del runtime.reference.__dict__["current"]
    assert count_waiting(runtime) == 1
    assert recount_promises(runtime).orders == 1
    assert [row.kind for row in entries(runtime)[late.order_id]] == ["announcement"]


def test_a_second_announcement_recounts_only_what_still_waits_for_it(runtime, company) -> None:
    company(MOVED)
    announce(runtime)
    recount_promises(runtime)
    # A correction of the same year: certain promises stand, as they were given.
    announce(runtime, FIRST)
    assert recount_promises(runtime) == Recount()


def test_two_at_once_share_the_work(runtime, company) -> None:
    for number in range(30):
        company(MOVED, f"1380000{number:04d}")
    announce(runtime)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: recount_promises(runtime), range(2)))
    assert both[0] + both[1] == Recount(orders=30, changed=30, texts=30)
    assert {len(one) for one in entries(runtime).values()} == {1}


@pytest.mark.faults
def test_killed_at_any_moment_it_goes_on_where_it_was(runtime, company) -> None:
    for number in range(12):
        company(MOVED, f"1380000{number:04d}")
    told_before = len(texts(runtime))
    announce(runtime)
    script = Path(__file__).with_name("recount_and_die.py")
    for which, when in ((1, "before"), (1, "after"), (2, "before"), (1, "after")):
        died = subprocess.run(
            [sys.executable, str(script), str(which), when], capture_output=True, timeout=60, text=True
        )
        assert died.returncode == -9, died.stderr
    waiting = count_waiting(runtime)
    assert 0 < waiting < 12, "some were done before the last kill, and some were not"
    assert recount_promises(runtime).orders == waiting
    assert {len(one) for one in entries(runtime).values()} == {1}
    assert len(entries(runtime)) == 12
    assert len(texts(runtime)) - told_before == 12


def calendar_file(folder: Path) -> Path:
    path = folder / "next.csv"
    lines = [f"{date(LAST + 1, month, day)},休,假日,holiday" for month, day in FIXED]
    path.write_text("\n".join(["day,working,name,name_en", f"{TAKEN},休,元旦,New Year", *lines]))
    return path


def test_the_command_takes_a_file_in_and_recounts(runtime, company, tmp_path: Path) -> None:
    company(MOVED)
    arguments = ["calendar", "refresh", "--file", str(calendar_file(tmp_path)), "--year", str(LAST + 1)]
    refused = CliRunner().invoke(cli, arguments)
    assert refused.exit_code == 2
    assert "--source" in refused.output
    done = CliRunner().invoke(cli, [*arguments, "--source", NOTICE.source])
    assert done.exit_code == 0, done.output
    assert f"newly announced: {LAST + 1}" in done.output
    assert "1 promises recounted, 1 dates changed, 1 texts planned" in done.output
    again = CliRunner().invoke(cli, [*arguments, "--source", NOTICE.source])
    assert "the calendar is up to date" in again.output
    assert "0 promises recounted" in again.output
    assert runtime.reference.current().calendars.announced[LAST + 1] == NOTICE.source


def test_the_command_takes_a_newer_package_in_and_recounts(runtime, company, monkeypatch) -> None:
    company(MOVED)
    known, days = seed.announced_years(), list(seed.announced_days())
    newer = [SpecialDay(date(LAST + 1, month, day), False, "假日", "holiday") for month, day in FIXED]
    monkeypatch.setattr(seed, "announced_years", lambda: [*known, LAST + 1])
    monkeypatch.setattr(
        seed, "announced_days", lambda: iter([*days, SpecialDay(TAKEN, False, "元旦", "New Year"), *newer])
    )
    done = CliRunner().invoke(cli, ["calendar", "refresh"])
    assert done.exit_code == 0, done.output
    assert f"newly announced: {LAST + 1}" in done.output
    assert "1 promises recounted, 1 dates changed, 1 texts planned" in done.output
    assert "the calendar is up to date" in CliRunner().invoke(cli, ["calendar", "refresh"]).output


def test_a_bad_file_is_refused_by_line_and_rule_and_nothing_changes(runtime, tmp_path: Path) -> None:
    path = calendar_file(tmp_path)
    path.write_text(path.read_text() + f"\n{TAKEN},休,again,\n{LAST + 1}-02-30,休,x,\n")
    before = runtime.reference.current().revision
    arguments = ["calendar", "refresh", "--file", str(path), "--year", str(LAST + 1), "--source", "x"]
    refused = CliRunner().invoke(cli, [*arguments, "--lang", "en"])
    assert refused.exit_code == 1
    assert "next.csv, line 9, day: calendar.duplicate_day: The day stands twice." in refused.output
    assert "next.csv, line 10, day: calendar.impossible_day: There is no such day." in refused.output
    assert runtime.reference.current().revision == before


def test_days_are_set_shown_and_taken_back_from_the_console(runtime) -> None:
    day = f"{LAST}-06-10"
    arguments = ["calendar", "override", day, "--rest", "--name", "盘王节", "--source", "连南府办〔2026〕5号"]
    made = CliRunner().invoke(cli, [*arguments, "--county", "441826"])
    assert made.exit_code == 0, made.output
    override_id = made.stdout.split()[0]
    shown = CliRunner().invoke(cli, ["calendar", "show", str(LAST), "--county", "441826"])
    assert "盘王节" in shown.output
    twice = CliRunner().invoke(cli, [*arguments, "--county", "441826", "--lang", "en"])
    assert twice.exit_code == 1
    assert "day: calendar.already_overridden" in twice.output
    wrong = CliRunner().invoke(cli, [*arguments, "--county", "1", "--lang", "en"])
    assert "county_code: field.invalid" in wrong.output
    back = CliRunner().invoke(cli, ["calendar", "withdraw", override_id, "--reason", "通知撤回"])
    assert f"{day} is as announced again" in back.output
    assert CliRunner().invoke(cli, ["calendar", "withdraw", override_id, "--reason", "x"]).exit_code == 1


def test_the_ledgers_are_verified_from_the_console(runtime, company) -> None:
    company(MOVED)
    done = CliRunner().invoke(cli, ["promises", "verify"])
    assert done.exit_code == 0
    assert "1 orders replayed, 0 deadlines differ" in done.output
    listed = CliRunner().invoke(cli, ["promises", "rules", "--operator", "telecom"])
    assert "48 hours" in listed.output
    assert CliRunner().invoke(cli, ["promises", "rules", "--operator", "nobody"]).exit_code == 1


def test_the_schedule_looks_for_stragglers(runtime, company, config, monkeypatch) -> None:
    from workers import jobs
    from workers.schedule import jobs as scheduled

    company(MOVED)
    announce(runtime)
    monkeypatch.setattr(jobs, "runtime", lambda: runtime)
    assert "workers.jobs.recount_promises" in scheduled(config)
    jobs.recount_promises()
    with runtime.db.reading() as connection:
        done = connection.scalar(select(func.count()).where(PromiseEntry.kind == Kind.ANNOUNCEMENT))
    assert done == 1
