"""The orders of an operator, for its staff."""

from typing import Any

from flask import redirect, render_template, request

from tracker import clock
from tracker.complaints import rating_queries
from tracker.complaints.queries import pressing
from tracker.orders import queries
from tracker.orders.fee_queries import fees_of
from tracker.orders.rules import Stage
from tracker.pages.access import open_to, runtime
from tracker.pages.places import home_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.staff.models import ROLES

ROWS = 20


@blueprint.get("/")
@open_to(*ROLES)
def orders() -> Any:
    """Newest first, twenty a page; the stage filter stands in the address. Who has none begins elsewhere."""
    person = signed_in()
    if person.operator_id is None:
        # A regulator sees totals, never an operator's orders (I6).
        return redirect(home_of(person.role))
    stage = request.args.get("stage", "")
    before = request.args.get("before", "")
    with runtime().db.reading() as connection:
        rows, older = queries.operator_orders(
            connection,
            person.operator_id,
            before_id=int(before) if before.isdecimal() and len(before) < 19 else None,
            limit=ROWS,
            stage=stage if stage in set(Stage) else None,
        )
        fees = fees_of(connection, rows)
        presses, to_call_back = {}, 0
        if person.role == "manager":
            presses = pressing(connection, clock.today(), person.operator_id)
            to_call_back = rating_queries.to_call_back(connection, person.operator_id)
    facts = runtime().reference.current()
    return render_template(
        "staff/orders.html",
        person=person,
        operator=facts.operators[person.operator_id],
        rows=rows,
        older=older,
        open_fen={order: sum(fee.open_fen for fee in theirs) for order, theirs in fees.items()},
        to_return_fen={order: sum(fee.to_return_fen for fee in theirs) for order, theirs in fees.items()},
        places=facts.places,
        channels=facts.channels,
        stage=stage,
        presses=presses,
        to_call_back=to_call_back,
        now=clock.now(),
    )
