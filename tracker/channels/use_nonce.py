"""Remember a nonce, so that a signed request is answered once."""

from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.channels.models import UsedNonce
from tracker.channels.rules import ChannelIdentity
from tracker.db import Database

_KEEP = insert(UsedNonce.__table__).on_conflict_do_nothing().returning(UsedNonce.used_at)


def use_nonce(db: Database, channel: ChannelIdentity, nonce: str) -> bool:
    """Whether the channel has not used this nonce before; now it has.

    Committed at once and kept in PostgreSQL: an emptied Redis must open nothing. Of many at one instant
    exactly one is the first.
    """
    row = {
        "channel_id": channel.id,
        "nonce": nonce,
        "operator_id": channel.operator_id,
        "used_at": clock.now(),
    }
    with db.transaction() as connection:
        return connection.scalar(_KEEP, row) is not None
