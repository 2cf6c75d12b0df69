"""Excuses: asked for by one person, decided on by another manager, in one commit with what follows."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tracker import clock
from tracker.excuses.ask_excuse import retract_excuse
from tracker.excuses.decide_excuse import decide_excuse
from tracker.excuses.queries import Days, Decided, Wanted, decided_by_person, excuses_below
from tracker.excuses.removed import removed_by_approver
from tracker.figures.keep_cells import keep_cells
from tracker.figures.on_time import Asked, Stretch, on_time_figures
from tracker.figures.rules import Counts
from tracker.orders.actor import Actor
from tracker.orders.rules import PATH, Stage
from tracker.problems import Refusal
from tracker.staff.models import Account

DAY = timedelta(days=1)


@pytest.fixture
def late(book) -> str:
    """An order whose promise of 48 hours ran out days ago."""
    number: str = book.order(accepted_at=(clock.now() - 6 * DAY).isoformat())
    return number


def rules(refusal) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def state(book, request: int) -> str:
    found: str = book.ask("SELECT state FROM excuse_requests WHERE id = :id", id=request)
    return found


def entries(book) -> int:
    found: int = book.ask("SELECT count(*) FROM promise_entries")
    return found


def counts(book) -> Counts:
    """The on-time figures of the past weeks."""
    today = clock.today()
    asked = Asked(Stretch(today - 20 * DAY, today))
    with book.runtime.db.reading() as connection:
        return on_time_figures(connection, asked, clock.now()).get("", Counts())


def test_another_manager_approves_and_the_net_figure_counts_it_from_then_on(book, office, by, ask, late):
    request = ask(late)
    assert (entries(book), counts(book)) == (0, Counts(due=1, net_due=1))
    before = book.row(late)
    assert decide_excuse(book.runtime, by("wang"), request, approve=True, words="函已核") == late
    assert counts(book) == Counts(due=1, removed={"roadworks": 1})
    event = book.events(late)[-1]
    assert (event.kind, event.actor, event.reason_code) == ("excuse", "staff:wang", "roadworks")
    assert event.detail["asked_by"] == "staff:chen"
    assert event.detail["excuse_request"] == request
    line = book.ask("SELECT actor || ' ' || asked_by || ' ' || evidence FROM promise_entries")
    assert line == "staff:wang staff:chen 函2026-118"
    after = book.row(late)
    assert (after.version, after.stage) == (before.version + 1, before.stage)
    assert state(book, request) == "approved"


def test_a_delay_that_began_after_the_deadline_is_not_why_it_was_missed(book, office, by, ask, late) -> None:
    due = book.row(late).accepted_at + 2 * DAY
    after = ask(late, starts_at=due, ends_at=due + DAY)
    decide_excuse(book.runtime, by("wang"), after, approve=True)
    assert counts(book) == Counts(due=1, net_due=1), "the clock had run out already"
    assert listed(book, is_removing=True) == []
    before = ask(late, starts_at=due - DAY, ends_at=due)
    decide_excuse(book.runtime, by("wang"), before, approve=True)
    assert counts(book) == Counts(due=1, removed={"roadworks": 1})
    assert listed(book, is_removing=True) == [before]
    later = ask(late, starts_at=due + DAY, ends_at=due + 2 * DAY)
    decide_excuse(book.runtime, by("li"), later, approve=True)
    assert listed(book, is_removing=True) == [before], "and not the latest of all"
    today = clock.today()
    with book.runtime.db.reading() as connection:
        (of,) = removed_by_approver(
            connection, book.channel.operator_id, Stretch(today - 20 * DAY, today), clock.now()
        )
    assert (of.approver, of.orders) == ("staff:wang", 1)


def test_asking_changes_nothing_of_the_order_and_tells_nobody(book, office, ask, late) -> None:
    before, told = book.row(late), book.ask("SELECT count(*) FROM notices")
    ask(late)
    assert book.row(late) == before
    assert book.ask("SELECT count(*) FROM notices") == told


@pytest.mark.parametrize("role", ["manager", "dispatcher"])
def test_nobody_decides_on_their_own_request_under_whatever_role(book, office, by, ask, late, role) -> None:
    request = ask(late, "chen")
    with book.runtime.db.transaction() as connection:
        connection.execute(text("UPDATE accounts SET role = :role WHERE username = 'chen'"), {"role": role})
    for approve in (True, False):
        with pytest.raises(Refusal) as refusal:
            decide_excuse(book.runtime, by("chen"), request, approve=approve, words="自批")
        assert rules(refusal) == ["excuse.own_request"]
    assert (state(book, request), entries(book)) == ("open", 0)


@pytest.mark.parametrize("who", ["staff:chen", "staff:nobody", "staff:gone", "channel:app", "system"])
def test_only_a_manager_in_office_decides(book, office, ask, late, who) -> None:
    gone = office.hire("gone")
    with book.runtime.db.transaction() as connection:
        connection.execute(text("UPDATE accounts SET disabled_at = now() WHERE id = :id"), {"id": gone})
    request = ask(late, "li")
    with pytest.raises(Refusal) as refusal:
        decide_excuse(book.runtime, Actor(book.channel.operator_id, who), request, approve=True)
    assert rules(refusal) == ["excuse.not_manager"]


def test_not_even_the_database_lets_one_person_do_both(book, office, ask, late) -> None:
    request = ask(late, "li")
    with (
        pytest.raises(IntegrityError, match="two_people"),
        book.runtime.db.transaction() as connection,
    ):
        connection.execute(
            text(
                "UPDATE excuse_requests SET state = 'approved', decided_by = asked_by, decided_at = now(),"
                " entry = 1 WHERE id = :id"
            ),
            {"id": request},
        )


def test_a_refusal_says_why_and_one_may_ask_again(book, office, by, ask, late) -> None:
    request = ask(late)
    with pytest.raises(Refusal) as refusal:
        decide_excuse(book.runtime, by("wang"), request, approve=False)
    assert rules(refusal) == ["excuse.words_required"]
    decide_excuse(book.runtime, by("wang"), request, approve=False, words="函未盖章")
    assert (state(book, request), entries(book), book.row(late).version) == ("refused", 0, 1)
    with pytest.raises(Refusal) as refusal:
        decide_excuse(book.runtime, by("li"), request, approve=True)
    assert rules(refusal) == ["excuse.decided"]
    assert ask(late) > request


def test_only_who_asked_takes_it_back(book, office, by, ask, late) -> None:
    request = ask(late)
    with pytest.raises(Refusal) as refusal:
        retract_excuse(book.runtime, by("wang"), request)
    assert rules(refusal) == ["excuse.not_own"]
    retract_excuse(book.runtime, by("chen"), request)
    assert state(book, request) == "retracted"
    for act in (
        lambda: retract_excuse(book.runtime, by("chen"), request),
        lambda: decide_excuse(book.runtime, by("wang"), request, approve=True),
    ):
        with pytest.raises(Refusal) as refusal:
            act()
        assert rules(refusal) == ["excuse.decided"]


def test_what_overlaps_is_asked_for_once_but_what_follows_may_be_asked_for(book, office, by, ask, late):
    request = ask(late)
    begin = book.row(late).accepted_at
    with pytest.raises(Refusal) as refusal:
        ask(late, "li", starts_at=begin + timedelta(hours=1))
    assert rules(refusal) == ["excuse.overlaps"]
    decide_excuse(book.runtime, by("wang"), request, approve=True)
    with pytest.raises(Refusal) as refusal:
        ask(late)
    assert rules(refusal) == ["excuse.overlaps"]
    with pytest.raises(Refusal) as refusal:
        ask(late, starts_at=begin + timedelta(minutes=1), ends_at=begin + DAY)
    assert rules(refusal) == ["excuse.overlaps"]
    ask(late, starts_at=begin + timedelta(hours=2), ends_at=begin + timedelta(hours=3))


def test_it_rests_on_something_and_every_fault_is_told_at_once(book, office, ask, late) -> None:
    begin = book.row(late).accepted_at
    with pytest.raises(Refusal) as refusal:
        ask(
            late,
            reason_code="other",
            reason_text=None,
            evidence=None,
            starts_at=begin - DAY,
            ends_at=clock.now() + DAY,
        )
    assert rules(refusal) == [
        "excuse.cause",
        "excuse.before_acceptance",
        "excuse.in_the_future",
        "order.reason_text_required",
        "excuse.evidence_required",
    ]
    assert book.ask("SELECT count(*) FROM excuse_requests") == 0


def test_an_order_that_ended_without_a_line_is_excused_nothing(book, office, by, ask) -> None:
    number = book.order()
    request = ask(number, starts_at=clock.now(), ends_at=clock.now() + timedelta(seconds=1))
    book.move(number, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    with pytest.raises(Refusal) as refusal:
        decide_excuse(book.runtime, by("wang"), request, approve=True)
    assert rules(refusal) == ["promise.order_done"]
    decide_excuse(book.runtime, by("wang"), request, approve=False, words="客户已撤单")
    with pytest.raises(Refusal) as refusal:
        ask(number, starts_at=clock.now(), ends_at=clock.now() + timedelta(seconds=1))
    assert rules(refusal) == ["promise.order_done"]


def test_what_began_after_the_connection_made_nothing_late(book, office, by, ask, late) -> None:
    """Neither asked for then, nor approved where the connection is told of later."""
    begin = book.row(late).accepted_at
    # Which is told of at last: the line was connected a day after its promise, and an hour before the delay.
    connected = begin + 3 * DAY
    after = {"starts_at": connected + timedelta(hours=1), "ends_at": connected + timedelta(hours=3)}
    request = ask(late, **after)
    earlier = {"occurred_at": begin + timedelta(minutes=1)}
    visit = {"starts_at": begin + timedelta(hours=1), "ends_at": begin + timedelta(hours=2)}
    for stage in PATH[1 : PATH.index(Stage.ACTIVATED)]:
        more = {"appointment": visit} if stage is Stage.APPOINTED else {}
        book.move(late, stage, **earlier, **more)
    book.move(late, Stage.ACTIVATED, occurred_at=connected)
    before = counts(book)
    assert before == Counts(due=1, net_due=1)
    with pytest.raises(Refusal) as refusal:
        decide_excuse(book.runtime, by("wang"), request, approve=True)
    assert rules(refusal) == ["excuse.after_connection"]
    decide_excuse(book.runtime, by("wang"), request, approve=False, words="装通之后的事")
    for starts_at in (connected, connected + timedelta(hours=1)):
        with pytest.raises(Refusal) as refusal:
            ask(late, starts_at=starts_at, ends_at=connected + timedelta(hours=3))
        assert rules(refusal) == ["excuse.after_connection"]
    assert counts(book) == before
    # What lasted into the connection may have made it late.
    ask(late, starts_at=connected - timedelta(hours=1), ends_at=connected + timedelta(hours=1))


def test_a_decider_who_saw_an_older_order_is_told(book, office, by, ask, late) -> None:
    request = ask(late)
    with pytest.raises(Refusal) as refusal:
        decide_excuse(book.runtime, by("wang"), request, approve=True, if_version=7)
    assert rules(refusal) == ["version.stale"]
    assert state(book, request) == "open"


def test_another_operators_requests_are_not_there(book, office, ask, runtime, late) -> None:
    """I6."""
    request = ask(late)
    other = next(o for o in runtime.reference.current().operators if o != book.channel.operator_id)
    office.hire("stranger", operator_id=other)
    stranger = Actor(other, "staff:stranger")
    for act in (
        lambda: decide_excuse(runtime, stranger, request, approve=True),
        lambda: retract_excuse(runtime, stranger, request),
    ):
        with pytest.raises(Refusal) as refusal:
            act()
        assert rules(refusal) == ["excuse.not_found"]
    assert state(book, request) == "open"


def test_of_many_deciders_at_once_one_decides(book, office, by, ask, late) -> None:
    for index in range(6):
        office.hire(f"manager{index}")
    request = ask(late)
    outcomes: list[str] = []
    start = threading.Barrier(7)

    def act(index: int) -> None:
        start.wait()
        try:
            if index == 6:
                retract_excuse(book.runtime, by("chen"), request)
            else:
                decide_excuse(
                    book.runtime, by(f"manager{index}"), request, approve=index % 2 == 0, words="见意见"
                )
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=act, args=(index,)) for index in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["excuse.decided"] * 6]
    assert entries(book) == int(state(book, request) == "approved")


def test_of_many_who_ask_at_once_one_has_asked(book, office, ask, late) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(5)

    def wish() -> None:
        start.wait()
        try:
            ask(late)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=wish) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["excuse.overlaps"] * 4]


def decided(book, **wanted) -> dict[str, dict[str, Decided]]:
    with book.runtime.db.reading() as connection:
        return decided_by_person(connection, book.channel.operator_id, Wanted(**wanted), clock.now())


def listed(book, **wanted) -> list[int]:
    """The ids of what the list shows, the earliest first."""
    with book.runtime.db.reading() as connection:
        rows = excuses_below(connection, book.channel.operator_id, Wanted(**wanted), clock.now(), limit=99)
    return sorted(row.id for row in rows)


@pytest.mark.parametrize("are_read", [True, False])
def test_who_approved_how_much_of_what_the_net_figure_leaves_out(
    book, office, by, ask, runtime, late, are_read
) -> None:
    begin = book.row(late).accepted_at
    asked = []
    for who, reason, hour in (("wang", "roadworks", 0), ("wang", "roadworks", 3), ("li", "weather", 6)):
        stretch = {
            "starts_at": begin + timedelta(hours=hour),
            "ends_at": begin + timedelta(hours=hour + 2),
        }
        asked.append(ask(late, reason_code=reason, **stretch))
        decide_excuse(runtime, by(who), asked[-1], approve=True)
    in_time, unsure = book.order(), book.order(accepted_at=(clock.now() - 6 * DAY).isoformat())
    now = clock.now()
    not_late = ask(in_time, starts_at=now, ends_at=now + timedelta(seconds=1))
    decide_excuse(runtime, by("wang"), not_late, approve=True)
    refused = ask(unsure)
    decide_excuse(runtime, by("wang"), refused, approve=False, words="函未盖章")
    retract_excuse(runtime, by("chen"), ask(unsure))
    ask(unsure)
    if are_read:
        keep_cells(runtime.db)
    # Of an order that was excused more than once, the last is what removes it.
    assert decided(book) == {
        "staff:wang": {"roadworks": Decided(3, 1, 0, timedelta(hours=4, seconds=1))},
        "staff:li": {"weather": Decided(1, 0, 1, timedelta(hours=2))},
    }
    assert listed(book, is_removing=True) == [asked[2]]
    assert counts(book).removed == {"weather": 1}
    assert listed(book, is_removing=True, decided_by="staff:wang") == []
    assert listed(book, state="approved", decided_by="staff:wang") == [*asked[:2], not_late]
    assert decided(book, reason_code="weather").keys() == {"staff:li"}
    # By the day that the promise falls due: two days after the acceptance, and in two days.
    due = clock.local_date(book.row(late).accepted_at + 2 * DAY)
    on_that_day = {"days": Days(due, due), "is_due": True}
    assert decided(book, **on_that_day)["staff:wang"]["roadworks"].approved == 2
    assert listed(book, is_removing=True, **on_that_day) == [asked[2]]
    assert not_late not in listed(book, **on_that_day)
    assert decided(book, days=Days(due, due)) == {}
    with runtime.db.reading() as connection:
        elsewhere = decided_by_person(connection, 10**4, Wanted(), clock.now())
    assert elsewhere == {}


def test_a_promise_until_midnight_falls_due_on_the_day_that_ends_then(book, office, by, ask) -> None:
    midnight = datetime.combine(clock.today() - 6 * DAY, datetime.min.time(), clock.CITY_ZONE)
    asked = ask(book.order(accepted_at=midnight.isoformat()))
    last = midnight.date() + DAY
    assert listed(book, days=Days(last, last), is_due=True) == [asked]
    assert listed(book, days=Days(last + DAY, last + DAY), is_due=True) == []


@pytest.mark.parametrize("are_read", [True, False])
def test_what_is_removed_adds_up_to_the_figures_by_approver(book, office, by, ask, runtime, are_read) -> None:
    for who, reason, ago in (
        ("wang", "roadworks", 6),
        ("wang", "roadworks", 5),
        ("li", "weather", 5),
        ("li", "weather", 1),
    ):
        number = book.order(accepted_at=(clock.now() - ago * DAY).isoformat())
        decide_excuse(runtime, by(who), ask(number, reason_code=reason), approve=True)
    if are_read:
        keep_cells(runtime.db)
    today = clock.today()
    days = Stretch(today - 20 * DAY, today)
    with runtime.db.reading() as connection:
        found = removed_by_approver(connection, book.channel.operator_id, days, clock.now())
        elsewhere = removed_by_approver(connection, 10**4, days, clock.now())
        earlier = Stretch(today - 20 * DAY, today - 10 * DAY)
        nothing = removed_by_approver(connection, None, earlier, clock.now())
    # The last is not due yet.
    assert [(one.approver, one.reason_code, one.orders) for one in found] == [
        ("staff:wang", "roadworks", 2),
        ("staff:li", "weather", 1),
    ]
    assert counts(book).removed == {"roadworks": 2, "weather": 1}
    assert (elsewhere, nothing) == ([], [])


def test_the_trail_says_who_asked_and_who_decided(book, office, by, ask, late) -> None:
    request = ask(late)
    decide_excuse(book.runtime, by("wang"), request, approve=True)
    told = [(one.actor, one.subject, one.why) for one in book.trail() if one.subject.startswith("excuse:")]
    assert told == [
        ("staff:chen", f"excuse:{request}", "excuse asked for"),
        ("staff:wang", f"excuse:{request}", "excuse approved"),
    ]


def test_accounts_are_told_apart_by_name_for_good(book, office) -> None:
    """Else who asked could come back under another account of the same name."""
    assert any(
        {column.name for column in one.columns} == {"username"}
        for one in Account.__table__.constraints
        if type(one).__name__ == "UniqueConstraint"
    )
