"""Keys: the key ring of personal data, and the keys that channels call with."""

from pathlib import Path

import click

from tracker import bootstrap, config, crypto
from tracker.cli.channel_keys import COMMANDS
from tracker.cli.context import say


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


for command in COMMANDS:
    keys.add_command(command)
