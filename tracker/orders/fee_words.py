"""Fees and how they stand, in words: one truth for every page.

Words are the Chinese message ids of the pages' catalogues; `N_` marks them for extraction.
"""

from dataclasses import dataclass
from datetime import date

from tracker.orders.fee_sums import Fee, FeeSum, Settled
from tracker.orders.standing import N_

FEE_WORDS = {
    Fee.INSTALLATION: N_("安装费"),
    Fee.COMMISSIONING: N_("调测费"),
    Fee.MONTHLY: N_("月费预缴"),
    Fee.DEPOSIT: N_("押金"),
    Fee.EQUIPMENT: N_("设备费"),
    Fee.OTHER: N_("其他费用"),
}

SETTLED_WORDS = {
    Settled.FREE: N_("免费"),
    Settled.WAIVED: N_("已免收"),
    Settled.DUE: N_("未缴"),
    Settled.PART: N_("未缴清"),
    Settled.PAID: N_("已缴"),
    Settled.TO_RETURN: N_("待退还"),
    Settled.REFUNDED: N_("已退还"),
    Settled.NOT_DUE: N_("无需缴纳"),
}

SETTLED_TONES = {
    Settled.DUE: "warning",
    Settled.PART: "warning",
    Settled.TO_RETURN: "warning",
    Settled.PAID: "accent",
}

_WITHOUT_AMOUNT = frozenset({Settled.FREE, Settled.WAIVED, Settled.NOT_DUE})


@dataclass(frozen=True)
class Detail:
    """More about a fee: words with the place of an amount in fen or of a day; `presses`: not to be missed."""

    words: str
    fen: int = 0
    day: date | None = None
    presses: bool = False


@dataclass(frozen=True)
class FeeLine:
    """A fee as pages show it: its name, an amount in fen or None, its state, and what else is to be known.

    `reasons` are the operator's own words, which are in one language only.
    """

    word: str
    fen: int | None
    state: str
    tone: str
    details: tuple[Detail, ...]
    reasons: tuple[str, ...]


def fee_line(fee: FeeSum, today: date) -> FeeLine:
    """A fee in words on a day of the city."""
    shown = _shown(fee)
    return FeeLine(
        word=FEE_WORDS[fee.fee],
        fen=shown,
        state=SETTLED_WORDS[fee.state],
        tone=SETTLED_TONES.get(fee.state, "quiet"),
        details=tuple(_details(fee, shown, today)),
        reasons=fee.reasons,
    )


def _shown(fee: FeeSum) -> int | None:
    """The amount that the word for its state is about."""
    if fee.state in _WITHOUT_AMOUNT:
        return None
    return fee.to_return_fen or fee.due_fen or fee.paid_fen


def _details(fee: FeeSum, shown: int | None, today: date) -> list[Detail]:
    details = []
    if fee.to_return_fen and fee.due_fen:
        details.append(Detail(N_("应收 %(amount)s"), fee.due_fen))
    if fee.waived_fen and fee.due_fen:
        details.append(Detail(N_("已减免 %(amount)s"), fee.waived_fen))
    if fee.to_return_fen and fee.paid_fen != shown:
        details.append(Detail(N_("已缴 %(amount)s"), fee.paid_fen))
    if fee.refunded_fen and fee.state is not Settled.REFUNDED:
        details.append(Detail(N_("其中已退还 %(amount)s"), fee.refunded_fen))
    if fee.open_fen and fee.open_fen != shown:
        details.append(Detail(N_("还差 %(amount)s"), fee.open_fen, presses=True))
    if fee.due_on is not None:
        late = fee.due_on < today
        words = N_("缴费期限 %(day)s，已过期") if late else N_("缴费期限 %(day)s")
        details.append(Detail(words, day=fee.due_on, presses=late))
    return details
