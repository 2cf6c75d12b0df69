"""What a channel may say of an order's visit, and what it is told of the slots that are free."""

from marshmallow import fields

from tracker.fields import Choice, StrictSchema, Text, Timestamp, Whole
from tracker.orders.rules import REASONS
from tracker.orders.schemas import AppointmentSchema

_LARGEST_ID = 2**63 - 1


class AppointmentRequestSchema(StrictSchema):
    """A visit as the customer wants it: in a slot, or from a time to another where none is used."""

    slot = Whole(1, _LARGEST_ID, load_default=None, allow_none=True)
    starts_at = Timestamp(load_default=None, allow_none=True)
    ends_at = Timestamp(load_default=None, allow_none=True)
    reason_code = Choice(tuple(REASONS), load_default=None, allow_none=True)
    reason_text = Text(200, load_default=None, allow_none=True)


class FreeSlotSchema(StrictSchema):
    """A slot that can be booked now."""

    id = fields.Integer()
    area_code = fields.String()
    starts_at = Timestamp()
    ends_at = Timestamp()
    free = fields.Integer()


class FreeSlotsSchema(StrictSchema):
    """The visit that an order has, and the slots that it could have."""

    number = fields.String()
    appointment = fields.Nested(AppointmentSchema, allow_none=True)
    slot = fields.Integer(allow_none=True)
    may_change = fields.Boolean()
    slots = fields.List(fields.Nested(FreeSlotSchema))
