"""What an order would be promised: the rule that covers it, and the deadline that the rule gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker import clock
from tracker.promises.deadline import Deadline, deadline
from tracker.promises.rules import NoRuleError, Rule, choose
from tracker.reference import Place, Reference

DEDICATED_LINE = "dedicated_line"


@dataclass(frozen=True)
class Asked:
    """An order as far as its promise depends on it."""

    operator_id: int
    customer_kind: str
    product: str
    place: Place
    resource: str
    accepted_at: datetime


def rule_for(reference: Reference, asked: Asked, drafts: Sequence[Rule] = ()) -> Rule | None:
    """The rule for such an order, were the `drafts` published too; None where none covers it."""
    try:
        return choose(
            [*reference.rules.get(asked.operator_id, ()), *drafts],
            customer_kind=asked.customer_kind,
            product=asked.product,
            area=asked.place.area,
            resource=asked.resource,
            on=clock.local_date(asked.accepted_at),
        )
    except NoRuleError:
        return None


def promise(reference: Reference, asked: Asked, drafts: Sequence[Rule] = ()) -> Deadline | None:
    """The deadline that such an order would be promised; None without a rule or a calendar."""
    rule = rule_for(reference, asked, drafts)
    calendar = reference.calendar_of(asked.operator_id, asked.place)
    return None if rule is None or calendar is None else deadline(rule, asked.accepted_at, calendar)
