"""How migrations run: one at a time, and never waiting long for a lock that customers hold."""

import time

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from tracker import tables

# Any number will do, as long as every migration of this database takes the same.
_ADVISORY_LOCK = 772_118_024

_PAUSE_SECONDS = 0.1

# A statement that has to wait for a lock makes everybody behind it wait too.
_PATIENCE = ("SET lock_timeout = '2s'", "SET statement_timeout = '15min'")


def _run_online(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection:
        _wait_for_turn(connection)
        for setting in _PATIENCE:
            connection.execute(text(setting))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=tables.metadata(),
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def _wait_for_turn(connection: Connection) -> None:
    """Take the lock, held by the session, so that it outlives each migration's transaction.

    Asked for again and again rather than waited for: a statement that waits is an open transaction, for
    whose end an index that is built beside running writes would wait in turn.
    """
    wanted = text("SELECT pg_try_advisory_lock(:key)")
    while not connection.scalar(wanted, {"key": _ADVISORY_LOCK}):
        connection.rollback()
        time.sleep(_PAUSE_SECONDS)


def _run_offline() -> None:
    """Print the SQL, as the linter of migrations reads it."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=tables.metadata(),
        literal_binds=True,
        transaction_per_migration=True,
    )
    for setting in _PATIENCE:
        context.execute(setting)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run_offline()
else:
    _run_online(context.config.attributes["url"])
