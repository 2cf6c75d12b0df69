"""On what a run was made: without it no rate means anything."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.system import System


@dataclass(frozen=True)
class Machine:
    """Facts of the machine and of the database as they were at the end of a run."""

    cores: int
    processor: str
    load_average: float
    python: str
    postgresql: str
    fsync: str
    synchronous_commit: str
    file_system: str
    web_workers: int


def machine(system: System) -> Machine:
    """Look around."""
    with system.owner.connect() as connection:
        version, fsync, synchronous = connection.execute(
            text(
                "SELECT current_setting('server_version'), current_setting('fsync'),"
                " current_setting('synchronous_commit')"
            )
        ).one()
    return Machine(
        os.cpu_count() or 1,
        _processor(),
        round(os.getloadavg()[0], 1),
        platform.python_version(),
        version,
        fsync,
        synchronous,
        _file_system(system.folder),
        system.config.web_workers,
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _file_system(folder: Path) -> str:
    """The kind of file system under a folder: on tmpfs fsync costs nothing."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    fitting = [words for words in mounts if folder.is_relative_to(words[1])]
    return max(fitting, key=lambda words: len(words[1]))[2] if fitting else "unknown"
