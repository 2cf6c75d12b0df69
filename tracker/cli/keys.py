"""Keys: the key ring of personal data, and the keys that channels call with."""

from pathlib import Path

import click

from tracker import bootstrap, config, crypto
from tracker.channels.create_key import create_key
from tracker.channels.rules import SCOPES
from tracker.cli.context import running, say


@click.group()
def keys() -> None:
    """Keys of personal data, and of channels."""


@keys.command("init")
@click.argument("path", type=click.Path(path_type=Path))
def init(path: Path) -> None:
    """Make a key file for TRACKER_KEY_FILE.

    \b
    Example:
      tracker keys init /etc/tracker/keys.json
    """
    if path.exists():
        raise click.ClickException(f"{path} exists already; a new one would leave stored data unreadable")
    crypto.save(crypto.new_ring(), path)
    say(f"wrote {path}; keep a copy apart from the database's")


@keys.command("rotate")
def rotate() -> None:
    """Add an encryption key and make it the active one; older ones stay to read what they wrote.

    Running processes use it from their next start on.
    """
    settings = config.load()
    path = settings.key_file or bootstrap.data_dir(settings) / "keys.json"
    ring = crypto.load(path).rotated()
    crypto.save(ring, path)
    say(f"{path}: active key is now {ring.active}, {len(ring.encryption)} keys in all")


@keys.command("digest-only")
@click.argument("path", type=click.Path(path_type=Path))
def digest_only(path: Path) -> None:
    """Write a key file without encryption keys, all that the public site needs."""
    settings = config.load()
    ring = crypto.load(settings.key_file or bootstrap.data_dir(settings) / "keys.json")
    crypto.save(crypto.KeyRing(None, {}, ring.digest), path)
    say(f"wrote {path}")


@keys.command("channel")
@click.argument("operator")
@click.argument("channel")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=("orders",),
    show_default=True,
    help="What the key may do; repeatable.",
)
def channel_key(operator: str, channel: str, scopes: tuple[str, ...]) -> None:
    """Make an API key for a channel and print it, once.

    \b
    Examples:
      tracker keys channel telecom gov-portal
      tracker keys channel telecom hall --scope rules --scope calendar
    """
    with running() as run:
        facts = run.reference.current()
        for found in facts.channels.values():
            if found.code == channel and facts.operators[found.operator_id].code == operator:
                click.echo(create_key(run.db, found, scopes=scopes))
                return
    raise click.ClickException(f"operator {operator} has no channel {channel}")
