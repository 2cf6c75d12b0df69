"""The diary of the operator, and orders to put into it."""

from collections.abc import Callable

import pytest

from tests.visiting_slots import Diary, dispatched
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def diary(runtime: Runtime, channel: ChannelFacts) -> Diary:
    return Diary(runtime, channel.operator_id)


@pytest.fixture
def actor(channel: ChannelFacts) -> Actor:
    return Actor.of_channel(channel)


@pytest.fixture
def order(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]) -> str:
    """An order that is dispatched; its number."""
    return dispatched(runtime, channel, place)


@pytest.fixture
def another(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]) -> str:
    """A second one, of another customer."""
    return dispatched(runtime, channel, place, customer__phone="13800005678")
