"""What somebody typed into a form that came too late, by the labels of its fields, to be copied."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import gettext

# Secrets, and what a form says of itself or of what it is about.
_NOT_TYPED = frozenset(
    {
        "again",
        "client_id",
        "code",
        "community_code",
        "csrf_token",
        "forget",
        "last",
        "leaving",
        "line",
        "new",
        "next",
        "old",
        "password",
        "request",
        "revision",
        "searched",
        "seen",
        "stamp",
        "step",
        "take_over",
        "then",
        "token",
        "username",
        "version",
        "wanted",
    }
)

Typed = list[tuple[str, list[str]]]
"""The labels of fields, or the names of those that have none; each with every answer."""


def typed_before(answers: Iterable[tuple[str, str]], page: Callable[..., Any] | None) -> Typed:
    """What was typed, in the order of the form. `page`: the function that the form was sent to."""
    labels = _labels(page)
    found: dict[str, list[str]] = {}
    for name, value in answers:
        if name and name not in _NOT_TYPED and value.strip():
            label = gettext(labels[name]) if name in labels else name
            found.setdefault(label, []).append(value.strip())
    return list(found.items())


def _labels(page: Callable[..., Any] | None) -> Mapping[str, str]:
    """The labels of fields by their names: the module of each page has them in its FIELDS."""
    if page is None:
        return {}
    of_module = getattr(inspect.unwrap(page), "__globals__", {})
    return {
        name: label
        for constant, fields in of_module.items()
        if constant.endswith("FIELDS") and isinstance(fields, Mapping)
        for name, field in fields.items()
        if isinstance(label := getattr(field, "label", None), str)
    }
