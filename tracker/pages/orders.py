"""The orders of an operator, for its staff."""

from flask import current_app, render_template, request
from flask_login import login_required
from werkzeug.exceptions import Forbidden

from tracker import clock
from tracker.complaints import rating_queries
from tracker.complaints.queries import pressing
from tracker.orders import queries
from tracker.orders.fee_queries import fees_of
from tracker.orders.rules import Stage
from tracker.pages.signing_in import blueprint, signed_in
from tracker.runtime import Runtime

ROWS = 20


@blueprint.get("/")
@login_required
def orders() -> str:
    """Newest first, twenty a page; the stage filter stands in the address."""
    runtime: Runtime = current_app.extensions["tracker"]
    person = signed_in()
    if person.operator_id is None:
        # A regulator sees totals, never an operator's orders (I6).
        raise Forbidden
    stage = request.args.get("stage", "")
    before = request.args.get("before", "")
    with runtime.db.reading() as connection:
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
    facts = runtime.reference.current()
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
