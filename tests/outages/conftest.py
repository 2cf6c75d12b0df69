"""A fixed morning, and the outages of an operator."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.announced_outages import NOW, Announcer
from tracker import clock
from tracker.runtime import Runtime


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def outages(runtime: Runtime, at: Callable[[datetime], None]) -> Announcer:
    """Announces outages of 清远电信 on the morning of Tuesday 24 November 2026."""
    at(NOW)
    operators = runtime.reference.current().operators.values()
    return Announcer(runtime.db, next(one.id for one in operators if one.code == "telecom"))
