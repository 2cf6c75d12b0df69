"""What figures are asked for at a page: the period, what it is compared with, and what narrows it.

All of it stands in the address, so that a page can be kept, sent on, and opened without a script.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from tracker.figures.cells import HANDS
from tracker.figures.on_time import Asked, Split
from tracker.figures.periods import (
    MOST_DAYS,
    Comparison,
    Grain,
    Preset,
    Stretch,
    compared,
    grain_for,
    named,
)
from tracker.problems import Fault
from tracker.reference import Reference

USUAL = Preset.LAST_30
# The splits of a page, by their word in the address.
SPLITS: Mapping[str, Split] = {
    "county": "county",
    "channel": "channel_id",
    "customer": "customer_kind",
    "area": "rural",
    "dealer": "dealer",
    "team": "team",
    "installer": "installer",
}
AREAS = {"urban": False, "rural": True}
KINDS = ("home", "enterprise")
_MOST_TYPED = 80


@dataclass(frozen=True)
class Question:
    """What is asked. `narrowed` is the part of the address that narrows it, `only` what it means to figures.

    `faults` are of what makes no sense, by field; nothing is counted while there are any. `typed` is what
    stood in the fields of days.
    """

    days: Stretch
    preset: Preset | None
    comparison: Comparison
    grain: Grain
    split: str
    narrowed: Mapping[str, str]
    only: Mapping[str, Any]
    typed: Mapping[str, str]
    faults: Sequence[tuple[str, Fault]] = field(default=())

    @property
    def compared(self) -> Stretch | None:
        """The days that it is compared with; None where it is not."""
        return compared(self.days, self.comparison, self.preset)

    @property
    def hand(self) -> str:
        """The kind of hand that it is narrowed to one of: "" for none."""
        return self.narrowed.get("hand", "").partition(":")[0]

    @property
    def splits(self) -> Sequence[str]:
        """By what it can be split: sums know places and hands, but not one within the other."""
        if self.hand:
            return ()
        return [
            name for name in SPLITS if name not in self.narrowed and not (name in HANDS and self.narrowed)
        ]

    def asked(self, split: Split = "", days: Stretch | None = None) -> Asked:
        """The question as it is put to figures."""
        return Asked(days or self.days, split, self.only)

    def address(self, **changes: str | None) -> dict[str, str]:
        """The address of the same question, changed; what is usual, or None, is left out."""
        period = (
            {"period": self.preset.value}
            if self.preset
            else {"first": f"{self.days.first_on}", "last": f"{self.days.last_on}"}
        )
        usual = {"period": USUAL, "compare": Comparison.BEFORE, "split": "county"}
        wanted: dict[str, str | None] = {
            **period,
            "compare": self.comparison.value,
            "by": self.typed.get("by"),
            "split": self.split,
            **self.narrowed,
            **changes,
        }
        return {name: value for name, value in wanted.items() if value and value != usual.get(name)}

    def orders(self, of: str, days: Stretch | None = None, **more: str) -> dict[str, str]:
        """The address of the orders behind a figure, by the days themselves: tomorrow they are the same."""
        there = days or self.days
        return {
            "of": of,
            "first": f"{there.first_on}",
            "last": f"{there.last_on}",
            **self.narrowed,
            **more,
        }


def read_question(
    args: MultiDict[str, str],
    operator_id: int,
    reference: Reference,
    hands: Mapping[str, Mapping[str, str]],
    today: date,
) -> Question:
    """The question of an address."""
    typed = {name: args.get(name, "")[:_MOST_TYPED].replace("\0", "").strip() for name in _NAMES}
    faults: list[tuple[str, Fault]] = []
    preset = _one_of(Preset, "period", typed, faults)
    days = _days(typed, today, faults)
    if days is None:
        preset = preset or USUAL
        days = named(preset, today)
    else:
        # The fields of days bear the days of a period with a name when only something else is changed.
        preset = preset if preset and named(preset, today) == days else None
    narrowed, only = _narrowed(typed, operator_id, reference, hands, faults)
    question = Question(
        days=days,
        preset=preset,
        comparison=_one_of(Comparison, "compare", typed, faults) or Comparison.BEFORE,
        grain=grain_for(days, _one_of(Grain, "by", typed, faults)),
        split="",
        narrowed=narrowed,
        only={"operator_id": operator_id, **only},
        typed=typed,
        faults=faults,
    )
    split = typed["split"]
    if split and split not in SPLITS:
        faults.append(("split", Fault("figures.unknown", "/split")))
    able = question.splits
    return _with_split(question, split if split in able else next(iter(able), ""))


_NAMES = (
    "period",
    "first",
    "last",
    "compare",
    "by",
    "split",
    "county",
    "area",
    "channel",
    "customer",
    "hand",
)


def _with_split(question: Question, split: str) -> Question:
    return Question(**{**question.__dict__, "split": split})


def _one_of(kind: Any, name: str, typed: Mapping[str, str], faults: list[tuple[str, Fault]]) -> Any:
    given = typed[name]
    if not given:
        return None
    if given not in set(kind):
        faults.append((name, Fault("figures.unknown", f"/{name}")))
        return None
    return kind(given)


def _days(typed: Mapping[str, str], today: date, faults: list[tuple[str, Fault]]) -> Stretch | None:
    """The two days that were typed; None where none was, or they make no stretch."""
    if not typed["first"] and not typed["last"]:
        return None
    found: dict[str, date] = {}
    for name in ("first", "last"):
        try:
            found[name] = date.fromisoformat(typed[name])
        except ValueError:
            faults.append((name, Fault("figures.bad_day", f"/{name}")))
        else:
            if len(typed[name]) != 10:
                del found[name]
                faults.append((name, Fault("figures.bad_day", f"/{name}")))
            elif found[name] > today:
                faults.append((name, Fault("figures.ahead", f"/{name}")))
    if len(found) < 2:
        return None
    days = Stretch(found["first"], found["last"])
    if days.count < 1:
        faults.append(("last", Fault("figures.reversed", "/last")))
    elif days.count > MOST_DAYS:
        faults.append(("first", Fault("figures.too_long", "/first", {"days": MOST_DAYS})))
    return days if not faults else None


def _narrowed(
    typed: Mapping[str, str],
    operator_id: int,
    reference: Reference,
    hands: Mapping[str, Mapping[str, str]],
    faults: list[tuple[str, Fault]],
) -> tuple[dict[str, str], dict[str, Any]]:
    counties = {place.county_code for place in reference.places.values()}
    channels = {str(one.id) for one in reference.channels.values() if one.operator_id == operator_id}
    known = {"county": counties, "area": AREAS.keys(), "channel": channels, "customer": KINDS}
    narrowed, only = {}, {}
    for name, values in known.items():
        if given := typed[name]:
            narrowed[name] = given
            only[SPLITS[name]] = {"area": AREAS.get(given), "channel": _number(given)}.get(name, given)
            if given not in values:
                faults.append((name, Fault("figures.unknown", f"/{name}")))
    if given := typed["hand"]:
        hand, _, whose = given.partition(":")
        if hand not in HANDS or (whose and whose not in hands[hand]):
            faults.append(("hand", Fault("figures.unknown", "/hand")))
        elif narrowed:
            faults.append(("hand", Fault("figures.hand_alone", "/hand")))
        narrowed["hand"] = given
        only[hand] = whose
    return narrowed, only


def _number(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 10 else 0
