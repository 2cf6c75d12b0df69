"""What is kept of a provider's callback: the fields that can name nobody (invariant I5)."""

from collections.abc import Iterable, Mapping

_LONGEST_VALUE = 100
_LARGEST_ID = 2**63 - 1


def kept(fields: Mapping[str, object], names: Iterable[str]) -> dict[str, str]:
    """The named fields as lines of text. All others are left out, whatever a provider adds one day."""
    return {name: line(fields[name]) for name in names if fields.get(name) is not None}


def line(value: object, limit: int = _LONGEST_VALUE) -> str:
    """A value as text that the database takes: printable ASCII, not longer than `limit`."""
    if not isinstance(value, str | int | float | bool):
        return ""
    text = str(value)[:limit]
    return "".join(char if " " <= char <= "~" else "?" for char in text)


def notice_id_of(given: object) -> int | None:
    """The id of a notice as we gave it to a provider; None for what is no such id."""
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST_ID else None
