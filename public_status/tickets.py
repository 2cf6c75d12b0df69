"""Leave to see one order again for half an hour, so that a page can be renewed without the digits.

A ticket is handed out on the status page, in a form field and never in an address: order number,
end of its validity and a keyed digest over both. It stands for the four digits that were right when
it was made.
"""

import hmac
from datetime import datetime, timedelta

from tracker.crypto import KeyRing

_VALID = timedelta(minutes=30)
_LONGEST = 120


def issue(keys: KeyRing, number: str, now: datetime) -> str:
    """A ticket for the order with this number."""
    ends = int((now + _VALID).timestamp())
    return f"{number}.{ends}.{_digest(keys, number, ends)}"


def number_of(keys: KeyRing, ticket: str, now: datetime) -> str | None:
    """The number of the order that a ticket opens; None for a forged, damaged or expired one."""
    number, _, rest = ticket[:_LONGEST].partition(".")
    ends, _, digest = rest.partition(".")
    if not ends.isascii() or not ends.isdigit():
        return None
    right = hmac.compare_digest(_digest(keys, number, int(ends)).encode(), digest.encode())
    return number if right and now.timestamp() < int(ends) else None


def _digest(keys: KeyRing, number: str, ends: int) -> str:
    return keys.digest_of("public.ticket", f"{number}/{ends}").hex()
