"""What managers say of slots."""

import re
from datetime import time
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from tracker.fields import Choice, Day, Pattern, StrictSchema, Text, Whole
from tracker.problems import RuleText
from tracker.visits import rules as slot_rules
from tracker.visits.rules import MOST_CAPACITY, Window

_MOST_AREAS = 200
_MOST_WINDOWS = 12
_WEEKDAYS = tuple("1234567")
_HOURS = re.compile(
    r"(?P<h1>[01]?[0-9]|2[0-3])(?:[:：时点](?P<m1>[0-5][0-9])?)?\s*[-–—~至到]\s*"
    r"(?P<h2>[01]?[0-9]|2[0-3])(?:[:：时点](?P<m2>[0-5][0-9])?)?"
)


class Hours(fields.Field):
    """A window as people write it: "9-11", "8:30-10:00", "9时至11时"; or its code, "0900-1100"."""

    rules = ("slot.window_text",)
    default_error_messages = {"required": RuleText("field.required"), "null": RuleText("field.null")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Window:
        text = value.strip() if isinstance(value, str) else ""
        code = re.fullmatch(r"([0-9]{2})([0-9]{2})-([0-9]{2})([0-9]{2})", text)
        found = _HOURS.fullmatch("{}:{}-{}:{}".format(*code.groups()) if code else text)
        if found is None:
            raise ValidationError(RuleText("slot.window_text", text=text[:20]))
        starts, ends = (time(int(found[f"h{one}"]), int(found[f"m{one}"] or 0)) for one in (1, 2))
        return Window(starts, ends)


class OpeningSchema(StrictSchema):
    """Slots to open by a pattern."""

    areas = fields.List(
        Pattern(r"[0-9]{6}([0-9]{3})?", 9), required=True, validate=validate.Length(1, _MOST_AREAS)
    )
    first_on = Day(required=True)
    last_on = Day(required=True)
    weekdays = fields.List(Choice(_WEEKDAYS), required=True, validate=validate.Length(1, len(_WEEKDAYS)))
    windows = fields.List(Hours(), required=True, validate=validate.Length(1, _MOST_WINDOWS))
    capacity = Whole(1, MOST_CAPACITY, required=True)

    @post_load
    def _as_pattern(self, given: dict[str, Any], **_: Any) -> slot_rules.Pattern:
        return slot_rules.Pattern(
            areas=tuple(sorted(set(given["areas"]))),
            first_on=given["first_on"],
            last_on=given["last_on"],
            weekdays=frozenset(int(one) for one in given["weekdays"]),
            windows=tuple(sorted(set(given["windows"]))),
            capacity=given["capacity"],
        )


class CapacitySchema(StrictSchema):
    """Another capacity."""

    capacity = Whole(1, MOST_CAPACITY, required=True)


class ClosingSchema(StrictSchema):
    """Why slots are closed, for the history."""

    reason = Text(200, required=True)
