"""Take in orders: check them, promise a date, and write order, event, promise and text at once."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from tracker import clock
from tracker.notices.plan_notices import Wanted, plan_notices
from tracker.orders import numbers
from tracker.orders.models import Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.orders.wording import is_news
from tracker.problems import Fault, Refusal
from tracker.promises import rules as promise_rules
from tracker.promises import wording
from tracker.promises.models import Promise
from tracker.promises.rules import Deadline
from tracker.reference import ChannelFacts, Place, PlanFacts, Reference
from tracker.runtime import Runtime

_OLDEST = timedelta(days=730)
_CLOCK_SKEW = timedelta(minutes=5)

DEDICATED_LINE = "dedicated_line"


@dataclass(frozen=True)
class Placed:
    """An order that is stored. `repeated`: it was stored before, and nothing changed now."""

    order_id: int
    number: str
    repeated: bool = False


@dataclass(frozen=True)
class _Checked:
    """A request that passed every check, with what was decided for it."""

    request: Mapping[str, Any]
    accepted_at: datetime
    place: Place
    plan: PlanFacts
    resource: str
    deadline: Deadline
    number: str
    digest: bytes


def place_order(runtime: Runtime, channel: ChannelFacts, request: Mapping[str, Any]) -> Placed:
    """Take in one order. Raises Refusal with every fault found."""
    (result,) = place_orders(runtime, channel, [request])
    if isinstance(result, Refusal):
        raise result
    return result


def place_orders(
    runtime: Runtime,
    channel: ChannelFacts,
    requests: Sequence[Mapping[str, Any]],
    *,
    notify_old: bool = False,
) -> list[Placed | Refusal]:
    """Take in a batch in one transaction; each request, loaded by OrderRequestSchema, succeeds or
    is refused by itself, and the results come in the same order.

    A request whose reference the channel has used before is answered with the order stored
    then if the content is the same, and refused if it is not. `notify_old`: tell customers even
    of orders accepted over a day ago.
    """
    now = clock.now()
    reference = runtime.reference.current()
    results: list[Placed | Refusal | None] = [None] * len(requests)
    fresh: dict[str, tuple[int, _Checked]] = {}
    repeats: list[int] = []
    for index, request in enumerate(requests):
        if request["external_reference"] in fresh:
            repeats.append(index)
            continue
        checked = _check(runtime, reference, channel, request, now)
        if isinstance(checked, Refusal):
            results[index] = checked
        else:
            fresh[request["external_reference"]] = (index, checked)
    with runtime.db.transaction() as connection:
        stored = _store(
            runtime, reference, connection, channel, [c for _, c in fresh.values()], now, notify_old
        )
        known = _known(connection, channel, [key for key in fresh if key not in stored])
    for key, (index, checked) in fresh.items():
        results[index] = stored.get(key) or _repeat(known[key], checked.digest)
    for index in repeats:
        # The same reference twice in one batch: the second is judged against the first.
        first_index, first = fresh[requests[index]["external_reference"]]
        answer = results[first_index]
        if _digest(runtime, requests[index]) != first.digest:
            answer = Refusal(_duplicate())
        results[index] = replace(answer, repeated=True) if isinstance(answer, Placed) else answer
    return results  # type: ignore[return-value]  # every place has been filled


def _check(
    runtime: Runtime, reference: Reference, channel: ChannelFacts, request: Mapping[str, Any], now: datetime
) -> _Checked | Refusal:
    """Everything the reference data has to say, all faults at once."""
    faults = []
    accepted_at = request["accepted_at"] or now
    if accepted_at > now + _CLOCK_SKEW:
        faults.append(Fault("order.accepted_in_future", "/accepted_at"))
    elif accepted_at < now - _OLDEST:
        faults.append(Fault("order.accepted_too_old", "/accepted_at"))
    accepted_on = clock.local_date(accepted_at)
    place = reference.places.get(request["address"]["community_code"])
    if place is None:
        faults.append(Fault("order.unknown_community", "/address/community_code"))
        return Refusal(*faults)
    plan = reference.plan_on_sale(channel.operator_id, request["plan"], place, accepted_on)
    if plan is None:
        faults.append(Fault("order.unknown_plan", "/plan"))
        return Refusal(*faults)
    if plan.audience != request["customer"]["kind"]:
        faults.append(Fault("order.plan_audience", "/plan"))
    if faults:
        return Refusal(*faults)
    # A dedicated line is always surveyed first (专线勘察), whatever the channel thinks of the address.
    resource = "survey" if plan.product == DEDICATED_LINE else request["resource"]
    deadline = _deadline(reference, channel, plan, place, resource, accepted_at, accepted_on)
    if deadline is None:
        return Refusal(Fault("order.no_promise_rule"))
    return _Checked(
        request,
        accepted_at,
        place,
        plan,
        resource,
        deadline,
        numbers.new_number(accepted_on),
        _digest(runtime, request),
    )


def _deadline(
    reference: Reference,
    channel: ChannelFacts,
    plan: PlanFacts,
    place: Place,
    resource: str,
    accepted_at: datetime,
    accepted_on: date,
) -> Deadline | None:
    if reference.calendar is None:
        return None
    try:
        rule = promise_rules.choose(
            reference.rules.get(channel.operator_id, ()),
            customer_kind=plan.audience,
            product=plan.product,
            area=place.area,
            resource=resource,
            on=accepted_on,
        )
    except promise_rules.NoRuleError:
        return None
    return promise_rules.deadline(rule, accepted_at, reference.calendar)


def _digest(runtime: Runtime, request: Mapping[str, Any]) -> bytes:
    """A keyed digest of what was asked for, so that a stored one gives nothing away."""
    canonical = json.dumps(request, sort_keys=True, ensure_ascii=False, default=str)
    return runtime.keys.digest_of("orders.content", hashlib.sha256(canonical.encode()).hexdigest())


def _store(
    runtime: Runtime,
    reference: Reference,
    connection: Connection,
    channel: ChannelFacts,
    batch: Sequence[_Checked],
    now: datetime,
    notify_old: bool,
) -> dict[str, Placed]:
    """Insert what is new of the batch, by external reference."""
    if not batch:
        return {}
    statement = (
        insert_or(Order)
        .on_conflict_do_nothing(index_elements=[Order.channel_id, Order.external_reference])
        .returning(Order.external_reference, Order.id)
    )
    rows = connection.execute(statement, [_order_row(runtime, channel, one, now) for one in batch]).all()
    ids = {row.external_reference: row.id for row in rows}
    new = [
        (ids[one.request["external_reference"]], one)
        for one in batch
        if one.request["external_reference"] in ids
    ]
    if not new:
        return {}
    actor = f"channel:{channel.code}"
    connection.execute(
        insert(OrderEvent), [_event_row(order_id, channel, one, actor, now) for order_id, one in new]
    )
    connection.execute(insert(Promise), [_promise_row(order_id, channel, one, now) for order_id, one in new])
    news = [
        _accepted_text(reference, order_id, channel, one)
        for order_id, one in new
        if notify_old or is_news(one.accepted_at, now)
    ]
    plan_notices(connection, runtime.keys, runtime.bell, news, now)
    return {one.request["external_reference"]: Placed(order_id, one.number) for order_id, one in new}


def _order_row(runtime: Runtime, channel: ChannelFacts, one: _Checked, now: datetime) -> dict[str, Any]:
    request, keys, plan = one.request, runtime.keys, one.plan
    customer, address = request["customer"], request["address"]
    return {
        "operator_id": channel.operator_id,
        "channel_id": channel.id,
        "number": one.number,
        "external_reference": request["external_reference"],
        "content_digest": one.digest,
        "customer_kind": customer["kind"],
        "product": plan.product,
        "resource": one.resource,
        "community_code": one.place.code,
        "dealer": request["dealer"],
        "language": request["language"],
        "customer_name": keys.seal(customer["name"], "orders.customer_name"),
        "contact_phone": keys.seal(customer["phone"], "orders.contact_phone"),
        "address_detail": keys.seal(address["detail"], "orders.address_detail"),
        "phone_digest": keys.digest_of("orders.phone", customer["phone"]),
        "lookup_digest": keys.digest_of("orders.lookup", f"{one.number}/{customer['phone'][-4:]}"),
        "plan_id": plan.id,
        "price": {
            "filing_number": plan.filing_number,
            "version": plan.version,
            "name": plan.name,
            "name_en": plan.name_en,
            "monthly_fen": plan.monthly_fen,
            "installation_fen": plan.installation_fen,
            "commissioning_fen": plan.commissioning_fen,
        },
        "stage": Stage.ACCEPTED,
        "version": 1,
        "accepted_at": one.accepted_at,
        "created_at": now,
    }


def _event_row(
    order_id: int, channel: ChannelFacts, one: _Checked, actor: str, now: datetime
) -> dict[str, Any]:
    return {
        "operator_id": channel.operator_id,
        "order_id": order_id,
        "order_version": 1,
        "kind": "accepted",
        "stage": Stage.ACCEPTED,
        "detail": {},
        "actor": actor,
        "occurred_at": one.accepted_at,
        "recorded_at": now,
    }


def _promise_row(order_id: int, channel: ChannelFacts, one: _Checked, now: datetime) -> dict[str, Any]:
    rule = one.deadline.rule
    return {
        "order_id": order_id,
        "operator_id": channel.operator_id,
        "rule_id": rule.id,
        "rule": json.loads(json.dumps(rule.__dict__, default=str)),
        "accepted_at": one.accepted_at,
        "deadline": one.deadline.at,
        "provisional": one.deadline.provisional,
        "explanation": wording.explain(one.deadline),
        "created_at": now,
    }


def _accepted_text(reference: Reference, order_id: int, channel: ChannelFacts, one: _Checked) -> Wanted:
    operator = reference.operators[channel.operator_id]
    language = one.request["language"]
    in_words = wording.deadline_for_sms_en if language == "en" else wording.deadline_for_sms
    return Wanted(
        operator_id=operator.id,
        order_id=order_id,
        template="order_accepted",
        language=language,
        values={
            "number": one.number,
            "deadline": in_words(one.deadline.at),
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=one.request["customer"]["phone"],
        dedup_key=f"order:{order_id}:accepted",
    )


def _known(connection: Connection, channel: ChannelFacts, references: Sequence[str]) -> dict[str, Any]:
    """Orders that the channel has under these references already."""
    if not references:
        return {}
    rows = connection.execute(
        select(Order.external_reference, Order.id, Order.number, Order.content_digest).where(
            Order.channel_id == channel.id, Order.external_reference.in_(references)
        )
    )
    return {row.external_reference: row for row in rows}


def _repeat(row: Any, digest: bytes) -> Placed | Refusal:
    if bytes(row.content_digest) == digest:
        return Placed(row.id, row.number, repeated=True)
    return Refusal(_duplicate())


def _duplicate() -> Fault:
    return Fault("order.duplicate_reference", "/external_reference")
