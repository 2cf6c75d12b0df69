"""PostgreSQL's data: created whole or not at all."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tracker.embedded import locks
from tracker.embedded.account import Account
from tracker.embedded.binaries import Program
from tracker.embedded.errors import EmbeddedError
from tracker.embedded.logs import last_words, open_log
from tracker.embedded.processes import spawn

_BOOTSTRAP = b"""\
CREATE ROLE tracker_owner LOGIN CREATEROLE CREATEDB;
CREATE DATABASE tracker OWNER tracker_owner;
"""
_LEFTOVER_SECONDS = 60.0


def data_major(folder: Path) -> int | None:
    """The major version that wrote the data; None where there is no data yet."""
    if not folder.exists():
        return None
    try:
        return int((folder / "PG_VERSION").read_text().split(".")[0])
    except (OSError, ValueError) as error:
        raise EmbeddedError(f"{folder} is no data folder of PostgreSQL: {error}") from None


def create_data(program: Program, folder: Path, account: Account, log_path: Path) -> None:
    """Create the cluster with the role `tracker_owner` and its database `tracker`.

    All of it happens under another name and is then renamed: a folder of this name is complete, whenever
    this is killed. Raises EmbeddedError with the last words of the log.
    """
    # Children of an initdb that was killed go on for a moment; they hold the lock, as a server does.
    lock = locks.take_soon(locks.beside(folder), _LEFTOVER_SECONDS)
    prefix = f"{folder.name}.new-"
    for leftover in folder.parent.glob(prefix + "*"):
        shutil.rmtree(leftover, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))

    def run(what: str, argv: Sequence[str | Path], text: bytes = b"") -> None:
        log = open_log(log_path)
        try:
            since = os.fstat(log).st_size
            process = spawn(
                argv,
                account,
                cwd=new,
                output=log,
                stdin=subprocess.PIPE,
                death_signal=signal.SIGKILL,
                keep=[lock],
            )
        finally:
            os.close(log)
        process.communicate(text)
        if process.returncode != 0:
            raise EmbeddedError(f"{what} failed: {last_words(log_path, since=since)} (see {log_path})")

    try:
        if account.dropped:
            os.chown(new, account.uid, account.gid)
        run("initdb", [*_initdb(program), "-D", new])
        single = ("--single", "-c", "exit_on_error=on", "-D")
        run("the set-up of PostgreSQL", [program.path, *single, new, "postgres"], _BOOTSTRAP)
        new.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise EmbeddedError(f"cannot create {folder}: {error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
        os.close(lock)


def _initdb(program: Program) -> list[str | Path]:
    # The built-in locale sorts by code point like C, knows every letter, and no system update changes it.
    built_in = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [
        *(program.path.with_name("initdb"), "--username=postgres", "--auth=trust", "--encoding=UTF8"),
        *(built_in if program.major >= 17 else ["--locale=C.UTF-8"]),
        *("--data-checksums", "--no-instructions"),
    ]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
