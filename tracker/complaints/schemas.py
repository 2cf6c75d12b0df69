"""What may be said in a complaint, about it, and in a rating."""

import unicodedata
from typing import Any

from marshmallow import Schema, ValidationError

from tracker.complaints.rules import SCORES, Satisfaction, Source, Topic
from tracker.fields import Choice, Day, Flag, Phone, StrictSchema, Text, Whole
from tracker.problems import Refusal, faults_in

LONGEST_TEXT = 1000
LONGEST_COMMENT = 500
LONGEST_NOTE = 500
LONGEST_RESULT = 60


class Lines(Text):
    """What somebody wrote freely, perhaps in several lines: 1 to `limit` characters.

    Invisible characters, which phones put in unasked, are left out instead of refused.
    """

    rules = ("field.empty", "field.too_long")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            return super()._deserialize(value, attr, data, **kwargs)
        lines = ("".join(filter(_is_seen, line.replace("\t", " "))).strip() for line in value.splitlines())
        text = unicodedata.normalize("NFC", "\n".join(line for line in lines if line))
        # What is left are lines without any character that a line may not hold.
        super()._deserialize(text.replace("\n", " "), attr, data, **kwargs)
        return text


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs", "Cf")


class ComplaintSchema(StrictSchema):
    """A complaint as it came in. The contact is whoever complains about no order, or for somebody else."""

    topic = Choice(list(Topic), required=True)
    text = Lines(LONGEST_TEXT, required=True)
    source = Choice(list(Source), load_default=Source.WEBSITE)
    contact_name = Text(40, load_default=None, allow_none=True)
    contact_phone = Phone(load_default=None, allow_none=True)


class HandOnSchema(StrictSchema):
    """To whom a complaint is handed on, and why."""

    owner = Whole(1, 2**31 - 1, required=True)
    note = Lines(LONGEST_NOTE, required=True)


class FollowUpSchema(StrictSchema):
    """What was done about a complaint, and when somebody looks after it next."""

    note = Lines(LONGEST_NOTE, required=True)
    next_on = Day(required=True)


class ClosingSchema(StrictSchema):
    """What came of a complaint. `result` is told to the customer; `note` stays inside."""

    result = Text(LONGEST_RESULT, required=True)
    settled_at_outlet = Flag(required=True)
    satisfaction = Choice(list(Satisfaction), load_default=None, allow_none=True)
    note = Lines(LONGEST_NOTE, load_default=None, allow_none=True)


class SatisfactionSchema(StrictSchema):
    """What the customer says of the result."""

    satisfaction = Choice(list(Satisfaction), required=True)


class RatingSchema(StrictSchema):
    """What a customer thinks of an installation."""

    score = Whole(SCORES[0], SCORES[-1], required=True)
    comment = Lines(LONGEST_COMMENT, load_default=None, allow_none=True)


class NoteSchema(StrictSchema):
    """What was said when a customer was called back."""

    note = Lines(LONGEST_NOTE, required=True)


def load(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, loaded. Raises Refusal with every rule of the fields that is broken."""
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded
