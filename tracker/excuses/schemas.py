"""Excuses as pages ask for them and the API tells them."""

from marshmallow import fields

from tracker.fields import StrictSchema, Text, Timestamp
from tracker.orders.approval_rules import State
from tracker.orders.schemas import ExcuseRequestSchema


class ExcuseFormSchema(ExcuseRequestSchema):
    """The same as over the API, but a file may stand in the place of the reference."""

    evidence = Text(200, load_default=None)


class ExcuseSchema(StrictSchema):
    """A request for an excuse and where it stands; once it is approved, `entry` is its line of the ledger."""

    id = fields.Integer()
    order = fields.String(metadata={"description": "The order's number."})
    state = fields.String(
        metadata={
            "description": "`open` until somebody decides; then `approved` or `refused`, or `retracted`.",
            "enum": [one.value for one in State],
        }
    )
    reason_code = fields.String()
    reason_text = fields.String(allow_none=True)
    starts_at = Timestamp()
    ends_at = Timestamp()
    evidence = fields.String(allow_none=True)
    asked_by = fields.String(metadata={"description": "Who asked: a channel, or one of the staff."})
    asked_at = Timestamp(metadata={"description": "When it was asked for."})
    decided_at = Timestamp(
        allow_none=True, metadata={"description": "When it was decided on, or taken back; else null."}
    )
    words = fields.String(allow_none=True, metadata={"description": "Why it was refused."})
    entry = fields.Integer(
        allow_none=True, metadata={"description": "Its line of the promise ledger, once it is approved."}
    )


class ExcusesSchema(StrictSchema):
    """The excuses that were asked for of an order, the earliest first."""

    excuses = fields.List(
        fields.Nested(ExcuseSchema), metadata={"description": "Each with its state, the earliest first."}
    )
