"""Example subscribers: who had which plan before the first example order.

As with the orders, names and numbers are of no one, and all follows from a fixed seed, except that days
are told back and forth from today.
"""

import csv
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tracker import clock
from tracker.reference import OperatorFacts, PlanFacts, Reference
from tracker.runtime import Runtime
from tracker.subscribers.file_rows import COLUMNS
from tracker.subscribers.import_subscribers import import_subscribers
from tracker.tariffs.rules import in_force_on

PER_OPERATOR = 150
_ACTOR = "console:demo"
_LONGEST_DAYS = 900
# What a customer of each kind of plan is likely to have chosen.
_WEIGHTS = {"home": 9, "enterprise": 1}


def fill(runtime: Runtime, folder: Path, say: Callable[[str], None]) -> None:
    """Write a sample file per operator and import it; harmless to repeat."""
    reference = runtime.reference.current()
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        path = folder / f"sample-subscribers-{operator.code}.csv"
        if not path.exists():
            _write(path, reference, operator)
        report = import_subscribers(runtime.db, runtime.keys, operator.id, path, actor=_ACTOR)
        if report.stored:
            say(f"{operator.name}: {report.stored} example subscribers ({path.name})")


def _write(path: Path, reference: Reference, operator: OperatorFacts) -> None:
    dice = random.Random(operator.id)
    plans = [versions for (owner, _), versions in sorted(reference.plans.items()) if owner == operator.id]
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS), restval="")
        writer.writeheader()
        phone = ""
        for number in range(1, PER_OPERATOR + 1):
            began_on = clock.today() - timedelta(days=dice.randrange(_LONGEST_DAYS))
            on_sale = [plan for versions in plans if (plan := in_force_on(versions, began_on))]
            if not on_sale:
                continue
            plan = dice.choices(on_sale, [_WEIGHTS[plan.audience] for plan in on_sale])[0]
            # Now and then somebody has a second line.
            phone = phone if phone and dice.random() < 0.06 else _phone(dice, plan)
            writer.writerow(
                {
                    "reference": f"KD{operator.id:02d}{number:06d}",
                    "plan": plan.filing_number,
                    "region": plan.region,
                    "phone": phone,
                    "began_on": began_on.isoformat(),
                    "language": dice.choices(("zh", "en"), (19, 1))[0],
                    **_price(dice, plan),
                }
            )
    draft.rename(path)


def _phone(dice: random.Random, plan: PlanFacts) -> str:
    """A landline for some, and for most companies."""
    if dice.random() < (0.6 if plan.audience == "enterprise" else 0.08):
        return f"0763-336{dice.randrange(10_000):04d}"
    return f"1380001{dice.randrange(10_000):04d}"


def _price(dice: random.Random, plan: PlanFacts) -> dict[str, str]:
    """The plan's own price, or one agreed until a day of the months to come."""
    kind = dice.choices(("", "discount", "contract"), (55, 30, 15))[0]
    if not kind:
        return {}
    until = clock.today() + timedelta(days=dice.randrange(20, 240))
    off = 0.8 if kind == "discount" else 0.9
    return {
        "monthly_fee": f"{plan.monthly_fen * off / 100:.2f}",
        "agreed_until": until.isoformat(),
        "agreement": kind,
    }
