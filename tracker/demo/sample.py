"""Example orders: a file spread over real communities, and the progress they have made since.

Names are of no one, and the numbers lie in a block that is given to no customer. Everything follows
from a fixed seed, except that times are told back from now, so that the pages look alive.
"""

import csv
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tracker import clock
from tracker.credit_codes import check_character
from tracker.demo.queries import imported_orders
from tracker.demo.sample_fees import charge_and_pay, give_back
from tracker.orders.actor import Actor
from tracker.orders.file_columns import COLUMNS
from tracker.orders.import_orders import import_orders
from tracker.orders.place_hold import place_hold
from tracker.orders.promise_anew import promise_anew
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.problems import Refusal
from tracker.reference import ChannelFacts, Reference
from tracker.runtime import Runtime

ORDERS_PER_OPERATOR = 80
_DAYS = 14
_MARK = "SAMPLE-"
_SURNAMES = "李王张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁"
_GIVEN = ("伟", "芳", "秀英", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "桂兰", "明", "霞")
_COMPANIES = ("北江五金", "凤城茶业", "连州果蔬", "英德红茶行", "飞来峡农庄", "佛冈纸箱厂")
_DEALERS = ("", "", "", "新城代理点", "学院路合作厅", "连山便民店")
_WORKERS = (("李师傅", "0321"), ("陈师傅", "0417"), ("黄师傅", "0508"))


def fill(runtime: Runtime, folder: Path, say: Callable[[str], None]) -> None:
    """Write a sample file per operator, import it, and move its orders on; harmless to repeat."""
    reference = runtime.reference.current()
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        channel = next(
            c for c in reference.channels.values() if c.operator_id == operator.id and c.code == "hall"
        )
        path = folder / f"sample-orders-{operator.code}.csv"
        if not path.exists():
            _write(path, reference, channel)
        report = import_orders(runtime, channel, path)
        if report.stored:
            _progress(runtime, channel)
            say(f"{operator.name}: {report.stored} example orders ({path.name})")


def _write(path: Path, reference: Reference, channel: ChannelFacts) -> None:
    dice = random.Random(channel.id)
    places = sorted(reference.places)
    plans = [
        versions[0]
        for (owner, _), versions in sorted(reference.plans.items())
        if owner == channel.operator_id
    ]
    now = clock.now()
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        ages = sorted((dice.randrange(10, _DAYS * 1440) for _ in range(ORDERS_PER_OPERATOR)), reverse=True)
        for number, minutes in enumerate(ages):
            plan = dice.choices(plans, [8 if plan.audience == "home" else 2 for plan in plans])[0]
            surname = dice.choice(_SURNAMES)
            home = plan.audience == "home"
            accepted_at = now - timedelta(minutes=minutes)
            writer.writerow(
                {
                    "external_reference": f"{_MARK}{number + 1:04d}",
                    "customer_kind": plan.audience,
                    "customer_name": surname + dice.choice(_GIVEN) if home else dice.choice(_COMPANIES),
                    "phone": f"1380000{dice.randrange(10_000):04d}",
                    "credit_code": "" if home else _credit_code(number),
                    "community_code": dice.choice(places),
                    "address_detail": f"{dice.randrange(1, 60)}号{dice.randrange(101, 1805)}房",
                    "plan": plan.filing_number,
                    "resource": dice.choices(("ready", "needs_building"), (9, 1))[0],
                    "accepted_at": accepted_at.isoformat(timespec="seconds"),
                    "dealer": dice.choice(_DEALERS),
                    "language": "zh",
                }
            )
    draft.rename(path)


def _credit_code(number: int) -> str:
    """A code whose check character is right, and whose company's number is given to nobody."""
    body = f"91441802MA0TEXT{number % 100:02d}"
    return body + check_character(body)


def _progress(runtime: Runtime, channel: ChannelFacts) -> None:
    """Move each sample order as far as an order of its age has come, some of them late."""
    dice = random.Random(channel.id)
    money = random.Random(f"fees {channel.id}")
    actor = Actor.of_channel(channel)
    with runtime.db.reading() as connection:
        orders = imported_orders(connection, channel.id, _MARK)
    for number, accepted_at in orders:
        try:
            charge_and_pay(money, runtime, actor, number, accepted_at)
            for step in _steps(dice, accepted_at):
                record_progress(runtime, actor, number, step)
            _trouble(dice, runtime, actor, number, accepted_at)
            give_back(money, runtime, actor, number)
        except Refusal:
            continue


def _trouble(dice: random.Random, runtime: Runtime, actor: Actor, number: str, accepted_at: datetime) -> None:
    """Now and then a customer asks to wait, a line must be built, or a date cannot be kept."""
    now = clock.now()
    kind = dice.choices((None, "hold", "build", "delay"), (76, 8, 4, 12))[0]
    common = {"reason_text": None, "evidence": "示例单据"}
    try:
        if kind == "hold":
            starts_at = max(accepted_at, now - timedelta(days=dice.randrange(0, 3)))
            ends_at = now + timedelta(days=dice.randrange(2, 9))
            hold = common | {"reason_code": "not_decorated", "starts_at": starts_at, "ends_at": ends_at}
            place_hold(runtime, actor, number, hold)
        elif kind == "build":
            found = {"reason_code": "line_missing", "resource": "needs_building", "deadline": None}
            promise_anew(runtime, actor, number, common | found | {"contact": None})
        elif kind == "delay":
            later = now + timedelta(days=dice.randrange(8, 15))
            delay = {"reason_code": "estate_unfinished", "resource": None, "deadline": later}
            promise_anew(
                runtime, actor, number, common | delay | {"contact": {"name": "王敏", "extension": "8"}}
            )
    except Refusal:
        # The line works already, or the order has ended.
        return


def _steps(dice: random.Random, accepted_at: datetime) -> Iterator[dict[str, Any]]:
    """Steps up to now, at the pace of one order; a few end early, a few drag on."""
    now, at = clock.now(), accepted_at
    pace = dice.choice((0.6, 0.8, 1.0, 1.0, 1.4, 4.0))
    ending = dice.choices((None, Stage.WITHDRAWN, Stage.RETURNED), (92, 5, 3))[0]
    worker, staff_number = dice.choice(_WORKERS)
    for stage in PATH[1:]:
        at += timedelta(hours=pace * dice.uniform(0.5, 8.0))
        if at > now:
            return
        if ending is not None and stage is Stage.DISPATCHED:
            yield {"stage": ending.value, "occurred_at": at, "reason_code": "no_longer_wanted"}
            return
        step: dict[str, Any] = {"stage": stage.value, "occurred_at": at}
        if stage is Stage.DISPATCHED:
            step["installer"] = {"title": worker, "staff_number": staff_number}
        if stage is Stage.APPOINTED:
            day = clock.local(at + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
            step["appointment"] = {"starts_at": day, "ends_at": day + timedelta(hours=2)}
        yield step
