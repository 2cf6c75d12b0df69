"""Append to the audit trail, in the transaction of what is done."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from tracker import clock
from tracker.audit.models import AuditEntry
from tracker.audit.rules import Action


def append(
    connection: Connection,
    action: Action,
    *,
    operator_id: int | None,
    actor: str,
    subject: str,
    fields: Sequence[str],
    why: str,
) -> None:
    """Note that `actor` did this to `fields` of `subject`, and why ("called the customer").

    `why` is a phrase of the program or somebody's words, and holds no personal data. It may stand anywhere
    in the transaction: the entry takes its place in the chain at the commit.
    """
    connection.execute(
        insert(AuditEntry).values(
            operator_id=operator_id,
            action=action,
            actor=actor,
            subject=subject,
            fields=list(fields),
            why=why,
            at=clock.now(),
        )
    )
