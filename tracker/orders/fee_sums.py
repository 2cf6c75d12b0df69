"""What an order costs, what was paid of it and what was given back: one truth for the API, files and pages.

Due is what the plan asks once, as it was sold, and what was charged since, less what was waived. Money that
is given back is no debt again: whoever wants it once more charges it once more. An order that ended early
asks for nothing, and what was paid for it is to be given back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Fee(StrEnum):
    """What money is for."""

    INSTALLATION = "installation"  # 安装费
    COMMISSIONING = "commissioning"  # 调测费
    MONTHLY = "monthly"  # 月费预缴
    DEPOSIT = "deposit"  # 押金
    EQUIPMENT = "equipment"  # 设备费
    OTHER = "other"  # 其他, which needs words


# Fees that every plan has a price for, be it nothing: more than that is too much.
PLAN_FEES = (Fee.INSTALLATION, Fee.COMMISSIONING)


class Settled(StrEnum):
    """How a fee stands."""

    FREE = "free"
    WAIVED = "waived"
    DUE = "due"
    PART = "part"
    PAID = "paid"
    TO_RETURN = "to_return"
    REFUNDED = "refunded"
    NOT_DUE = "not_due"


@dataclass(frozen=True)
class Charged:
    """An amount in fen that was charged for a fee, or waived of it (negative), and when it is to be paid."""

    fee: str
    amount_fen: int
    due_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Paid:
    """Money in fen that was received for a fee, or given back (negative)."""

    fee: str
    amount_fen: int


@dataclass
class Totals:
    """The amounts of one fee so far, in fen, each of them zero or more."""

    asked: int = 0
    waived: int = 0
    paid: int = 0
    refunded: int = 0

    def charge(self, amount_fen: int) -> None:
        """Count a charge, or a waiver."""
        if amount_fen > 0:
            self.asked += amount_fen
        else:
            self.waived -= amount_fen

    def pay(self, amount_fen: int) -> None:
        """Count a payment, or a refund."""
        if amount_fen > 0:
            self.paid += amount_fen
        else:
            self.refunded -= amount_fen

    @property
    def due(self) -> int:
        """What the fee comes to: the most that can still be waived of it."""
        return self.asked - self.waived

    @property
    def held(self) -> int:
        """What was paid and not given back: the most that can be refunded."""
        return self.paid - self.refunded


@dataclass(frozen=True)
class FeeSum:
    """How one fee of an order stands, in fen.

    `balance_fen` is what is still to be paid, and below zero what is to be given back. `due_on`: the first
    day by which something of it is to be paid, None where nothing is or no day was set. `reasons` are the
    words of its charges and waivers, in their order.
    """

    fee: Fee
    due_fen: int
    waived_fen: int
    paid_fen: int
    refunded_fen: int
    balance_fen: int
    state: Settled
    due_on: date | None = None
    reasons: tuple[str, ...] = field(default=())

    @property
    def open_fen(self) -> int:
        """What is still to be paid."""
        return max(self.balance_fen, 0)

    @property
    def to_return_fen(self) -> int:
        """What is to be given back."""
        return max(-self.balance_fen, 0)


def opening_totals(price: Mapping[str, Any]) -> dict[str, Totals]:
    """What an order is asked for as it is sold; `price` is its snapshot, with "installation_fen"."""
    return {fee: Totals(asked=price.get(f"{fee}_fen", 0) if fee in PLAN_FEES else 0) for fee in Fee}


def fee_sums(
    price: Mapping[str, Any], charges: Iterable[Charged], payments: Iterable[Paid], *, ended_early: bool
) -> list[FeeSum]:
    """How the fees of an order stand: the installation, and any other that was ever asked for or paid."""
    totals = opening_totals(price)
    of_fee: dict[str, list[Charged]] = {fee: [] for fee in Fee}
    for charge in charges:
        totals[charge.fee].charge(charge.amount_fen)
        of_fee[charge.fee].append(charge)
    for payment in payments:
        totals[payment.fee].pay(payment.amount_fen)
    return [
        _sum(fee, totals[fee], of_fee[fee], ended_early)
        for fee in Fee
        if fee is Fee.INSTALLATION or totals[fee] != Totals()
    ]


def fees_as_sold(price: Mapping[str, Any]) -> list[FeeSum]:
    """How the fees of an order stand that nothing was charged or paid for yet."""
    return fee_sums(price, (), (), ended_early=False)


def _sum(fee: Fee, totals: Totals, charges: list[Charged], ended_early: bool) -> FeeSum:
    due = 0 if ended_early else totals.due
    balance = _balance(fee, totals, ended_early)
    return FeeSum(
        fee=fee,
        due_fen=due,
        waived_fen=totals.waived,
        paid_fen=totals.paid,
        refunded_fen=totals.refunded,
        balance_fen=balance,
        state=_state(totals, balance, ended_early),
        due_on=_due_on(totals, charges) if balance > 0 else None,
        reasons=tuple(charge.reason for charge in charges if charge.reason),
    )


def _balance(fee: Fee, totals: Totals, ended_early: bool) -> int:
    if ended_early:
        return -totals.held
    if totals.due > totals.paid:
        return totals.due - totals.paid
    # What was paid of a fee that nobody set an amount for is an advance and not too much.
    known = fee in PLAN_FEES or totals.asked > 0
    return -max(totals.held - totals.due, 0) if known else 0


def _state(totals: Totals, balance: int, ended_early: bool) -> Settled:
    if balance > 0:
        return Settled.PART if totals.held else Settled.DUE
    if balance < 0:
        return Settled.TO_RETURN
    if totals.paid:
        return Settled.PAID if totals.held else Settled.REFUNDED
    if ended_early:
        return Settled.NOT_DUE
    return Settled.WAIVED if totals.asked else Settled.FREE


def _due_on(totals: Totals, charges: list[Charged]) -> date | None:
    """Money covers what has no day first, for that is due at once, and then the earliest days."""
    dated = sorted(
        (charge.due_on, charge.amount_fen) for charge in charges if charge.due_on and charge.amount_fen > 0
    )
    covered = totals.paid + totals.waived - (totals.asked - sum(amount for _, amount in dated))
    for day, amount in dated:
        if covered < amount:
            return day
        covered -= amount
    return None
