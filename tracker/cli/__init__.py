"""The `tracker` command."""

import sys
from collections.abc import Sequence

import click
from sqlalchemy.exc import DBAPIError

from tracker.cli import (
    audit,
    calendar,
    call_line,
    channel_keys,
    compensation,
    demo,
    excuses,
    figures,
    imports,
    keys,
    notices,
    promises,
    reports,
    retention,
    returns,
    servers,
    setup,
    staff,
    tariffs,
    templates,
)
from tracker.cli.context import say
from tracker.crypto import KeyRingError
from tracker.db import is_outage
from tracker.embedded import EmbeddedError
from tracker.setting_kinds import ConfigError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="installation-tracker", prog_name="tracker")
def cli() -> None:
    """Broadband installation orders: promised dates kept, customers told, fees published.

    Settings come from TRACKER_* and TWILIO_* variables (see the README). Where no database or Redis
    address is set, the command runs its own servers in TRACKER_DATA_DIR.

    \b
    Examples:
      tracker demo                 a working system with example data
      tracker serve                the service (API and staff pages)
      tracker check                what is missing before a start
    """


for command in (
    demo.demo,
    servers.serve,
    servers.serve_public,
    servers.worker,
    servers.schedule,
    servers.migrate,
    setup.setup,
    servers.check,
    imports.import_file,
    calendar.calendar,
    promises.promises,
    returns.returns,
    excuses.excuses,
    compensation.compensation,
    figures.figures,
    reports.report,
    retention.retention,
    tariffs.tariffs,
    templates.templates,
    keys.keys,
    notices.notices,
    staff.staff,
    call_line.call_line,
    audit.audit,
):
    cli.add_command(command)

for command in channel_keys.COMMANDS:
    keys.keys.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command: exit code 0 done, 1 done in part or failed, 2 wrongly called or set up."""
    try:
        cli.main(args=arguments, prog_name="tracker", standalone_mode=True)
    except (ConfigError, KeyRingError, EmbeddedError) as error:
        say(f"tracker: {error}")
        sys.exit(2)
    except DBAPIError as error:
        # The driver's own first line: it names host and reason, and no password.
        reason = str(error.orig).strip().splitlines() or [type(error).__name__]
        say(f"tracker: database: {reason[0]}")
        sys.exit(2 if is_outage(error) else 1)
