"""How an uploaded file of orders is shown to the channel's system that sent it."""

from marshmallow import fields

from tracker.fields import StrictSchema, Timestamp
from tracker.order_files.rules import State


class OrderFileFaultSchema(StrictSchema):
    """What is wrong with a row: its line (the header is 1), its column as the file has it, the rule."""

    line = fields.Integer()
    column = fields.String()
    rule = fields.String()
    detail = fields.String()


class OrderFileRefusalSchema(StrictSchema):
    """Why nothing of a file could be read."""

    rule = fields.String()
    detail = fields.String()


class OrderFileSchema(StrictSchema):
    """A file and how far it is. `faults` are the first 200 of `fault_count`; the rows that failed, all of
    them with their reasons, are at `failed-rows` until `failed_rows_until`.
    """

    id = fields.Integer()
    state = fields.String(metadata={"enum": [state.value for state in State]})
    dry_run = fields.Boolean()
    percent = fields.Integer()
    rows_done = fields.Integer()
    rows_total = fields.Integer(
        allow_none=True, metadata={"description": "At most; null before it is known."}
    )
    stored = fields.Integer(metadata={"description": "In a dry run: how many would be."})
    stored_before = fields.Integer()
    failed = fields.Integer()
    fault_count = fields.Integer()
    faults = fields.List(fields.Nested(OrderFileFaultSchema))
    refusal = fields.List(fields.Nested(OrderFileRefusalSchema))
    failed_rows_until = Timestamp(allow_none=True)
    created_at = Timestamp()
    started_at = Timestamp(allow_none=True)
    finished_at = Timestamp(allow_none=True)
