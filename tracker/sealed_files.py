"""Files outside of the database and of everything that is served, sealed with the key ring."""

import math
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tracker.crypto import KeyRing
from tracker.setting_kinds import ConfigError


class SealedFiles:
    """A folder of sealed files under random names, readable by the service alone."""

    def __init__(self, folder: Path | None, keys: KeyRing, purpose: str) -> None:
        """`purpose` is sealed with each file, and names the folder. Raises ConfigError without a folder."""
        if folder is None:
            raise ConfigError("configuration: TRACKER_FILES_DIR is needed to keep photos and evidence")
        self._folder, self._keys, self._purpose = folder / purpose, keys, purpose

    def put(self, content: bytes) -> str:
        """Store a file for good, and return its name."""
        name = secrets.token_hex(20)
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(self._keys.seal_bytes(content, self._column(name)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        # The name too must outlive a crash, or a row would point to nothing.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name

    def get(self, name: str) -> bytes | None:
        """What was stored; None where the file is gone. Raises UnreadableError."""
        try:
            sealed = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        return self._keys.open_bytes(sealed, self._column(name))

    def remove(self, name: str) -> None:
        """Delete a file; one that is gone already is no fault."""
        self._path(name).unlink(missing_ok=True)

    def written_before(self, at: datetime) -> Iterator[set[str]]:
        """The names of what was written before an instant, a part of the folder at a time; those of files
        whose writing was cut off as well.
        """
        for part in sorted(self._folder.glob("??")):
            yield {path.name for path in part.iterdir() if _written(path) < at.timestamp()}

    def _path(self, name: str) -> Path:
        # Names come from the database, where only `put` puts them: they are never taken from a request.
        return self._folder / name[:2] / name

    def _column(self, name: str) -> str:
        return f"{self._purpose}.{name}"


def _written(path: Path) -> float:
    """When a file was written, in seconds; of one that is gone meanwhile, never."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
