"""Which rules a schema may refuse by, read from its fields."""

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields

from tracker.problems import RuleText

# A message without a rule becomes this one on its way out (`tracker.problems.faults_in`).
_UNNAMED = "field.invalid"
# What marshmallow may say of any field, and never says of one without the reason for it.
_CONDITIONAL = ("required", "null", "validator_failed")


def rules_of(schema: type[Schema] | Schema) -> frozenset[str]:
    """The ids of the rules that loading `schema` may break, those of its parts included."""
    made = schema() if isinstance(schema, type) else schema
    own = [_rule(text) for text in made.error_messages.values()]
    return frozenset(own).union(*(_of_field(one) for one in made.fields.values()))


def _of_field(field: Any) -> frozenset[str]:
    inner = [
        rules_of(part) if isinstance(part, Schema) else _of_field(part) for part in _parts_of(field) if part
    ]
    return frozenset(_own(field)).union(*inner)


def _own(field: Any) -> Iterator[str]:
    messages = field.error_messages
    yield from (_rule(text) for name, text in messages.items() if name not in _CONDITIONAL)
    if field.required:
        yield _rule(messages["required"])
    if not field.allow_none:
        yield _rule(messages["null"])
    rules = getattr(field, "rules", None)
    if rules is not None:
        yield from rules
    elif field.validators:
        yield _UNNAMED


def _parts_of(field: Any) -> tuple[Any, ...]:
    if isinstance(field, fields.Nested):
        return (field.schema,)
    if isinstance(field, fields.Dict):
        return (field.key_field, field.value_field)
    if isinstance(field, fields.List):
        return (field.inner,)
    return ()


def _rule(text: Any) -> str:
    return text.fault.rule if isinstance(text, RuleText) else _UNNAMED
