"""The usual way of an order: known data, a new reference, a text to a mobile phone. One round trip."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from tracker import clock
from tracker.notices.drafts import draft, notice_row, why_not
from tracker.notices.plan_notices import ring_for
from tracker.orders import numbers
from tracker.orders.check_order import CheckedOrder, check_order
from tracker.orders.fee_sums import fees_as_sold
from tracker.orders.order_rows import order_row, texts_of
from tracker.orders.rules import Stage, open_moves
from tracker.orders.wording import is_news
from tracker.orders.write_orders import Kept, write_orders
from tracker.problems import Refusal
from tracker.reference import ChannelFacts, Reference
from tracker.runtime import Runtime


def place_at_once(
    runtime: Runtime,
    channel: ChannelFacts,
    request: Mapping[str, Any],
    reference: Reference,
    keep: Callable[[dict[str, Any]], Kept],
) -> bool:
    """Take in an order if nothing at all stands against it, together with the answer to keep for it.

    `keep` is given the order as OrderSchema shows it. False: nothing was written, because the order is
    refused or known, the key has an answer already, a person has to call, a text may have been sent too
    often, or the reference data has changed; `place_order` then says which it is. `reference` may
    therefore be a moment old.
    """
    now = clock.now()
    one = check_order(reference, runtime.keys, channel, request, now)
    if isinstance(one, Refusal):
        return False
    number = numbers.new_number(one.accepted_on)
    texts = []
    if is_news(one.accepted_at, now):
        texts = [draft(runtime, reference, text) for text in texts_of(reference, channel, one, number)]
    if any(not text.template.always_new or why_not(reference, text, set()) for text in texts):
        return False
    order = order_row(runtime.keys, one, number)
    told = [notice_row(runtime, text, None, now) | {"external_reference": one.reference} for text in texts]
    kept = keep(_as_shown(one, order))
    try:
        with runtime.db.at_once() as connection:
            rows = write_orders(connection, channel, [order], told, now, kept)
    except IntegrityError:
        return False
    ring_for(runtime.bell, [row for row in rows if row.id is not None], now)
    return bool(rows)


def _as_shown(one: CheckedOrder, order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as `queries.channel_order` will read the row."""
    return {
        "number": order["number"],
        "external_reference": one.reference,
        "stage": Stage.ACCEPTED.value,
        "version": 1,
        "accepted_at": one.accepted_at,
        "customer_kind": one.plan.audience,
        "community_code": one.place.code,
        "plan": one.plan.filing_number,
        "promise": {
            "deadline": one.deadline.at,
            "first_deadline": one.deadline.at,
            "provisional": one.deadline.provisional,
            "rule_version": one.deadline.rule.version,
            "explanation": order["explanation"],
        },
        "fees": fees_as_sold(order["price"]),
        "real_name_checks": [],
        "next_stages": [stage.value for stage in open_moves(Stage.ACCEPTED)],
    }
