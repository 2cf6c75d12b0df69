"""Visits of orders over HTTP: the slots that are free, one chosen, another in its place."""

from typing import Any

from flask import jsonify
from flask.views import MethodView

from tracker import clock
from tracker.api import refusals
from tracker.api.auth import caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import (
    IDEMPOTENCY,
    IF_MATCH,
    authenticate,
    etag,
    if_version,
    number_of,
    runtime,
    show_order,
)
from tracker.api.idempotency import Answer, once
from tracker.orders.actor import Actor
from tracker.orders.appointment_schemas import AppointmentRequestSchema, FreeSlotsSchema
from tracker.orders.change_appointment import agree_times, change_appointment
from tracker.orders.schemas import OrderSchema
from tracker.orders.visit_queries import visit_choice
from tracker.problems import Fault, Refusal

blueprint = Blueprint(
    "appointments", __name__, url_prefix="/api/v1/orders", description="When installers come"
)
blueprint.before_request(authenticate)

_slots = FreeSlotsSchema()


@blueprint.before_request
def _may() -> None:
    require_scope("orders")


@blueprint.route("/<number>/slots")
class Slots(MethodView):
    """Slots that an order could book."""

    @blueprint.operation("readSlots", *refusals.READING_AN_ORDER, scope="orders", sends=("ETag",))
    @blueprint.response(200, FreeSlotsSchema)
    def get(self, number: str) -> Any:
        """Read an order's visit, and the free slots of its town and county in the next 14 days."""
        channel = caller()
        with runtime().db.reading() as connection:
            found = visit_choice(
                connection, channel.operator_id, number_of(number), clock.now(), channel_id=channel.id
            )
        if found is None:
            raise Refusal(Fault("order.not_found"))
        shown = {
            "number": found.order.number,
            "appointment": found.appointment,
            "slot": found.slot_id,
            "may_change": found.may_change,
            "slots": [slot._mapping for slot in found.slots],
        }
        response = jsonify(_slots.dump(shown))
        response.headers["ETag"] = etag(found.order.version)
        return response


@blueprint.route("/<number>/appointments")
class Appointments(MethodView):
    """The visit that was agreed with the customer."""

    @blueprint.operation("agreeAppointment", *refusals.AGREEING, scope="orders", sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(AppointmentRequestSchema())
    @blueprint.response(200, OrderSchema)
    def post(self, wish: dict[str, Any], number: str) -> Any:
        """Agree a visit, or another in its place; the order is `appointed` then, and the customer is told.

        With `slot` a place of it is booked, and what the order had booked is free again. Plain times book
        nothing.
        """

        def act() -> Answer:
            # Inside, so that a repeated request is answered by its key and not by its stale version.
            version = _agree(number_of(number), wish)
            return Answer(200, show_order(number_of(number)), {"ETag": etag(version)})

        return once(runtime(), caller(), act)


def _agree(number: str, wish: dict[str, Any]) -> int:
    given = {
        "reason_code": wish["reason_code"],
        "reason_text": wish["reason_text"],
        "if_version": if_version(),
    }
    actor = Actor.of_channel(caller())
    slot, visit = wish["slot"], (wish["starts_at"], wish["ends_at"])
    if slot is not None and visit == (None, None):
        return change_appointment(runtime(), actor, number, slot, **given)
    if slot is None and None not in visit:
        return agree_times(runtime(), actor, number, visit, **given)
    raise Refusal(Fault("appointment.one_of"))
