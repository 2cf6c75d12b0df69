"""The public site's side of a request, and the worker's."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import insert, select

from tracker import clock, db
from tracker.customer_requests.apply_requests import apply_requests
from tracker.customer_requests.asking import Asked, ask, open_session, outcome_of, session_of
from tracker.customer_requests.models import LookupCode
from tracker.customer_requests.rules import CODE_PURPOSE, CODE_VALID, Kind
from tracker.db import Database
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.record_progress import record_progress
from tracker.runtime import Runtime

CODE = "384921"
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SHOWN = {
    "name": "张*",
    "address": "清城区东城街道***",
    "phone": "138****1234",
    "areas": ["441802006", "441802"],
}


@pytest.fixture
def site(stores, clean) -> Iterator[Database]:
    """The database as the public site reaches it."""
    made = Database(stores.public_url, role=db.PUBLIC_ROLE, patience=3)
    yield made
    made.dispose()


@pytest.fixture
def row_of(runtime) -> Callable[[str], Any]:
    """The row of an order."""

    def make(number: str) -> Any:
        with runtime.db.reading() as connection:
            return connection.execute(select(Order.__table__).where(Order.number == number)).one()

    return make


@pytest.fixture
def order(place, row_of) -> Any:
    """An order just placed, as its row."""
    return row_of(place().number)


@pytest.fixture
def send_code(runtime) -> Callable[..., str]:
    """Stores a code for an order, as the service does when it sends one."""

    def make(order: Any, code: str = CODE, at: datetime | None = None) -> str:
        at = at or clock.now()
        row = {
            "operator_id": order.operator_id,
            "order_id": order.id,
            "digest": runtime.keys.digest_of(CODE_PURPOSE, f"{order.number}/{code}"),
            "created_at": at,
            "expires_at": at + CODE_VALID,
            "shown": SHOWN,
        }
        with runtime.db.transaction() as connection:
            connection.execute(insert(LookupCode.__table__).values(row))
        return code

    return make


@pytest.fixture
def sign_in(runtime, site, send_code) -> Callable[..., bytes]:
    """Opens a session of an order and returns its digest."""

    def make(order: Any, at: datetime | None = None) -> bytes:
        at = at or clock.now()
        code = send_code(order, at=at - timedelta(seconds=30))
        _, token = open_session(site, runtime.keys, order.id, order.number, code, at)
        assert token is not None
        with site.reading() as connection:
            session = session_of(connection, runtime.keys, token, at)
        assert session is not None
        return session.digest

    return make


@pytest.fixture
def asks(site, sign_in) -> Callable[..., int]:
    """Asks as the holder of a session of the order does; returns the request's id."""

    def make(order: Any, kind: Kind, payload: dict[str, Any] | None = None, **changes: Any) -> int:
        wanted: dict[str, Any] = {
            "operator_id": order.operator_id,
            "order_id": order.id,
            "payload": payload or {},
            "now": clock.now(),
        }
        wanted.update(changes)
        if "session_digest" not in wanted:
            needs = kind not in (Kind.CODE, Kind.LOST_NUMBER)
            wanted["session_digest"] = sign_in(order, wanted["now"]) if needs else None
        return ask(site, kind, **wanted)

    return make


@pytest.fixture
def look(site) -> Callable[[int], Asked]:
    """What the site sees of a request."""

    def make(request: int) -> Asked:
        with site.reading() as connection:
            asked = outcome_of(connection, request)
        assert asked is not None
        return asked

    return make


@pytest.fixture
def applied(runtime, asks, look) -> Callable[..., Asked]:
    """Asks, lets a worker look, and returns what came of it."""

    def make(order: Any, kind: Kind, payload: dict[str, Any] | None = None, **changes: Any) -> Asked:
        request = asks(order, kind, payload, **changes)
        apply_requests(runtime)
        return look(request)

    return make


@pytest.fixture
def move(runtime) -> Callable[..., None]:
    """Brings an order through these stages, as its operator's staff do."""

    def make(order: Any, *stages: str) -> None:
        actor = Actor(order.operator_id, "staff:tester")
        for stage in stages:
            step: dict[str, Any] = {"stage": stage}
            if stage == "appointed":
                starts_at = clock.now() + timedelta(days=2)
                step["appointment"] = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2)}
            if stage == "returned":
                step["reason_code"] = "line_missing"
            record_progress(runtime, actor, order.number, step)

    return make


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """Tuesday, 24 November 2026, 12:00 in Qingyuan, until the test shifts it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def rules_of(asked: Asked) -> list[str]:
    """The rules by which it was refused."""
    return [fault.rule for fault in asked.faults]


def texts(runtime: Runtime) -> list[tuple[str, str, str]]:
    """Template, state and body of every notice, oldest first, less those of taking the order."""
    with runtime.db.reading() as connection:
        rows = connection.execute(
            select(Notice.template, Notice.state, Notice.body)
            .where(Notice.template != "order_accepted")
            .order_by(Notice.id)
        )
        return [(row.template, row.state, row.body) for row in rows]
