"""Call the customer of an order at risk: on to its task, where what came of it is written down."""

from contextlib import suppress
from typing import Any

from flask import flash, redirect, url_for

from tracker.calls.ask_call import ask_call
from tracker.calls.claim import take_call
from tracker.pages.access import acting, language, open_to, operator_of, runtime
from tracker.pages.at_risk import asked
from tracker.pages.order_frame import head
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.teams import DISPATCHING
from tracker.problems import Refusal


@blueprint.post("/at-risk/call/<number>")
@open_to(*DISPATCHING)
def at_risk_call(number: str) -> Any:
    """Take the call that is to be made about the order, or a new one, unless somebody else is making it."""
    person = signed_in()
    actor, order = acting(person), head(person, number)
    wish = asked(runtime().reference.current(), operator_of(person))
    here = wish.here(_anchor=f"order-{order.number}")
    try:
        task_id = ask_call(runtime(), actor, order.number)
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
        return redirect(here)
    # The page of the call says who is making it.
    with suppress(Refusal):
        take_call(runtime(), actor, task_id)
    return redirect(url_for("staff.call", task_id=task_id, back=here))
