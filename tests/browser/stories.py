"""Orders in every state that customers meet, made through the real use cases on a fixed day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker.clock import CITY_ZONE
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.orders.record_payment import record_payment
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

# A Tuesday morning; the weekend before it makes promises in working days worth explaining.
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE)

BUSINESS = {"customer__kind": "enterprise", "plan": "24GD110002"}


@dataclass(frozen=True)
class Story:
    """An order as far as it has come: accepted, then each step at its time or so many hours on."""

    accepted_at: datetime
    until: Stage
    every: timedelta = timedelta(hours=3)
    changes: tuple[tuple[str, Any], ...] = ()
    ends: Stage | None = None
    reason: str | None = None
    pays: tuple[tuple[str, int], ...] = ()
    times: tuple[datetime, ...] = ()


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE)


_business = tuple(BUSINESS.items())

STORIES = {
    "on_time": Story(
        _at(20, 16, 5),
        Stage.DISPATCHED,
        changes=_business,
        pays=(("installation", 20000),),
        times=(_at(20, 16, 18), _at(23, 10, 40), _at(24, 8, 12)),
    ),
    "near": Story(_at(22, 15, 10), Stage.APPOINTED, timedelta(hours=8)),
    "late": Story(_at(20, 9, 30), Stage.DISPATCHED, timedelta(hours=5)),
    "kept": Story(_at(21, 10), Stage.COMPLETED, pays=(("installation", 10000),)),
    "missed": Story(_at(16, 10), Stage.ACTIVATED, timedelta(hours=12)),
    "withdrawn": Story(
        _at(22, 10),
        Stage.VERIFIED,
        ends=Stage.WITHDRAWN,
        reason="no_longer_wanted",
        pays=(("installation", 10000), ("installation", -10000)),
    ),
    "returned": Story(
        _at(21, 10), Stage.RESOURCE_CHECKED, ends=Stage.RETURNED, reason="line_missing", changes=_business
    ),
}


def tell(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], name: str, **changes: Any
) -> str:
    """Make the order of a story; returns its number."""
    story = STORIES[name]
    placed = place(accepted_at=story.accepted_at.isoformat(), **dict(story.changes), **changes)
    actor = Actor.of_channel(channel)
    at = story.accepted_at
    for number, stage in enumerate(PATH[1 : PATH.index(story.until) + 1]):
        at = story.times[number] if story.times else at + story.every
        step: dict[str, Any] = {"stage": stage.value, "occurred_at": at}
        if stage is Stage.APPOINTED:
            visit = at + timedelta(days=1)
            step["appointment"] = {"starts_at": visit, "ends_at": visit + timedelta(hours=2)}
        record_progress(runtime, actor, placed.number, step)
    if story.ends is not None:
        step = {"stage": story.ends.value, "occurred_at": at + story.every, "reason_code": story.reason}
        record_progress(runtime, actor, placed.number, step)
    for index, (fee, amount) in enumerate(story.pays):
        payment = {"fee": fee, "amount_fen": amount, "reference": f"{placed.number}-{index}", "paid_at": at}
        record_payment(runtime, actor, placed.number, payment)
    return placed.number
