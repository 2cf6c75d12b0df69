"""Take an order in at the counter: what the customer is told before it, and the order itself.

The counter shows plan, price, terms and promise first. What is shown bears a stamp, which comes back with the
order: if anything of it has changed meanwhile, nothing is stored, and the customer is told anew.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed, place_order
from tracker.orders.preview_promise import preview_promise
from tracker.problems import Fault, Refusal
from tracker.promises.deadline import Deadline
from tracker.promises.rules import Unit
from tracker.reference import ChangeFacts, ChannelFacts, Place, PlanFacts, Reference
from tracker.runtime import Runtime
from tracker.tariffs.terms import Terms, as_json, read_terms, sold_through

# The kinds of channels behind which a person of the operator sits.
COUNTER_KINDS = ("business_hall", "service_centre")
_DEALERS_READ = 2000
# Whoever enters an order has seen these, which the audit trail keeps.
_PERSONAL = ("customer_name", "contact_phone", "address_detail")


@dataclass(frozen=True)
class Offer:
    """What the customer is told before the order is stored: the plan with its terms, which changes of it are
    announced, and the promise.
    """

    plan: PlanFacts
    terms: Terms
    changes: tuple[ChangeFacts, ...]
    place: Place
    accepted_at: datetime
    deadline: Deadline

    @property
    def stamp(self) -> str:
        """A digest of what is shown. A limit in hours counts from the saving, so its minute is not of it."""
        rule = self.deadline.rule
        until = "" if rule.unit is Unit.HOURS else self.deadline.at.isoformat()
        ahead = [change.id for change in self.changes]
        shown = (self.plan.id, self.place.code, rule.id, rule.version, until, self.terms.digest, ahead)
        return hashlib.sha256("|".join(map(str, shown)).encode()).hexdigest()[:32]

    @property
    def binding(self) -> bool:
        """Whether there is anything that the customer has to acknowledge."""
        return self.terms.binding or bool(self.changes)

    @property
    def acknowledged(self) -> dict[str, Any]:
        """What the order's history keeps of it: the terms, and the ids of the announced changes."""
        return as_json(self.terms) | {"changes": [change.id for change in self.changes]}


def counter_channels(reference: Reference, operator_id: int) -> list[ChannelFacts]:
    """The operator's channels of which somebody sits at a counter."""
    return [
        channel
        for channel in reference.channels.values()
        if channel.operator_id == operator_id and channel.kind in COUNTER_KINDS
    ]


def plans_for_sale(
    connection: Connection, reference: Reference, channel: ChannelFacts
) -> list[tuple[PlanFacts, Terms]]:
    """The versions that the channel may sell today, wherever they are for, the cheapest first."""
    today = clock.today()
    of_counties = {place.county_code: place for place in reference.places.values()}.values()
    found = {
        plan.id: plan
        for operator_id, filing_number in reference.plans
        if operator_id == channel.operator_id
        for place in of_counties
        if (plan := reference.plan_on_sale(operator_id, filing_number, place, today)) is not None
    }
    terms = read_terms(connection, found)
    sold = [
        (plan, terms[plan.id])
        for plan in found.values()
        if sold_through(terms[plan.id].sales_channels, channel.kind)
    ]
    return sorted(sold, key=lambda one: (one[0].audience != "home", one[0].product, one[0].monthly_fen))


def plan_of(reference: Reference, channel: ChannelFacts, plan_id: int) -> PlanFacts:
    """`Reference.plan_version` of the channel's operator; raises Refusal: order.unknown_plan."""
    try:
        return reference.plan_version(channel.operator_id, plan_id)
    except LookupError:
        raise Refusal(Fault("order.unknown_plan", "/plan")) from None


def offer(
    connection: Connection,
    reference: Reference,
    channel: ChannelFacts,
    plan_id: int,
    community_code: str,
    resource: str,
) -> Offer:
    """What a customer there is told of a plan today.

    Raises Refusal: order.unknown_plan for a version that is not sold there today, order.unknown_community,
    order.no_promise_rule, counter.plan_not_sold_here.
    """
    plan = plan_of(reference, channel, plan_id)
    place = reference.places.get(community_code)
    if place is None:
        raise Refusal(Fault("order.unknown_community", "/address/community_code"))
    if reference.plan_on_sale(plan.operator_id, plan.filing_number, place, clock.today()) != plan:
        raise Refusal(Fault("order.unknown_plan", "/plan"))
    terms = read_terms(connection, [plan.id])[plan.id]
    if not sold_through(terms.sales_channels, channel.kind):
        raise Refusal(Fault("counter.plan_not_sold_here", "/plan"))
    accepted_at, deadline = preview_promise(
        reference,
        channel.operator_id,
        {
            "plan": plan.filing_number,
            "community_code": community_code,
            "resource": resource,
            "accepted_at": None,
            "rule": None,
        },
    )
    changes = reference.changes_ahead(plan, clock.local_date(accepted_at))
    return Offer(plan, terms, tuple(changes), place, accepted_at, deadline)


def take_at_counter(
    runtime: Runtime,
    actor: Actor,
    channel: ChannelFacts,
    request: Mapping[str, Any],
    plan_id: int,
    *,
    stamp: str,
    acknowledged: bool,
) -> Placed:
    """Store an order that was entered at the counter, once for each `external_reference` of the channel.

    `request` is loaded by OrderRequestSchema, with the filing number of the version `plan_id`; `stamp` is
    that of the offer that was shown. What the customer acknowledged, `Offer.acknowledged`, stands in the
    event of the order's acceptance (invariant I7). Raises Refusal as `place_order` and `offer` do, and
    counter.not_acknowledged, counter.not_as_shown.
    """
    reference = runtime.reference.current()
    with runtime.db.reading() as connection:
        stored = connection.scalar(
            select(Order.id).where(
                Order.channel_id == channel.id, Order.external_reference == request["external_reference"]
            )
        )
        if stored is not None:
            # Sent twice. Whatever has changed since, the order stands.
            return place_order(runtime, channel, request, reference=reference, actor=actor.label)
        shown = offer(
            connection,
            reference,
            channel,
            plan_id,
            request["address"]["community_code"],
            request["resource"],
        )
    if shown.plan.audience != request["customer"]["kind"]:
        raise Refusal(Fault("order.plan_audience", "/plan"))
    if stamp != shown.stamp:
        raise Refusal(Fault("counter.not_as_shown"))
    if shown.binding and not acknowledged:
        raise Refusal(Fault("counter.not_acknowledged", "/acknowledged"))

    def note(connection: Connection, placed: Placed) -> None:
        company = request["customer"]["credit_code"] is not None
        append(
            connection,
            Action.CHANGED,
            operator_id=actor.operator_id,
            actor=actor.label,
            subject=f"order:{placed.order_id}",
            fields=(*_PERSONAL, "credit_code") if company else _PERSONAL,
            why="order taken in at the counter",
        )

    return place_order(
        runtime,
        channel,
        request,
        reference=reference,
        actor=actor.label,
        detail={"acknowledged": shown.acknowledged} if shown.binding else None,
        then=note,
    )


def recent_dealers(connection: Connection, operator_id: int, limit: int) -> list[str]:
    """The dealers of the operator's latest orders, the last one first."""
    latest = (select(Order.dealer).where(Order.operator_id == operator_id).order_by(Order.id.desc())).limit(
        _DEALERS_READ
    )
    found = (dealer for dealer in connection.scalars(latest) if dealer)
    return list(dict.fromkeys(found))[:limit]
