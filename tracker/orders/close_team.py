"""Close a team, whose open orders go to others first."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders
from tracker.orders.assignment import locked_target
from tracker.orders.models import Order
from tracker.orders.rules import MOST_ASSIGNED_AT_ONCE, TO_INSTALL
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.teams.history import lock_team
from tracker.teams.save_team import set_closed

_MINE = (Order.closed_at.is_(None), Order.stage.in_(TO_INSTALL))


def open_orders(connection: Connection, team_id: int) -> int:
    """How many orders a team has to install."""
    return connection.scalar(select(func.count()).where(Order.team_id == team_id, *_MINE)) or 0


def close_team(
    runtime: Runtime,
    actor: Actor,
    team_id: int,
    *,
    hand_over: bool = False,
    to_team_id: int | None = None,
    reason: str | None = None,
) -> int:
    """Close a team; returns how many orders it handed over, in the same commit.

    `hand_over`: its orders go to the team `to_team_id`, wherever their addresses lie, or with None wait for
    somebody to be told. Raises Refusal: team.not_found, team.closed, team.has_orders where nothing was said
    of them, team.orders_stay where the other team cannot have them.
    """
    handed = 0
    with runtime.db.transaction() as connection:
        _lock(connection, actor.operator_id, team_id, to_team_id if hand_over else None)
        count = open_orders(connection, team_id)
        if count and not hand_over:
            raise Refusal(Fault("team.has_orders", "/to", {"count": count}))
        if hand_over and to_team_id == team_id:
            raise Refusal(Fault("assign.target", "/to"))
        # Asked again each time: an assignment to it that is undone meanwhile takes orders out of its hands.
        while some := _some_orders(connection, team_id):
            came = assign_orders(runtime, actor, some, team_id=to_team_id, reason=reason, outside=True)
            if came.refused:
                left = {"count": len(came.refused)}
                raise Refusal(Fault("team.orders_stay", "/to", left), came.refused[0][1])
            handed += len(came.done)
        set_closed(runtime.db, actor.operator_id, team_id, True, reason, actor.label)
    return handed


def _lock(connection: Connection, operator_id: int, team_id: int, heir_id: int | None) -> None:
    """In the order of their ids, so that two teams that are closed in favour of each other wait in no circle.

    Raises Refusal: team.not_found, team.closed.
    """
    for one in sorted({team_id, heir_id or team_id}):
        if one == team_id:
            lock_team(connection, operator_id, one)
            continue
        try:
            locked_target(connection, operator_id, one, None)
        except Refusal as refusal:
            raise Refusal(*(Fault(fault.rule, "/to", fault.params) for fault in refusal.faults)) from None


def _some_orders(connection: Connection, team_id: int) -> Sequence[str]:
    """The numbers of as many of its orders as may be assigned at once."""
    wanted = select(Order.number).where(Order.team_id == team_id, *_MINE).order_by(Order.id)
    return connection.scalars(wanted.limit(MOST_ASSIGNED_AT_ONCE)).all()
