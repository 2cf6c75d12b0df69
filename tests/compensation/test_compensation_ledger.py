"""The ledger of compensation: fixed once, corrected when something changes, paid, and told."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.compensation.conftest import HOUR, PROMISED, Late
from tests.excusing import excuse_delay
from tracker import clock
from tracker.compensation.keep_ledger import catch_up
from tracker.compensation.pay import pay_compensation, undo_payment
from tracker.compensation.queries import Totals, compensation_totals
from tracker.compensation.running import RunningTotal, running, total_of
from tracker.figures.keep_cells import keep_cells
from tracker.figures.on_time import Asked, Stretch, on_time_figures
from tracker.orders.place_hold import place_hold
from tracker.orders.promise_anew import promise_anew
from tracker.orders.record_payment import record_charge
from tracker.orders.rules import Stage
from tracker.problems import Refusal
from tracker.promises.ledger import Kind as EntryKind
from workers import jobs
from workers.schedule import jobs as scheduled

DAY = timedelta(days=1)
# Connected two days and an hour late, an hour ago: three days were begun.
LATE = 2 * DAY + HOUR
AGO = PROMISED + LATE + HOUR
EVER = Stretch(clock.today() - 99 * DAY, clock.today() + 9 * DAY)


@pytest.fixture
def late(book: Late, office) -> str:
    """An order that was connected an hour ago, three begun days late."""
    number = book.accepted(AGO)
    book.connect(number, LATE)
    book.keep()
    return number


def fee_of(book: Late, number: str) -> int:
    price = book.row(number).price
    return int(price["installation_fen"] + price.get("commissioning_fen", 0))


def money(amount_fen: int, reference: str = "BC-1") -> dict:
    return {
        "fee": "installation",
        "amount_fen": amount_fen,
        "reference": reference,
        "reason": "装机优惠",
        "due_on": None,
        "charged_at": None,
    }


def payment(**changes) -> dict:
    return {"method": "transfer", "reference": "BC2026-001", "paid_on": clock.today()} | changes


def seen(book: Late, *numbers: str) -> dict[int, int]:
    return {book.row(number).id: book.lines(number)[-1].number for number in numbers}


def pay(book: Late, *numbers: str, **changes) -> int:
    return pay_compensation(book.runtime, book.staff, seen(book, *numbers), payment(**changes))


def totals(book: Late) -> Totals:
    with book.runtime.db.reading() as connection:
        return compensation_totals(connection, book.channel.operator_id, EVER)


def told(book: Late) -> list[str]:
    names = ("compensation_fixed", "compensation_corrected", "compensation_paid")
    return [one.body for one in book.texts(*names)]


def rules(refusal) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def test_whoever_was_connected_late_is_owed_one_percent_a_begun_day(book, late) -> None:
    (line,) = book.lines(late)
    fee = fee_of(book, late)
    assert fee > 0
    assert (line.kind, line.days, line.fee_fen, line.amount_fen) == ("fixed", 3, fee, fee * 3 // 100)
    assert line.working["fault_seconds"] == LATE.total_seconds()
    (text_sent,) = told(book)
    assert late in text_sent
    assert "3天" in text_sent
    assert f"{fee * 3 / 10000:g}元" in text_sent


@pytest.mark.parametrize("held", [False, True])
def test_a_date_given_anew_makes_nothing_less_late(book, office, held) -> None:
    """Neither what is owed nor the net figure: one person names it, whatever the reason."""
    number = book.accepted(AGO)
    who = {"name": "王敏", "extension": None}
    tomorrow = {"deadline": clock.now() + DAY, "contact": who, "resource": None}
    why = {"reason_code": "supply_short", "reason_text": None, "evidence": "单据1"}
    promise_anew(book.runtime, book.staff, number, tomorrow | why)
    if held:
        # A hold still counts, and does so from the promise that binds.
        wish = {"starts_at": book.row(number).accepted_at, "reason_code": "not_decorated"}
        place_hold(book.runtime, book.staff, number, why | wish | {"ends_at": wish["starts_at"] + DAY})
    assert running_days(book) == (2 if held else 3)
    book.connect(number, LATE)
    book.keep()
    assert [one.days for one in book.lines(number)] == [2 if held else 3]
    with book.runtime.db.reading() as connection:
        counts = on_time_figures(connection, Asked(EVER), clock.now())[""]
    assert (counts.net_due, counts.net_on_time, counts.removed) == (1, 0, {})


def running_days(book: Late) -> int:
    with book.runtime.db.reading() as connection:
        (one,) = running(connection, book.channel.operator_id, clock.now())
    return one.working.days


def test_the_job_may_run_twice_and_be_lost(book, late) -> None:
    assert book.keep() == 0
    jobs.runtime.cache_clear()
    assert len(book.lines(late)) == 1
    assert len(told(book)) == 1
    # A further event of the order is read, and says nothing new.
    record_charge(book.runtime, book.staff, late, {**money(500), "fee": "equipment"})
    assert book.keep() == 0


def test_the_job_is_scheduled(config) -> None:
    assert "workers.jobs.keep_compensation" in scheduled(config)


def test_two_at_once_write_one_line(book, office) -> None:
    number = book.accepted(AGO)
    book.connect(number, LATE)
    threads = [threading.Thread(target=book.keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.lines(number)) == 1
    assert len(told(book)) == 1


def test_what_is_in_time_or_ended_without_a_line_has_no_line(book, office) -> None:
    kept, withdrawn = book.accepted(AGO), book.accepted(AGO)
    book.connect(kept, -HOUR)
    book.move(withdrawn, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    assert book.keep() == 0
    assert (book.lines(kept), book.lines(withdrawn)) == ([], [])


def test_what_was_excused_before_is_left_out_and_what_is_excused_later_corrects(book, office) -> None:
    number = book.accepted(AGO)
    due = book.row(number).accepted_at + PROMISED
    why = {"reason_code": "roadworks", "reason_text": None}
    excuse_delay(book.runtime, book.staff, number, why | {"starts_at": due, "ends_at": due + 2 * HOUR})
    book.connect(number, LATE)
    book.keep()
    (first,) = book.lines(number)
    assert (first.days, first.working["fault_seconds"]) == (2, (LATE - 2 * HOUR).total_seconds())
    later = {"starts_at": due + 2 * HOUR, "ends_at": due + LATE}
    excuse_delay(book.runtime, book.staff, number, why | later)
    assert book.keep() == 1
    kept, corrected = book.lines(number)
    assert kept == first
    assert (corrected.kind, corrected.because) == ("corrected", "excuse")
    assert (corrected.days, corrected.amount_fen) == (0, 0)
    assert "更正为0元" in told(book)[-1]


def test_an_order_that_was_excused_altogether_has_no_line(book, office) -> None:
    number = book.accepted(AGO)
    due = book.row(number).accepted_at + PROMISED
    excuse_delay(
        book.runtime,
        book.staff,
        number,
        {"reason_code": "weather", "reason_text": None, "starts_at": due, "ends_at": due + LATE},
    )
    book.connect(number, LATE)
    assert book.keep() == 0
    assert told(book) == []


def test_a_fee_that_is_waived_later_corrects_and_a_free_installation_is_listed(book, office, late) -> None:
    record_charge(book.runtime, book.staff, late, money(-fee_of(book, late)))
    book.keep()
    line = book.lines(late)[-1]
    assert (line.kind, line.because, line.fee_fen, line.amount_fen, line.days) == (
        "corrected",
        "fee",
        0,
        0,
        3,
    )
    free = book.accepted(AGO)
    record_charge(book.runtime, book.staff, free, money(-fee_of(book, free), "BC-2"))
    book.connect(free, LATE)
    before = told(book)
    book.keep()
    (line,) = book.lines(free)
    assert (line.kind, line.days, line.amount_fen) == ("fixed", 3, 0)
    # Nothing is owed, so nobody is told.
    assert told(book) == before
    assert totals(book).free == 2


def test_what_is_told_late_tells_nobody_but_is_written(book, office) -> None:
    number = book.accepted(AGO + 9 * DAY)
    book.connect(number, LATE)
    assert book.keep() == 1
    assert told(book) == []


def test_an_order_of_another_language_is_told_in_it(book, office) -> None:
    number = book.place(accepted_at=(clock.now() - AGO).isoformat(), language="en").number
    book.connect(number, LATE)
    book.keep()
    assert "3 day(s) late" in told(book)[0]
    assert " yuan" in told(book)[0]


def test_many_are_paid_at_once_by_one_reference(book, late) -> None:
    other = book.accepted(AGO)
    book.connect(other, LATE)
    book.keep()
    amount = fee_of(book, late) * 3 // 100
    assert totals(book) == Totals(2, 0, 6, 2 * amount, 0, 2 * amount, 0)
    assert pay(book, late, other) == 2 * amount
    for number in (late, other):
        line = book.lines(number)[-1]
        assert (line.kind, line.paid_fen, line.reference, line.method) == (
            "paid",
            amount,
            "BC2026-001",
            "transfer",
        )
        assert line.actor == "staff:manager"
    assert totals(book) == Totals(2, 0, 6, 2 * amount, 2 * amount, 0, 0)
    paid = told(book)[-2:]
    assert all("已于" in one for one in paid)
    trail = [one.fields for one in book.trail() if one.why == "compensation paid"]
    assert trail == [["compensation"]] * 2


def test_a_mark_that_was_wrong_is_taken_back_by_a_further_line(book, late) -> None:
    pay(book, late)
    order_id = book.row(late).id
    undo_payment(book.runtime, book.staff, order_id, 2, "登记错了工单")
    kinds = [(line.kind, line.paid_fen) for line in book.lines(late)]
    amount = fee_of(book, late) * 3 // 100
    assert kinds == [("fixed", 0), ("paid", amount), ("undone", 0)]
    with pytest.raises(Refusal) as refusal:
        undo_payment(book.runtime, book.staff, order_id, 3, "再撤一次")
    assert rules(refusal) == ["compensation.not_paid"]
    with pytest.raises(Refusal) as refusal:
        undo_payment(book.runtime, book.staff, order_id, 2, "看的是旧页面")
    assert rules(refusal) == ["compensation.changed"]
    assert pay(book, late) == amount


def test_what_was_paid_before_a_correction_stays_paid(book, late) -> None:
    pay(book, late)
    amount, fee = fee_of(book, late) * 3 // 100, fee_of(book, late)
    record_charge(book.runtime, book.staff, late, money(fee, "BC-3"))
    book.keep()
    assert totals(book) == Totals(1, 0, 3, 2 * amount, amount, amount, 0)
    assert pay(book, late) == amount
    record_charge(book.runtime, book.staff, late, money(-2 * fee, "BC-4"))
    book.keep()
    assert totals(book) == Totals(1, 1, 3, 0, 2 * amount, 0, 2 * amount)
    # Each mark can be taken back by itself, the latest first.
    order_id = book.row(late).id
    for left in (amount, 0):
        undo_payment(book.runtime, book.staff, order_id, book.lines(late)[-1].number, "退回")
        assert book.lines(late)[-1].paid_fen == left


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"paid_on": clock.today() + 2 * DAY}, "compensation.paid_in_future"),
        ({"paid_on": clock.today() - 30 * DAY}, "compensation.paid_too_early"),
    ],
)
def test_a_day_that_cannot_be_is_refused(book, late, changes, rule) -> None:
    with pytest.raises(Refusal) as refusal:
        pay(book, late, **changes)
    assert rules(refusal) == [rule]
    assert len(book.lines(late)) == 1


def test_all_are_paid_or_none(book, late) -> None:
    other = book.accepted(AGO)
    book.connect(other, LATE)
    book.keep()
    shown = seen(book, late, other)
    pay(book, other)
    with pytest.raises(Refusal) as refusal:
        pay_compensation(book.runtime, book.staff, shown, payment())
    assert rules(refusal) == ["compensation.changed"]
    with pytest.raises(Refusal) as refusal:
        pay(book, late, other)
    assert rules(refusal) == ["compensation.nothing_owed"]
    assert [line.kind for line in book.lines(late)] == ["fixed"]
    with pytest.raises(Refusal) as refusal:
        pay_compensation(book.runtime, book.staff, {}, payment())
    assert rules(refusal) == ["compensation.nothing_chosen"]
    with pytest.raises(Refusal) as refusal:
        pay_compensation(book.runtime, book.staff, {book.row(late).id: 1, 10**9: 1}, payment())
    assert rules(refusal) == ["compensation.not_found"]


def test_of_many_who_pay_at_once_one_has_paid(book, late) -> None:
    shown, outcomes = seen(book, late), []
    start = threading.Barrier(5)

    def act() -> None:
        start.wait()
        try:
            outcomes.append(str(pay_compensation(book.runtime, book.staff, shown, payment())))
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=act) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[1:] == ["compensation.changed"] * 4
    assert len(told(book)) == 2


def test_another_operators_is_not_there(book, office, late, runtime) -> None:
    """I6."""
    other = next(o for o in runtime.reference.current().operators if o != book.channel.operator_id)
    stranger = type(book.staff)(other, "staff:stranger")
    with pytest.raises(Refusal) as refusal:
        pay_compensation(runtime, stranger, seen(book, late), payment())
    assert rules(refusal) == ["compensation.not_found"]
    with pytest.raises(Refusal) as refusal:
        undo_payment(runtime, stranger, book.row(late).id, 1, "x")
    assert rules(refusal) == ["compensation.not_found"]
    with runtime.db.reading() as connection:
        assert compensation_totals(connection, other, EVER) == Totals()
        assert compensation_totals(connection, None, EVER).orders == 1


def test_an_open_order_runs_up_by_the_passing_of_time_alone(book, office) -> None:
    number = book.accepted(PROMISED + DAY + HOUR)
    book.accepted(HOUR)

    def in_all(operator_id: int, now: datetime) -> RunningTotal:
        with book.runtime.db.reading() as connection:
            return total_of(running(connection, operator_id, now))

    own, now = book.channel.operator_id, clock.now()
    with book.runtime.db.reading() as connection:
        (one,) = running(connection, own, now)
    assert (one.number, one.working.days) == (number, 2)
    later = in_all(own, now + 3 * DAY)
    assert later.orders == 2
    assert later.amount_fen > in_all(own, now).amount_fen
    other = next(o for o in book.runtime.reference.current().operators if o != own)
    assert in_all(other, now).orders == 0
    book.connect(number, DAY)
    assert in_all(own, clock.now()).orders == 0


def test_who_is_connected_while_they_are_counted_hides_nobody(book, office, monkeypatch) -> None:
    monkeypatch.setattr("tracker.compensation.running._AT_ONCE", 1)
    numbers = [book.accepted(PROMISED + days * DAY) for days in (4, 3, 2)]
    with book.runtime.db.reading() as connection:
        found = running(connection, book.channel.operator_id, clock.now())
        seen_first = next(found).number
        book.connect(numbers[0], DAY)
        assert [seen_first, *(one.number for one in found)] == numbers


def test_nothing_that_was_written_is_rewritten(book, late) -> None:
    for statement in ("UPDATE compensation_entries SET amount_fen = 0", "DELETE FROM compensation_entries"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            book.runtime.db.transaction() as connection,
        ):
            connection.execute(text(statement))


def test_orders_of_before_are_taken_in_by_hand_and_tell_nobody(book, office) -> None:
    number = book.accepted(AGO)
    book.connect(number, LATE)
    # As if they had been read before there was a ledger.
    with book.runtime.db.transaction() as connection:
        connection.execute(text("UPDATE compensation_reading SET read_to = feed_horizon()"))
    assert book.keep() == 0
    keep_cells(book.runtime.db)
    since = clock.today() - 9 * DAY
    assert catch_up(book.runtime, since) == 1
    assert catch_up(book.runtime, since) == 0
    assert (len(book.lines(number)), told(book)) == (1, [])


def test_a_hold_that_ran_after_the_promise_was_missed_is_left_out(book, office) -> None:
    number = book.accepted(AGO)
    due = book.row(number).accepted_at + PROMISED
    hold = {"starts_at": due + HOUR, "ends_at": due + DAY + HOUR, "reason_code": "not_decorated"}
    place_hold(book.runtime, book.staff, number, hold | {"reason_text": None, "evidence": "登记表"})
    book.connect(number, LATE)
    book.keep()
    (line,) = book.lines(number)
    assert [one["of"] for one in line.working["left_out"]] == [EntryKind.HOLD]
    assert line.days == 2
