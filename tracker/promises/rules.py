"""Promise rules (时限规则): which one applies, and which may not stand beside each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

ANY = "any"


class Unit(StrEnum):
    """What a limit is counted in."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True)
class Rule:
    """A published limit. Times are of the city; `valid_to` is the last day or None for open.

    `end_of_day` is when the last day ends (close of business, 民法典 203); None means 24:00.
    With `late_counts_as_next_day`, what comes in after `cut_off` or on a rest day counts as
    accepted on the next working day. A limit in hours runs by the second and takes none of the three.
    """

    id: int
    version: int
    customer_kind: str
    product: str
    area: str
    resource: str
    amount: int
    unit: Unit
    cut_off: time | None
    end_of_day: time | None
    late_counts_as_next_day: bool
    valid_from: date
    valid_to: date | None

    @property
    def named(self) -> int:
        """How specific it is: how many of product, area and resource it names."""
        return sum(part != ANY for part in (self.product, self.area, self.resource))

    def covers(self, day: date) -> bool:
        """Whether it is in force for what is accepted that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def as_json(self) -> dict[str, Any]:
        """What is frozen of it with each promise: days and times in ISO 8601."""
        frozen = vars(self).copy()
        for name in ("cut_off", "end_of_day", "valid_from", "valid_to"):
            frozen[name] = None if frozen[name] is None else frozen[name].isoformat()
        return frozen

    @classmethod
    def from_json(cls, frozen: Mapping[str, Any]) -> "Rule":
        """The rule that `as_json` froze."""
        values = dict(frozen)
        for name, read in (
            ("cut_off", time.fromisoformat),
            ("end_of_day", time.fromisoformat),
            ("valid_from", date.fromisoformat),
            ("valid_to", date.fromisoformat),
            ("unit", Unit),
        ):
            values[name] = None if values[name] is None else read(values[name])
        return cls(**values)


class NoRuleError(LookupError):
    """No promise rule covers such an order."""


def choose(
    rules: Iterable[Rule], *, customer_kind: str, product: str, area: str, resource: str, on: date
) -> Rule:
    """The rule in force on the day of acceptance that names most of the order. Raises NoRuleError.

    Two that name equally much cannot both be saved (`ambiguous`).
    """
    fitting = [
        rule
        for rule in rules
        if rule.customer_kind == customer_kind
        and rule.product in (product, ANY)
        and rule.area in (area, ANY)
        and rule.resource in (resource, ANY)
        and rule.covers(on)
    ]
    if not fitting:
        raise NoRuleError(f"no promise rule for {customer_kind}, {product}, {area}, {resource} on {on}")
    return max(fitting, key=lambda rule: (rule.named, rule.valid_from, rule.id))


def ambiguous(rule: Rule, other: Rule) -> bool:
    """Whether an order can exist that both cover on some day, and neither is the more specific."""
    return (
        rule.customer_kind == other.customer_kind
        and rule.named == other.named
        and all(
            mine == theirs or ANY in (mine, theirs)
            for mine, theirs in (
                (rule.product, other.product),
                (rule.area, other.area),
                (rule.resource, other.resource),
            )
        )
        and (rule.valid_to is None or other.valid_from <= rule.valid_to)
        and (other.valid_to is None or rule.valid_from <= other.valid_to)
    )
