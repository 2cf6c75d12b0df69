"""An operator's texts and calls, on a morning that stands still."""

from collections.abc import Callable

import pytest

from tests.calling import MORNING, Exchange, at
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    at(monkeypatch, MORNING)
    return Exchange(runtime, channel.operator_id, place, Actor(channel.operator_id, "staff:li"))
