"""Emptying the database after a test: only what the test has filled, for most tests fill little."""

from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import Connection, Engine, Table, create_engine, text

from tracker import tables

# Deleting a row asks every table that may point to it; beyond this many, emptying whole files is faster.
_MANY = 300
# Nothing is ever deleted from these, but for here.
_KEPT = {"audit_entries", "audit_links"}


@cache
def _owner(url: str) -> Engine:
    """One connection for the whole run, which has the long statement prepared after a few tests."""
    return create_engine(url, pool_size=1, pool_pre_ping=True)


@cache
def _tables() -> list[Table]:
    """All tables, those first that others point to."""
    return tables.metadata().sorted_tables


def empty(url: str, names: Sequence[str]) -> None:
    """Delete all rows of these tables; whoever counts from one does so again."""
    with _owner(url).begin() as connection:
        _empty(connection, names)


def _empty(connection: Connection, names: Sequence[str]) -> None:
    counts = " UNION ALL ".join(
        f"SELECT '{name}', (SELECT count(*) FROM (SELECT FROM {name} LIMIT {_MANY + 1}) AS first)"
        for name in names
    )
    filled = {name: rows for name, rows in connection.execute(text(counts)) if rows}
    in_files = any(rows > _MANY for rows in filled.values())
    kept = _KEPT if in_files else _KEPT & filled.keys()
    for table in kept:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER keep"))
    if in_files:
        connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
        # Nothing else tells of it.
        connection.execute(text("UPDATE reference_revision SET revision = revision + 1"))
        _keep_again(connection, kept)
        return
    for table in reversed(_tables()):
        if table.name in filled:
            connection.execute(text(f"DELETE FROM {table.name}"))
    _keep_again(connection, kept)
    counters = [
        f"setval(pg_get_serial_sequence('{table.name}', '{column.name}'), 1, false)"
        for table in _tables()
        if table.name in filled
        for column in table.columns
        if column.identity is not None
    ]
    if counters:
        connection.execute(text(f"SELECT {', '.join(counters)}"))


def _keep_again(connection: Connection, kept: Collection[str]) -> None:
    for table in kept:
        connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER keep"))
