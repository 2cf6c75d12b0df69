"""Reads that are repeated for every page, handed to the driver as they are."""

from typing import Any

import psycopg
from psycopg.errors import AdminShutdown, CrashShutdown
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError


class PreparedRead:
    """A statement that SQLAlchemy puts together once, for at most one row.

    Its own way from there to the driver and back costs as much as the driver, PostgreSQL and the row.
    """

    def __init__(self, statement: Select[Any]) -> None:
        compiled: Any = statement.compile(dialect=PGDialect_psycopg())
        to_be_given = [name for name, bind in compiled.binds.items() if bind.required]
        expanded = compiled.construct_expanded_state(dict.fromkeys(to_be_given))
        self._text = expanded.statement.encode()
        self._given = dict(expanded.parameters)

    def one_or_none(self, connection: Connection, **given: Any) -> Any:
        """The row, its columns by name as PostgreSQL's types say; None if there is none.

        Raises SQLAlchemy's errors, and like SQLAlchemy gives up a connection that has died, with all that
        wait in its pool: whatever ended one has mostly ended all.
        """
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.cursor(row_factory=namedtuple_row)
            return cursor.execute(self._text, self._given | given).fetchone()
        except psycopg.Error as error:
            # The server may say that it ends a connection before it does.
            lost = driver.closed or isinstance(error, AdminShutdown | CrashShutdown)
            if lost:
                connection.invalidate(error)
                connection.engine.dispose()
            raise DBAPIError.instance(
                None, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost
            ) from error
