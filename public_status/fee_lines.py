"""What an order costs, what has been paid of it and what was given back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from public_status.rules import PaidIn
from tracker.orders.standing import N_


class Settled(StrEnum):
    """How a fee stands."""

    FREE = "free"
    DUE = "due"
    PART = "part"
    PAID = "paid"
    REFUNDED = "refunded"
    NOT_DUE = "not_due"


FEE_WORDS = {
    "installation": N_("安装费"),
    "commissioning": N_("调测费"),
    "deposit": N_("预存款"),
    "monthly": N_("月费预缴"),
}

SETTLED_WORDS = {
    Settled.FREE: N_("免费"),
    Settled.DUE: N_("未缴"),
    Settled.PART: N_("未缴清"),
    Settled.PAID: N_("已缴"),
    Settled.REFUNDED: N_("已退还"),
    Settled.NOT_DUE: N_("无需缴纳"),
}

SETTLED_TONES = {Settled.DUE: "warning", Settled.PART: "warning", Settled.PAID: "accent"}


@dataclass(frozen=True)
class FeeLine:
    """One fee in fen: what was asked for it, received and given back."""

    fee: str
    asked_fen: int
    paid_fen: int
    refunded_fen: int
    settled: Settled

    @property
    def open_fen(self) -> int:
        """What is still to be paid."""
        return self.asked_fen - self.paid_fen if self.settled in (Settled.DUE, Settled.PART) else 0


def fee_lines(price: Mapping[str, int], payments: Sequence[PaidIn], *, ended_early: bool) -> list[FeeLine]:
    """The one-off fees that the order was sold with, and whatever else was paid for it.

    An order that ended early asks for nothing any more.
    """
    lines = []
    for fee in FEE_WORDS:
        asked = price.get(f"{fee}_fen", 0) if fee in ("installation", "commissioning") else 0
        paid = sum(one.amount_fen for one in payments if one.fee == fee and one.amount_fen > 0)
        refunded = -sum(one.amount_fen for one in payments if one.fee == fee and one.amount_fen < 0)
        if asked or paid or refunded or fee == "installation":
            lines.append(FeeLine(fee, asked, paid, refunded, _settled(asked, paid, refunded, ended_early)))
    return lines


def _settled(asked: int, paid: int, refunded: int, ended_early: bool) -> Settled:
    if refunded:
        # Money given back in part is a rebate, not a debt.
        return Settled.PAID if paid > refunded else Settled.REFUNDED
    if paid and (paid >= asked or ended_early):
        return Settled.PAID
    if ended_early:
        return Settled.NOT_DUE
    if not asked:
        return Settled.FREE
    return Settled.PART if paid else Settled.DUE
