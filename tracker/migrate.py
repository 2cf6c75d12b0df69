"""Bring the database's schema to what the code expects."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tracker.feed_offset import keep_feed_ahead

_SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"


def alembic_config(url: str | None = None) -> AlembicConfig:
    """Alembic's settings for the project's migrations, on a database if one is named."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    if url is not None:
        settings.attributes["url"] = url
    return settings


@cache
def head() -> str | None:
    """The revision that the code expects."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def upgrade(url: str, revision: str = "head", *, restored: bool = False) -> None:
    """Run what is missing, as the login of `url`; harmless to repeat, safe to run twice at once.

    `restored`: the database was brought back from a copy, see `tracker.feed_offset`.
    """
    command.upgrade(alembic_config(url), revision)
    keep_feed_ahead(url, restored=restored)


def current(url: str) -> str | None:
    """The revision that a database is at; None where it has no schema."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
