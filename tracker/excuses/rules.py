"""What evidence an excuse may rest on, and what is wrong with one: pure decisions."""

from datetime import datetime
from enum import StrEnum

from tracker.orders.approval_rules import Breaches

BREACHES = Breaches(
    not_found="excuse.not_found",
    decided="excuse.decided",
    not_own="excuse.not_own",
    own_request="excuse.own_request",
    not_manager="excuse.not_manager",
    other_manager="excuse.other_manager",
    words_required="excuse.words_required",
)

# Photos are kept as JPEG of 500 KB at most; what is sent may be a phone's own.
MOST_FILES = 5
LARGEST_FILE = 10_000_000
# What one request may carry: files of that size are few, and each is read into memory.
LARGEST_REQUEST = 25_000_000

_PDF_BEGINS, _PDF_ENDS = b"%PDF-", b"%%EOF"
# Whatever stands behind the end of a document is no part of it.
_TAIL = 2048


class FileKind(StrEnum):
    """What a file of evidence is."""

    PHOTO = "photo"
    PDF = "pdf"


def looks_like_pdf(content: bytes) -> bool:
    """Whether a file is a whole PDF document, by what stands in it and not by its name."""
    return content.startswith(_PDF_BEGINS) and _PDF_ENDS in content[-_TAIL:]


def lies_after(starts_at: datetime, connected_at: datetime | None) -> bool:
    """Whether a delay began when the line was connected already: it kept nobody from connecting it."""
    return connected_at is not None and starts_at >= connected_at
