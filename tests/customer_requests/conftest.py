"""The public site's side of a request, and the worker's."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from tracker import clock, db
from tracker.customer_requests.asking import ask, open_session, session_of
from tracker.customer_requests.models import LookupCode
from tracker.customer_requests.rules import CODE_PURPOSE, CODE_VALID, Kind
from tracker.db import Database
from tracker.orders.models import Order

CODE = "384921"
SHOWN = {
    "name": "张*",
    "address": "清城区东城街道***",
    "phone": "138****1234",
    "areas": ["441802006", "441802"],
}


@pytest.fixture
def site(stores, clean) -> Iterator[Database]:
    """The database as the public site reaches it."""
    made = Database(stores.public_url, role=db.PUBLIC_ROLE, patience="3s")
    yield made
    made.dispose()


@pytest.fixture
def order(place, runtime) -> Any:
    """An order just placed, as its row."""
    number = place().number
    with runtime.db.reading() as connection:
        return connection.execute(select(Order.__table__).where(Order.number == number)).one()


@pytest.fixture
def send_code(runtime) -> Callable[..., str]:
    """Stores a code for an order, as the service does when it sends one."""

    def make(order: Any, code: str = CODE, at: datetime | None = None) -> str:
        at = at or clock.now()
        row = {
            "operator_id": order.operator_id,
            "order_id": order.id,
            "phone_digest": bytes(order.phone_digest),
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
