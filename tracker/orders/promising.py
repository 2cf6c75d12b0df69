"""What an order would be promised: the rule that covers it, and the deadline that the rule gives."""

from collections.abc import Sequence
from datetime import datetime

from tracker import clock
from tracker.promises.deadline import Deadline, deadline
from tracker.promises.rules import NoRuleError, Rule, choose
from tracker.reference import Place, Reference

DEDICATED_LINE = "dedicated_line"


def rule_for(
    reference: Reference,
    operator_id: int,
    *,
    customer_kind: str,
    product: str,
    place: Place,
    resource: str,
    accepted_at: datetime,
    drafts: Sequence[Rule] = (),
) -> Rule | None:
    """The rule for such an order, were the `drafts` published too; None where none covers it."""
    try:
        return choose(
            [*reference.rules.get(operator_id, ()), *drafts],
            customer_kind=customer_kind,
            product=product,
            area=place.area,
            resource=resource,
            on=clock.local_date(accepted_at),
        )
    except NoRuleError:
        return None


def promise(
    reference: Reference,
    operator_id: int,
    *,
    customer_kind: str,
    product: str,
    place: Place,
    resource: str,
    accepted_at: datetime,
    drafts: Sequence[Rule] = (),
) -> Deadline | None:
    """The deadline that such an order would be promised; None without a rule or a calendar."""
    calendar = reference.calendar_of(operator_id, place)
    rule = rule_for(
        reference,
        operator_id,
        customer_kind=customer_kind,
        product=product,
        place=place,
        resource=resource,
        accepted_at=accepted_at,
        drafts=drafts,
    )
    return None if rule is None or calendar is None else deadline(rule, accepted_at, calendar)
