"""Take an order at risk over: from then on everybody sees whose it is to follow up."""

from sqlalchemy import insert, select

from tracker import clock
from tracker.at_risk.models import RiskTakeover
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.orders.rules import TO_INSTALL
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_takeovers = RiskTakeover.__table__


def take_over(runtime: Runtime, actor: Actor, number: str) -> bool:
    """Write down that the actor follows the order up; False where that is so already.

    Raises Refusal: order.not_found, risk.not_open.
    """
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, None)
        if order.stage not in TO_INSTALL:
            raise Refusal(Fault("risk.not_open"))
        latest = connection.scalar(
            select(_takeovers.c.actor)
            .where(_takeovers.c.order_id == order.id)
            .order_by(_takeovers.c.id.desc())
            .limit(1)
        )
        if latest == actor.label:
            return False
        connection.execute(
            insert(_takeovers).values(
                operator_id=actor.operator_id, order_id=order.id, actor=actor.label, at=clock.now()
            )
        )
    return True
