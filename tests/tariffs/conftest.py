"""The use cases of plans, on a morning of their own."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from plan_samples import BY, MORNING, plan_fields

from tracker.db import Database
from tracker.reference import ChannelFacts
from tracker.tariffs.save_plan import draft_plan


@pytest.fixture
def morning() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def operator_id(channel: ChannelFacts) -> int:
    return channel.operator_id


@pytest.fixture
def draft(
    database: Database, operator_id: int, plans: None, morning: time_machine.Traveller
) -> Callable[..., int]:
    """Stores the plan of the samples, changed, as a draft; returns its id."""
    return lambda **changes: draft_plan(database, operator_id, plan_fields(**changes), BY)
