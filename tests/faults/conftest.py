"""Servers of these tests' own: they are killed, stopped and emptied while others would want them whole."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from system import MakeSystem, OwnValkey, Stores, System

from tests.watched_log import found_in
from tracker import db, migrate
from tracker.db import Database
from tracker.demo.seed import seed
from tracker.embedded import Servers, servers

# The hostile provider lives with the gateways' tests.
sys.path.append(str(Path(__file__).parent.parent / "sms"))

from hostile import ACCOUNT, HostileTwilio
from stream import Stream

from tracker import config
from tracker.runtime import Runtime, start


@pytest.fixture(scope="session")
def fault_folder() -> Iterator[Path]:
    # Not the test's own folder: as root the servers run as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="trkf-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stores(fault_folder: Path) -> Iterator[Servers]:
    """No fsync, as no test pulls the plug; but whole pages in the log, as writes are cut off by a kill."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKER_EMBEDDED_PG_OPTIONS", "-c fsync=off")
        with servers(fault_folder, say=lambda message: None) as running:
            migrate.upgrade(running.owner_url)
            owner = Database(running.owner_url, role=db.APP_ROLE)
            seed(owner)
            owner.dispose()
            yield running


@pytest.fixture(autouse=True)
def ended_with_the_test(own_pools: None) -> None:
    """Servers are killed here, and connections with them."""


@pytest.fixture
def settings(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """As everywhere, with times that a test can wait for."""
    short = {"TRACKER_LEASE_SECONDS": "0.8", "TRACKER_UNKNOWN_GRACE_SECONDS": "0.5"}
    for name, value in short.items():
        monkeypatch.setenv(name, value)
    return settings | short


@pytest.fixture
def victims(stores: Servers, fault_folder: Path) -> Iterator[Stores]:
    """The servers, to be killed; both answer again when the test is over."""
    made = Stores(fault_folder, stores.owner_url, stores.redis_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def make_system(settings: dict[str, str], clean: None) -> Iterator[MakeSystem]:
    """Makes systems on the test's servers; a setting of theirs may be changed by its name."""
    assert os.path.isdir("/proc/self"), "these tests find processes by /proc"
    folder = Path(tempfile.mkdtemp(prefix="trkf-"))
    made: list[System] = []

    def make(**changes: str) -> System:
        made.append(System(settings, folder, **changes))
        return made[-1]

    yield make
    for system in made:
        system.close()
    logged = "\n".join(path.read_text(errors="replace") for path in folder.glob("*.log"))
    assert found_in(logged) == []
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_stream(api_key: str, order_body: Callable[..., dict[str, Any]]) -> Callable[..., Stream]:
    return lambda system, **options: Stream(system.port, api_key, order_body, **options)


@pytest.fixture
def own_valkey(fault_folder: Path) -> Iterator[OwnValkey]:
    made = OwnValkey(fault_folder)
    yield made
    made.close()


@pytest.fixture
def provider() -> Iterator[HostileTwilio]:
    server = HostileTwilio()
    yield server
    server.close()


@pytest.fixture
def account(settings: dict[str, str]) -> dict[str, str]:
    return {
        "TRACKER_SMS_GATEWAY": "twilio",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "a token of the account",
        "TWILIO_FROM": "+15005550006",
        "TWILIO_TIMEOUT_SECONDS": "0.5",
    }


@pytest.fixture
def twilio(
    account: dict[str, str], monkeypatch: pytest.MonkeyPatch, clean: None
) -> Iterator[Callable[[str], Runtime]]:
    """Makes a runtime whose provider is at an address."""
    made: list[Runtime] = []

    def make(url: str) -> Runtime:
        for name, value in (account | {"TWILIO_API_BASE_URL": url}).items():
            monkeypatch.setenv(name, value)
        made.append(start(config.load()))
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()
