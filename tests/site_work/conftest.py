"""Installers at noon of a working day, so that today's visits lie in today whenever the tests run."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.on_site import Crew, crew_of
from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.site_work.record_action import Installer

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=CITY_ZONE)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the service's clock; it stands at NOON before."""

    def to(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)

    to(NOON)
    return to


@pytest.fixture
def crew(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    clocks: Callable[[datetime], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Crew:
    return crew_of(runtime, channel, place)


@pytest.fixture
def li(crew: Crew) -> Installer:
    """李师傅, of the team."""
    return crew.hire()
