"""Correct an order's contact, and with another phone end what the former one had opened on the site."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, func, select, update

from tracker import clock
from tracker.customer_requests.models import LookupCode
from tracker.orders.actor import Actor
from tracker.orders.change_contact import change_contact
from tracker.orders.models import Order
from tracker.runtime import Runtime


def correct_contact(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> int:
    """`change_contact`, and no code or session that the former phone got opens the order any more.

    Returns the order's new version. Raises Refusal as `change_contact` does.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        version, changed = change_contact(runtime, actor, number, request, if_version=if_version)
        # A session shows name and address as they were when it began.
        if changed & {"phone", "name"}:
            order_id = (
                select(Order.id)
                .where(Order.number == number, Order.operator_id == actor.operator_id)
                .scalar_subquery()
            )
            connection.execute(
                update(LookupCode)
                .where(LookupCode.order_id == order_id)
                .values(
                    expires_at=func.least(LookupCode.expires_at, now),
                    session_ends_at=case(
                        (LookupCode.session_ends_at > now, now), else_=LookupCode.session_ends_at
                    ),
                )
            )
    return version
