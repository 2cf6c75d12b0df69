"""Tell a team, or one of its installers, to install orders (派单), or others than before (改派); and undo it.

Each order is a transaction of its own: one that cannot be assigned stands in nobody's way, and none waits
for the rest. Teams are locked before orders, so nobody waits in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tracker import clock
from tracker.notices.of_order import last_told
from tracker.notices.plan_notices import cancel, plan_notices
from tracker.notices.rules import send_from
from tracker.orders import appointment_texts
from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.assignment import Assigning, Target, locked_target
from tracker.orders.locking import lock_order
from tracker.orders.models import (
    APPOINTMENT_KIND,
    ASSIGNED_KIND,
    MOVE_KINDS,
    Order,
    OrderAssignment,
    OrderEvent,
)
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import ASSIGNMENT_UNDONE_WITHIN, MOST_ASSIGNED_AT_ONCE, Stage, why_not_assigned
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.teams.rules import covers

_assignments = OrderAssignment.__table__
_STEPS = (*MOVE_KINDS, APPOINTMENT_KIND, ASSIGNED_KIND)
_OF_VISIT = ("appointed", "appointment_changed")


@dataclass(frozen=True)
class Outcome:
    """What came of an assignment, or of undoing one: the numbers of the orders that it changed, and of each
    other order why not.
    """

    id: int
    done: tuple[str, ...]
    refused: tuple[tuple[str, Fault], ...]


def assign_orders(
    runtime: Runtime,
    actor: Actor,
    numbers: Sequence[str],
    *,
    team_id: int | None,
    installer_id: int | None = None,
    if_versions: Mapping[str, int] | None = None,
    reason: str | None = None,
    outside: bool = False,
) -> Outcome:
    """Let a team, or one of it, install these orders; without a team, take them from whoever had them.

    One whose line was checked is dispatched by it, and its customer is told so. At a later stage the visit
    stays as it is, and whoever was told of another installer is told of the new one once it can be undone no
    more. `if_versions`: the versions that the caller saw. `outside`: also where the address lies outside
    the team's area. Raises Refusal, where nothing is assigned: assign.nothing, assign.too_many,
    team.not_found, team.closed, assign.not_member.
    """
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise Refusal(Fault("assign.nothing", "/orders"))
    if len(wanted) > MOST_ASSIGNED_AT_ONCE:
        raise Refusal(Fault("assign.too_many", "/orders", {"limit": MOST_ASSIGNED_AT_ONCE}))
    versions = if_versions or {}
    assignment_id = _begin(runtime, actor, wanted, team_id, installer_id, reason)
    done: list[str] = []
    refused: list[tuple[str, Fault]] = []
    for number in wanted:
        try:
            with runtime.db.transaction() as connection:
                target = locked_target(connection, actor.operator_id, team_id, installer_id)
                order = lock_order(connection, actor, number, versions.get(number))
                _check(order, target, outside)
                _assign(runtime, connection, actor, order, Assigning(assignment_id, target), reason)
            done.append(number)
        except Refusal as refusal:
            refused.append((number, refusal.faults[0]))
    if refused:
        told = [{"order": number, "rule": one.rule, "params": dict(one.params)} for number, one in refused]
        with runtime.db.transaction() as connection:
            connection.execute(
                update(_assignments).where(_assignments.c.id == assignment_id).values(refused=told)
            )
    return Outcome(assignment_id, tuple(done), tuple(refused))


def undo_assignment(runtime: Runtime, actor: Actor, assignment_id: int) -> Outcome:
    """Let the orders of an assignment be whose they were before; an order stays dispatched.

    One that has gone on since stays as it is, and so does one whose former team is closed. Raises Refusal:
    assign.not_found, assign.undo_over.
    """
    now = clock.now()
    with runtime.db.reading() as connection:
        assignment = assignment_row(connection, actor.operator_id, assignment_id)
    if assignment is None:
        raise Refusal(Fault("assign.not_found"))
    if assignment.undone_at is not None or now > assignment.at + ASSIGNMENT_UNDONE_WITHIN:
        raise Refusal(Fault("assign.undo_over"))
    with runtime.db.reading() as connection:
        numbers = assigned_numbers(connection, assignment)
    done: list[str] = []
    refused: list[tuple[str, Fault]] = []
    for number in numbers:
        try:
            _put_back(runtime, actor, number, assignment_id)
            done.append(number)
        except Refusal as refusal:
            refused.append((number, refusal.faults[0]))
    with runtime.db.transaction() as connection:
        connection.execute(
            update(_assignments).where(_assignments.c.id == assignment_id).values(undone_at=now)
        )
    return Outcome(assignment_id, tuple(done), tuple(refused))


def assignment_row(connection: Connection, operator_id: int, assignment_id: int) -> Row[Any] | None:
    """One assignment of an operator; None for another's."""
    wanted = select(_assignments).where(
        _assignments.c.id == assignment_id, _assignments.c.operator_id == operator_id
    )
    return connection.execute(wanted).one_or_none()


def assigned_numbers(connection: Connection, assignment: Row[Any]) -> list[str]:
    """The numbers of the orders that an assignment changed, in the order in which they were chosen."""
    refused = {one["order"] for one in assignment.refused}
    rows = connection.execute(
        select(Order.id, Order.number).where(
            Order.id.in_(assignment.order_ids), Order.operator_id == assignment.operator_id
        )
    ).all()
    by_id = {row.id: row.number for row in rows}
    chosen = [by_id[one] for one in assignment.order_ids if one in by_id]
    return [number for number in chosen if number not in refused]


def _begin(
    runtime: Runtime,
    actor: Actor,
    numbers: Sequence[str],
    team_id: int | None,
    installer_id: int | None,
    reason: str | None,
) -> int:
    """Write down what is to be done before any of it is, so that whatever is done can be undone."""
    with runtime.db.transaction() as connection:
        locked_target(connection, actor.operator_id, team_id, installer_id)
        rows = connection.execute(
            select(Order.number, Order.id).where(
                Order.number.in_(numbers), Order.operator_id == actor.operator_id
            )
        ).all()
        ids = {row.number: row.id for row in rows}
        assignment_id: int = connection.execute(
            insert(_assignments)
            .values(
                operator_id=actor.operator_id,
                team_id=team_id,
                installer_id=installer_id,
                reason=reason,
                actor=actor.label,
                at=clock.now(),
                order_ids=[ids[number] for number in numbers if number in ids],
                refused=[],
            )
            .returning(_assignments.c.id)
        ).scalar_one()
    return assignment_id


def _check(order: Row[Any], target: Target, outside: bool) -> None:
    """Raises Refusal: assign.too_early, assign.too_late, assign.no_change, assign.outside_area."""
    stage = Stage(order.stage)
    against = why_not_assigned(stage)
    if against is not None:
        raise Refusal(Fault(against))
    dispatches = stage is Stage.RESOURCE_CHECKED and target.team_id is not None
    if not dispatches and Target.of(order).columns == target.columns:
        raise Refusal(Fault("assign.no_change"))
    if target.team_id is not None and not outside and not covers(target.area_code, order.community_code):
        raise Refusal(Fault("assign.outside_area", "/outside"))


def _assign(
    runtime: Runtime,
    connection: Connection,
    actor: Actor,
    order: Row[Any],
    assigning: Assigning,
    reason: str | None,
) -> None:
    if order.stage == Stage.RESOURCE_CHECKED:
        step = {"stage": Stage.DISPATCHED, "reason_text": reason}
        record_progress(runtime, actor, order.number, step, assigning=assigning)
        return
    write_assigned(runtime, connection, actor, order, assigning.target, assigning.detail(order), reason)


def _put_back(runtime: Runtime, actor: Actor, number: str, assignment_id: int) -> None:
    """Raises Refusal: assign.moved_on, and what stands against the former team."""
    with runtime.db.reading() as connection:
        # Whose it was is read before the order is locked, because the team is locked first.
        last = _last_step(connection, actor.operator_id, number)
    if last is None or last.detail.get("assignment") != assignment_id:
        raise Refusal(Fault("assign.moved_on"))
    former = last.detail["former"]
    with runtime.db.transaction() as connection:
        locked_target(connection, actor.operator_id, former["team_id"], former["installer_id"])
        order = lock_order(connection, actor, number, None)
        again = _last_step(connection, actor.operator_id, number)
        if again is None or again.order_version != last.order_version:
            raise Refusal(Fault("assign.moved_on"))
        target = Target(
            former["team_id"],
            former["installer_id"],
            former["installer_title"],
            former["installer_staff_number"],
        )
        detail = {"undoes": last.order_version, "team": target.team_id}
        write_assigned(runtime, connection, actor, order, target, detail, None)


def _last_step(connection: Connection, operator_id: int, number: str) -> Row[Any] | None:
    """The last event that moved an order, its visit or whose it is."""
    return connection.execute(
        select(OrderEvent.order_version, OrderEvent.detail)
        .join(Order, Order.id == OrderEvent.order_id)
        .where(Order.number == number, Order.operator_id == operator_id, OrderEvent.kind.in_(_STEPS))
        .order_by(OrderEvent.order_version.desc())
        .limit(1)
    ).one_or_none()


def write_assigned(
    runtime: Runtime,
    connection: Connection,
    actor: Actor,
    order: Row[Any],
    target: Target,
    detail: Mapping[str, Any],
    reason: str | None,
) -> int:
    """Write a locked order with whose it is now, its event, and the text that may follow; returns its new
    version.
    """
    now, version = clock.now(), order.version + 1
    connection.execute(update(Order).where(Order.id == order.id).values(**target.columns, version=version))
    told = {"installer": target.told} if target.told else {}
    event = event_row(
        order,
        version,
        ASSIGNED_KIND,
        actor=actor.label,
        occurred_at=now,
        recorded_at=now,
        reason_text=reason,
        detail={**detail, **told},
    )
    append_events(connection, [event])
    if order.stage == Stage.APPOINTED and order.appointment_starts_at > now:
        _tell(runtime, connection, order, target, version, now)
    return version


def _tell(
    runtime: Runtime,
    connection: Connection,
    order: Row[Any],
    target: Target,
    version: int,
    now: datetime,
) -> None:
    """Let whoever waits for a visit know who comes, where that is not what they were told.

    It is told once the assignment can be undone no more, and by day. While nobody is named, nothing is said
    but what would have been said anyway.
    """
    unsent = cancel(connection, order.id, _OF_VISIT, f"another installer: version {version}")
    if target.told is None and not unsent:
        return
    visit = order.appointment_starts_at, order.appointment_ends_at
    not_before = send_from(now + ASSIGNMENT_UNDONE_WITHIN, any_hour=False)
    reference = runtime.reference.current()
    text = appointment_texts.other_installer(
        runtime.keys,
        reference.operators[order.operator_id],
        order,
        visit,
        (target.title, target.staff_number),
        version,
        not_before if not_before < visit[0] else now,
    )
    told = last_told(connection, order.id, _OF_VISIT)
    if told is None or not appointment_texts.says_the_same(told, text):
        plan_notices(connection, runtime, reference, [text], now)
