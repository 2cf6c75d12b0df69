"""A plan of 清远电信's with subscribers, in a database that is put back as seeded afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool
from subscribing import PLAN, City, in_city

from tracker.runtime import Runtime
from tracker.tariffs.models import Plan


@pytest.fixture
def frozen() -> Iterator[time_machine.Traveller]:
    """2026-11-10, a Tuesday, 09:00 in the city."""
    with time_machine.travel(in_city(2026, 11, 10, 9), tick=False) as traveller:
        yield traveller


@pytest.fixture
def tariffs(stores: Any, plans: None, runtime: Runtime) -> Iterator[Runtime]:
    """The runtime; what was announced, and whoever had a version that it brought, are gone afterwards."""
    yield runtime
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE tariff_warning_runs, tariff_warnings, subscribers, orders CASCADE"))
        connection.execute(text("DELETE FROM tariff_changes WHERE plan_id IS NULL"))
    engine.dispose()


@pytest.fixture
def city(tariffs: Runtime) -> City:
    with tariffs.db.reading() as connection:
        plan = connection.execute(select(Plan.id, Plan.operator_id).where(Plan.filing_number == PLAN)).one()
    return City(tariffs, plan.operator_id, plan.id)
