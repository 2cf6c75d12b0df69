"""Where the content of a file comes from: a path, or anything else that can be opened again and again."""

from typing import BinaryIO, Literal, Protocol


class Source(Protocol):
    """A file that readers open as often as they need to; a `Path` is one. What it opens can be sought in."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """The content from its first byte on."""


def size_of(source: Source) -> int:
    """Bytes of the content."""
    with source.open("rb") as file:
        return file.seek(0, 2)


def holds(source: Source, what: bytes, *, within: int | None = None) -> bool:
    """Whether these bytes stand anywhere in the content, or in its first `within` bytes."""
    with source.open("rb") as file:
        if within is not None:
            return what in file.read(within)
        kept = b""
        while chunk := file.read(1 << 20):
            if what in kept + chunk:
                return True
            kept = chunk[-len(what) :]
    return False
