"""What a portal may ask, in our words; a mapping file translates into these."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from tracker.fields import Choice, Part, StrictSchema, Text, Timestamp
from tracker.orders.rules import REASONS
from tracker.orders.schemas import REFERENCE_LIMIT, OrderRequestSchema
from tracker.problems import RuleText


class LookUpSchema(StrictSchema):
    """How far is an order: by the portal's own number of it, or by ours."""

    external_reference = Text(REFERENCE_LIMIT, load_default=None)
    number = Text(30, load_default=None)

    @validates_schema
    def _names_one(self, asked: dict[str, Any], **_: Any) -> None:
        if asked.get("external_reference") is None and asked.get("number") is None:
            raise ValidationError(RuleText("portal.reference_required"))


class WithdrawalSchema(LookUpSchema):
    """The customer no longer wants it."""

    reason_code = Choice(tuple(REASONS), load_default=None)
    reason_text = Text(200, load_default=None)


# Instances: building a schema costs more than using it.
SCHEMAS: dict[str, StrictSchema] = {
    "orders": OrderRequestSchema(),
    "progress": LookUpSchema(),
    "withdrawals": WithdrawalSchema(),
}


def paths_of(schema: StrictSchema, prefix: str = "") -> dict[str, fields.Field]:
    """Every field that holds a value, by its path: "customer.name"."""
    found: dict[str, fields.Field] = {}
    for name, field in schema.fields.items():
        if isinstance(field, Part):
            found |= paths_of(field.schema, f"{prefix}{name}.")
        else:
            found[prefix + name] = field
    return found


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Values by path as the JSON that they stand for."""
    whole: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = path.split(".")
        place = whole
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return whole


def is_time(field: fields.Field) -> bool:
    """Whether a field holds an instant."""
    return isinstance(field, Timestamp)
