"""A scripted provider, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from doubles import use_gateway
from scripted import Scripted

from tracker.runtime import Runtime

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture
def scripted(runtime: Runtime) -> Scripted:
    made = Scripted()
    use_gateway(runtime, made)
    return made


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """Tuesday, 24 November 2026, 12:00 in Qingyuan, until the test shifts it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
