"""Emptying the database after a test: only what the test has filled, for most tests fill little. And filling
tables again with what stood in them at first, for to seed them anew takes as long as ten tests.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import cast

from psycopg import Cursor
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


class Copy:
    """What stands in some tables now."""

    def __init__(self, url: str, names: Collection[str]) -> None:
        self._url = url
        self._rows: dict[Table, bytes] = {}
        with _owner(url).begin() as connection:
            for table in (one for one in _tables() if one.name in names):
                with _cursor(connection).copy(f"COPY {table.name} TO STDOUT") as copy:
                    self._rows[table] = b"".join(bytes(part) for part in copy)

    def put_back(self) -> None:
        """Empty the tables, and whatever points to them, and fill them as they were."""
        names = ", ".join(table.name for table in self._rows)
        with _owner(self._url).begin() as connection:
            connection.execute(text(f"TRUNCATE {names} CASCADE"))
            for table, rows in self._rows.items():
                with _cursor(connection).copy(f"COPY {table.name} FROM STDIN") as copy:
                    copy.write(rows)
            counters = [
                f"setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"
                f" (SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name}), false)"
                for table in self._rows
                for column in table.columns
                if column.identity is not None
            ]
            connection.execute(text(f"SELECT {', '.join(counters)}"))


def _cursor(connection: Connection) -> Cursor:
    return cast(Cursor, connection.connection.cursor())


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
