"""What the reference data has to say of a wished order, before anything is stored."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tracker import clock
from tracker.crypto import KeyRing
from tracker.orders.promising import DEDICATED_LINE, Asked, promise
from tracker.orders.rules import CLOCK_SKEW
from tracker.problems import Fault, Refusal
from tracker.promises.deadline import Deadline
from tracker.reference import ChannelFacts, Place, PlanFacts, Reference

_OLDEST = timedelta(days=730)
_SAYS_NOTHING = (("notify_by", "text"), ("needs_assistance", False))


@dataclass(frozen=True)
class CheckedOrder:
    """A request that passed every check, with what was decided for it.

    `digest` tells a repeat of the same order from another one under the same reference.
    """

    request: Mapping[str, Any]
    accepted_at: datetime
    place: Place
    plan: PlanFacts
    resource: str
    deadline: Deadline
    calendar_revision: int
    digest: bytes

    @property
    def accepted_on(self) -> date:
        """The day of the city on which it was accepted."""
        return clock.local_date(self.accepted_at)

    @property
    def reference(self) -> str:
        """The channel's own number."""
        found: str = self.request["external_reference"]
        return found


def check_order(
    reference: Reference, keys: KeyRing, channel: ChannelFacts, request: Mapping[str, Any], now: datetime
) -> CheckedOrder | Refusal:
    """Place, plan, time and promise of a request loaded by OrderRequestSchema; all faults at once."""
    accepted_at = request["accepted_at"] or now
    faults = _faults_of_time(accepted_at, now)
    if request["customer"]["credit_code"] is not None and request["customer"]["kind"] != "enterprise":
        faults.append(Fault("credit_code.not_enterprise", "/customer/credit_code"))
    accepted_on = clock.local_date(accepted_at)
    place = reference.places.get(request["address"]["community_code"])
    if place is None:
        faults.append(Fault("order.unknown_community", "/address/community_code"))
    if (channel.operator_id, request["plan"]) not in reference.plans:
        faults.append(Fault("order.unknown_plan", "/plan"))
    if faults or place is None:
        return Refusal(*faults)
    # Whether it was on sale there and then can be told only of a known place and a sound time.
    plan = reference.plan_on_sale(channel.operator_id, request["plan"], place, accepted_on)
    if plan is None:
        return Refusal(Fault("order.unknown_plan", "/plan"))
    if plan.audience != request["customer"]["kind"]:
        return Refusal(Fault("order.plan_audience", "/plan"))
    # A dedicated line is always surveyed first (专线勘察), whatever the channel thinks of the address.
    resource = "survey" if plan.product == DEDICATED_LINE else request["resource"]
    asked = Asked(channel.operator_id, plan.audience, plan.product, place, resource, accepted_at)
    deadline = promise(reference, asked)
    if deadline is None or reference.calendars is None:
        return Refusal(Fault("order.no_promise_rule"))
    return CheckedOrder(
        request,
        accepted_at,
        place,
        plan,
        resource,
        deadline,
        reference.calendars.revision,
        digest_of(keys, request),
    )


def digest_of(keys: KeyRing, request: Mapping[str, Any]) -> bytes:
    """A keyed digest of what was asked for, so that a stored one gives nothing away."""
    # A field that came later counts only where it says something: orders from before have no place for it.
    request = {name: value for name, value in request.items() if (name, value) not in _SAYS_NOTHING}
    request["customer"] = {name: value for name, value in request["customer"].items() if value is not None}
    canonical = json.dumps(request, sort_keys=True, ensure_ascii=False, default=str)
    return keys.digest_of("orders.content", hashlib.sha256(canonical.encode()).hexdigest())


def _faults_of_time(accepted_at: datetime, now: datetime) -> list[Fault]:
    if accepted_at > now + CLOCK_SKEW:
        return [Fault("order.accepted_in_future", "/accepted_at")]
    if accepted_at < now - _OLDEST:
        return [Fault("order.accepted_too_old", "/accepted_at")]
    return []
