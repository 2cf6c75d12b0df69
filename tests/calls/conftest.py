"""An operator's texts and calls, on a morning that stands still."""

from collections.abc import Callable

import pytest

from tests.calling import Exchange, exchange_of
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
    return exchange_of(runtime, channel, place, monkeypatch, "staff:li")
