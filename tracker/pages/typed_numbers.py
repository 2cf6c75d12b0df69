"""Whole numbers of an address or a form, in whose place anything may stand."""

from flask import request

# As many digits as any id of PostgreSQL's bigint may have, and of its integer.
_OF_BIGINT, _OF_INTEGER = 18, 9


def whole(text: str, digits: int = _OF_INTEGER) -> int | None:
    """The number; None for what is none, or has more digits."""
    return int(text) if text.isdecimal() and len(text) <= digits else None


def long_id(text: str) -> int | None:
    """An id of what there may be very many of, as orders; None for what cannot be one."""
    return whole(text, _OF_BIGINT)


def carried(name: str) -> int:
    """What a form carries unseen: a version, an id; what nothing has where it was tampered with."""
    found = whole(request.form.get(name, ""))
    return -1 if found is None else found


def page_number() -> int:
    """The page of a list that the address names, from 1 on; the first where it names none."""
    return max(whole(request.args.get("page", ""), 6) or 1, 1)
