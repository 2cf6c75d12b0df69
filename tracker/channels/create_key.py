"""Give a channel a key."""

from collections.abc import Sequence

from sqlalchemy import insert

from tracker import clock
from tracker.channels.models import ChannelKey
from tracker.channels.rules import ChannelIdentity, hash_of, new_secret, prefix_of
from tracker.db import Database


def create_key(
    db: Database,
    channel: ChannelIdentity,
    secret: str | None = None,
    *,
    scopes: Sequence[str] = ("orders",),
) -> str:
    """Store a new key of the channel and return its secret, which is shown this once only."""
    secret = secret or new_secret()
    with db.transaction() as connection:
        connection.execute(
            insert(ChannelKey).values(
                operator_id=channel.operator_id,
                channel_id=channel.id,
                prefix=prefix_of(secret),
                secret_sha256=hash_of(secret),
                scopes=list(scopes),
                created_at=clock.now(),
            )
        )
    return secret
