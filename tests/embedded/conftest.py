"""Folders that every user can enter, and processes that use the servers in them."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starters import Starter


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter: pytest's own are closed to the user that root drops to."""
    folder = Path(tempfile.mkdtemp(prefix="trk-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start() -> Iterator[Callable[..., Starter]]:
    """Start another process that uses the servers; what still runs at the end of the test is ended."""
    started: list[Starter] = []

    def _start(data: Path, **options: object) -> Starter:
        started.append(Starter(data, **options))
        return started[-1]

    yield _start
    for starter in started:
        starter.leave()
