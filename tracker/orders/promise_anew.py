"""Re-promise: another limit, because a line must be built first, or another date after a delay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker import clock
from tracker.notices.plan_notices import plan_notices
from tracker.orders import promise_texts
from tracker.orders.actor import Actor
from tracker.orders.hold_rules import FARTHEST_DATE
from tracker.orders.locking import lock_order
from tracker.orders.promise_book import Book, Written, open_book, require_running, why_of, write_entry
from tracker.orders.promising import Asked, rule_for
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import Entry, Kind
from tracker.promises.rules import Rule
from tracker.reference import Reference
from tracker.runtime import Runtime


def promise_anew(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> Written:
    """Promise again, loaded by RepromiseRequestSchema, and tell the customer.

    With `resource`, the rule for that resource is counted from the order's acceptance, as it would
    have been had one known. With `deadline`, that date stands; it needs the person who follows the
    delay up. Raises Refusal: order.not_found, version.stale, promise.order_done, order.no_promise_rule,
    or every repromise rule broken.
    """
    now = clock.now()
    reference = runtime.reference.current()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        book = open_book(connection, reference, order)
        entry = repromise_entry(reference, book, request, now)
        operator, resource = reference.operators[order.operator_id], request["resource"]
        why = why_of(actor, request)
        if resource is not None:
            written = write_entry(connection, book, entry, why, {"resource": resource})
            text = promise_texts.promised_anew(runtime.keys, operator, order, written, resource)
        else:
            written = write_entry(connection, book, entry, why)
            text = promise_texts.delayed(
                runtime.keys, operator, order, written, request["reason_code"], request["contact"]
            )
        plan_notices(connection, runtime, reference, [text], now)
    return written


def repromise_entry(reference: Reference, book: Book, request: Mapping[str, Any], now: datetime) -> Entry:
    """The promise given anew as a line of an order's ledger.

    Raises Refusal: promise.order_done, order.no_promise_rule, or every repromise rule broken.
    """
    resource, date = request["resource"], request["deadline"]
    if (resource is None) == (date is None):
        raise Refusal(Fault("repromise.one_of"))
    require_running(book.order)
    if resource is not None:
        rule = _rule(reference, book.order, resource, book)
        return Entry(book.next_number, Kind.REPROMISE, now, rule=rule)
    _check_date(date, request["contact"], book.ledger.current.deadline, now)
    return Entry(book.next_number, Kind.REPROMISE, now, agreed_at=date)


def _rule(reference: Reference, order: Row[Any], resource: str, book: Book) -> Rule:
    if order.resource == resource:
        raise Refusal(Fault("repromise.nothing_new", "/resource"))
    place, accepted_at = reference.places[order.community_code], book.ledger.first.accepted_at
    asked = Asked(order.operator_id, order.customer_kind, order.product, place, resource, accepted_at)
    rule = rule_for(reference, asked)
    if rule is None:
        raise Refusal(Fault("order.no_promise_rule", "/resource"))
    return rule


def _check_date(date: datetime, contact: Any, present: datetime, now: datetime) -> None:
    faults = []
    if date <= max(present, now):
        faults.append(Fault("repromise.not_later", "/deadline"))
    if date > now + FARTHEST_DATE:
        faults.append(Fault("repromise.too_far", "/deadline", {"days": FARTHEST_DATE.days}))
    if contact is None:
        faults.append(Fault("repromise.contact_required", "/contact"))
    if faults:
        raise Refusal(*faults)
