"""Where a list that is read while it is written to may be read to, and where a reader has got to.

Ids are handed out before a commit and become visible after it, so a reader that remembers the last id it
saw misses whatever a slower transaction still had in hand. Rows bear the transaction that wrote them
(`written_in`); they are listed by it and read only as far as every transaction has ended. So nothing can
come to stand before a place that was read.

`feed_position()` and `feed_horizon()` of the database are PostgreSQL's own transaction numbers plus an
offset, which `tracker migrate` raises when a restored database has begun to count from low again.
"""

import base64
import binascii
import struct
from typing import Literal, NamedTuple

from sqlalchemy import BigInteger, func

from tracker.problems import Fault, Refusal

POSITION = func.feed_position(type_=BigInteger)
HORIZON = func.feed_horizon(type_=BigInteger)

_SHAPE = struct.Struct(">cQQ")
_LARGEST = 2**63 - 1
_TEXT_LENGTH = 23

List = Literal["e", "o"]
EVENTS: List = "e"
ORDERS: List = "o"


class Place(NamedTuple):
    """A row's place in a list; a reader goes on behind it."""

    written_in: int
    id: int


START = Place(0, 0)


def cursor_of(place: Place, of: List) -> str:
    """A place as callers keep it; they need not know what it says."""
    packed = _SHAPE.pack(of.encode(), *place)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def place_of(cursor: str, of: List) -> Place:
    """The place of a cursor; the start for an empty one. Raises Refusal cursor.malformed."""
    if not cursor:
        return START
    try:
        if len(cursor) != _TEXT_LENGTH:
            raise ValueError("another length")
        kind, written_in, row = _SHAPE.unpack(base64.b64decode(f"{cursor}=", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, struct.error):
        raise Refusal(Fault("cursor.malformed", "/after")) from None
    if kind != of.encode() or written_in > _LARGEST or row > _LARGEST:
        raise Refusal(Fault("cursor.malformed", "/after"))
    return Place(written_in, row)


def require_reached(place: Place, horizon: int) -> None:
    """Raises Refusal cursor.ahead for a place that this database has not come to: it was restored."""
    if place.written_in >= horizon:
        raise Refusal(Fault("cursor.ahead", "/after"))
