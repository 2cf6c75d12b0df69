"""What may be recorded of an order's money: payments and refunds, charges and waivers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tracker import clock
from tracker.orders.fee_sums import Fee, Totals
from tracker.orders.rules import CLOCK_SKEW
from tracker.problems import Fault
from tracker.tariffs.rules import yuan

# The most in fen that is taken for no slip of the pen: a hundred thousand yuan.
HIGHEST_FEN = 10_000_000
# How the money came: cash, transfer, the two wallets, card, or with the customer's bill.
METHODS = ("cash", "transfer", "wechat", "alipay", "card", "bill")

# Money may come before the order, as a deposit does, but not this long before.
_BEFORE = timedelta(days=366)
_PAYABLE_WITHIN = timedelta(days=5 * 366)


class Kind(StrEnum):
    """What an entry of an order's account is; also the kind of the event that it makes."""

    CHARGE = "charge"
    PAYMENT = "payment"


@dataclass(frozen=True)
class Account:
    """An order as far as its money goes."""

    accepted_at: datetime
    ended_early: bool


@dataclass(frozen=True)
class Said:
    """What is to be recorded: of one fee, in fen, and since when it holds."""

    kind: Kind
    fee: str
    amount_fen: int
    at: datetime
    reason: str | None = None
    due_on: date | None = None


def faults_of(said: Said, account: Account, totals: Totals, now: datetime) -> list[Fault]:
    """Every rule that an entry breaks; `totals` are those of its fee before it."""
    check = _payment_faults if said.kind is Kind.PAYMENT else _charge_faults
    return check(said, account, totals, now)


def _payment_faults(said: Said, account: Account, totals: Totals, now: datetime) -> list[Fault]:
    faults = []
    if said.amount_fen == 0:
        faults.append(Fault("payment.nothing", "/amount_fen"))
    if said.at > now + CLOCK_SKEW:
        faults.append(Fault("payment.in_the_future", "/paid_at"))
    if said.at < account.accepted_at - _BEFORE:
        faults.append(Fault("fee.too_early", "/paid_at"))
    if said.fee == Fee.OTHER and said.reason is None:
        faults.append(Fault("fee.words_required", "/reason"))
    if -said.amount_fen > totals.held:
        faults.append(Fault("payment.refund_exceeds", "/amount_fen", {"most": yuan(totals.held)}))
    return faults


def _charge_faults(said: Said, account: Account, totals: Totals, now: datetime) -> list[Fault]:
    if account.ended_early:
        return [Fault("charge.order_ended")]
    faults = []
    if said.amount_fen == 0:
        faults.append(Fault("charge.nothing", "/amount_fen"))
    if said.at > now + CLOCK_SKEW:
        faults.append(Fault("charge.in_the_future", "/charged_at"))
    elif said.due_on is not None:
        faults += _due_on_faults(said.amount_fen, clock.local_date(said.at), said.due_on)
    if said.at < account.accepted_at - _BEFORE:
        faults.append(Fault("fee.too_early", "/charged_at"))
    if said.reason is None and said.amount_fen < 0:
        faults.append(Fault("charge.reason_required", "/reason"))
    elif said.reason is None and said.fee == Fee.OTHER:
        faults.append(Fault("fee.words_required", "/reason"))
    if -said.amount_fen > totals.due:
        faults.append(Fault("charge.waiver_exceeds", "/amount_fen", {"most": yuan(totals.due)}))
    return faults


def _due_on_faults(amount_fen: int, charged_on: date, due_on: date) -> list[Fault]:
    if amount_fen < 0:
        return [Fault("charge.due_on_not_expected", "/due_on")]
    if due_on < charged_on:
        return [Fault("charge.due_before_charged", "/due_on")]
    if due_on - charged_on > _PAYABLE_WITHIN:
        return [Fault("charge.due_too_far", "/due_on")]
    return []
