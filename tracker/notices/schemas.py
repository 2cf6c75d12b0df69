"""What is said of calls and of notices that are stuck."""

from marshmallow import fields

from tracker.fields import Choice, StrictSchema, Timestamp
from tracker.notices.call_rules import OF_A_CALL, Outcome
from tracker.notices.rules import Why


class CallRequestSchema(StrictSchema):
    """A call that somebody made. `call_back_at` is the time that the customer named."""

    outcome = Choice([outcome.value for outcome in OF_A_CALL], required=True)
    called_at = Timestamp(load_default=None)
    call_back_at = Timestamp(load_default=None)


class CallTaskSchema(StrictSchema):
    """A call to be made: what the text would have said, from when and by when to say it.

    The customer's number stands in the order; here it is masked, in lists only.
    """

    id = fields.Integer()
    order = fields.String(allow_none=True)
    reason = Choice([why.value for why in Why])
    detail = fields.String()
    template = fields.String()
    language = fields.String()
    text = fields.String()
    recipient_masked = fields.String(allow_none=True)
    next_attempt_at = Timestamp()
    due_at = Timestamp()
    attempts = fields.Integer()
    outcome = Choice([outcome.value for outcome in Outcome], allow_none=True)
    version = fields.Integer()
    opened_at = Timestamp()
    closed_at = Timestamp(allow_none=True)


class CallTaskPageSchema(StrictSchema):
    """A page of tasks, oldest first; `next` is the cursor of the page after it, null at the end."""

    tasks = fields.List(fields.Nested(CallTaskSchema))
    next = fields.String(allow_none=True)


class StuckNoticeSchema(StrictSchema):
    """A notice that has come to no end, why, and since when."""

    notice = fields.Integer()
    order = fields.String(allow_none=True)
    template = fields.String()
    queue = fields.String()
    state = fields.String()
    why = fields.String()
    since = Timestamp()
    attempts = fields.Integer()
    detail = fields.String(allow_none=True)


class StuckListSchema(StrictSchema):
    """Notices that are stuck, those that have waited longest first; `more` says that there are others."""

    notices = fields.List(fields.Nested(StuckNoticeSchema))
    more = fields.Boolean()
