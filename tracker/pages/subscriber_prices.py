"""What a subscriber pays on a day, and why: the question of billing, and of the counter."""

from typing import Any

from flask import request
from marshmallow import ValidationError

from tracker import clock
from tracker.fields import Day, StrictSchema, Text
from tracker.pages.access import open_to, runtime
from tracker.pages.changes import render
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, faults_in
from tracker.tariff_changes.price_of import Answer, price_of
from tracker.tariffs import queries

_ROLES = ("manager", "counter")


class _QuestionSchema(StrictSchema):
    """Whose price, and on which day."""

    reference = Text(64, required=True)
    on = Day(required=True)


_question = _QuestionSchema()


@blueprint.get("/subscribers/price")
@open_to(*_ROLES)
def subscriber_price() -> Any:
    """Ask for a subscription and a day; tell its price and how it came about."""
    person = signed_in()
    typed = {
        "reference": request.args.get("reference", "").replace("\0", "")[:200],
        "on": request.args.get("on", clock.today().isoformat())[:20],
    }
    faults: list[tuple[str, str]] = []
    found: Answer | None = None
    asked = "reference" in request.args
    with runtime().db.reading() as connection:
        regions = queries.regions(connection)
        if asked:
            try:
                question = _question.load({name: text for name, text in typed.items() if text.strip()})
            except ValidationError as error:
                faults = said(faults_in(error.messages))
            else:
                found = price_of(connection, person.operator_id or 0, question["reference"], question["on"])
                if found is None:
                    faults = said([Fault("subscriber.not_found", "/reference")])
    page = render(
        "staff/subscriber_price.html",
        person,
        regions,
        typed=typed,
        found=found,
        faults=faults,
        fault_of=dict(reversed(faults)),
    )
    return page, 422 if faults else 200
