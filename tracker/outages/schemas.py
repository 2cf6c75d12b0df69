"""What may be said of an outage."""

from typing import Any

from marshmallow import fields, validate

from tracker.fields import Choice, Pattern, StrictSchema, Text, Timestamp, Whole
from tracker.outages.rules import LONGEST, SERVICES, Kind, hours

_MOST_PLACES = 400


class OutageSchema(StrictSchema):
    """An outage to announce, or as it is to stand after a change."""

    kind = Choice([kind.value for kind in Kind], required=True)
    area = fields.List(
        Pattern(r"[0-9]{6,12}", 12),
        required=True,
        validate=validate.Length(1, _MOST_PLACES),
        metadata={"description": "Codes of counties, towns and communities, in any mix."},
    )
    starts_at = Timestamp(required=True)
    ends_at = Timestamp(load_default=None, allow_none=True)
    minutes = Whole(
        1,
        hours(LONGEST) * 60,
        load_default=None,
        allow_none=True,
        metadata={"description": "How long service is expected to be away; null: for the whole window."},
    )
    services = fields.List(Choice(SERVICES), required=True, validate=validate.Length(1, len(SERVICES)))
    reason = Text(60, required=True)
    reason_en = Text(120, load_default="")
    override_reason = Text(
        200,
        load_default=None,
        allow_none=True,
        metadata={"description": "Why planned work begins sooner than it may; never shown to the public."},
    )


class WhySchema(StrictSchema):
    """Why an outage is changed or withdrawn."""

    why = Text(200, required=True)


class RecoverySchema(StrictSchema):
    """When service came back."""

    restored_at = Timestamp(required=True)


def as_requested(row: Any) -> dict[str, Any]:
    """A stored outage as OutageSchema would have loaded it."""
    same = ("kind", "starts_at", "ends_at", "minutes", "services", "reason", "reason_en", "override_reason")
    return {"area": list(row.area_codes)} | {name: getattr(row, name) for name in same}
