"""What an order that was connected late is compensated with: pure decisions.

[law] 电信条例 Art. 31: for each day that an installation is late through the operator's fault, 1 % of the fee
charged for it. What the law leaves open is decided here:

* **The operator's fault** is the time from the promise as it stands until the line was connected, less delays
  that were excused and holds that ran meanwhile; what overlaps counts once.
* **A day** is 24 hours, and one that was begun counts as a whole: in favour of the customer.
* **The fee charged** is what was asked for installation and commissioning, less what was waived, paid or not.
  A free installation comes to nothing, and is listed all the same.
* **Money** is counted exactly and rounded once, at the end, to whole fen, half a fen upwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

RATE = Decimal("0.01")
DAY = timedelta(days=1)
_NOTHING = timedelta(0)


class Kind(StrEnum):
    """What a line of the ledger does."""

    FIXED = "fixed"  # 核定: the line was connected late
    CORRECTED = "corrected"  # 更正: an excuse, a fee or the promise changed since
    PAID = "paid"  # 已付
    UNDONE = "undone"  # 撤销付款登记: the line before was wrong


class State(StrEnum):
    """How the compensation of an order stands."""

    OWED = "owed"  # 待付
    PAID = "paid"  # 已付
    OVERPAID = "overpaid"  # 多付: a correction left less than was paid
    NOTHING = "nothing"  # 无需支付: a free installation, or all of it was excused


@dataclass(frozen=True)
class Stretch:
    """From when to when something lasted; `of` is "excuse" or "hold"."""

    starts_at: datetime
    ends_at: datetime
    of: str = "excuse"


@dataclass(frozen=True)
class Working:
    """How it was counted, step by step: what stands in the ledger for good.

    `until`: when the line was connected, or the moment of the question. `left_out`: what was taken from the
    time in between, each only as far as it lies there.
    """

    deadline: datetime
    until: datetime
    left_out: tuple[Stretch, ...]
    fault: timedelta
    days: int
    fee_fen: int
    amount_fen: int

    @property
    def late(self) -> timedelta:
        """How late it is with nothing left out."""
        return self.until - self.deadline


def working_of(
    deadline: datetime, until: datetime, stretches: Iterable[Stretch], fee_fen: int
) -> Working | None:
    """What an order comes to that was, or would be, connected then; None where it is not late."""
    if until <= deadline:
        return None
    left_out = tuple(
        Stretch(max(one.starts_at, deadline), min(one.ends_at, until), one.of)
        for one in sorted(stretches, key=lambda one: (one.starts_at, one.ends_at, one.of))
        if one.starts_at < until and one.ends_at > deadline and one.starts_at < one.ends_at
    )
    fault = until - deadline - covered(left_out)
    days = started_days(fault)
    return Working(deadline, until, left_out, fault, days, fee_fen, amount_of(days, fee_fen))


def covered(stretches: Sequence[Stretch]) -> timedelta:
    """How long stretches last together; what overlaps counts once."""
    total, reached = _NOTHING, None
    for one in sorted(stretches, key=lambda one: one.starts_at):
        begins = one.starts_at if reached is None else max(one.starts_at, reached)
        if one.ends_at > begins:
            total += one.ends_at - begins
            reached = one.ends_at
    return total


def started_days(length: timedelta) -> int:
    """Days of 24 hours that were begun; nothing for no time at all."""
    return -(-length // DAY)


def amount_of(days: int, fee_fen: int) -> int:
    """Days × 1 % × the fee, in fen."""
    exact = days * RATE * fee_fen
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def state_of(amount_fen: int, paid_fen: int) -> State:
    """How it stands by what it comes to and what was paid of it."""
    if amount_fen > paid_fen:
        return State.OWED
    if amount_fen < paid_fen:
        return State.OVERPAID
    return State.PAID if paid_fen else State.NOTHING


def as_json(working: Working) -> dict[str, Any]:
    """The working as the ledger keeps it, beside days, fee and amount."""
    return {
        "deadline": working.deadline.isoformat(),
        "until": working.until.isoformat(),
        "left_out": [
            {"of": one.of, "starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}
            for one in working.left_out
        ],
        "fault_seconds": int(working.fault.total_seconds()),
        "rate": str(RATE),
    }


def left_out_of(kept: Mapping[str, Any]) -> tuple[Stretch, ...]:
    """What was left out, as the ledger keeps it."""
    return tuple(
        Stretch(datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"]), one["of"])
        for one in kept["left_out"]
    )
