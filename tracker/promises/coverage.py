"""Which orders would be left without a published limit (电信条例 30: the operator publishes its limits)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tracker.promises.rules import ANY, NoRuleError, Rule, choose

AREAS = ("urban", "rural")
RESOURCES = ("ready", "needs_building", "survey")


@dataclass(frozen=True)
class Gap:
    """Orders that no rule covers."""

    area: str
    resource: str


def gaps(rule: Rule, others: Iterable[Rule], on: date) -> list[Gap]:
    """Of the orders that `rule` covers, those that none of the others does on that day."""
    rest = [other for other in others if other.id != rule.id]
    return [
        Gap(area, resource)
        for area in (AREAS if rule.area == ANY else (rule.area,))
        for resource in (RESOURCES if rule.resource == ANY else (rule.resource,))
        if not _is_covered(rule, rest, area, resource, on)
    ]


def _is_covered(rule: Rule, others: list[Rule], area: str, resource: str, on: date) -> bool:
    # Of every product, so one that is named nowhere.
    product = "" if rule.product == ANY else rule.product
    asked = {"customer_kind": rule.customer_kind, "product": product, "area": area, "resource": resource}
    try:
        choose(others, on=on, **asked)
    except NoRuleError:
        return False
    return True
