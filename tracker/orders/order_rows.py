"""What is written of a checked order: its row with its promise, and what its customer is told."""

from typing import Any

from tracker.crypto import KeyRing
from tracker.notices.drafts import Wanted
from tracker.orders.check_order import CheckedOrder
from tracker.orders.proofs import lookup_digest
from tracker.orders.tell_changes import changes_ahead
from tracker.orders.write_orders import ORDER_ID
from tracker.promises import wording
from tracker.reference import ChannelFacts, Reference


def order_row(keys: KeyRing, one: CheckedOrder, number: str) -> dict[str, Any]:
    """Columns of `orders` and of `promises`; personal ones are sealed, price and rule as they are today."""
    request, plan = one.request, one.plan
    customer, address = request["customer"], request["address"]
    rule, code = one.deadline.rule, customer["credit_code"]
    return {
        "number": number,
        "external_reference": one.reference,
        "content_digest": one.digest,
        "customer_kind": customer["kind"],
        "product": plan.product,
        "resource": one.resource,
        "community_code": one.place.code,
        "dealer": request["dealer"],
        "language": request["language"],
        "notify_by": request["notify_by"],
        "needs_assistance": request["needs_assistance"],
        "customer_name": keys.seal(customer["name"], "orders.customer_name"),
        "contact_phone": keys.seal(customer["phone"], "orders.contact_phone"),
        "address_detail": keys.seal(address["detail"], "orders.address_detail"),
        "phone_digest": keys.digest_of("orders.phone", customer["phone"]),
        "lookup_digest": lookup_digest(keys, number, customer["phone"][-4:]),
        "credit_code": code and keys.seal(code, "orders.credit_code"),
        "credit_lookup_digest": code and lookup_digest(keys, number, code[-4:]),
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
        "accepted_at": one.accepted_at,
        "rule_id": rule.id,
        "rule": rule.as_json(),
        "deadline": one.deadline.at,
        "provisional": one.deadline.provisional,
        "explanation": wording.explain(one.deadline),
        "calendar_revision": one.calendar_revision,
    }


def texts_of(reference: Reference, channel: ChannelFacts, one: CheckedOrder, number: str) -> list[Wanted]:
    """That the order is accepted and what is promised; and which changes of its plan are to come.

    The keys have ORDER_ID in the place of the order's id.
    """
    return [_accepted_text(reference, channel, one, number), *changes_ahead(reference, ORDER_ID, one)]


def _accepted_text(reference: Reference, channel: ChannelFacts, one: CheckedOrder, number: str) -> Wanted:
    operator = reference.operators[channel.operator_id]
    language = one.request["language"]
    in_words = wording.deadline_for_sms_en if language == "en" else wording.deadline_for_sms
    return Wanted(
        operator_id=operator.id,
        order_id=None,
        template="order_accepted",
        language=language,
        values={
            "number": number,
            "deadline": in_words(one.deadline.at),
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=one.request["customer"]["phone"],
        by_call=one.request["notify_by"] == "call",
        dedup_key=f"order:{ORDER_ID}:accepted",
    )
