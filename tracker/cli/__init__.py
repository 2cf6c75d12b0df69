"""The `tracker` command."""

import sys
from collections.abc import Sequence

import click
from sqlalchemy.exc import DBAPIError

from tracker.cli.lazy import LazyGroup
from tracker.crypto import KeyRingError
from tracker.db import is_outage
from tracker.embedded import EmbeddedError
from tracker.setting_kinds import ConfigError

_MODULES = {
    "audit": "tracker.cli.audit:audit",
    "calendar": "tracker.cli.calendar:calendar",
    "call-line": "tracker.cli.call_line:call_line",
    "check": "tracker.cli.checking:check",
    "compensation": "tracker.cli.compensation:compensation",
    "demo": "tracker.cli.demo:demo",
    "excuses": "tracker.cli.excuses:excuses",
    "figures": "tracker.cli.figures:figures",
    "import": "tracker.cli.imports:import_file",
    "keys": "tracker.cli.keys:keys",
    "migrate": "tracker.cli.migrating:migrate",
    "notices": "tracker.cli.notices:notices",
    "promises": "tracker.cli.promises:promises",
    "report": "tracker.cli.reports:report",
    "retention": "tracker.cli.retention:retention",
    "returns": "tracker.cli.returns:returns",
    "schedule": "tracker.cli.working:schedule",
    "serve": "tracker.cli.serving:serve",
    "serve-public": "tracker.cli.serving:serve_public",
    "setup": "tracker.cli.setup:setup",
    "staff": "tracker.cli.staff:staff",
    "tariffs": "tracker.cli.tariffs:tariffs",
    "templates": "tracker.cli.templates:templates",
    "worker": "tracker.cli.working:worker",
}


@click.group(
    cls=LazyGroup,
    modules=_MODULES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="installation-tracker", prog_name="tracker")
def cli() -> None:
    """Broadband installation orders: promised dates kept, customers told, fees published.

    Settings come from TRACKER_* and TWILIO_* variables (see the README). Where no database or Redis
    address is set, the command runs its own servers in TRACKER_DATA_DIR. Times are told on the city's clock.

    \b
    Examples:
      tracker demo                 a working system with example data
      tracker serve                the service (API and staff pages)
      tracker check                what is missing before a start
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command: exit code 0 done, 1 done in part or failed, 2 wrongly called or set up."""
    try:
        cli.main(args=arguments, prog_name="tracker", standalone_mode=True)
    except (ConfigError, KeyRingError, EmbeddedError) as error:
        click.echo(f"tracker: {error}", err=True)
        sys.exit(2)
    except DBAPIError as error:
        # The driver's own first line: it names host and reason, and no password.
        reason = str(error.orig).strip().splitlines() or [type(error).__name__]
        click.echo(f"tracker: database: {reason[0]}", err=True)
        sys.exit(2 if is_outage(error) else 1)
    except OSError as error:
        if error.filename is None:
            raise
        click.echo(f"tracker: {error.filename}: {error.strerror}", err=True)
        sys.exit(2)
