"""Orders in every state that customers meet, made through the real use cases on a fixed day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.excusing import excuse_delay
from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.orders.actor import Actor
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import place_hold
from tracker.orders.place_orders import Placed
from tracker.orders.promise_anew import promise_anew
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

# A Tuesday morning; the weekend before it makes promises in working days worth explaining.
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE)

BUSINESS = {"customer__kind": "enterprise", "plan": "24GD110002"}


@dataclass(frozen=True)
class Story:
    """An order as far as it has come: accepted, then each step at its time or so many hours on.

    `writes` are entries of its promise ledger: a use case, when it is written, and what it says. `charges`
    say why, and the day to pay by; `pays` come after them.
    """

    accepted_at: datetime
    until: Stage
    every: timedelta = timedelta(hours=3)
    changes: tuple[tuple[str, Any], ...] = ()
    ends: Stage | None = None
    reason: str | None = None
    charges: tuple[tuple[str, int, str, date | None], ...] = ()
    pays: tuple[tuple[str, int], ...] = ()
    times: tuple[datetime, ...] = ()
    writes: tuple[tuple[Callable[..., Any], datetime, dict[str, Any]], ...] = ()


def _at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE)


def _hold(reason: str, starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    return {
        "reason_code": reason,
        "reason_text": None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "evidence": None,
    }


_ANEW = {
    "reason_code": "line_missing",
    "reason_text": None,
    "evidence": "核查单2026-1187",
    "resource": "needs_building",
    "deadline": None,
    "contact": None,
}

_DELAY = {
    "reason_code": "estate_unfinished",
    "reason_text": None,
    "evidence": None,
    "resource": None,
    "deadline": _at(30, 18),
    "contact": {"name": "王敏", "extension": "8"},
}

_EXCUSE = {
    "reason_code": "property_manager",
    "reason_text": None,
    "starts_at": _at(21, 9),
    "ends_at": _at(23, 9),
    "evidence": "函2026-118",
}

_business = tuple(BUSINESS.items())

STORIES = {
    "on_time": Story(
        _at(20, 16, 5),
        Stage.DISPATCHED,
        changes=_business,
        pays=(("installation", 20000),),
        times=(_at(20, 16, 18), _at(23, 10, 40), _at(24, 8, 12)),
    ),
    "held": Story(
        _at(16, 16, 5),
        Stage.RESOURCE_CHECKED,
        changes=_business,
        times=(_at(16, 17), _at(17, 10)),
        writes=(
            (place_hold, _at(17, 11), _hold("not_decorated", _at(18), _at(24, 8))),
            (place_hold, _at(20, 9), _hold("weather", _at(20, 9), _at(22, 12))),
            (lift_hold, _at(23, 10), {"hold": 1, "reason_text": "客户来电，提前恢复", "resumes_at": None}),
            (promise_anew, _at(23, 15), _ANEW),
            (place_hold, _at(24, 8, 30), _hold("householder_absent", _at(26), _at(28))),
        ),
    ),
    "near": Story(_at(22, 15, 10), Stage.APPOINTED, timedelta(hours=8)),
    "late": Story(_at(20, 9, 30), Stage.DISPATCHED, timedelta(hours=5)),
    "excused": Story(
        _at(20, 9, 30), Stage.DISPATCHED, timedelta(hours=5), writes=((excuse_delay, _at(23, 9, 5), _EXCUSE),)
    ),
    "delayed": Story(
        _at(20, 16, 5),
        Stage.RESOURCE_CHECKED,
        changes=_business,
        times=(_at(20, 17), _at(23, 10)),
        writes=((promise_anew, _at(23, 15), _DELAY),),
    ),
    "late_again": Story(
        _at(12, 16, 5),
        Stage.RESOURCE_CHECKED,
        changes=_business,
        times=(_at(12, 17), _at(13, 10)),
        writes=(
            (
                promise_anew,
                _at(16, 15),
                _DELAY | {"deadline": _at(20, 18), "contact": {"name": "王敏", "extension": None}},
            ),
        ),
    ),
    "on_hold": Story(
        _at(22, 15, 10),
        Stage.DISPATCHED,
        writes=((place_hold, _at(23, 18), _hold("not_decorated", _at(23, 18), _at(28))),),
    ),
    "kept": Story(_at(21, 10), Stage.COMPLETED, pays=(("installation", 10000),)),
    "missed": Story(_at(16, 10), Stage.ACTIVATED, timedelta(hours=12)),
    "withdrawn": Story(
        _at(22, 10),
        Stage.VERIFIED,
        ends=Stage.WITHDRAWN,
        reason="no_longer_wanted",
        pays=(("installation", 10000), ("installation", -10000)),
    ),
    "fees": Story(
        _at(22, 15, 10),
        Stage.DISPATCHED,
        changes=_business,
        charges=(
            ("installation", -5000, "老客户减免", None),
            ("deposit", 20000, "光猫押金", None),
            ("equipment", 19900, "全屋WiFi面板一个", date(2026, 11, 30)),
            ("other", 8000, "跳线改造", date(2026, 11, 23)),
        ),
        pays=(
            ("installation", 20000),
            ("commissioning", 30000),
            ("commissioning", -5000),
            ("monthly", 12900),
            ("deposit", 20000),
            ("deposit", -20000),
            ("equipment", 9900),
        ),
    ),
    "given_back": Story(
        _at(22, 10),
        Stage.VERIFIED,
        ends=Stage.WITHDRAWN,
        reason="no_longer_wanted",
        charges=(("deposit", 20000, "光猫押金", None),),
        pays=(("installation", 10000), ("deposit", 20000), ("deposit", -5000)),
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
    for index, (fee, amount, reason, due_on) in enumerate(story.charges):
        charge = {"fee": fee, "amount_fen": amount, "reference": f"{placed.number}-{index}", "charged_at": at}
        record_charge(runtime, actor, placed.number, charge | {"reason": reason, "due_on": due_on})
    for index, (fee, amount) in enumerate(story.pays):
        payment = {"fee": fee, "amount_fen": amount, "reference": f"{placed.number}-{index}", "paid_at": at}
        record_payment(runtime, actor, placed.number, payment)
    if story.ends is not None:
        step = {"stage": story.ends.value, "occurred_at": at + story.every, "reason_code": story.reason}
        record_progress(runtime, actor, placed.number, step)
    for write, at_write, request in story.writes:
        more = {name: value for name, value in request.items() if name != "hold"}
        named = (request["hold"],) if "hold" in request else ()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda at_write=at_write: at_write)
            write(runtime, actor, placed.number, *named, more)
    return placed.number
