"""Call the customer of an order at risk: the number in clear, this once, which the audit trail keeps."""

from typing import Any

from flask import request
from werkzeug.exceptions import NotFound

from tracker.orders.desk_view import desk_view
from tracker.orders.see_customer import see_customer
from tracker.pages.access import acting, open_to, operator_of, runtime
from tracker.pages.at_risk import asked
from tracker.pages.order_frame import head, render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.teams import DISPATCHING

# As the trail keeps it.
_WHY = "致电客户：超时预警"


@blueprint.route("/at-risk/call/<number>", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def at_risk_call(number: str) -> Any:
    """Whom to call, and the way back to the same place in the list; in clear once it is asked for."""
    person = signed_in()
    found = head(person, number)
    clear = None
    if request.method == "POST":
        clear = see_customer(runtime(), acting(person), found.number, _WHY)
    with runtime().db.reading() as connection:
        view = desk_view(connection, runtime().keys, operator_of(person), found.number)
    if view is None:
        raise NotFound
    wish = asked(runtime().reference.current(), operator_of(person))
    return render(
        "staff/at_risk_call.html",
        person,
        found,
        "staff.order",
        view=view,
        clear=clear,
        place=runtime().reference.current().places[view.order.community_code],
        list_at=wish.here(_anchor=f"order-{found.number}"),
    )
