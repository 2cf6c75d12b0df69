"""What a signed request says of itself, and whether the signature is right.

Signed is a text of six lines, each ended by a newline except the last:

    POST                       method
    /api/v1/orders             path
    limit=50&stage=accepted    query, sorted
    1795590000                 timestamp, as sent
    5f1c0c8e2b9d4a7e           nonce, as sent
    9f86d0…                    SHA-256 of the body, hexadecimal

Path and query are percent-decoded and encoded again, so that it does not matter how a client or a proxy
spelt them: everything but letters, digits and `-._~` (and `/` in the path) as `%XX` of its UTF-8.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, quote

# How far a caller's clock may be off, either way.
TOLERANCE = timedelta(seconds=300)

_NONCE = re.compile(r"[\x21-\x7e]{16,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,13}")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{64}")
_PER_SECOND = {"seconds": 1, "milliseconds": 1000}


@dataclass(frozen=True)
class Naming:
    """Where a signed request carries its four parts, and by what names.

    `place` is header or query; `timestamp_unit` is seconds or milliseconds since 1970.
    """

    place: str = "header"
    app_id: str = "X-App-Id"
    timestamp: str = "X-Timestamp"
    nonce: str = "X-Nonce"
    signature: str = "X-Signature"
    timestamp_unit: str = "seconds"

    PARTS: ClassVar = ("app_id", "timestamp", "nonce", "signature")

    @property
    def names(self) -> tuple[str, ...]:
        """The four names."""
        return tuple(getattr(self, part) for part in self.PARTS)


PLACES = ("header", "query")
UNITS = tuple(_PER_SECOND)


def canonical(
    method: str,
    path: str,
    query: str,
    timestamp: str,
    nonce: str,
    body: bytes,
    *,
    unsigned: str | None = None,
) -> bytes:
    """The text that is signed.

    `path` is decoded and `query` as sent, both one character per byte (latin-1), as WSGI hands them
    over. `unsigned`: the name in the query that is left out, because it is the signature's own.
    """
    lines = (
        method.upper(),
        quote(path, safe="/-._~", encoding="latin-1"),
        _sorted_query(query, unsigned),
        timestamp,
        nonce,
        hashlib.sha256(body).hexdigest(),
    )
    return "\n".join(lines).encode()


def _sorted_query(query: str, unsigned: str | None) -> str:
    """Names and values encoded alike, in the order of their bytes; a name that stands twice stays twice."""
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    encoded = sorted(
        (quote(name, safe="-._~", encoding="latin-1"), quote(value, safe="-._~", encoding="latin-1"))
        for name, value in pairs
        if name != unsigned
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def sign(secret: str, text: bytes) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def is_signed_by(secret: str, text: bytes, signature: str) -> bool:
    """Whether this secret made this signature; takes as long for a wrong one as for a right one."""
    given = signature.lower() if _SIGNATURE.fullmatch(signature) else ""
    return hmac.compare_digest(sign(secret, text).encode(), given.encode())


def is_nonce(text: str) -> bool:
    """Whether it has the shape of a nonce: 16 to 64 visible ASCII characters."""
    return _NONCE.fullmatch(text) is not None


def lag(timestamp: str, unit: str, now: datetime) -> timedelta | None:
    """How long ago the request was signed, negative for one from the future; None for what is no time."""
    if not _TIMESTAMP.fullmatch(timestamp):
        return None
    return timedelta(seconds=now.timestamp() - int(timestamp) / _PER_SECOND[unit])
