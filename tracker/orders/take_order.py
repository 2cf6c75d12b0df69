"""Let an installer have an order of his team that nobody has yet (接单)."""

from sqlalchemy import update

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.locking import lock_order
from tracker.orders.models import ASSIGNED_KIND, Order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.teams.installers import installer_of


def take_order(
    runtime: Runtime, actor: Actor, number: str, account_id: int, *, if_version: int | None = None
) -> int:
    """Make an order this installer's; returns its new version. The customer is told with the next step.

    Raises Refusal: order.not_found, version.stale, job.taken where somebody has it, job.not_yours for
    another team's, or one that has ended.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        installer = installer_of(connection, actor.operator_id, account_id)
        if order.installer_id is not None:
            raise Refusal(Fault("job.taken"))
        if order.closed_at is not None or installer is None or order.team_id != installer.team_id:
            raise Refusal(Fault("job.not_yours"))
        version = order.version + 1
        connection.execute(
            update(Order)
            .where(Order.id == order.id)
            .values(
                version=version,
                installer_id=account_id,
                installer_title=installer.title,
                installer_staff_number=installer.staff_number,
            )
        )
        detail = {
            "team": order.team_id,
            "installer": {"title": installer.title, "staff_number": installer.staff_number},
        }
        event = event_row(
            order,
            version,
            ASSIGNED_KIND,
            actor=actor.label,
            occurred_at=now,
            recorded_at=now,
            detail=detail,
        )
        append_events(connection, [event])
    return version
