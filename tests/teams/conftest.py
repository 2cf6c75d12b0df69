"""The teams of two operators, and orders of the first."""

from collections.abc import Callable

import pytest

from tests.teaming import Crew, checked
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def crew(runtime: Runtime, channel: ChannelFacts) -> Crew:
    return Crew(runtime, channel.operator_id)


@pytest.fixture
def strangers(runtime: Runtime, channel: ChannelFacts) -> Crew:
    other = next(one for one in runtime.reference.current().operators if one != channel.operator_id)
    return Crew(runtime, other)


@pytest.fixture
def ready(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]) -> Callable[..., str]:
    """Makes orders whose line was checked; returns the number."""
    return lambda **changes: checked(runtime, channel, place, **changes)
