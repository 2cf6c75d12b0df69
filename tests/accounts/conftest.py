"""An operator's house, and the time there."""

import pytest
from house import NOW, House, Moment

from tests.serving import app_of
from tracker import clock
from tracker.runtime import Runtime


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The time of a test, which it moves on."""
    made = Moment(NOW)
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def house(runtime: Runtime) -> House:
    """Nobody works there yet."""
    return House(runtime, app_of(runtime))
