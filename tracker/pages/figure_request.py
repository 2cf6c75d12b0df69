"""What figures are asked for at a page: the period, what it is compared with, and what narrows it.

All of it stands in the address, so that a page can be kept, sent on, and opened without a script.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tracker.figures.cells import HANDS
from tracker.figures.on_time import Asked, Split, sums_of
from tracker.figures.periods import (
    MOST_DAYS,
    MOST_ONE_BY_ONE,
    Comparison,
    Grain,
    Preset,
    Stretch,
    compared,
    grain_for,
)
from tracker.pages.periods import PRESET_WORDS, Days, read_days
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
# By what the list of excuses can be narrowed, too.
_OF_EXCUSES = frozenset({"county", "channel", "customer"})
_MOST_TYPED = 80


@dataclass(frozen=True)
class Question:
    """What is asked. `narrowed` is the part of the address that narrows it, `only` what it means to figures.

    `faults` are of what makes no sense, by field; nothing is counted while there are any. `by` is the grain
    that was asked for.
    """

    period: Days
    comparison: Comparison
    by: Grain | None
    split: str
    narrowed: Mapping[str, str]
    only: Mapping[str, Any]
    faults: Sequence[tuple[str, Fault]]

    @property
    def days(self) -> Stretch:
        """The days of the period."""
        return self.period.stretch

    @property
    def compared(self) -> Stretch | None:
        """The days that it is compared with; None where it is not."""
        return compared(self.days, self.comparison, self.period.preset)

    @property
    def grain(self) -> Grain:
        """How long each point of its trend is."""
        return grain_for(self.days, self.by)

    @property
    def grains(self) -> Sequence[Grain]:
        """How long they could be."""
        return [grain for grain in Grain if grain_for(self.days, grain) is grain]

    @property
    def hand(self) -> str:
        """The kind of hand that it is narrowed to one of: "" for none."""
        return self.narrowed.get("hand", "").partition(":")[0]

    @property
    def splits(self) -> Sequence[str]:
        """By what it can be split: of more days than are counted one by one, by what sums tell."""
        return [name for name in self._others if self.can_be_told(SPLITS[name])]

    @property
    def too_long_to_split(self) -> bool:
        """Whether fewer days could be split by more."""
        return len(self.splits) < len(self._others)

    @property
    def _others(self) -> Sequence[str]:
        return [name for name in SPLITS if name not in (*self.narrowed, self.hand)]

    @property
    def excuses_are_narrowed(self) -> bool:
        """Whether the list of excuses can be narrowed by all that narrows the question."""
        return _OF_EXCUSES.issuperset(self.narrowed)

    @property
    def excuses(self) -> dict[str, str]:
        """The days and what narrows it, as the list of excuses takes them; where it cannot be narrowed by all
        of it, the days alone.
        """
        narrowed = self.narrowed if self.excuses_are_narrowed else {}
        return {"first": f"{self.days.first_on}", "last": f"{self.days.last_on}", **narrowed}

    def can_be_told(self, split: Split = "") -> bool:
        """Whether sums tell it, or the days are few enough to count one by one; those compared with, too."""
        most = max(one.count for one in (self.days, self.compared) if one)
        return most <= MOST_ONE_BY_ONE or sums_of(self.asked(split)) is not None

    def asked(self, split: Split = "", days: Stretch | None = None) -> Asked:
        """The question as it is put to figures."""
        return Asked(days or self.days, split, self.only)

    def address(self, **changes: str | None) -> dict[str, str]:
        """The address of the same question, changed; what is usual, or None, is left out."""
        usual = {"period": USUAL, "compare": Comparison.BEFORE, "split": "county"}
        wanted: dict[str, str | None] = {
            **self.period.args,
            "compare": self.comparison.value,
            "by": self.by and self.by.value,
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
    args: Mapping[str, str],
    operator_id: int,
    reference: Reference,
    hands: Mapping[str, Mapping[str, str]],
    today: date,
) -> Question:
    """The question of an address."""
    period = read_days(args, today, PRESET_WORDS, usual=USUAL, most=MOST_DAYS)
    faults = list(period.faults)
    typed = {name: args.get(name, "")[:_MOST_TYPED].replace("\0", "").strip() for name in _NAMES}
    narrowed, only = _narrowed(typed, operator_id, reference, hands, faults)
    question = Question(
        period=period,
        comparison=_one_of(Comparison, "compare", typed, faults) or Comparison.BEFORE,
        by=_one_of(Grain, "by", typed, faults),
        split="",
        narrowed=narrowed,
        only={"operator_id": operator_id, **only},
        faults=faults,
    )
    if not question.can_be_told():
        faults.append(("hand", Fault("figures.one_by_one", "/hand", {"days": MOST_ONE_BY_ONE})))
    split = typed["split"]
    if split and split not in SPLITS:
        faults.append(("split", Fault("figures.unknown", "/split")))
    able = question.splits
    return replace(question, split=split if split in able else next(iter(able), ""))


_NAMES = ("compare", "by", "split", "county", "area", "channel", "customer", "hand")


def _one_of(kind: Any, name: str, typed: Mapping[str, str], faults: list[tuple[str, Fault]]) -> Any:
    given = typed[name]
    if not given:
        return None
    if given not in set(kind):
        faults.append((name, Fault("figures.unknown", f"/{name}")))
        return None
    return kind(given)


def _narrowed(
    typed: Mapping[str, str],
    operator_id: int,
    reference: Reference,
    hands: Mapping[str, Mapping[str, str]],
    faults: list[tuple[str, Fault]],
) -> tuple[dict[str, str], dict[str, Any]]:
    counties = {place.county_code for place in reference.places.values()}
    channels = {str(one.id): one.id for one in reference.channels.values() if one.operator_id == operator_id}
    known: Mapping[str, Collection[str]] = {
        "county": counties,
        "area": AREAS.keys(),
        "channel": channels.keys(),
        "customer": KINDS,
    }
    narrowed: dict[str, str] = {}
    only: dict[str, Any] = {}
    for name, values in known.items():
        if not (given := typed[name]):
            continue
        if given in values:
            narrowed[name] = given
            only[SPLITS[name]] = {"area": AREAS.get(given), "channel": channels.get(given)}.get(name, given)
        else:
            faults.append((name, Fault("figures.unknown", f"/{name}")))
    if given := typed["hand"]:
        hand, _, whose = given.partition(":")
        if hand in HANDS and (not whose or whose in hands[hand]):
            narrowed["hand"] = given
            only[hand] = whose
        else:
            faults.append(("hand", Fault("figures.unknown", "/hand")))
    return narrowed, only
