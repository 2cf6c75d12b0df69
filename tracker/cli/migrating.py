"""The command that brings a database to the code's schema."""

import click

from tracker import migrate as migrating
from tracker.cli.context import say, settings
from tracker.setting_kinds import ConfigError


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="Alembic revision to reach.")
@click.option(
    "--restored",
    is_flag=True,
    help="The database was restored from a copy: let callers' cursors miss nothing that follows.",
)
def migrate(revision: str, restored: bool) -> None:
    """Bring the database to the code's schema, as TRACKER_MIGRATION_DATABASE_URL's login."""
    with settings() as complete:
        url = complete.migration_database_url
        if url is None:
            raise ConfigError("configuration: TRACKER_MIGRATION_DATABASE_URL is needed")
        migrating.upgrade(url, revision, restored=restored)
        say(f"database is at {migrating.current(url)}")
