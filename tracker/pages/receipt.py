"""The receipt of an order (受理回执), to print and hand out: nothing of it says who the customer is."""

from flask import render_template, request
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders import numbers
from tracker.orders.fee_queries import fees_of
from tracker.orders.fee_words import fee_line
from tracker.orders.receipt_queries import receipt_of
from tracker.pages import plan_words
from tracker.pages.access import AT_DESK, open_to, operator_of, runtime
from tracker.pages.qr import qr_picture
from tracker.pages.signing_in import blueprint, signed_in
from tracker.tariffs.terms import read_terms


@blueprint.get("/orders/<number>/receipt")
@open_to(*AT_DESK)
def receipt(number: str) -> str:
    """Number, plan, fees, promise, whom to call; on A4 or on a roll of 80 mm."""
    person, run = signed_in(), runtime()
    operator_id, wanted = operator_of(person), numbers.normalise(number)
    with run.db.reading() as connection:
        row = wanted and receipt_of(connection, operator_id, wanted)
        if not row:
            raise NotFound
        fees = fees_of(connection, [row])[row.id]
        terms = read_terms(connection, [row.plan_id])[row.plan_id]
    facts, site_url = run.reference.current(), run.config.public_site_url
    sold = facts.plan_version(operator_id, row.plan_id)
    return render_template(
        "staff/receipt.html",
        person=person,
        operator=facts.operators[operator_id],
        row=row,
        channel=facts.channels[row.channel_id].name,
        lines=[fee_line(fee, clock.today()) for fee in fees],
        terms=terms,
        changes=facts.changes_ahead(sold, clock.local_date(row.accepted_at)),
        labels=plan_words.FIELDS,
        open_fen=sum(fee.open_fen for fee in fees),
        # The site asks for the last four digits too, and nobody's order belongs into an address.
        picture=qr_picture(f"{site_url}/"),
        address=site_url.partition("://")[2],
        saved=request.args.get("saved") == "1",
    )
