"""Holders of an order's phone: the code that went there, and a worker who answers what they ask."""

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Row, insert, select, update
from werkzeug.test import TestResponse

from tracker import clock
from tracker.customer_requests.apply_requests import apply_requests
from tracker.customer_requests.models import CustomerRequest, LookupCode
from tracker.customer_requests.rules import CODE_PURPOSE, CODE_VALID, UNDO_WITHIN
from tracker.orders.models import Order
from tracker.runtime import Runtime

CODE = "384921"
SHOWN = {
    "name": "张*",
    "address": "清城区凤城街道***",
    "phone": "138****1234",
    "areas": ["441802006", "441802"],
}

_requests = CustomerRequest.__table__
_ON_THE_ORDERS_PAGE = ("/order/undo", "/order/leave")


def order_row(runtime: Runtime, number: str) -> Row[Any]:
    """What is stored of an order."""
    with runtime.db.reading() as connection:
        return connection.execute(select(Order.__table__).where(Order.number == number)).one()


def store_code(runtime: Runtime, number: str, code: str = CODE, *, ago: timedelta = timedelta(0)) -> None:
    """A code as it stands once it went to the order's phone."""
    order, at = order_row(runtime, number), clock.now() - ago
    row = {
        "operator_id": order.operator_id,
        "order_id": order.id,
        "digest": runtime.keys.digest_of(CODE_PURPOSE, f"{number}/{code}"),
        "created_at": at,
        "expires_at": at + CODE_VALID,
        "shown": SHOWN,
    }
    with runtime.db.transaction() as connection:
        connection.execute(insert(LookupCode).values(row))


def plain(page: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


class Holder:
    """Somebody's browser with the session of an order."""

    def __init__(self, client: FlaskClient, runtime: Runtime, number: str) -> None:
        self.client, self.runtime, self.number = client, runtime, number

    def sign_in(self) -> TestResponse:
        """Looks the order up, gets a code and types it; the answer to that."""
        page = self.client.post("/status", data={"number": self.number, "last4": "1234"}).text
        store_code(self.runtime, self.number)
        data = {"ticket": hidden(page, "ticket"), "code": CODE}
        return self.client.post("/code/check", data=data)

    def page(self, path: str = "/order") -> str:
        """A page of the session, which must be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, **typed: str) -> TestResponse:
        """Sends the form of a page, as its button does."""
        shown = self.client.get("/order" if path in _ON_THE_ORDERS_PAGE else path).text
        return self.client.post(path, data=self.form(shown) | typed)

    def form(self, page: str) -> dict[str, str]:
        """The hidden fields of the first form of a page."""
        start = page[page.index('name="form"') - 30 :]
        once = re.search(r'name="once" value="([^"]*)"', start[: start.index("</form>")])
        return {"form": hidden(start, "form")} | ({"once": once[1]} if once else {})

    def asked(self) -> list[Row[Any]]:
        """What was asked for, codes aside, the first first."""
        wanted = select(_requests).where(_requests.c.kind != "code").order_by(_requests.c.id)
        with self.runtime.db.reading() as connection:
            return list(connection.execute(wanted))


Answer = Mapping[str, Any]


def done(**outcome: Any) -> Answer:
    """It was done, and can be undone for ten minutes."""
    now = clock.now()
    return {"state": "done", "applied_at": now, "undo_until": now + UNDO_WITHIN, "outcome": outcome}


def refused(rule: str, pointer: str = "", **params: Any) -> Answer:
    """A rule stands against it."""
    fault = {"rule": rule, "pointer": pointer, "params": params}
    return {"state": "refused", "applied_at": clock.now(), "refusal": [fault]}


def waiting(until: datetime) -> Answer:
    """It takes effect later."""
    return {"state": "waiting", "applied_at": clock.now(), "due_at": until, "undo_until": until}


class Worker:
    """Answers whatever is asked in a thread of its own: as it is told to, or by doing it."""

    def __init__(self, runtime: Runtime, answer: Callable[[Row[Any]], Answer] | None = None) -> None:
        self._runtime, self._answer = runtime, answer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Worker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(0.02):
            if self._answer is None:
                apply_requests(self._runtime)
                continue
            with self._runtime.db.transaction() as connection:
                for row in connection.execute(select(_requests).where(_requests.c.state == "asked")).all():
                    values = self._answer(row)
                    connection.execute(update(_requests).where(_requests.c.id == row.id).values(values))
