"""The money of one order, for its operator's staff: how each fee stands, and all that was recorded."""

from collections.abc import Iterable
from typing import Any

from flask import current_app, render_template
from sqlalchemy import Row
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders import numbers
from tracker.orders.fee_queries import FeeBook, fee_book
from tracker.orders.fee_rules import Kind
from tracker.orders.fee_words import FEE_WORDS, fee_line
from tracker.orders.payment_rows import METHOD_WORDS
from tracker.orders.standing import N_
from tracker.pages.access import OF_OPERATOR, open_to
from tracker.pages.signing_in import blueprint, signed_in
from tracker.runtime import Runtime

# What an entry is, by its kind and whether its amount is below zero.
ENTRY_WORDS = {
    (Kind.CHARGE, False): N_("收费"),
    (Kind.CHARGE, True): N_("减免"),
    (Kind.PAYMENT, False): N_("缴费"),
    (Kind.PAYMENT, True): N_("退费"),
}


@blueprint.get("/orders/<number>/fees")
@open_to(*OF_OPERATOR)
def order_fees(number: str) -> str:
    """What is due and paid for an order, and the history of it, the newest first."""
    runtime: Runtime = current_app.extensions["tracker"]
    person = signed_in()
    wanted = numbers.normalise(number)
    with runtime.db.reading() as connection:
        book = wanted and fee_book(connection, person.operator_id, wanted)
    if not book:
        raise NotFound
    facts = runtime.reference.current()
    today = clock.today()
    return render_template(
        "staff/order_fees.html",
        person=person,
        book=book,
        lines=[fee_line(fee, today) for fee in book.fees],
        open_fen=sum(fee.open_fen for fee in book.fees),
        to_return_fen=sum(fee.to_return_fen for fee in book.fees),
        entries=list(_entries(book)),
        fee_words=FEE_WORDS,
        method_words=METHOD_WORDS,
        channels={f"channel:{channel.code}": channel.name for channel in facts.channels.values()},
    )


def _entries(book: FeeBook) -> Iterable[dict[str, Any]]:
    """Charges and payments together, the newest first; of one moment, what was paid before what for."""
    both = [(Kind.CHARGE, row) for row in book.charges] + [(Kind.PAYMENT, row) for row in book.payments]
    for kind, row in sorted(both, key=lambda one: (one[1].recorded_at, one[0] is Kind.PAYMENT, one[1].id))[
        ::-1
    ]:
        yield _entry(kind, row)


def _entry(kind: Kind, row: Row[Any]) -> dict[str, Any]:
    paid = kind is Kind.PAYMENT
    return {
        "word": ENTRY_WORDS[kind, row.amount_fen < 0],
        "row": row,
        "at": row.paid_at if paid else row.charged_at,
        "method": row.method if paid else None,
        "receipt": row.receipt if paid else None,
        "due_on": None if paid else row.due_on,
    }
