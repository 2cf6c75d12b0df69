"""Let an installer have an order of his team that nobody has yet, or nobody any more (接单)."""

from tracker.orders.actor import Actor
from tracker.orders.assign_orders import write_assigned
from tracker.orders.assignment import Target
from tracker.orders.left_installers import has_left
from tracker.orders.locking import lock_order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.teams.installers import installer_of


def take_order(
    runtime: Runtime, actor: Actor, number: str, account_id: int, *, if_version: int | None = None
) -> int:
    """Make an order this installer's; returns its new version. Whoever was told of another is told of him.

    Raises Refusal: order.not_found, version.stale, job.taken where somebody has it, job.not_yours for
    another team's, or one that has ended.
    """
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        installer = installer_of(connection, actor.operator_id, account_id)
        if order.installer_id is not None and not has_left(connection, order.id):
            raise Refusal(Fault("job.taken"))
        if order.closed_at is not None or installer is None or order.team_id != installer.team_id:
            raise Refusal(Fault("job.not_yours"))
        target = Target(order.team_id, account_id, installer.title, installer.staff_number)
        return write_assigned(runtime, connection, actor, order, target, {"team": order.team_id}, None)
