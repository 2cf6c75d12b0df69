"""Bring a key to its end: followed by another, or at once."""

from datetime import timedelta

from sqlalchemy import Connection, Row, select, update

from tracker import clock
from tracker.channels.create_key import NewKey, store_key
from tracker.channels.models import ChannelKey
from tracker.channels.rules import (
    LONGEST_OVERLAP,
    USUAL_OVERLAP,
    KeyKind,
    KeyState,
    end_after,
    new_secret,
    state_of,
)
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.problems import Fault, Refusal


def rotate_key(
    db: Database,
    keys: KeyRing,
    operator_id: int,
    key_id: int,
    by: str,
    *,
    overlap: timedelta = USUAL_OVERLAP,
) -> NewKey:
    """Make a key that may do the same, and let the old one end after the overlap; 0 ends it at once.

    A signing key keeps its app id: both secrets verify meanwhile. The new one has no end set. Raises
    Refusal: key.not_found for another operator's, key.ended for one that is over, key.rotated for one that
    has a follower, key.overlap.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Refusal(Fault("key.overlap", "/overlap", {"days": LONGEST_OVERLAP.days}))
    with db.transaction() as connection:
        now = clock.now()
        old = _lock(connection, operator_id, key_id)
        if state_of(old.expires_at, old.revoked_at, now) in (KeyState.REVOKED, KeyState.EXPIRED):
            raise Refusal(Fault("key.ended"))
        if connection.scalar(select(ChannelKey.id).where(ChannelKey.replaces == key_id)) is not None:
            raise Refusal(Fault("key.rotated"))
        connection.execute(
            update(ChannelKey)
            .where(ChannelKey.id == key_id)
            .values(expires_at=end_after(old.expires_at, overlap, now))
        )
        kind = KeyKind(old.kind)
        return store_key(
            db,
            _Channel(old),
            kind,
            new_secret(kind),
            app_id=old.app_id,
            keys=keys if kind is KeyKind.SIGNED else None,
            scopes=old.scopes,
            label=old.label,
            expires_at=None,
            rate_limit=old.rate_limit,
            by=by,
            replaces=key_id,
        )


def revoke_key(db: Database, operator_id: int, key_id: int, by: str) -> None:
    """End a key at once, for good: from the commit on it opens nothing.

    Raises Refusal: key.not_found for another operator's, key.ended for one that is revoked already.
    """
    with db.transaction() as connection:
        key = _lock(connection, operator_id, key_id)
        if key.revoked_at is not None:
            raise Refusal(Fault("key.ended"))
        connection.execute(
            update(ChannelKey).where(ChannelKey.id == key_id).values(revoked_at=clock.now(), revoked_by=by)
        )


class _Channel:
    """The channel of a key's row."""

    def __init__(self, key: Row[tuple[object, ...]]) -> None:
        self.id: int = key.channel_id
        self.operator_id: int = key.operator_id


def _lock(connection: Connection, operator_id: int, key_id: int) -> Row[tuple[object, ...]]:
    found = connection.execute(
        select(ChannelKey.__table__)
        .where(ChannelKey.id == key_id, ChannelKey.operator_id == operator_id)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise Refusal(Fault("key.not_found"))
    return found
