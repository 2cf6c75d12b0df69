"""What is due and paid of an order adds up, whatever was charged, waived, paid and given back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.orders.fee_rules import Account, Kind, Said, faults_of
from tracker.orders.fee_sums import Charged, Fee, Paid, Settled, fee_sums, fees_as_sold, opening_totals
from tracker.orders.fee_words import FEE_WORDS, SETTLED_WORDS, fee_line

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def fee_of(fee: str, price: dict[str, int], charges=(), payments=(), *, ended_early: bool = False):
    sums = fee_sums(price, charges, payments, ended_early=ended_early)
    return next(one for one in sums if one.fee == fee)


@pytest.mark.parametrize(
    ("asked", "waived", "paid", "ended_early", "state", "balance"),
    [
        (10000, 0, [], False, Settled.DUE, 10000),
        (10000, 0, [4000], False, Settled.PART, 6000),
        (10000, 0, [4000, 6000], False, Settled.PAID, 0),
        # What is given back of a settled fee is a rebate and no debt.
        (10000, 0, [10000, -2000], False, Settled.PAID, 0),
        (10000, 0, [10000, -10000], False, Settled.REFUNDED, 0),
        (10000, 0, [12000], False, Settled.TO_RETURN, -2000),
        (10000, 0, [12000, -2000], False, Settled.PAID, 0),
        (10000, 3000, [], False, Settled.DUE, 7000),
        (10000, 3000, [7000], False, Settled.PAID, 0),
        (10000, 3000, [10000], False, Settled.TO_RETURN, -3000),
        (10000, 3000, [10000, -3000], False, Settled.PAID, 0),
        (10000, 10000, [], False, Settled.WAIVED, 0),
        (10000, 10000, [10000], False, Settled.TO_RETURN, -10000),
        (10000, 10000, [10000, -10000], False, Settled.REFUNDED, 0),
        (10000, 0, [10000, -10000], True, Settled.REFUNDED, 0),
        (10000, 0, [10000], True, Settled.TO_RETURN, -10000),
        (10000, 0, [10000, -4000], True, Settled.TO_RETURN, -6000),
        (10000, 0, [], True, Settled.NOT_DUE, 0),
        (0, 0, [], False, Settled.FREE, 0),
        (0, 0, [100], False, Settled.TO_RETURN, -100),
        (0, 0, [], True, Settled.NOT_DUE, 0),
    ],
)
def test_a_fee_is_due_paid_or_given_back(asked, waived, paid, ended_early, state, balance) -> None:
    found = fee_of(
        "installation",
        {"installation_fen": asked},
        [Charged("installation", -waived)] if waived else [],
        [Paid("installation", amount) for amount in paid],
        ended_early=ended_early,
    )
    assert (found.state, found.balance_fen) == (state, balance)
    assert found.due_fen == (0 if ended_early else asked - waived)


def test_a_new_order_owes_its_plans_fees() -> None:
    fees = fees_as_sold({"installation_fen": 10000, "commissioning_fen": 5000, "monthly_fen": 12900})
    assert [(one.fee, one.due_fen, one.state) for one in fees] == [
        ("installation", 10000, Settled.DUE),
        ("commissioning", 5000, Settled.DUE),
    ]
    (free,) = fees_as_sold({"installation_fen": 0, "commissioning_fen": 0})
    assert free.state is Settled.FREE


@pytest.mark.parametrize("fee", ["monthly", "deposit", "equipment", "other"])
def test_money_for_what_was_never_charged_is_an_advance(fee) -> None:
    found = fee_of(fee, {}, [], [Paid(fee, 5000)])
    assert (found.state, found.due_fen, found.balance_fen) == (Settled.PAID, 0, 0)


def test_a_deposit_comes_and_goes_and_may_come_again() -> None:
    charges, payments = [Charged("deposit", 20000)], [Paid("deposit", 20000)]
    assert fee_of("deposit", {}, charges, payments).state is Settled.PAID
    payments.append(Paid("deposit", -20000))
    assert fee_of("deposit", {}, charges, payments).state is Settled.REFUNDED
    again = fee_of("deposit", {}, [*charges, Charged("deposit", 5000)], payments)
    assert (again.state, again.balance_fen) == (Settled.DUE, 5000)


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        (0, date(2026, 11, 30)),
        (9999, date(2026, 11, 30)),
        # What has no day is due at once, so money goes there first.
        (10000, date(2026, 11, 30)),
        (14999, date(2026, 11, 30)),
        (15000, date(2026, 12, 31)),
        (21999, date(2026, 12, 31)),
        (22000, None),
    ],
)
def test_the_first_day_of_what_is_open_is_told(paid, expected) -> None:
    charges = [
        Charged("installation", 7000, date(2026, 12, 31)),
        Charged("installation", 5000, date(2026, 11, 30)),
    ]
    payments = [Paid("installation", paid)] if paid else []
    assert fee_of("installation", {"installation_fen": 10000}, charges, payments).due_on == expected


def test_nothing_is_to_be_paid_by_a_day_once_the_order_has_ended() -> None:
    charges = [Charged("deposit", 7000, date(2026, 12, 31))]
    assert fee_of("deposit", {}, charges, ended_early=True).due_on is None


amounts = st.integers(1, 50_000)
fees = st.sampled_from([fee.value for fee in Fee])
signed = st.tuples(st.sampled_from([Kind.CHARGE, Kind.PAYMENT]), fees, amounts, st.booleans())
prices = st.fixed_dictionaries({"installation_fen": st.integers(0, 50_000), "commissioning_fen": amounts})


def accepted(price, wished):
    """Those of the wished entries that the rules let in, one after the other."""
    totals, account = opening_totals(price), Account(NOW, ended_early=False)
    charges, payments = [], []
    for kind, fee, size, negative in wished:
        amount = -size if negative else size
        if faults_of(Said(kind, fee, amount, NOW, reason="x"), account, totals[fee], NOW):
            continue
        if kind is Kind.CHARGE:
            totals[fee].charge(amount)
            charges.append(Charged(fee, amount))
        else:
            totals[fee].pay(amount)
            payments.append(Paid(fee, amount))
    return charges, payments


@given(prices, st.lists(signed, max_size=30), st.booleans())
def test_what_the_rules_let_in_adds_up(price, wished, ended_early) -> None:
    charges, payments = accepted(price, wished)
    for one in fee_sums(price, charges, payments, ended_early=ended_early):
        assert one.due_fen >= 0
        assert 0 <= one.refunded_fen <= one.paid_fen
        assert one.paid_fen - one.refunded_fen == sum(p.amount_fen for p in payments if p.fee == one.fee)
        assert (one.balance_fen > 0) == (one.state in (Settled.DUE, Settled.PART))
        assert (one.balance_fen < 0) == (one.state is Settled.TO_RETURN)
        assert one.to_return_fen <= one.paid_fen - one.refunded_fen
        assert one.open_fen <= one.due_fen
        if ended_early:
            assert (one.due_fen, one.open_fen) == (0, 0)


@given(prices, st.lists(signed, max_size=30), st.booleans())
def test_paying_what_is_open_and_giving_back_what_is_too_much_settles_everything(
    price, wished, ended_early
) -> None:
    charges, payments = accepted(price, wished)
    for one in fee_sums(price, charges, payments, ended_early=ended_early):
        if one.balance_fen:
            payments.append(Paid(one.fee, one.balance_fen))
    assert {one.balance_fen for one in fee_sums(price, charges, payments, ended_early=ended_early)} == {0}


@given(prices, st.lists(signed, max_size=20), st.randoms())
def test_the_order_in_which_things_are_told_does_not_matter(price, wished, dice) -> None:
    charges, payments = accepted(price, wished)
    before = fee_sums(price, charges, payments, ended_early=False)
    dice.shuffle(charges)
    dice.shuffle(payments)
    assert fee_sums(price, charges, payments, ended_early=False) == before


@given(prices, st.lists(signed, max_size=20), st.booleans())
def test_every_fee_has_its_words(price, wished, ended_early) -> None:
    charges, payments = accepted(price, wished)
    for one in fee_sums(price, charges, payments, ended_early=ended_early):
        line = fee_line(one, TODAY)
        assert (line.word, line.state) == (FEE_WORDS[one.fee], SETTLED_WORDS[one.state])
        said = {line.fen, *(detail.fen for detail in line.details)}
        # Whatever is still to be done is said in figures.
        assert {one.open_fen, one.to_return_fen} - {0} <= said


def test_a_day_that_has_passed_presses() -> None:
    charge = Charged("deposit", 20000, TODAY - timedelta(days=1), "光猫押金")
    line = fee_line(fee_of("deposit", {}, [charge]), TODAY)
    assert [(detail.words, detail.day, detail.presses) for detail in line.details] == [
        ("缴费期限 %(day)s，已过期", charge.due_on, True)
    ]
    assert line.reasons == ("光猫押金",)
    on_the_day = fee_line(fee_of("deposit", {}, [charge]), TODAY - timedelta(days=1))
    assert [detail.words for detail in on_the_day.details] == ["缴费期限 %(day)s"]
