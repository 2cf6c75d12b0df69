"""What an installer's phone or form says of each action."""

import math
import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from tracker.fields import Choice, Pattern, StrictSchema, Text, Timestamp, Whole
from tracker.orders.rules import REASONS
from tracker.problems import RuleText
from tracker.site_work.rules import RANGES, Act, PhotoKind

_REASON_LIMIT = 200
_NUMBER_LIMIT = 20
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}([.,][0-9]{1,4})?")
_MINUS = str.maketrans({"−": "-", "–": "-", "－": "-", "．": ".", "，": ","})  # as keyboards offer them


class Reading(fields.Field):
    """What a meter shows, as a number or as it was typed, within the range of what it measures."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "required": RuleText("field.required"),
        "null": RuleText("field.null"),
    }

    def __init__(self, name: str) -> None:
        super().__init__(required=True)
        self.range = RANGES[name]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, str) and _NUMBER.fullmatch(typed := value.strip().translate(_MINUS)):
            number = float(typed.replace(",", "."))
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            number = float(value)
        else:
            raise ValidationError(RuleText("line_test.number"))
        if not self.range.least <= number <= self.range.most:
            told = {"least": f"{self.range.least:g}", "most": f"{self.range.most:g}"}
            raise ValidationError(RuleText("line_test.range", **told))
        return round(number, self.range.decimals)


class Degrees(fields.Float):
    """A latitude or longitude."""

    def __init__(self, most: int) -> None:
        super().__init__(required=True, allow_nan=False)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool | str) or not isinstance(value, int | float) or not abs(value) <= self.most:
            raise ValidationError(RuleText("job.position"))
        return float(value)


class PositionSchema(StrictSchema):
    """Where the installer is, if he switched that on."""

    latitude = Degrees(90)
    longitude = Degrees(180)


class NothingSchema(StrictSchema):
    """An action that says nothing but that it was done."""


class ArrivalSchema(StrictSchema):
    """The installer is at the customer's."""

    position = fields.Nested(PositionSchema, load_default=None, allow_none=True)


class ReasonSchema(StrictSchema):
    """Why work cannot go on."""

    reason_code = Choice(REASONS, required=True)
    reason_text = Text(_REASON_LIMIT, load_default=None, allow_none=True)


class ReappointmentSchema(StrictSchema):
    """A visit in a free slot; where it takes the place of another, why."""

    slot = Whole(1, 2**62, required=True)
    reason_code = Choice(REASONS, load_default=None, allow_none=True)
    reason_text = Text(_REASON_LIMIT, load_default=None, allow_none=True)


class LineTestSchema(StrictSchema):
    """What the meter shows: Mbit/s, ms, dBm; and why the installer goes on where that is out of order."""

    down_mbps = Reading("down_mbps")
    up_mbps = Reading("up_mbps")
    latency_ms = Reading("latency_ms")
    optical_dbm = Reading("optical_dbm")
    reason = Text(_REASON_LIMIT, load_default=None, allow_none=True)


class PhotoSchema(StrictSchema):
    """What a photo shows."""

    kind = Choice(tuple(PhotoKind), required=True)


class ConfirmationSchema(StrictSchema):
    """The customer's confirmation: the last four digits of the contact phone, as he types them."""

    last4 = Pattern("[0-9]{4}", 4, required=True)


DATA = {
    Act.TAKE: NothingSchema(),
    Act.ARRIVE: ArrivalSchema(),
    Act.REAPPOINT: ReappointmentSchema(),
    Act.CANNOT: ReasonSchema(),
    Act.TEST: LineTestSchema(),
    Act.PHOTO: PhotoSchema(),
    Act.ACTIVATE: NothingSchema(),
    Act.COMPLETE: ConfirmationSchema(),
}


class ActionSchema(StrictSchema):
    """One action from a phone.

    `version` is the order's as the installer was shown it, `after` the action before it on the same order
    that he did in the same breath, so that what he did himself is no change by somebody else.
    """

    id = fields.UUID(required=True, error_messages={"required": RuleText("field.required")})
    kind = Choice(tuple(Act), required=True)
    number = Text(_NUMBER_LIMIT, required=True)
    done_at = Timestamp(required=True)
    version = Whole(0, 2**31 - 1, load_default=None, allow_none=True)
    after = fields.UUID(load_default=None, allow_none=True)
    data = fields.Dict(load_default=dict, validate=validate.Length(max=20))
