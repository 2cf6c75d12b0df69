"""Webhooks of the app's channel that lead to receivers on this machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from receivers import Receiver
from sqlalchemy import Row, create_engine, text
from sqlalchemy.pool import NullPool

from tracker.embedded import Servers
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.orders.record_progress import record_progress
from tracker.orders.schemas import ProgressRequestSchema
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.webhooks.change_webhook import create_webhook
from tracker.webhooks.deliver import deliver
from tracker.webhooks.schemas import WebhookRequestSchema


@pytest.fixture
def settings(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """As everywhere, with this machine allowed and times that a test can wait for."""
    ours = {"TRACKER_WEBHOOK_ALLOW": "127.0.0.0/8", "TRACKER_WEBHOOK_TIMEOUT_SECONDS": "2"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return settings | ours


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers."""
    made: list[Receiver] = []

    def make(*script: Any, **options: Any) -> Receiver:
        made.append(Receiver(script, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@dataclass(frozen=True)
class Hook:
    """A webhook and its secret."""

    id: int
    secret: str


@pytest.fixture
def actor(channel: ChannelFacts) -> Actor:
    return Actor.of_channel(channel)


@pytest.fixture
def hook(runtime: Runtime, channel: ChannelFacts, actor: Actor) -> Callable[..., Hook]:
    """Sets a webhook up for a receiver."""

    def make(to: Receiver, events: list[str] | None = None, *, of: ChannelFacts | None = None) -> Hook:
        request = WebhookRequestSchema().load({"url": to.url, "events": events})
        owner = Actor.of_channel(of) if of else actor
        return Hook(*create_webhook(runtime, owner, (of or channel).id, request))

    return make


@pytest.fixture
def step(runtime: Runtime, actor: Actor) -> Callable[..., int]:
    """Moves an order on."""

    def make(placed: Placed, *stages: str) -> int:
        version = 1
        for stage in stages:
            request = ProgressRequestSchema().load({"stage": stage})
            version = record_progress(runtime, actor, placed.number, request)
        return version

    return make


class Clockwork:
    """Deliveries as rows, and their waits cut short."""

    def __init__(self, runtime: Runtime, owner_url: str) -> None:
        self._runtime = runtime
        self._engine = create_engine(owner_url, poolclass=NullPool)

    def rows(self) -> list[Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.execute(text("SELECT * FROM webhook_deliveries ORDER BY id")))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]

    def webhook(self, webhook_id: int) -> Row[Any]:
        with self._engine.connect() as connection:
            return connection.execute(text("SELECT * FROM webhooks WHERE id = :id"), {"id": webhook_id}).one()

    def set(self, statement: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), values)

    def no_waiting(self) -> None:
        """What waits is due, and nobody rests."""
        self.set("UPDATE webhook_deliveries SET next_at = now() WHERE state = 'waiting'")
        self.set("UPDATE webhook_deliveries SET lease_until = now() WHERE state = 'sending'")
        self.set("UPDATE webhooks SET rests_until = NULL")

    def until_done(self, rounds: int = 40) -> None:
        """Deliver again and again, without the waits in between, until nothing is open."""
        for _ in range(rounds):
            deliver(self._runtime)
            if not {"queued", "waiting", "sending"} & set(self.states()):
                return
            self.no_waiting()
        raise AssertionError(self.states())

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def work(runtime: Runtime, stores: Servers) -> Iterator[Clockwork]:
    made = Clockwork(runtime, stores.owner_url)
    yield made
    made.close()
