"""Bytes put aside on disk for a while, which nobody else can read: personal data is never there in plain."""

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Scratch:
    """Blocks in a file without a name, sealed under a key that only this object knows (invariant I5)."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        # Also where whoever fills it is interrupted.
        self._closing = weakref.finalize(self, self._file.close)
        self._cipher = AESGCM(os.urandom(32))
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def put(self, block: bytes) -> None:
        """Put a block behind those that are there."""
        sealed = self._cipher.encrypt(len(self).to_bytes(_NONCE_BYTES), block, None)
        self._file.seek(self._ends[-1])
        self._file.write(sealed)
        self._ends.append(self._ends[-1] + len(sealed))

    def get(self, number: int) -> bytes:
        """A block by its number, counted from 0."""
        self._file.seek(self._ends[number])
        sealed = self._file.read(self._ends[number + 1] - self._ends[number])
        return self._cipher.decrypt(number.to_bytes(_NONCE_BYTES), sealed, None)

    def close(self) -> None:
        """Give the space back."""
        self._closing()


class PutAside:
    """An upload on its way in: written from its beginning to its end, then read in blocks of one size.

    Werkzeug writes into one as the file arrives, so it is neither held in memory nor put on disk in plain.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._scratch = Scratch()
        self._rest = bytearray()
        self.size = 0

    def write(self, content: bytes) -> int:
        """Take in what has arrived."""
        self._rest += content
        self.size += len(content)
        while len(self._rest) >= self._block:
            self._scratch.put(bytes(self._rest[: self._block]))
            del self._rest[: self._block]
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Back to the beginning, which is where `blocks` reads from in any case."""
        return 0

    def blocks(self) -> Iterator[bytes]:
        """The content: every block but the last is full."""
        for number in range(len(self._scratch)):
            yield self._scratch.get(number)
        if self._rest:
            yield bytes(self._rest)

    def close(self) -> None:
        """Give the space back."""
        self._scratch.close()
