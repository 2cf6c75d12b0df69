"""Example orders of months that are over, so that there are on-time figures to publish and to report on.

Few enough to be told step by step like any order, and enough for a rate to be published.
"""

import csv
import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from tracker import clock
from tracker.demo.queries import imported_orders
from tracker.demo.sample_excuses import excuse
from tracker.demo.sample_fees import pay
from tracker.figures.publish_figures import publish_figures
from tracker.figures.rules import Period, halves_told, months_told
from tracker.orders.actor import Actor
from tracker.orders.file_columns import COLUMNS
from tracker.orders.import_orders import import_orders
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.reference import ChannelFacts, Reference
from tracker.runtime import Runtime

ORDERS = 36
_MARK = "PAST-"
# Latest acceptance in a month: what is promised by then is due in it.
_LAST_DAY = 24


def fill(runtime: Runtime, folder: Path, say: Callable[[str], None]) -> None:
    """Import the orders of each operator, lead them to their ends, and publish; harmless to repeat.

    The last settled half-year has orders at the halls in its last month, the last month at the app.
    """
    reference, now = runtime.reference.current(), clock.now()
    months = {"half": ("hall", halves_told(now)[-1].months[-1]), "history": ("app", months_told(now)[-1])}
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        for name, (code, month) in months.items():
            channel = next(
                one
                for one in reference.channels.values()
                if one.operator_id == operator.id and one.code == code
            )
            path = folder / f"sample-{name}-{operator.code}.csv"
            if not path.exists():
                _write_month(path, reference, channel, month)
            report = import_orders(runtime, channel, path)
            if report.stored:
                _finish(runtime, channel)
                say(f"{operator.name}: {report.stored} example orders of a past month ({path.name})")
    if new := publish_figures(runtime.db):
        say(f"{new} on-time figures")


def _write_month(path: Path, reference: Reference, channel: ChannelFacts, month: Period) -> None:
    """Write a file of example orders that a channel took in during a month."""
    dice = random.Random(f"history {channel.id}")
    places = sorted(reference.places)
    plan = next(
        versions[0]
        for (owner, _), versions in sorted(reference.plans.items())
        if owner == channel.operator_id and versions[0].audience == "home"
    )
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        for number in range(ORDERS):
            writer.writerow(
                {
                    "external_reference": f"{_MARK}{month.starts_on:%y%m}-{number + 1:02d}",
                    "customer_kind": "home",
                    "customer_name": "示例客户",
                    "phone": f"1380000{dice.randrange(10_000):04d}",
                    "community_code": dice.choice(places),
                    "address_detail": f"{dice.randrange(1, 60)}号{dice.randrange(101, 1805)}房",
                    "plan": plan.filing_number,
                    "resource": "ready",
                    "accepted_at": _some_time_in(month, dice).isoformat(timespec="seconds"),
                    "language": "zh",
                }
            )
    draft.rename(path)


def _some_time_in(month: Period, dice: random.Random) -> datetime:
    day = month.starts_on.replace(day=dice.randint(1, _LAST_DAY))
    return datetime.combine(day, time(dice.randint(8, 17), dice.randrange(60)), clock.CITY_ZONE)


def _finish(runtime: Runtime, channel: ChannelFacts) -> None:
    """Most are connected in time; some late, with or without an excuse, and a few withdrawn."""
    dice = random.Random(f"ends {channel.id}")
    actor = Actor.of_channel(channel)
    with runtime.db.reading() as connection:
        orders = imported_orders(connection, channel.id, _MARK)
    for number, accepted_at in orders:
        # One commit for all that became of an order: a hundred orders are soon told.
        with runtime.db.transaction():
            end_order(dice, runtime, actor, number, accepted_at)


def end_order(
    dice: random.Random, runtime: Runtime, actor: Actor, number: str, accepted_at: datetime
) -> None:
    """Lead an order to its end: most are connected in time, and visited when they were told."""
    ending = dice.choices(("kept", "late", "excused", "withdrawn", "returned"), (87, 5, 5, 3, 2))[0]
    if ending in ("withdrawn", "returned"):
        reasons = ("no_longer_wanted",) if ending == "withdrawn" else ("line_missing", "property_manager")
        why = {"stage": ending, "occurred_at": accepted_at + timedelta(hours=dice.uniform(2, 9))}
        record_progress(runtime, actor, number, why | {"reason_code": dice.choice(reasons)})
        return
    pay(runtime, actor, number, accepted_at)
    hours = dice.uniform(10, 40) if ending == "kept" else dice.uniform(80, 120)
    steps = list(PATH[1:])
    if dice.random() < 0.12:
        # The first visit did not do.
        there = steps.index(Stage.ON_SITE) + 1
        steps[there:there] = [Stage.APPOINTED, Stage.ON_SITE]
    one_step = timedelta(hours=hours / (len(steps) - 1))
    for step, stage in enumerate(steps, start=1):
        at = accepted_at + step * one_step
        request: dict[str, object] = {"stage": stage.value, "occurred_at": at}
        if stage is Stage.APPOINTED:
            # Somebody comes a step later: now and then too late.
            visit_at = at + one_step * dice.choice((0.2, *[0.8] * 14))
            request["appointment"] = {"starts_at": visit_at, "ends_at": visit_at + one_step * 0.5}
        record_progress(runtime, actor, number, request)
    if ending == "excused":
        delay = {"starts_at": accepted_at + timedelta(hours=5), "reason_code": "roadworks"}
        ends = {"ends_at": accepted_at + timedelta(hours=70), "reason_text": None, "evidence": "示例单据"}
        excuse(runtime, actor, number, delay | ends)
