"""The parts of a file: packed and sealed each for its own place, and an upload read from them at will."""

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Literal, cast

from sqlalchemy import Connection, bindparam, delete, insert, select

from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.order_files.models import UPLOAD, OrderFilePart

# Bytes of an upload in one part; what its name says of its place follows from this.
PART = 512 * 1024
_BUFFER = 64 * 1024

_parts = OrderFilePart.__table__
_ADD = insert(_parts)
_ONE = select(_parts.c.sealed).where(
    _parts.c.file_id == bindparam("file"),
    _parts.c.kind == bindparam("what"),
    _parts.c.number == bindparam("place"),
)


class GoneError(Exception):
    """The parts were deleted: somebody cancelled the file, or another worker is done with it."""


def add_part(
    connection: Connection, keys: KeyRing, operator_id: int, place: tuple[int, str, int], content: bytes
) -> None:
    """Store a part at its place: file, kind, number."""
    file_id, kind, number = place
    row = {
        "file_id": file_id,
        "kind": kind,
        "number": number,
        "operator_id": operator_id,
        "sealed": keys.seal_bytes(zlib.compress(content, 1), _for(place)),
    }
    connection.execute(_ADD, row)


def read_part(db: Database, keys: KeyRing, place: tuple[int, str, int]) -> bytes:
    """The content of a part. Raises GoneError."""
    file_id, kind, number = place
    with db.reading() as connection:
        sealed = connection.scalar(_ONE, {"file": file_id, "what": kind, "place": number})
    if sealed is None:
        raise GoneError
    return zlib.decompress(keys.open_bytes(bytes(sealed), _for(place)))


def delete_parts(connection: Connection, file_id: int, *kinds: str) -> None:
    """Delete all parts of these kinds."""
    connection.execute(delete(_parts).where(_parts.c.file_id == file_id, _parts.c.kind.in_(kinds)))


def each_part(db: Database, keys: KeyRing, file_id: int, kind: str, count: int) -> Iterator[bytes]:
    """The contents of so many parts in their order; it ends early where they are deleted meanwhile."""
    for number in range(count):
        try:
            yield read_part(db, keys, (file_id, kind, number))
        except GoneError:
            return


class Upload:
    """An uploaded file as a source that readers open, wherever it was uploaded."""

    def __init__(self, db: Database, keys: KeyRing, file_id: int, size: int) -> None:
        self._db, self._keys, self._file_id, self._size = db, keys, file_id, size

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """The content from its first byte on. Reading it raises GoneError once the parts are deleted."""
        raw = _Parts(self._db, self._keys, self._file_id, self._size)
        return cast(BinaryIO, io.BufferedReader(raw, _BUFFER))


class _Parts(io.RawIOBase):
    """Reads from the one part that it has unsealed last."""

    def __init__(self, db: Database, keys: KeyRing, file_id: int, size: int) -> None:
        self._db, self._keys, self._file_id, self._size = db, keys, file_id, size
        self._at = 0
        self._number, self._content = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, PART)
        if number != self._number:
            self._content = read_part(self._db, self._keys, (self._file_id, UPLOAD, number))
            self._number = number
        some = self._content[start : start + len(buffer)]
        buffer[: len(some)] = some
        self._at += len(some)
        return len(some)


def _for(place: tuple[int, str, int]) -> str:
    """What a part is sealed for: nobody can put it into another's place."""
    return "order_file_parts/{}/{}/{}".format(*place)
