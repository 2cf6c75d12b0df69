"""An operator's base from a file: checked, sealed and stored, beside a bare COPY of the same rows.

The bare COPY gets the rows as they were stored, into a table of the same shape without keys to other
tables: once with the same indexes, and once with none.
"""

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.system import System, Web
from tracker.subscribers.file_rows import COLUMNS
from tracker.subscribers.import_subscribers import import_subscribers

_WANTED = 0.06
_PLANS = ("24GD100001", "24GD100003", "24GD100005")
_FIRST = date(2024, 1, 1)
_DAYS = 700
_CHUNK = 1 << 16
_BARE = "DROP TABLE IF EXISTS bench_subscribers; CREATE TABLE bench_subscribers (LIKE subscribers {like})"


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """One import and two copies."""
    count = plan.subscribers
    step(f"subscribers: writing a file of {count:,}")
    path = system.folder / "base.csv"
    _write(path, count)
    step(f"subscribers: importing {count:,}")
    before, began = time.process_time(), time.perf_counter()
    report = import_subscribers(
        system.runtime.db, system.runtime.keys, system.channel.operator_id, path, actor="console:bench"
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    if report.stored != count:
        raise BenchError(f"{report.stored:,} of {count:,} subscribers were stored: {report.faults[:1]}")
    rows = system.folder / "base.rows"
    step("subscribers: a bare COPY")
    _take_out(system, rows)
    try:
        bare = count / _copied(system, rows, "")
        step("subscribers: a COPY with the same indexes")
        indexed = count / _copied(system, rows, "INCLUDING INDEXES INCLUDING CONSTRAINTS")
    finally:
        path.unlink()
        rows.unlink()
        with system.owner.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS bench_subscribers"))
            connection.execute(text("TRUNCATE subscribers, subscriber_events, tariff_warnings"))
    return [
        Row(
            "subscribers imported",
            Figure(f"{count:,} rows of a file", count / seconds, cpu=cpu / count * 1000),
            [
                Beside(Figure("COPY of the same rows, without indexes", bare), _WANTED),
                Beside(Figure("COPY of the same rows, with the same indexes", indexed)),
            ],
        )
    ]


def _write(path: Path, count: int) -> None:
    """Rows as an export has them: three in ten with an agreed term, one in fifty a landline."""
    dice = random.Random(7)
    days = [(_FIRST + timedelta(days=n)).isoformat() for n in range(_DAYS)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for number in range(count):
            phone = f"0763-336{number % 10_000:04d}" if number % 50 == 0 else f"138{number % 10**8:08d}"
            term = "2027-03-31,discount" if dice.random() < 0.3 else ","
            file.write(
                f"KD{number:010d},{dice.choice(_PLANS)},清远市,29.00,{phone},{dice.choice(days)},zh,{term},\n"
            )


def _take_out(system: System, rows: Path) -> None:
    with system.owner.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with rows.open("wb") as file, driver.cursor().copy("COPY subscribers TO STDOUT") as copy:
            for chunk in copy:
                file.write(chunk)


def _copied(system: System, rows: Path, like: str) -> float:
    """Seconds that it takes, with the commit."""
    with system.owner.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(_BARE.format(like=like))
        driver.commit()
        began = time.perf_counter()
        with rows.open("rb") as file, driver.cursor().copy("COPY bench_subscribers FROM STDIN") as copy:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
        driver.commit()
        return time.perf_counter() - began
