"""Give a channel a key: one that is sent along, or one that signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from tracker import clock
from tracker.channels.models import ChannelKey
from tracker.channels.quotas import Quota
from tracker.channels.rules import (
    SCOPES,
    ChannelIdentity,
    KeyKind,
    has_expired,
    hash_of,
    new_app_id,
    new_secret,
    prefix_of,
)
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.problems import Fault, Refusal

SEALED_AS = "channel_keys.sealed_secret"


@dataclass(frozen=True)
class NewKey:
    """A key as its channel needs it; the secret is shown this once only. Bearer keys have no app id."""

    id: int
    secret: str
    app_id: str | None = None


def create_key(
    db: Database,
    channel: ChannelIdentity,
    secret: str | None = None,
    *,
    scopes: Sequence[str] = ("orders",),
    label: str = "",
    expires_at: datetime | None = None,
    rate_limit: str | None = None,
    by: str = "system",
) -> str:
    """Store a new bearer key of the channel and return its secret.

    `rate_limit` is like "6000 per minute". Raises Refusal with every rule that the wishes break.
    """
    made = store_key(
        db,
        channel,
        KeyKind.BEARER,
        secret or new_secret(),
        scopes=scopes,
        label=label,
        expires_at=expires_at,
        rate_limit=rate_limit,
        by=by,
    )
    return made.secret


def create_signed_key(
    db: Database,
    keys: KeyRing,
    channel: ChannelIdentity,
    given: tuple[str, str] | None = None,
    *,
    scopes: Sequence[str] = ("orders",),
    label: str = "",
    expires_at: datetime | None = None,
    rate_limit: str | None = None,
    by: str = "system",
) -> NewKey:
    """Store a new signing key of the channel: `given` app id and secret, or fresh ones.

    Raises as create_key does.
    """
    app_id, secret = given or (new_app_id(), new_secret(KeyKind.SIGNED))
    return store_key(
        db,
        channel,
        KeyKind.SIGNED,
        secret,
        app_id=app_id,
        keys=keys,
        scopes=scopes,
        label=label,
        expires_at=expires_at,
        rate_limit=rate_limit,
        by=by,
    )


def store_key(
    db: Database,
    channel: ChannelIdentity,
    kind: KeyKind,
    secret: str,
    *,
    scopes: Sequence[str],
    label: str,
    expires_at: datetime | None,
    rate_limit: str | None,
    by: str,
    app_id: str | None = None,
    keys: KeyRing | None = None,
    replaces: int | None = None,
) -> NewKey:
    """Store a key of either kind; `keys` seals the secret of one that signs. Raises Refusal."""
    now = clock.now()
    faults = _faults(scopes, expires_at, rate_limit, now)
    if faults:
        raise Refusal(*faults)
    row: dict[str, Any] = {
        "operator_id": channel.operator_id,
        "channel_id": channel.id,
        "kind": kind,
        "label": label,
        "prefix": prefix_of(secret),
        "secret_sha256": hash_of(secret),
        "app_id": app_id,
        "sealed_secret": keys.seal(secret, SEALED_AS) if keys is not None else None,
        "scopes": [scope for scope in SCOPES if scope in scopes],
        "rate_limit": rate_limit,
        "replaces": replaces,
        "created_at": now,
        "created_by": by,
        "expires_at": expires_at,
    }
    with db.transaction() as connection:
        return NewKey(_insert(connection, row), secret, app_id)


def _insert(connection: Connection, row: dict[str, Any]) -> int:
    return connection.execute(insert(ChannelKey).values(**row).returning(ChannelKey.id)).scalar_one()


def _faults(
    scopes: Sequence[str], expires_at: datetime | None, rate_limit: str | None, now: datetime
) -> list[Fault]:
    faults = []
    if not scopes or not set(scopes) <= set(SCOPES):
        faults.append(Fault("key.scopes", "/scopes", {"scopes": ", ".join(SCOPES)}))
    if has_expired(expires_at, now):
        faults.append(Fault("key.ends_in_the_past", "/expires_at"))
    if rate_limit is not None:
        try:
            Quota.read(rate_limit)
        except ValueError:
            faults.append(Fault("key.rate_limit", "/rate_limit"))
    return faults
