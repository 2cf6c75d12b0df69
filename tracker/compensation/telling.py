"""The texts about compensation, in the transaction of what they tell."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from tracker.complaints.telling import customer_of, day_in_text, tell
from tracker.runtime import Runtime

_BECAUSE = {
    "excuse": ("部分延误非运营商原因", "part of the delay was not our doing"),
    "fee": ("安装费用有变动", "the installation fee changed"),
    "promise": ("承诺期限有更正", "the promised date was corrected"),
    "connection": ("装通时间有更正", "the time of connection was corrected"),
}


def tell_fixed(
    connection: Connection, runtime: Runtime, order: Row[Any], line: Mapping[str, Any], now: datetime
) -> None:
    """What the customer is owed, and for how many days."""
    _tell(connection, runtime, order, "compensation_fixed", line, now, count=str(line["days"]))


def tell_corrected(
    connection: Connection, runtime: Runtime, order: Row[Any], line: Mapping[str, Any], now: datetime
) -> None:
    """That it comes to something else, and why."""
    reason = _BECAUSE[line["because"]][order.language == "en"]
    _tell(connection, runtime, order, "compensation_corrected", line, now, reason=reason)


def tell_paid(
    connection: Connection, runtime: Runtime, order: Row[Any], line: Mapping[str, Any], now: datetime
) -> None:
    """That it was paid, and when; `line` has the day, and beside it what was paid now."""
    day = day_in_text(line["paid_on"], order.language)
    _tell(connection, runtime, order, "compensation_paid", line, now, day=day)


def money_in_text(fen: int, language: str) -> str:
    """An amount as texts say it: "3元", "1.40元", "3 yuan"."""
    yuan = Decimal(fen) / 100
    said = f"{yuan:.0f}" if yuan == yuan.to_integral_value() else f"{yuan:.2f}"
    return f"{said} yuan" if language == "en" else f"{said}元"


def _tell(
    connection: Connection,
    runtime: Runtime,
    order: Row[Any],
    template: str,
    line: Mapping[str, Any],
    now: datetime,
    **values: str,
) -> None:
    customer = customer_of(order, runtime.keys)
    if customer is None:
        return
    amount_fen = line.get("told_fen", line["amount_fen"])
    tell(
        connection,
        runtime,
        customer,
        template,
        f"compensation:{order.id}:{line['number']}:{template}",
        now,
        number=order.number,
        amount=money_in_text(amount_fen, order.language),
        **values,
    )
