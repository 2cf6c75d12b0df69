"""Files of subscriptions, and what is stored of them."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, create_engine, select, text
from sqlalchemy.pool import NullPool

from tracker.embedded import Servers
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.subscribers.file_rows import COLUMNS
from tracker.subscribers.import_subscribers import Report, import_subscribers
from tracker.subscribers.models import Subscriber, SubscriberEvent

GOOD = {"plan": "24GD100001", "phone": "13800001234", "began_on": "2024-03-15"}

_ADD = text(
    """
    INSERT INTO plans
    SELECT (jsonb_populate_record(p, CAST(:changes AS jsonb)
        || jsonb_build_object('id', nextval(pg_get_serial_sequence('plans', 'id'))))).*
    FROM plans AS p WHERE p.filing_number = '24GD100001' AND p.version = 1 AND p.region = '441800'
    RETURNING id
    """
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows, each changed from a good one and numbered R0, R1, …, to a file."""

    def make(rows: list[dict[str, str]], encoding: str = "utf-8", columns: Any = COLUMNS) -> Path:
        path = tmp_path / "base.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(columns), restval="", extrasaction="ignore")
            writer.writeheader()
            for number, row in enumerate(rows):
                writer.writerow({"reference": f"R{number}", **GOOD, **row})
        return path

    return make


@pytest.fixture
def bring(runtime: Runtime, channel: ChannelFacts) -> Callable[..., Report]:
    """Imports a file for the operator of `channel`."""

    def run(path: Path, **options: Any) -> Report:
        given = {"actor": "console:test", **options}
        return import_subscribers(runtime.db, runtime.keys, channel.operator_id, path, **given)

    return run


@pytest.fixture
def stored(runtime: Runtime) -> Callable[[], dict[str, Row[Any]]]:
    """What is stored, by reference."""

    def read() -> dict[str, Row[Any]]:
        with runtime.db.reading() as connection:
            rows = connection.execute(select(Subscriber.__table__).order_by(Subscriber.id))
            return {row.reference: row for row in rows}

    return read


@pytest.fixture
def events(runtime: Runtime) -> Callable[[], list[Row[Any]]]:
    def read() -> list[Row[Any]]:
        with runtime.db.reading() as connection:
            wanted = select(SubscriberEvent.__table__).order_by(SubscriberEvent.id)
            return list(connection.execute(wanted))

    return read


@pytest.fixture
def add_plan(stores: Servers, runtime: Runtime) -> Iterator[Callable[..., int]]:
    """Adds versions of plans, like the seeded one but for some columns; they are gone after the test."""
    owner = create_engine(stores.owner_url, poolclass=NullPool)
    added: list[int] = []

    def add(**changes: Any) -> int:
        with owner.begin() as connection:
            added.append(connection.execute(_ADD, {"changes": json.dumps(changes)}).scalar_one())
        return added[-1]

    yield add
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE subscribers, subscriber_events, tariff_warnings"))
        connection.execute(text("DELETE FROM plans WHERE id = ANY(:added)"), {"added": added})
    owner.dispose()
