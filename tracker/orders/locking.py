"""An order that is about to change, locked until the commit."""

from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal


def lock_order(connection: Connection, actor: Actor, number: str, if_version: int | None) -> Row[Any]:
    """The order. `if_version`: the version that the caller saw, None where any will do.

    Raises Refusal: order.not_found for one that is not the actor's, version.stale where somebody was
    faster (invariant I7).
    """
    wanted = (
        select(Order.__table__)
        .where(Order.number == number, Order.operator_id == actor.operator_id)
        .with_for_update()
    )
    if actor.channel_id is not None:
        wanted = wanted.where(Order.channel_id == actor.channel_id)
    order = connection.execute(wanted).one_or_none()
    if order is None:
        raise Refusal(Fault("order.not_found"))
    if if_version is not None and if_version != order.version:
        raise Refusal(Fault("version.stale"))
    return order
