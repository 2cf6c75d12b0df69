"""Who may have an operator's orders in hand, by the names that figures keep, and what they are called.

Whoever had one is among them, also teams that are closed and installers who left: a figure of last year is
told by name too.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select, union

from tracker.figures.cells import MONTH
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureHand, FigureReading
from tracker.orders.models import Order
from tracker.staff.models import Account
from tracker.teams.models import Team


def names_of_hands(connection: Connection, operator_id: int) -> Mapping[str, Mapping[str, str]]:
    """The names of dealers, teams and installers: by hand, then by the name in `FigureHand`."""
    summed = select(FigureHand.name).where(
        FigureHand.operator_id == operator_id,
        FigureHand.hand == "dealer",
        FigureHand.grain == MONTH,
        FigureHand.name != "",
    )
    # Figures have them at once, too.
    unread = unread_orders(select(FigureReading.read_to).scalar_subquery())
    fresh = select(Order.dealer).where(
        Order.operator_id == operator_id, Order.dealer.is_not(None), Order.id.in_(unread)
    )
    dealers = union(summed, fresh).order_by("name")
    teams = select(Team.id, Team.name).where(Team.operator_id == operator_id).order_by(Team.name, Team.id)
    installers = (
        select(Account.id, Account.display_name, Account.staff_number)
        .where(Account.operator_id == operator_id, Account.role == "installer")
        .order_by(Account.staff_number.nulls_last(), Account.id)
    )
    return {
        "dealer": {name: name for name in connection.scalars(dealers)},
        "team": {str(row.id): row.name for row in connection.execute(teams)},
        "installer": {
            str(row.id): f"{row.display_name} {row.staff_number or ''}".strip()
            for row in connection.execute(installers)
        },
    }
