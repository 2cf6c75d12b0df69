"""What may be said of a real-name check, and how it is shown."""

from marshmallow import fields

from tracker.fields import Choice, StrictSchema, Text, Timestamp
from tracker.real_name.rules import FAILURES, Check, Result


class CheckRequestSchema(StrictSchema):
    """What came of one check: a result and the number under which it is kept, nothing of a document."""

    check = Choice([one.value for one in Check], required=True)
    result = Choice([one.value for one in Result], required=True)
    reference = Text(64, load_default=None)
    reason_code = Choice(tuple(FAILURES), load_default=None)
    reason_text = Text(100, load_default=None)


class CheckSchema(StrictSchema):
    """What came last of one check."""

    check = fields.String()
    result = fields.String()
    reference = fields.String(allow_none=True)
    reason_code = fields.String(allow_none=True)
    recorded_at = Timestamp()


class ChecksSchema(StrictSchema):
    """How the real-name checks of an order stand."""

    number = fields.String()
    required = fields.List(fields.String())
    missing = fields.List(fields.String())
    checks = fields.List(fields.Nested(CheckSchema))
