"""How many orders a promise rule stands behind."""

from sqlalchemy import Connection, func, select

from tracker.orders.models import Order
from tracker.promises.models import Promise


def open_orders_promised_by(connection: Connection, operator_id: int, rule_id: int) -> int:
    """Open orders of the operator whose first promise was given by this rule."""
    wanted = (
        select(func.count())
        .select_from(Promise)
        .join(Order, Order.id == Promise.order_id)
        .where(Promise.rule_id == rule_id, Order.operator_id == operator_id, Order.closed_at.is_(None))
    )
    return connection.scalar(wanted) or 0
