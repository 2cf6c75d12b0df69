"""What every part of the API does alike: who calls, what a change must name, how an order is shown."""

import re
from typing import Any

from flask import current_app, request

from tracker.api.auth import caller, require_channel
from tracker.api.blueprint import LARGEST_LONG_ID
from tracker.orders import numbers, queries
from tracker.orders.schemas import OrderSchema
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "Names the request, such as a UUID; the same one again has the same effect and answer.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "7f9c2b1e-6f0a-4a57-9d5e-0d6f3f3a1c11",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The `ETag` of what is to be changed, or `*` for whatever it is now.",
    "schema": {"type": "string", "pattern": '^(\\*|"[1-9][0-9]{0,8}")$'},
    "example": "*",
}
OPTIONAL_IF_MATCH = IF_MATCH | {"required": False}

# Requests that make sure, as they write, that the reference data still stands.
_SURE_AT_THE_END = frozenset({"orders.Orders"})
_ID = re.compile(r"[0-9]{1,19}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")

# An instance, because flask-smorest would otherwise build the schema anew for each request.
_order = OrderSchema()


def runtime() -> Runtime:
    """The process's runtime."""
    found: Runtime = current_app.extensions["tracker"]
    return found


def authenticate() -> None:
    """Before each request: a known key, and JSON where something is sent."""
    require_channel(runtime(), lately=request.endpoint in _SURE_AT_THE_END and request.method == "POST")
    if request.method in ("POST", "PUT") and not request.is_json:
        raise Refusal(Fault("request.media_type"))


def number_of(typed: str) -> str:
    """An order number as it was typed. Raises Refusal order.not_found for what cannot be one."""
    number = numbers.normalise(typed)
    if number is None:
        raise Refusal(Fault("order.not_found"))
    return number


def show_order(number: str, *, new: bool = False) -> dict[str, Any]:
    """The calling channel's order as JSON; `new`: it was stored just now. Raises Refusal order.not_found."""
    with runtime().db.reading() as connection:
        row = queries.channel_order(connection, caller().id, number, new=new)
    if row is None:
        raise Refusal(Fault("order.not_found"))
    shown: dict[str, Any] = _order.dump(row)
    return shown


def id_of(cursor: str, largest: int = LARGEST_LONG_ID) -> int | None:
    """The id that the cursor of a list stands for, None for an empty one.

    Raises Refusal cursor.malformed for what no row's id can be.
    """
    if not cursor:
        return None
    if not _ID.fullmatch(cursor) or int(cursor) > largest:
        raise Refusal(Fault("cursor.malformed", "/after"))
    return int(cursor)


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def if_version() -> int | None:
    """The version that the caller saw; None for `If-Match: *`.

    Raises Refusal version.required where none is named, version.stale for what was never one of ours.
    """
    if not request.if_match:
        raise Refusal(Fault("version.required"))
    if request.if_match.star_tag:
        return None
    # A tag is compared letter by letter: "01" is not "1". Of several, the latest is what was seen.
    seen = [int(tag) for tag in request.if_match.as_set() if tag and _VERSION.fullmatch(tag)]
    if not seen:
        raise Refusal(Fault("version.stale"))
    return max(seen)
