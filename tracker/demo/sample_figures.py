"""Example orders of the last weeks through every channel, so that the managers' board has something to tell.

Of one operator, by whose manager the board is looked at; the others have what the other examples made.
"""

import csv
import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from tracker import clock
from tracker.demo.queries import imported_orders
from tracker.demo.sample_history import end_order
from tracker.orders.actor import Actor
from tracker.orders.file_columns import COLUMNS
from tracker.orders.import_orders import import_orders
from tracker.reference import ChannelFacts, Reference
from tracker.runtime import Runtime

# How many came in by each channel; the desk has orders of its own.
ORDERS = {"hall": 70, "app": 50, "mini-program": 45, "gov-portal": 35, "service-centre": 30}
_DAYS = 62
# What was accepted later than this has not come to its end yet.
_SETTLED_DAYS = 6
_DEALERS = ("", "", "新城代理点", "新城代理点", "学院路合作厅", "连山便民店", "阳山易通店")
_MARK = "BOARD-"


def fill(runtime: Runtime, folder: Path, say: Callable[[str], None]) -> None:
    """Import the orders and lead them to their ends; harmless to repeat."""
    reference = runtime.reference.current()
    operator = min(reference.operators.values(), key=lambda one: one.id)
    stored = 0
    for code, count in ORDERS.items():
        channel = next(
            one for one in reference.channels.values() if one.operator_id == operator.id and one.code == code
        )
        path = folder / f"sample-figures-{operator.code}-{code}.csv"
        if not path.exists():
            _write(path, reference, channel, count)
        report = import_orders(runtime, channel, path)
        if report.stored:
            _finish(runtime, channel)
            stored += report.stored
    if stored:
        say(f"{operator.name}: {stored} example orders of the last weeks")


def _write(path: Path, reference: Reference, channel: ChannelFacts, count: int) -> None:
    dice = random.Random(f"figures {channel.id}")
    places = sorted(reference.places)
    plans = [
        versions[0]
        for (owner, _), versions in sorted(reference.plans.items())
        if owner == channel.operator_id and versions[0].product != "dedicated_line"
    ]
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        for number in range(count):
            plan = dice.choices(plans, [9 if plan.audience == "home" else 1 for plan in plans])[0]
            writer.writerow(
                {
                    "external_reference": f"{_MARK}{number + 1:03d}",
                    "customer_kind": plan.audience,
                    "customer_name": "示例客户" if plan.audience == "home" else "示例企业",
                    "phone": f"1380000{dice.randrange(10_000):04d}",
                    "community_code": dice.choice(places),
                    "address_detail": f"{dice.randrange(1, 60)}号{dice.randrange(101, 1805)}房",
                    "plan": plan.filing_number,
                    "resource": "ready",
                    "accepted_at": _some_time(dice).isoformat(timespec="seconds"),
                    "dealer": dice.choice(_DEALERS) if channel.code == "hall" else "",
                    "language": "zh",
                }
            )
    draft.rename(path)


def _some_time(dice: random.Random) -> datetime:
    day = clock.today() - timedelta(days=dice.randint(_SETTLED_DAYS, _DAYS))
    return datetime.combine(day, time(dice.randint(8, 17), dice.randrange(60)), clock.CITY_ZONE)


def _finish(runtime: Runtime, channel: ChannelFacts) -> None:
    dice = random.Random(f"board {channel.id}")
    actor = Actor.of_channel(channel)
    with runtime.db.reading() as connection:
        orders = imported_orders(connection, channel.id, _MARK)
    for number, accepted_at in orders:
        # One commit for all that became of an order: hundreds of orders are soon told.
        with runtime.db.transaction():
            end_order(dice, runtime, actor, number, accepted_at)
