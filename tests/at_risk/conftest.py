"""Orders at risk on a morning that the test moves on from."""

from collections.abc import Callable

import pytest

from tests.desk_work import Book
from tests.teaming import Crew
from tests.visiting_slots import Diary
from tests.watching import Watch
from tracker import clock
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def watch(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Watch:
    made = Watch(runtime, channel.operator_id, Book(runtime, channel, place))
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def crew(watch: Watch) -> Crew:
    return Crew(watch.run, watch.operator_id)


@pytest.fixture
def diary(watch: Watch) -> Diary:
    return Diary(watch.run, watch.operator_id)
