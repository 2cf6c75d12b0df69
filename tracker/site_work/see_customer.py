"""Show an installer what he needs of a customer, and note that he saw it (I5)."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.audit.append import append
from tracker.audit.note_seen import note_seen
from tracker.audit.rules import Action
from tracker.orders.locking import lock_order
from tracker.orders.rules import CLOSED
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.site_work.models import CallLineCode
from tracker.site_work.record_action import Installer

ADDRESS, PHONE = "address_detail", "contact_phone"
_FOR_THE_VISIT = "上门施工"
_TO_CALL = "致电客户"
_codes = CallLineCode.__table__


def addresses_of(runtime: Runtime, installer: Installer, jobs: Sequence[Row[Any]]) -> Mapping[int, str]:
    """The detailed addresses of the installer's own jobs, by order; that he saw each is noted once a day."""
    if not jobs:
        return {}
    with runtime.db.transaction() as connection:
        note_seen(
            connection,
            [f"order:{job.id}" for job in jobs],
            operator_id=installer.actor.operator_id,
            actor=installer.actor.label,
            fields=(ADDRESS,),
            why=_FOR_THE_VISIT,
        )
    return {job.id: runtime.keys.open(bytes(job.address_detail), "orders.address_detail") for job in jobs}


def reveal_phone(runtime: Runtime, installer: Installer, number: str) -> str:
    """The phone of the customer of the installer's own open job, to dial; each time is noted.

    Raises Refusal order.not_found, job.not_yours.
    """
    with runtime.db.transaction() as connection:
        order = lock_order(connection, installer.actor, number, None)
        if order.installer_id != installer.account_id or order.stage in CLOSED:
            raise Refusal(Fault("job.not_yours"))
        append(
            connection,
            Action.SAW,
            operator_id=order.operator_id,
            actor=installer.actor.label,
            subject=f"order:{order.id}",
            fields=(PHONE,),
            why=_TO_CALL,
        )
        return runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone")


def call_codes_of(runtime: Runtime, operator_id: int, order_ids: Iterable[int]) -> dict[int, str]:
    """The code of each order at the operator's call line, made at its first use."""
    wanted = set(order_ids)
    with runtime.db.at_once() as connection:
        found = _codes_in(connection, wanted)
        # Another process may be as fast, and a code may be taken: the next round knows.
        while missing := sorted(wanted - found.keys()):
            rows = [
                {
                    "order_id": order_id,
                    "operator_id": operator_id,
                    "code": f"{secrets.randbelow(10**8):08d}",
                    "made_at": clock.now(),
                }
                for order_id in missing
            ]
            connection.execute(insert(_codes).values(rows).on_conflict_do_nothing())
            found = _codes_in(connection, wanted)
    return found


def _codes_in(connection: Connection, order_ids: set[int]) -> dict[int, str]:
    rows = connection.execute(
        select(_codes.c.order_id, _codes.c.code).where(_codes.c.order_id.in_(order_ids))
    )
    return {row.order_id: row.code for row in rows}
