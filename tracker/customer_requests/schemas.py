"""The payloads of requests. The public site sends them, and nothing of it is believed."""

from marshmallow import fields

from tracker.customer_requests.rules import CUSTOMERS_REASONS
from tracker.fields import Choice, Day, Pattern, StrictSchema, Text, Whole

_LARGEST_ID = 2**63 - 1
_LONGEST_WORD = 40


class Nothing(StrictSchema):
    """What needs no words."""


class LostNumber(StrictSchema):
    """Whose orders are looked for."""

    phone_digest = Pattern(r"[0-9a-f]{64}", 64, required=True)


class Appointment(StrictSchema):
    """The slot that was chosen."""

    slot = Whole(1, _LARGEST_ID, required=True)


class Hold(StrictSchema):
    """Why, and the last day of it."""

    reason_code = Choice(CUSTOMERS_REASONS, required=True)
    until = Day(required=True)


class Withdrawal(StrictSchema):
    """Why."""

    reason_code = Choice(CUSTOMERS_REASONS, required=True)


class Complaint(StrictSchema):
    """About what, and what happened. How long it may be is decided where it is stored."""

    topic = Text(40, required=True)
    text = fields.String(required=True, error_messages=Text.default_error_messages)


class Rating(StrictSchema):
    """How satisfied, and what is said about it."""

    score = Whole(1, 5, required=True)
    comment = fields.String(load_default=None, allow_none=True, error_messages=Text.default_error_messages)


class Undo(StrictSchema):
    """What is to be taken back."""

    request = Whole(1, _LARGEST_ID, required=True)


# What is kept of a payload once its request has come to an end: no free text, nobody's digest.
KEPT: frozenset[str] = frozenset({"slot", "reason_code", "until", "topic", "score", "request"})


def kept_of(payload: object) -> dict[str, str | int]:
    """What may stay of a payload, whatever was sent."""
    if not isinstance(payload, dict):
        return {}
    return {
        name: value
        for name, value in payload.items()
        if name in KEPT
        and (isinstance(value, int) or (isinstance(value, str) and len(value) <= _LONGEST_WORD))
    }
