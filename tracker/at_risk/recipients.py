"""Before whom an order is brought, and who of them gets texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.at_risk.models import DigestWish
from tracker.at_risk.rules import Level
from tracker.contacts.recipients import takes_texts
from tracker.notices.drafts import Wanted
from tracker.runtime import Runtime
from tracker.staff.models import Account

# The purpose under which the phones of accounts are sealed.
_PHONE = "accounts.phone"
_wishes = DigestWish.__table__


@dataclass(frozen=True)
class Recipient:
    """Somebody of the operator who is in office. `wants`: also the texts that one may do without."""

    id: int
    role: str
    name: str
    sealed_phone: bytes | None
    wants: bool


def recipients(connection: Connection, operator_id: int) -> Sequence[Recipient]:
    """The dispatchers and managers of an operator who are in office."""
    rows = connection.execute(
        select(
            Account.id,
            Account.role,
            Account.display_name,
            Account.phone,
            func.coalesce(_wishes.c.wanted, True).label("wants"),
        )
        .outerjoin(_wishes, _wishes.c.account_id == Account.id)
        .where(
            Account.operator_id == operator_id,
            Account.disabled_at.is_(None),
            Account.role.in_(("dispatcher", "manager")),
        )
        .order_by(Account.id)
    ).all()
    return [
        Recipient(
            row.id, row.role, row.display_name, None if row.phone is None else bytes(row.phone), row.wants
        )
        for row in rows
    ]


def of_level(staff: Sequence[Recipient], level: Level) -> list[Recipient]:
    """Before whom a level brings an order.

    The dispatchers, or, where there is none, the managers; then the managers who want to be told; at last
    every manager, whatever they want.
    """
    managers = [one for one in staff if one.role == "manager"]
    if level is Level.DISPATCHERS:
        return [one for one in staff if one.role == "dispatcher"] or managers
    if level is Level.MANAGERS:
        return wanting_digests(staff)
    return managers


def wanting_digests(staff: Sequence[Recipient]) -> list[Recipient]:
    """The managers who have not switched digests off."""
    return [one for one in staff if one.role == "manager" and one.wants]


def texts_to(
    runtime: Runtime,
    staff: Collection[Recipient],
    operator_id: int,
    template: str,
    values: Mapping[str, str],
    dedup_key: str,
) -> list[Wanted]:
    """A text to each of them who has a mobile phone on record; one for each `dedup_key` and account."""
    signature = runtime.reference.current().operators[operator_id].signature
    found = []
    for one in staff:
        if one.sealed_phone is None:
            continue
        phone = runtime.keys.open(one.sealed_phone, _PHONE)
        if takes_texts(phone):
            found.append(
                Wanted(
                    operator_id=operator_id,
                    # Not the order's: its customer reads what is planned for it.
                    order_id=None,
                    template=template,
                    language="zh",
                    values={**values, "signature": signature},
                    phone=phone,
                    dedup_key=f"{dedup_key}:{one.id}",
                )
            )
    return found


def wish_digests(runtime: Runtime, operator_id: int, account_id: int, wanted: bool) -> None:
    """Let a manager have digests and the texts of overdue orders, or none of them."""
    values = {"wanted": wanted, "at": clock.now()}
    with runtime.db.transaction() as connection:
        connection.execute(
            insert(_wishes)
            .values(account_id=account_id, operator_id=operator_id, **values)
            .on_conflict_do_update(index_elements=[_wishes.c.account_id], set_=values)
        )
