"""What one subscriber pays on a day, and why: the question that billing asks."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, text

from tracker.subscribers.models import Subscriber
from tracker.tariff_changes.rules import Price, Step, price_on
from tracker.tariff_changes.sql import REACHED
from tracker.tariffs.rules import ChangeKind, yuan
from tracker.tariffs.wording import day_words

_SUBSCRIBER = select(
    Subscriber.id,
    Subscriber.reference,
    Subscriber.monthly_fen,
    Subscriber.agreed_until,
    Subscriber.began_on,
    Subscriber.ended_on,
).where(Subscriber.operator_id == bindparam("operator"), Subscriber.reference == bindparam("wanted"))
_STEPS = text(
    f"""
    SELECT w.change_id, c.kind, w.new_fen, w.effective_on,
        (least(n.delivered_at, r.delivered_at, calls.at) AT TIME ZONE 'Asia/Shanghai')::date AS told_on
    FROM tariff_warnings w
    JOIN tariff_changes c ON c.id = w.change_id
    JOIN notices n ON n.id = w.notice_id
    LEFT JOIN notices r ON r.retry_of = n.id
    LEFT JOIN LATERAL (
        SELECT min(a.called_at) AS at FROM call_tasks t JOIN call_attempts a ON a.task_id = t.id
        WHERE t.notice_id IN (n.id, r.id) AND {REACHED}
    ) calls ON true
    WHERE w.subscriber_id = :subscriber AND w.kind = 'warning' AND c.state = 'announced'
        AND c.kind <> 'terms'
    ORDER BY w.effective_on, w.change_id
    """
)


@dataclass(frozen=True)
class Answer:
    """The price of a subscription on a day, with the row that it began by and the reason in zh and en."""

    subscriber: Row[Any]
    on: date
    price: Price
    why: dict[str, str]


def price_of(connection: Connection, operator_id: int, reference: str, on: date) -> Answer | None:
    """What an operator's subscriber pays on a day; None for an unknown one.

    A day on which there was no subscription has the price that was agreed for it, which the reason says.
    """
    subscriber = connection.execute(_SUBSCRIBER, {"operator": operator_id, "wanted": reference}).one_or_none()
    if subscriber is None:
        return None
    rows = connection.execute(_STEPS, {"subscriber": subscriber.id})
    steps = [
        Step(row.change_id, ChangeKind(row.kind), row.new_fen, row.effective_on, row.told_on) for row in rows
    ]
    price = price_on(subscriber.monthly_fen, steps, on)
    why = {
        language: between.join(_reasons(subscriber, price, on, language))
        for language, between in (("zh", ""), ("en", " "))
    }
    return Answer(subscriber, on, price, why)


def _reasons(subscriber: Row[Any], price: Price, on: date, language: str) -> list[str]:
    english = language == "en"

    def said(day: date | None) -> str:
        return "" if day is None else day_words(day, language)

    reasons = []
    if on < subscriber.began_on:
        reasons.append(
            f"The subscription began on {said(subscriber.began_on)}."
            if english
            else f"{said(subscriber.began_on)}才开始在网。"
        )
    if subscriber.ended_on is not None and on > subscriber.ended_on:
        reasons.append(
            f"The subscription ended on {said(subscriber.ended_on)}."
            if english
            else f"{said(subscriber.ended_on)}已离网。"
        )
    if price.by is None:
        reasons.append(
            f"{yuan(subscriber.monthly_fen)} yuan were agreed on {said(subscriber.began_on)}."
            if english
            else f"{said(subscriber.began_on)}约定月费{yuan(subscriber.monthly_fen)}元。"
        )
    else:
        step = price.by
        reasons.append(
            f"Change {step.change_id}, told on {said(step.told_on)}, holds from {said(step.begins_on)}."
            if english
            else f"变动{step.change_id}于{said(step.told_on)}告知，自{said(step.begins_on)}起执行。"
        )
    for step in price.held_back:
        if step.told_on is None:
            reasons.append(
                f"Change {step.change_id} of {said(step.effective_on)} was not told:"
                " the price stays until a month after it is."
                if english
                else f"变动{step.change_id}（{said(step.effective_on)}）尚未告知到，告知满一个月前仍按原价。"
            )
        else:
            reasons.append(
                f"Change {step.change_id} was told on {said(step.told_on)}:"
                f" it holds from {said(step.begins_on)} only."
                if english
                else f"变动{step.change_id}于{said(step.told_on)}才告知，自{said(step.begins_on)}起执行。"
            )
    return reasons
