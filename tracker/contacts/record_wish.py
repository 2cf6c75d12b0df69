"""Write down how a customer wants to be told."""

from sqlalchemy import Connection, insert, select, update

from tracker import clock
from tracker.contacts.models import ContactWish
from tracker.crypto import KeyRing
from tracker.db import Database

# The digest of a number as notices carry it, so that one compares with the other.
PURPOSE = "notices.recipient"

TEXT = "text"


def record_wish(db: Database, keys: KeyRing, operator_id: int, phone: str, wish: str, actor: str) -> None:
    """From now on the owner of this number (E.164) is told by "text", "call", or gets "no_texts".

    Whoever gets no texts is called where something must be told. One-time codes are still sent: they
    answer what the owner has just asked for.
    """
    digest, now = keys.digest_of(PURPOSE, phone), clock.now()
    standing = (
        ContactWish.operator_id == operator_id,
        ContactWish.phone_digest == digest,
        ContactWish.until_at.is_(None),
    )
    with db.transaction() as connection:
        known = connection.scalar(select(ContactWish.wish).where(*standing).with_for_update())
        if known == wish or (known is None and wish == TEXT):
            return
        connection.execute(update(ContactWish).where(*standing).values(until_at=now))
        if wish != TEXT:
            connection.execute(
                insert(ContactWish).values(
                    operator_id=operator_id, phone_digest=digest, wish=wish, actor=actor, since_at=now
                )
            )


def read_wishes(connection: Connection) -> dict[tuple[int, bytes], str]:
    """Every wish that stands, by operator and digest of the number."""
    wanted = select(ContactWish.operator_id, ContactWish.phone_digest, ContactWish.wish).where(
        ContactWish.until_at.is_(None)
    )
    return {(row.operator_id, bytes(row.phone_digest)): row.wish for row in connection.execute(wanted)}
