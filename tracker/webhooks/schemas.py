"""What may be said of a webhook, and how one is shown."""

from typing import Any

from marshmallow import ValidationError, fields

from tracker.fields import Choice, StrictSchema, Text, Timestamp, Whole
from tracker.orders.feed import TYPES
from tracker.problems import RuleText
from tracker.webhooks.rules import LONGEST_URL, Delivery, State, Why

LONGEST_OVERLAP_HOURS = 168


class _Types(fields.List):
    """Some of the types of events, each once; null for all of them."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "required": RuleText("field.required"),
        "null": RuleText("field.null"),
        "invalid": RuleText("field.type"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Choice(TYPES), allow_none=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        given = super()._deserialize(value, attr, data, **kwargs)
        if not given:
            raise ValidationError(RuleText("field.empty"))
        return [one for one in TYPES if one in given]


class WebhookRequestSchema(StrictSchema):
    """An address, and the types of events that it wants: all of them unless some are named."""

    url = Text(
        LONGEST_URL,
        required=True,
        metadata={"description": "https, with a public address.", "pattern": "^https?://"},
    )
    events = _Types(load_default=None)


class RotationSchema(StrictSchema):
    """Another secret; for so many hours the one before signs as well."""

    overlap_hours = Whole(0, LONGEST_OVERLAP_HOURS, load_default=24)


class NothingSchema(StrictSchema):
    """An empty object."""


class WebhookSchema(StrictSchema):
    """A webhook as its channel sees it. `secret` is there once, in the answer that it was made for."""

    id = fields.Integer()
    url = fields.String()
    events = fields.List(fields.String(), allow_none=True)
    state = fields.String(metadata={"enum": [State.ACTIVE.value, State.PAUSED.value]})
    paused_why = fields.String(allow_none=True, metadata={"enum": [*(why.value for why in Why), None]})
    paused_at = Timestamp(allow_none=True)
    previous_secret_until = Timestamp(allow_none=True, attribute="previous_until")
    version = fields.Integer()
    created_at = Timestamp()
    changed_at = Timestamp()
    failures = fields.Integer(metadata={"description": "Attempts in a row that failed."})
    failing_since = Timestamp(allow_none=True)
    delivered_at = Timestamp(allow_none=True)


class NewSecretSchema(WebhookSchema):
    """A webhook with its new secret; null where the same request is answered again."""

    secret = fields.String(allow_none=True)


class WebhooksSchema(StrictSchema):
    """All webhooks of a channel."""

    webhooks = fields.List(fields.Nested(WebhookSchema))


class DeliverySchema(StrictSchema):
    """One event for one webhook and what came of it; a test has no event."""

    id = fields.Integer()
    event = fields.String(allow_none=True, attribute="event_id")
    type = fields.String()
    order = fields.String(allow_none=True)
    state = fields.String(metadata={"enum": [state.value for state in Delivery]})
    attempts = fields.Integer()
    next_at = Timestamp(allow_none=True)
    tried_at = Timestamp(allow_none=True)
    took_ms = fields.Integer(allow_none=True)
    status = fields.Integer(allow_none=True, metadata={"description": "HTTP status of the last answer."})
    error = fields.String(allow_none=True)
    resend_of = fields.Integer(allow_none=True)
    created_at = Timestamp()
    ended_at = Timestamp(allow_none=True)


class DeliveryPageSchema(StrictSchema):
    """A page of deliveries, newest first; `next` is the cursor of the page after it, null at the end."""

    deliveries = fields.List(fields.Nested(DeliverySchema))
    next = fields.String(allow_none=True)
