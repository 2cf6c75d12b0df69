"""Orders that stay with an installer who comes no more: his account is disabled, or is no installer's now.

The order goes on bearing him, for he may be let in again; until somebody else has it, it counts as nobody's.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, or_, select

from tracker.orders.models import Order
from tracker.orders.rules import TAKES_INSTALLERS
from tracker.staff.models import Account

INSTALLER_LEFT = (
    exists()
    .where(
        Account.id == Order.installer_id,
        or_(Account.disabled_at.is_not(None), Account.role != "installer"),
    )
    .correlate(Order)
)


@dataclass(frozen=True)
class InHand:
    """How many open orders bear somebody as their installer, and how many of them others can be told to
    install.
    """

    open: int
    to_install: int


def has_left(connection: Connection, order_id: int) -> bool:
    """Whether the installer of an order comes no more."""
    return bool(connection.scalar(select(INSTALLER_LEFT).where(Order.id == order_id)))


def in_hand(connection: Connection, account_id: int) -> InHand:
    """What somebody has in hand as an installer."""
    wanted = select(func.count(), func.count().filter(Order.stage.in_(TAKES_INSTALLERS))).where(
        Order.installer_id == account_id, Order.closed_at.is_(None)
    )
    return InHand(*connection.execute(wanted).one())
