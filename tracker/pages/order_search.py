"""Search at the desk: by number or a part of it, phone, complaint number, the channel's own reference.

What was typed may be a phone, so it is sent and stands in no address, log or browser's history (I5).
"""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from tracker.complaints.queries import complaint_of_number
from tracker.complaints.rules import normalise_number
from tracker.orders.find_orders import Hits, find_orders
from tracker.orders.standing import N_
from tracker.pages.access import AT_DESK, acting, open_to, operator_of, runtime
from tracker.pages.complaints import is_for
from tracker.pages.signing_in import blueprint, signed_in

_LONGEST = 64


@blueprint.route("/orders/find", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_find() -> Any:
    """To the one order or complaint that was meant, or a list of those that may have been."""
    person = signed_in()
    typed = request.form.get("number", "")[:_LONGEST].replace("\0", "").strip()
    hits = Hits(())
    if typed:
        if complaint := normalise_number(typed):
            with runtime().db.reading() as connection:
                found = complaint_of_number(connection, operator_of(person), complaint)
            if found is not None and is_for(person, found):
                return redirect(url_for("staff.complaint", complaint_id=found.id))
            if found is not None and found.order_number is not None:
                flash(N_("投诉由负责人和经理查看；这是它的工单。"))
                return redirect(url_for("staff.order", number=found.order_number))
        hits = find_orders(runtime(), acting(person), typed)
    if len(hits.orders) == 1:
        return redirect(url_for("staff.order", number=hits.orders[0].order.number))
    facts = runtime().reference.current()
    page = render_template(
        "staff/order_find.html",
        person=person,
        # What was typed may be somebody's phone: it is shown to whoever typed it, and kept nowhere.
        typed=typed,
        hits=hits,
        places=facts.places,
    )
    return page, 404 if typed and not hits.orders else 200
