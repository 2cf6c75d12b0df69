"""An operator that complaints come in to, on a fixed morning."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.complaining import NOW, Desk
from tracker import clock
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def desk(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    at: Callable[[datetime], None],
) -> Desk:
    """清远电信 on the morning of Tuesday 24 November 2026, with nobody in its offices yet."""
    at(NOW)
    return Desk(runtime, channel.operator_id, place)
