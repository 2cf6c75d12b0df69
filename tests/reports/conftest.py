"""An office where reports are made."""

import pytest

from tests.reporting import NOW, Office
from tracker import clock
from tracker.embedded import Servers
from tracker.runtime import Runtime


@pytest.fixture
def office(runtime: Runtime, stores: Servers, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Office(runtime, stores.owner_url)
