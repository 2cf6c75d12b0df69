"""The list of communities that the counter's form searches, as a file that a browser keeps."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from tracker.places.finding import listing
from tracker.reference import Place, Reference


@dataclass(frozen=True)
class Shelf:
    """The list as it is sent, plain and compressed, under a name that follows from its content."""

    name: str
    plain: bytes
    packed: bytes


_kept: tuple[Mapping[str, Place], Shelf] | None = None


def shelf_of(reference: Reference) -> Shelf:
    """The list of these places; made anew only where the reference data has changed."""
    global _kept
    if _kept is None or _kept[0] is not reference.places:
        made = json.dumps(listing(reference.places.values()), ensure_ascii=False, separators=(",", ":"))
        plain = made.encode()
        name = sha256(plain).hexdigest()[:16]
        _kept = (reference.places, Shelf(name, plain, gzip.compress(plain, mtime=0)))
    return _kept[1]
