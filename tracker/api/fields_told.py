"""What the API's description says of fields: true types, patterns, words, and which are always there."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import fields

from tracker.api.glossary import ENUMS, SHAPES, SOMETIMES, WORDS
from tracker.fields import CreditCode, Pattern, Phone, Text, TimeOfDay, Timestamp

_LOCAL_TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_SHELF = "#/components/schemas/"


def properties_of(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """What apispec cannot see of our own fields; an attribute function of its marshmallow plug-in."""
    if isinstance(field, Pattern):
        return {"pattern": f"^(?:{field.pattern.pattern})$"}
    if isinstance(field, Phone):
        return {"format": "phone"}
    if isinstance(field, CreditCode):
        return {"format": "credit-code"}
    if isinstance(field, Text):
        return {"format": "line"}
    if isinstance(field, TimeOfDay):
        return {"type": ["string", "null"] if field.allow_none else "string", "pattern": _LOCAL_TIME}
    if isinstance(field, Timestamp):
        return {"examples": ["2026-11-24T01:30:00Z"]}
    return {}


def complete_schemas(document: Mapping[str, Any], operations: Iterable[Mapping[str, Any]]) -> None:
    """Give every field its words and true type, and say of answers which fields are always there."""
    schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]
    bodies = [operation["requestBody"] for operation in operations if "requestBody" in operation]
    sent = _reached(bodies, schemas)
    for name, schema in schemas.items():
        for field, told in schema.get("properties", {}).items():
            _complete(name, field, told)
        if name not in sent:
            # Answers are written by one program, which leaves no field out.
            there = (one for one in schema.get("properties", {}) if f"{name}.{one}" not in SOMETIMES)
            schema["required"] = sorted(there)


def _complete(schema: str, field: str, told: dict[str, Any]) -> None:
    place = f"{schema}.{field}"
    if place in SHAPES:
        if "type" in SHAPES[place]:
            told.clear()
        told |= SHAPES[place]
    if place in ENUMS:
        inner = told.get("items", told)
        nullable = isinstance(inner.get("type"), list) and "null" in inner["type"]
        inner["enum"] = [*ENUMS[place], *([None] if nullable else [])]
    if "description" not in told:
        words = WORDS.get(place, WORDS.get(field))
        if words is not None:
            told["description"] = words


def _reached(start: Any, schemas: Mapping[str, Any]) -> set[str]:
    """The names of all schemas that `start` refers to, or that those refer to."""
    found: set[str] = set()
    waiting = list(_references(start))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "$ref" and str(value).startswith(_SHELF):
                yield str(value).removeprefix(_SHELF)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
