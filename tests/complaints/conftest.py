"""An operator that complaints come in to, on a fixed morning."""

from collections.abc import Callable, Iterator
from datetime import datetime

import argon2
import pytest

from tests.complaining import NOW, Desk
from tracker import clock
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes are slow on purpose; here they only have to be right."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = (1, 8, 1, 32, 16, "utf-8", argon2.Type.ID)
        patch.setattr(argon2.PasswordHasher.__init__, "__defaults__", cheap)
        yield


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
