"""A plan of 清远电信's with subscribers, in a database that is put back as seeded afterwards."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import select
from subscribing import PLAN, City, in_city

from tracker.runtime import Runtime
from tracker.tariffs.models import Plan


@pytest.fixture
def frozen() -> Iterator[time_machine.Traveller]:
    """2026-11-10, a Tuesday, 09:00 in the city."""
    with time_machine.travel(in_city(2026, 11, 10, 9), tick=False) as traveller:
        yield traveller


@pytest.fixture
def city(plans: None, runtime: Runtime) -> City:
    with runtime.db.reading() as connection:
        plan = connection.execute(select(Plan.id, Plan.operator_id).where(Plan.filing_number == PLAN)).one()
    return City(runtime, plan.operator_id, plan.id)
