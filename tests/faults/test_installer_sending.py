"""The service is killed while an installer's phone sends: nothing is lost, nothing is done twice."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import func, select
from system import MakeSystem, Stores
from waiting import until

from tests.on_site import GOOD_TEST, crew_of, photo
from tests.staff_sessions import cookie_for
from tracker import clock
from tracker.notices.models import Notice
from tracker.orders.models import Order, OrderEvent
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.site_work.models import InstallerAction, LineTest, SitePhoto, SiteVisit
from tracker.site_work.photo_files import photo_files

pytestmark = pytest.mark.faults

_JOBS = 8
_AT_ONCE = 40
_DOES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("arrive", {}),
    ("test", GOOD_TEST),
    ("photo", {"kind": "site"}),
    ("activate", {}),
    ("complete", {"last4": "1234"}),
)


@dataclass
class Phone:
    """An installer's phone: it sends what waits in its order, and again until it has an answer."""

    address: str
    cookie: str
    waiting: list[dict[str, Any]]
    outcomes: dict[str, str] = field(default_factory=dict)
    broken: int = 0
    last: str = ""

    def send_all(self, within: float) -> None:
        until_then = time.monotonic() + within
        while self.waiting:
            assert time.monotonic() < until_then, f"{len(self.waiting)} are not sent: {self.last}"
            try:
                some, results = self._send()
            except (requests.RequestException, ValueError) as error:
                self.broken += 1
                self.last = repr(error)
                # As a phone does, and so that the service has the machine to come back on.
                time.sleep(0.2)
                continue
            for one, result in zip(some, results, strict=True):
                assert result["id"] == one["id"]
                self.outcomes[one["id"]] = result["outcome"]
            del self.waiting[: len(some)]

    def _send(self) -> tuple[list[dict[str, Any]], list[Mapping[str, Any]]]:
        """Raises RequestException where the service is not there, ValueError for what is no answer."""
        day = self._ask("GET", "day.json", self.cookie)
        cookie = day.cookies.get("session", self.cookie)
        sent = {"headers": {"X-CSRFToken": day.json()["token"]}}
        now = clock.now().isoformat()
        if self.waiting[0]["kind"] == "photo":
            some = self.waiting[:1]
            form = {"action": json.dumps(some[0]), "now": now}
            answer = self._ask("POST", "photos", cookie, data=form, files={"photo": photo()}, **sent)
        else:
            photos = [index for index, one in enumerate(self.waiting) if one["kind"] == "photo"]
            some = self.waiting[: min([*photos[:1], _AT_ONCE])]
            answer = self._ask("POST", "actions", cookie, json={"now": now, "actions": some}, **sent)
        return some, answer.json()["results"]

    def _ask(self, method: str, path: str, cookie: str, **sent: Any) -> requests.Response:
        sent["headers"] = {"Cookie": f"session={cookie}", **sent.get("headers", {})}
        address = f"{self.address}/jobs/{path}"
        answer = requests.request(method, address, timeout=20, allow_redirects=False, **sent)
        if answer.status_code != 200:
            raise ValueError(answer.status_code)
        return answer


def _done_at(number: str, version: int) -> Iterator[dict[str, Any]]:
    """A whole job, as a phone without signal put it down."""
    before = None
    for kind, data in _DOES:
        step = {"id": str(uuid.uuid4()), "kind": kind, "number": number, "version": version, "data": data}
        yield step | {"after": before, "done_at": clock.now().isoformat()}
        before = step["id"]


def test_the_service_is_killed_while_a_phone_sends(
    make_system: MakeSystem,
    victims: Stores,
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
) -> None:
    crew = crew_of(runtime, channel, place)
    li = crew.hire()
    jobs = [crew.job(li, timedelta(0), customer__phone=f"138000{n}1234") for n in range(_JOBS)]
    system = make_system()
    system.start("web")
    steps = [step for number in jobs for step in _done_at(number, crew.order(number).version)]
    # First what is sent in one piece, then one photo after the other: both are cut off in their middle.
    phone = Phone(
        f"http://127.0.0.1:{system.port}",
        cookie_for(runtime, "li.shifu"),
        sorted(steps, key=lambda step: _DOES_LATE.get(step["kind"], 0)),
    )
    ids = {step["id"]: step["kind"] for step in steps}

    def recorded() -> int:
        with victims.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(InstallerAction)) or 0

    # The service is started here: it ends with the thread that it is a child of.
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(phone.send_all, 120)
        for reached in (7, 21):
            until("the phone's next words", lambda r=reached: recorded() >= r, within=60, every=0.001)
            system.restart("web")
        sending.result(120)
    assert phone.broken > 0, "nothing was cut off"
    assert phone.outcomes == dict.fromkeys(ids, "ok")
    assert recorded() == len(ids)
    files = photo_files(runtime)
    for number in jobs:
        order = crew.order(number)
        assert order.stage == "completed"
        stages = [event.stage for event in crew.events(number) if event.actor == "staff:li.shifu"]
        assert stages == ["on_site", "activated", "completed"]
        with victims.engine.connect() as connection:
            for table in (SiteVisit, LineTest, SitePhoto):
                kept = select(func.count()).select_from(table).where(table.order_id == order.id)
                assert connection.scalar(kept) == 1, table
            told = select(func.count()).where(Notice.order_id == order.id, Notice.template == "completed")
            assert connection.scalar(told) == 1
            name = connection.scalar(select(SitePhoto.name).where(SitePhoto.order_id == order.id))
            assert name is not None
            assert files.get(name)
            versions = connection.execute(
                select(OrderEvent.order_version).join(Order).where(Order.number == number)
            )
            assert sorted(versions.scalars()) == list(range(1, order.version + 1))


# Photos of all jobs come after what can be sent at once; what follows a photo of a job comes last.
_DOES_LATE = {"photo": 1, "activate": 2, "complete": 2}
