"""Who may decide on an excuse, what evidence it may rest on, and when two are one: pure decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.problems import Fault

# Photos are kept as JPEG of 500 KB at most; what is sent may be a phone's own.
MOST_FILES = 5
LARGEST_FILE = 10_000_000
# What one request may carry: files of that size are few, and each is read into memory.
LARGEST_REQUEST = 25_000_000

_CONSOLE = "console:"
_STAFF = "staff:"
_PDF_BEGINS, _PDF_ENDS = b"%PDF-", b"%%EOF"
# Whatever stands behind the end of a document is no part of it.
_TAIL = 2048


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"  # 待审批
    APPROVED = "approved"  # 已同意
    REFUSED = "refused"  # 已驳回
    RETRACTED = "retracted"  # 申请人已撤回


class FileKind(StrEnum):
    """What a file of evidence is."""

    PHOTO = "photo"
    PDF = "pdf"


@dataclass(frozen=True)
class Stretch:
    """From when to when a delay lasted."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Decider:
    """Who decides: the label that histories name, whether the account is a manager of the operator that is
    in office, and how many such managers there are who did not ask.
    """

    label: str
    is_manager: bool
    others: int


def looks_like_pdf(content: bytes) -> bool:
    """Whether a file is a whole PDF document, by what stands in it and not by its name."""
    return content.startswith(_PDF_BEGINS) and _PDF_ENDS in content[-_TAIL:]


def overlapping(wanted: Stretch, known: Iterable[Stretch]) -> bool:
    """Whether a delay was asked for already, in whole or in part; one may begin where another ends."""
    return any(one.starts_at < wanted.ends_at and wanted.starts_at < one.ends_at for one in known)


def decision_faults(
    *, state: str, asked_by: str, decider: Decider, approve: bool, words: str | None
) -> list[Fault]:
    """What stands against a decision on an excuse by this person.

    Whoever asked never decides, under whatever role: it is the account that counts. Where no other manager is
    left, the console decides, and only there.
    """
    if state != State.OPEN:
        return [Fault("excuse.decided")]
    faults = []
    if asked_by == decider.label:
        faults.append(Fault("excuse.own_request"))
    elif decider.label.startswith(_CONSOLE):
        if decider.others:
            faults.append(Fault("excuse.other_manager"))
    elif not decider.label.startswith(_STAFF) or not decider.is_manager:
        faults.append(Fault("excuse.not_manager"))
    if not approve and not words:
        faults.append(Fault("excuse.words_required", "/words"))
    return faults
