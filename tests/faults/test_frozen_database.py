"""A PostgreSQL that is there and does not move: a stopped machine, a disk that hangs."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from processes import descendants
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import PublicRuntime
from public_status.runtime import start as start_site
from tracker.config import Config
from tracker.db import PUBLIC_ROLE, Database
from tracker.embedded import Servers
from tracker.embedded.folders import DataFolder
from tracker.embedded.state import read_state
from tracker.orders.place_orders import Placed

pytestmark = pytest.mark.faults

_PATIENCE = 3
# The server's own limit, a second to say so, and what a busy machine takes to answer.
_SOON = _PATIENCE + 2.0


@dataclass
class Frozen:
    """A site and its PostgreSQL."""

    folder: Path
    stores: Servers
    run: PublicRuntime
    number: str

    def client(self) -> FlaskClient:
        return create_app(self.run).test_client()

    @contextmanager
    def freeze(self) -> Iterator[None]:
        """Every process of PostgreSQL stands still in the block."""
        state = read_state(DataFolder(self.folder.resolve()).state)
        assert state is not None
        assert state.postgres is not None
        stopped = [state.postgres, *descendants(state.postgres)]
        assert len(stopped) > 3
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


@pytest.fixture
def frozen(
    stores: Servers, fault_folder: Path, config: Config, place: Callable[..., Placed]
) -> Iterator[Frozen]:
    run = start_site(replace(config, lookup_limit="1000 per second"))
    yield Frozen(fault_folder, stores, run, place().number)
    run.close()


def asked(ask: Callable[[], TestResponse], within: float = _SOON) -> TestResponse:
    """An answer that came in time."""
    began = time.monotonic()
    answer = ask()
    assert time.monotonic() - began < within
    return answer


def look_up(client: FlaskClient, number: str) -> TestResponse:
    return client.post("/status", data={"number": number, "last4": "1234"})


def assert_honest(answer: TestResponse) -> None:
    assert answer.status_code == 503
    assert "系统暂时不可用" in answer.text
    assert "10000" in answer.text
    assert answer.headers["Retry-After"] == "30"


def test_every_page_answers_soon_and_it_serves_again(frozen: Frozen) -> None:
    client = frozen.client()
    assert look_up(client, frozen.number).status_code == 200
    for path in ("/", "/fees", "/outages", "/healthz"):
        assert client.get(path).status_code == 200, path
    with frozen.freeze():
        # Whichever of the pooled connections it is, each is as dead as the other.
        for _ in range(2):
            assert_honest(asked(lambda: look_up(client, frozen.number)))
            for path in ("/", "/fees", "/healthz"):
                assert asked(lambda path=path: client.get(path)).status_code == 200, path
            time.sleep(1.1)
        # Right after a failure nobody waits at all.
        assert_honest(asked(lambda: look_up(client, frozen.number)))
        assert_honest(asked(lambda: look_up(client, frozen.number), within=1.0))
        lost = asked(lambda: client.post("/lost-number", data={"phone": "13800001234"}))
        assert lost.status_code == 503
    end = time.monotonic() + 20
    while look_up(client, frozen.number).status_code != 200 and time.monotonic() < end:
        time.sleep(0.2)
    for _ in range(15):
        assert look_up(client, frozen.number).status_code == 200
    # The copies of the open pages are current again: none says "as of".
    time.sleep(1.1)
    assert client.get("/fees").status_code == 200
    assert frozen.run.published.current().as_of is None


def test_nothing_is_left_of_the_broken_connections(frozen: Frozen) -> None:
    """Neither here nor in PostgreSQL: what was not asked meanwhile is as good as before."""
    client = frozen.client()
    engine = create_engine(frozen.stores.owner_url, poolclass=NullPool)

    def of_the_site(connection: Connection) -> list[str]:
        of_role = "SELECT state FROM pg_stat_activity WHERE usename = 'tracker_public'"
        return list(connection.scalars(text(of_role)))

    with ThreadPoolExecutor(5) as pool, engine.connect() as connection:
        clients = [frozen.client() for _ in range(5)]
        assert {a.status_code for a in pool.map(lambda c: look_up(c, frozen.number), clients)} == {200}
        before = of_the_site(connection)
        connection.rollback()
        with frozen.freeze():
            answers = list(pool.map(lambda c: asked(lambda: look_up(c, frozen.number)), clients))
            assert {answer.status_code for answer in answers} == {503}
    end = time.monotonic() + 20
    while look_up(client, frozen.number).status_code != 200 and time.monotonic() < end:
        time.sleep(0.2)
    assert frozen.run.db.autocommitting.pool.checkedout() == 0
    with engine.connect() as connection:
        while set(left := of_the_site(connection)) != {"idle"} and time.monotonic() < end:
            time.sleep(0.2)
            connection.rollback()
    engine.dispose()
    assert set(left) == {"idle"}
    assert len(left) <= len(before)


def test_a_transaction_that_meets_it_says_so(frozen: Frozen) -> None:
    patient = Database(frozen.stores.public_url, role=PUBLIC_ROLE, patience=1)
    with patient.transaction() as connection:
        connection.execute(text("SELECT 1"))
    with frozen.freeze():
        began = time.monotonic()
        with pytest.raises(OperationalError), patient.transaction() as connection:
            connection.execute(text("SELECT 1"))
        with pytest.raises(OperationalError), patient.reading() as connection:
            connection.execute(text("SELECT 1"))
        assert time.monotonic() - began < 4
        assert patient.is_silent
    time.sleep(1.1)
    with patient.transaction() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    patient.dispose()


def test_whoever_set_no_patience_waits(frozen: Frozen) -> None:
    """A worker has nobody in front of it; what takes long there is not given up."""
    calm = Database(frozen.stores.app_url)
    with calm.reading() as connection:
        connection.execute(text("SELECT 1"))
    with ThreadPoolExecutor(1) as pool, calm.reading() as connection:
        with frozen.freeze():
            answer = pool.submit(lambda: connection.scalar(text("SELECT 7")))
            time.sleep(1.5)
            assert not answer.done()
        assert answer.result(10) == 7
    calm.dispose()
