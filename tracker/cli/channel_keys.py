"""Keys that channels call with: made, listed, rotated and revoked."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import click
from rich.table import Table

from tracker import clock
from tracker.channels.create_key import NewKey, create_key, create_signed_key
from tracker.channels.end_key import revoke_key, rotate_key
from tracker.channels.queries import KeyFacts
from tracker.channels.queries import channel_key as find_key
from tracker.channels.queries import channel_keys as find_keys
from tracker.channels.rules import LABEL_LIMIT, LONGEST_OVERLAP, SCOPES, USUAL_OVERLAP
from tracker.cli.context import moment, running, say, show_table
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_BY = "console:keys"


@contextmanager
def _telling() -> Iterator[None]:
    """What is refused as the command's own error."""
    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(" ".join(fault.words("en") for fault in refusal.faults)) from None


@click.command("channel")
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
@click.option("--signed", is_flag=True, help="A key that signs requests instead of travelling with them.")
@click.option("--label", default="", help="What the key is for, to tell it apart in lists.")
@click.option("--days", type=click.IntRange(1, 3660), help="End it after so many days.")
@click.option("--limit", help="Requests that it may send, in place of TRACKER_API_LIMIT.")
def channel_key(
    operator: str,
    channel: str,
    scopes: tuple[str, ...],
    signed: bool,
    label: str,
    days: int | None,
    limit: str | None,
) -> None:
    """Make an API key for a channel and print it, once. Of one that signs: app id and secret.

    \b
    Examples:
      tracker keys channel telecom gov-portal
      tracker keys channel telecom hall --scope rules --scope calendar --days 365
      tracker keys channel telecom gov-portal --signed --label 省门户 --limit '6000 per minute'
    """
    if len(label) > LABEL_LIMIT:
        raise click.BadParameter(f"a label has at most {LABEL_LIMIT} characters", param_hint="--label")
    with running() as run, _telling():
        found = _channel(run, operator, channel)
        expires_at = None if days is None else clock.now() + timedelta(days=days)
        if signed:
            made = create_signed_key(
                run.db,
                run.keys,
                found,
                scopes=scopes,
                label=label,
                expires_at=expires_at,
                rate_limit=limit,
                by=_BY,
            )
            _print(made)
        else:
            click.echo(
                create_key(
                    run.db,
                    found,
                    scopes=scopes,
                    label=label,
                    expires_at=expires_at,
                    rate_limit=limit,
                    by=_BY,
                )
            )


@click.command("list")
@click.option("--operator", help="Code of one operator; all of them without it.")
@click.option("--ended", is_flag=True, help="Also those that have expired or were revoked.")
def list_keys(operator: str | None, ended: bool) -> None:
    """List the keys of channels: what they may do, when they were last used, how they stand.

    \b
    Examples:
      tracker keys list
      tracker keys list --operator telecom --ended
    """
    with running() as run:
        facts = run.reference.current()
        operator_id = None if operator is None else _operator_id(run, operator)
        with run.db.reading() as connection:
            rows = find_keys(connection, operator_id, clock.now())
    table = Table("id", "channel", "key", "label", "scopes", "made", "expires", "last used", "state")
    for row in rows:
        if ended or not row.is_over:
            channel = facts.channels[row.channel_id]
            table.add_row(
                str(row.id),
                f"{facts.operators[row.operator_id].code} {channel.code}",
                row.prefix if row.app_id is None else f"{row.app_id} {row.prefix}",
                row.label,
                " ".join(row.scopes),
                _day(row.created_at),
                moment(row.expires_at),
                moment(row.last_used_at),
                row.state,
            )
    show_table(table)


@click.command("rotate-channel")
@click.argument("key", type=int)
@click.option(
    "--overlap-days",
    type=click.IntRange(0, LONGEST_OVERLAP.days),
    default=USUAL_OVERLAP.days,
    show_default=True,
    help="How long the old key goes on; 0 ends it at once.",
)
def rotate_channel_key(key: int, overlap_days: int) -> None:
    """Make a key that takes the place of another and print it, once.

    KEY is the number of the old one, as `tracker keys list` tells it. One that signs keeps its app id:
    both secrets are good until the old one ends.

    \b
    Examples:
      tracker keys rotate-channel 7
      tracker keys rotate-channel 7 --overlap-days 0
    """
    with running() as run, _telling():
        old = _key(run, key)
        made = rotate_key(run.db, run.keys, old.operator_id, key, _BY, overlap=timedelta(days=overlap_days))
        ends = _key(run, key).expires_at
    say(f"key {key} ends {moment(ends)}; its follower is key {made.id}")
    _print(made)


@click.command("revoke")
@click.argument("key", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke_channel_key(key: int, yes: bool) -> None:
    """End a key at once, for good.

    KEY is its number, as `tracker keys list` tells it.

    \b
    Example:
      tracker keys revoke 7
    """
    with running() as run, _telling():
        found = _key(run, key)
        channel = run.reference.current().channels[found.channel_id]
        used = f"last used {moment(found.last_used_at)}" if found.last_used_at else "never used"
        if not yes:
            question = f"Revoke {found.prefix}… of {channel.code}, {used}? This cannot be undone."
            click.confirm(question, abort=True, err=True)
        revoke_key(run.db, found.operator_id, key, _BY)
    say(f"key {key} is revoked")


COMMANDS = (channel_key, list_keys, rotate_channel_key, revoke_channel_key)


def _operator_id(run: Runtime, code: str) -> int:
    for operator in run.reference.current().operators.values():
        if operator.code == code:
            return operator.id
    raise click.ClickException(f"there is no operator {code}")


def _channel(run: Runtime, operator: str, channel: str) -> ChannelFacts:
    owner = _operator_id(run, operator)
    for found in run.reference.current().channels.values():
        if (found.operator_id, found.code) == (owner, channel):
            return found
    raise click.ClickException(f"operator {operator} has no channel {channel}")


def _key(run: Runtime, key_id: int) -> KeyFacts:
    with run.db.reading() as connection:
        found = find_key(connection, None, key_id, clock.now())
    if found is None:
        raise click.ClickException(f"there is no key {key_id}: see `tracker keys list`")
    return found


def _print(made: NewKey) -> None:
    click.echo(made.secret if made.app_id is None else f"{made.app_id} {made.secret}")


def _day(at: datetime) -> str:
    return clock.local_date(at).isoformat()
