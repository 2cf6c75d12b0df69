"""What an order like this, accepted at that time, would be promised; nothing is stored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracker import clock
from tracker.orders.promising import DEDICATED_LINE, Asked, promise
from tracker.problems import Fault, Refusal
from tracker.promises.deadline import Deadline
from tracker.promises.publish_rule import draft, faults_of, overlaps
from tracker.reference import Reference


def preview_promise(
    reference: Reference, operator_id: int, request: Mapping[str, Any]
) -> tuple[datetime, Deadline]:
    """The time of acceptance and the deadline, for a request loaded by PreviewRequestSchema.

    Raises Refusal: order.unknown_community, order.unknown_plan, order.no_promise_rule, or what is wrong
    with a draft of a rule.
    """
    accepted_at = request["accepted_at"] or clock.now()
    place = reference.places.get(request["community_code"])
    if place is None:
        raise Refusal(Fault("order.unknown_community", "/community_code"))
    plan = reference.plan_on_sale(operator_id, request["plan"], place, clock.local_date(accepted_at))
    if plan is None:
        raise Refusal(Fault("order.unknown_plan", "/plan"))
    drafts = []
    if request["rule"] is not None:
        rule = draft(request["rule"])
        faults = faults_of(request["rule"]) + overlaps(rule, reference.rules.get(operator_id, ()))
        if faults:
            raise Refusal(*(Fault(one.rule, f"/rule{one.pointer}", one.params) for one in faults))
        drafts.append(rule)
    resource = "survey" if plan.product == DEDICATED_LINE else request["resource"]
    asked = Asked(operator_id, plan.audience, plan.product, place, resource, accepted_at)
    found = promise(reference, asked, drafts)
    if found is None:
        raise Refusal(Fault("order.no_promise_rule"))
    return accepted_at, found
