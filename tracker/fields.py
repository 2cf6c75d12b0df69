"""marshmallow fields and schema whose every message names a rule of `tracker.problems`.

`rules` of a field are those that it may refuse by beside its messages; the API's description tells them.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, ClassVar

import phonenumbers
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from tracker import credit_codes
from tracker.problems import RuleText

_COMMON = {
    "required": RuleText("field.required"),
    "null": RuleText("field.null"),
    "validator_failed": RuleText("field.invalid"),
}


class StrictSchema(Schema):
    """Unknown fields are refused, and the order of declaration is kept."""

    error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "unknown": RuleText("field.unknown"),
        "type": RuleText("field.type"),
    }

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """A line of text: NFC, stripped, without control characters, 1 to `limit` characters."""

    rules: ClassVar[tuple[str, ...]] = ("field.empty", "field.too_long", "field.control_characters")
    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        **_COMMON,
        "invalid": RuleText("field.type"),
        "invalid_utf8": RuleText("field.type"),
    }

    def __init__(self, limit: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit
        # Told to marshmallow too so that the OpenAPI document shows the lengths.
        self.validators = [validate.Length(min=1, max=limit)]

    def _validate(self, value: Any) -> None:
        """Lengths are checked in `_deserialize`, where each breach has its own rule."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs)).strip()
        if not text:
            raise ValidationError(RuleText("field.empty"))
        if len(text) > self.limit:
            raise ValidationError(RuleText("field.too_long", limit=self.limit))
        # Cc: control, Cs: lone surrogates, Cf: direction marks and other invisible characters.
        if any(unicodedata.category(char) in ("Cc", "Cs", "Cf") for char in text):
            raise ValidationError(RuleText("field.control_characters"))
        return text


class Choice(fields.String):
    """One of a few words."""

    rules: ClassVar[tuple[str, ...]] = ("field.choice",)
    default_error_messages = Text.default_error_messages

    def __init__(self, choices: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = tuple(choices)
        self.validators = [validate.OneOf(self.choices)]

    def _validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValidationError(RuleText("field.choice", choices=", ".join(self.choices)))


class Pattern(Text):
    """A code of a fixed shape, such as a division's."""

    rules: ClassVar[tuple[str, ...]] = (*Text.rules, "field.invalid")

    def __init__(self, pattern: str, limit: int, **kwargs: Any) -> None:
        super().__init__(limit, **kwargs)
        self.pattern = re.compile(pattern)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not self.pattern.fullmatch(text):
            raise ValidationError(RuleText("field.invalid"))
        return text


class Whole(fields.Integer):
    """A whole number between two bounds; true and "5" are not numbers."""

    rules: ClassVar[tuple[str, ...]] = ("field.range",)
    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        **_COMMON,
        "invalid": RuleText("field.type"),
        "too_large": RuleText("field.type"),
    }

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)
        self.low, self.high = low, high
        self.validators = [validate.Range(low, high)]

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool | str):
            raise ValidationError(RuleText("field.type"))
        # 12900.0 is a whole number to JSON, which knows one kind of number only.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return super()._validated(value)

    def _validate(self, value: Any) -> None:
        if not self.low <= value <= self.high:
            raise ValidationError(RuleText("field.range", low=self.low, high=self.high))


class Timestamp(fields.AwareDateTime):
    """An ISO 8601 instant with a zone, as aware UTC (invariant I4)."""

    rules: ClassVar[tuple[str, ...]] = ()
    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        **_COMMON,
        "invalid": RuleText("field.timestamp"),
        "invalid_awareness": RuleText("field.timestamp"),
        "format": RuleText("field.timestamp"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except (OverflowError, TypeError):
            raise ValidationError(RuleText("field.timestamp")) from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Day(fields.Date):
    """A calendar day of the city, ISO 8601: "2026-11-25"."""

    rules: ClassVar[tuple[str, ...]] = ()
    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        **_COMMON,
        "invalid": RuleText("field.date"),
        "format": RuleText("field.date"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except TypeError:
            raise ValidationError(RuleText("field.date")) from None


class TimeOfDay(fields.Field):
    """A time on the city's clocks to the minute, "17:00"; "24:00" and beyond lie outside of the day."""

    rules: ClassVar[tuple[str, ...]] = ("field.time_of_day",)
    default_error_messages = {**_COMMON}  # noqa: RUF012 - marshmallow's own protocol
    _SHAPE = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> time:
        if not isinstance(value, str) or not self._SHAPE.fullmatch(value):
            raise ValidationError(RuleText("field.time_of_day"))
        return time.fromisoformat(value)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value:%H:%M}"


class Flag(fields.Boolean):
    """true or false; neither 1 nor "yes"."""

    default_error_messages = {**_COMMON, "invalid": RuleText("field.type")}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={True}, falsy={False}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(RuleText("field.type"))
        return value


class Phone(Text):
    """A mainland or foreign number, kept as E.164. A national number is taken as Chinese."""

    rules: ClassVar[tuple[str, ...]] = (*Text.rules, "phone.invalid")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(30, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            number = phonenumbers.parse(text, "CN")
        except phonenumbers.NumberParseException:
            raise ValidationError(RuleText("phone.invalid")) from None
        if not phonenumbers.is_valid_number(number) or number.extension:
            raise ValidationError(RuleText("phone.invalid"))
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class CreditCode(Text):
    """A company's unified social credit code (统一社会信用代码), kept in capitals without blanks."""

    rules: ClassVar[tuple[str, ...]] = (*Text.rules, "credit_code.malformed", "credit_code.check_character")

    def __init__(self, **kwargs: Any) -> None:
        # Longer than a code, because people write it in groups.
        super().__init__(40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        code = credit_codes.normalise(super()._deserialize(value, attr, data, **kwargs))
        if not credit_codes.is_shaped(code):
            raise ValidationError(RuleText("credit_code.malformed"))
        if not credit_codes.is_sound(code):
            raise ValidationError(RuleText("credit_code.check_character"))
        return code


class Part(fields.Nested):
    """An object inside another."""

    default_error_messages = {**_COMMON, "type": RuleText("field.type")}  # noqa: RUF012
