"""Where everything lies: the data folder, the folder of the sockets, and who may enter them."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tracker.embedded.account import Account, first_closed
from tracker.embedded.errors import EmbeddedError

# A socket's whole path may have 103 bytes (macOS; Linux: 107), and PostgreSQL adds "/.s.PGSQL.5432.lock".
MAX_SOCKET_FOLDER = 84
# Commas, colons, quotes and blanks mean something to libpq, to PostgreSQL's settings or in a URL.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_SHORT_PARENT = Path("/tmp")  # noqa: S108 - TMPDIR may be long; the folder made in it is private
_ROOT_PARENT = Path("/var/lib/tracker")


@dataclass(frozen=True)
class DataFolder:
    """The layout of a data folder."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "embedded.lock"

    @property
    def state(self) -> Path:
        return self.root / "embedded.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def programs(self) -> Path:
        return self.root / "programs"


def default_data_dir() -> Path:
    """`TRACKER_DATA_DIR`, or `.tracker/` in the working folder.

    For root the default lies under /var/lib/tracker, one folder per working folder, because the user that
    the servers run as can seldom enter root's own folders.
    """
    named = os.environ.get("TRACKER_DATA_DIR")
    if named:
        return Path(named).expanduser().absolute()
    here = Path.cwd()
    if os.geteuid() != 0:
        return here / ".tracker"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", here.name).strip("-.")[:40] or "root"
    return _ROOT_PARENT / f"{name}-{_short_hash(here)}"


def prepare_data_folder(folder: DataFolder, account: Account) -> None:
    """Make the data folder with its log folder, and see that the servers' user can enter it.

    A folder that was there before keeps its mode. Raises EmbeddedError if it cannot be used.
    """
    root = folder.root
    try:
        for parent in reversed(root.parents):
            if not parent.exists():
                parent.mkdir(0o755, exist_ok=True)
        root.mkdir(0o711 if account.dropped else 0o700, exist_ok=True)
        owner = root.stat().st_uid
        folder.logs.mkdir(0o700, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"cannot make the data folder {root}: {error.strerror}") from None
    if account.dropped and owner != os.geteuid():
        # Root would follow links that the folder's owner can plant there.
        raise EmbeddedError(f"the data folder {root} is not root's own: run as its owner, or name another")
    closed = first_closed(account, root)
    if closed is not None:
        raise EmbeddedError(
            f"the servers run as user {account.name}, who may not enter {closed}: set TRACKER_DATA_DIR to a "
            f"folder that this user can reach, or allow it with: chmod o+x '{closed}'"
        )


def socket_folder(folder: DataFolder, account: Account) -> Path:
    """Make the private folder for the sockets: in the data folder, or a short one if that will not do."""
    inside = folder.root / "run"
    if len(os.fsencode(inside)) <= MAX_SOCKET_FOLDER and _PLAIN_PATH.fullmatch(str(inside)):
        make_private(inside, account)
        return inside
    short = _SHORT_PARENT / f"trk-{os.geteuid()}-{_short_hash(folder.root)}"
    make_private(short, account)
    return short


def make_private(path: Path, account: Account) -> None:
    """Make a folder that only the account (and root) can enter, or check that an old one is ours.

    Raises EmbeddedError if somebody else owns what is there, or if it is no folder.
    """
    try:
        path.mkdir(0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise EmbeddedError(f"cannot use the folder {path}: {error.strerror}") from None
    try:
        owner = os.fstat(descriptor).st_uid
        if owner not in (account.uid, os.geteuid()):
            raise EmbeddedError(f"{path} belongs to user id {owner}, not to {account.name}: remove it first")
        if owner != account.uid:
            os.fchown(descriptor, account.uid, account.gid)
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
