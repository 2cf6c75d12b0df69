"""Send what an order's customer is still to be told to another number."""

from sqlalchemy import Connection, update

from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.crypto import KeyRing
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

_CODES = [code for code, template in SEED.items() if template.category is Category.CODE]


def redirect(connection: Connection, keys: KeyRing, order_id: int, phone: str) -> int:
    """Let every notice of an order that has not gone out, or waits for a call, go there; returns how many.

    A code proves whose the former phone is, so one that has not gone out is cancelled instead. What was tried
    already may be on its way, and stays.
    """
    unsent = (Notice.order_id == order_id, Notice.state == State.CREATED, Notice.attempts == 0)
    connection.execute(
        update(Notice)
        .where(*unsent, Notice.template.in_(_CODES))
        .values(state=State.CANCELLED, reason="another contact phone", secret=None)
    )
    moved = (
        update(Notice)
        .where(
            Notice.order_id == order_id,
            ((Notice.state == State.CREATED) & (Notice.attempts == 0)) | (Notice.state == State.CALL),
        )
        .values(recipient=keys.seal(phone, RECIPIENT), recipient_digest=keys.digest_of(RECIPIENT, phone))
    )
    return connection.execute(moved).rowcount
