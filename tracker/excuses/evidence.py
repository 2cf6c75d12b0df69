"""Files that an excuse rests on: checked by what is in them, drawn anew, and sealed out of reach of the web.

The name that somebody's machine gave a file is never kept, and names no path.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tracker.excuses.rules import LARGEST_FILE, MOST_FILES, FileKind, looks_like_pdf
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.sealed_files import SealedFiles
from tracker.site_work.images import redraw

_PURPOSE = "excuse_files"
_POINTER = "/files"
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Checked:
    """A file as it may be kept: a JPEG without anything that a camera wrote beside it, or a PDF."""

    kind: FileKind
    content: bytes


@dataclass(frozen=True)
class Kept:
    """A file that was stored, by its name in the folder."""

    kind: FileKind
    name: str
    size: int


def excuse_files(runtime: Runtime) -> SealedFiles:
    """The folder of evidence. Raises ConfigError where none is named."""
    return SealedFiles(runtime.config.files_dir, runtime.keys, _PURPOSE)


def check_files(uploads: Sequence[bytes]) -> list[Checked]:
    """The files as they may be kept.

    Raises Refusal with excuse.too_many_files, excuse.file_too_large or excuse.file_unreadable.
    """
    if len(uploads) > MOST_FILES:
        raise Refusal(Fault("excuse.too_many_files", _POINTER, {"most": MOST_FILES}))
    if any(len(one) > LARGEST_FILE for one in uploads):
        raise Refusal(Fault("excuse.file_too_large", _POINTER, {"megabytes": LARGEST_FILE // _MEGABYTE}))
    return [_checked(one) for one in uploads]


@contextmanager
def stored(runtime: Runtime, checked: Sequence[Checked]) -> Iterator[list[Kept]]:
    """Files on disk for the rows that are written meanwhile; removed again where those do not come to be."""
    kept: list[Kept] = []
    try:
        for one in checked:
            name = excuse_files(runtime).put(one.content)
            kept.append(Kept(one.kind, name, len(one.content)))
        yield kept
    except BaseException:
        for one in kept:
            excuse_files(runtime).remove(one.name)
        raise


def _checked(upload: bytes) -> Checked:
    if looks_like_pdf(upload):
        return Checked(FileKind.PDF, upload)
    try:
        return Checked(FileKind.PHOTO, redraw(upload).jpeg)
    except Refusal:
        raise Refusal(Fault("excuse.file_unreadable", _POINTER)) from None
