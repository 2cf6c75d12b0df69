"""Record what an installer did: once, however often it is sent, and in the order in which he did it.

Forms and phones come here. Each action is one transaction: what it changes, through the use cases that the
API's callers come through too, and the record of what became of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.site_work.do_act import Done, do_act
from tracker.site_work.images import Picture, redraw
from tracker.site_work.models import InstallerAction
from tracker.site_work.rules import Act, Counted, Outcome, counted, disturbed, told

_actions = InstallerAction.__table__


@dataclass(frozen=True)
class Installer:
    """Who acts: the account, and how histories name it."""

    account_id: int
    actor: Actor


@dataclass(frozen=True)
class Action:
    """An action as it was done. `data` was loaded by the schema of its act; `photo` is an upload.

    `version` is the order's as the installer was shown it, `after` his own action on it just before.
    `done_at` and `phone_now` are by the phone's clock.
    """

    client_id: UUID
    act: Act
    number: str
    done_at: datetime
    phone_now: datetime
    version: int | None
    after: UUID | None
    data: Mapping[str, Any]
    photo: bytes = b""


@dataclass(frozen=True)
class Result:
    """What became of an action; `version` is the order's after it."""

    outcome: Outcome
    faults: tuple[Fault, ...] = ()
    version: int | None = None


def record_action(runtime: Runtime, installer: Installer, action: Action) -> Result:
    """Do what was done, or tell again what became of it.

    A refusal is a result too, and is recorded. Whoever sends an action again, whatever he sends with it,
    gets the first answer.
    """
    try:
        # Before anything is locked: it takes longer than all the rest.
        picture = redraw(action.photo) if action.act is Act.PHOTO else None
        with runtime.db.transaction() as connection:
            known = _known(connection, installer, action)
            return known or _new(connection, runtime, installer, action, picture)
    except Refusal as refusal:
        faults = refusal.faults
    with runtime.db.transaction() as connection:
        known = _known(connection, installer, action)
        if known is not None:
            return known
        order_id = connection.scalar(
            select(Order.id).where(
                Order.number == action.number, Order.operator_id == installer.actor.operator_id
            )
        )
        now = clock.now()
        at = Counted(told(action.done_at, action.phone_now, now), False)
        result = Result(Outcome.REFUSED, faults)
        _record(connection, installer, action, order_id, at, now, result)
        return result


def _known(connection: Connection, installer: Installer, action: Action) -> Result | None:
    """What became of the action before; whoever sends it at the same time waits for the other."""
    name = f"installer action {installer.account_id} {action.client_id}"
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    row = _row_of(connection, installer, action.client_id)
    if row is None:
        return None
    faults = tuple(Fault(one["rule"], one["pointer"], one["params"]) for one in row.faults)
    return Result(Outcome(row.outcome), faults, row.version)


def _new(
    connection: Connection,
    runtime: Runtime,
    installer: Installer,
    action: Action,
    picture: Picture | None,
) -> Result:
    now = clock.now()
    order = lock_order(connection, installer.actor, action.number, None)
    reached_at = _reached_at(connection, order.id)
    at = counted(action.done_at, action.phone_now, now, reached_at)
    before = _row_of(connection, installer, action.after) if action.after is not None else None
    if before is not None and before.outcome != Outcome.OK:
        result = Result(Outcome.HELD, (Fault("job.kept_back"),))
    else:
        _require_standing(connection, installer, order, action)
        done = Done(
            act=action.act,
            account_id=installer.account_id,
            actor=installer.actor,
            at=at.at,
            now=now,
            reached_at=reached_at,
            data=action.data,
            picture=picture,
        )
        version = do_act(connection, runtime, order, done)
        result = Result(Outcome.OK, (), version)
    _record(connection, installer, action, order.id, at, now, result)
    return result


def _require_standing(connection: Connection, installer: Installer, order: Row[Any], action: Action) -> None:
    """Raises Refusal where the order is not the installer's, or somebody else changed what he was shown."""
    is_taking = action.act is Act.TAKE
    if not is_taking and order.installer_id != installer.account_id:
        raise Refusal(Fault("job.not_yours"))
    if action.version is None or action.version > order.version:
        raise Refusal(Fault("version.stale"))
    kinds = connection.scalars(
        select(OrderEvent.kind).where(
            OrderEvent.order_id == order.id,
            OrderEvent.order_version > action.version,
            OrderEvent.actor != installer.actor.label,
        )
    )
    if disturbed(kinds):
        raise Refusal(Fault("job.taken" if is_taking and order.installer_id else "job.changed"))


def _reached_at(connection: Connection, order_id: int) -> datetime:
    """When the order came to the stage that it has."""
    return connection.execute(
        select(func.max(OrderEvent.occurred_at)).where(
            OrderEvent.order_id == order_id, OrderEvent.kind.in_(MOVE_KINDS)
        )
    ).scalar_one()


def _row_of(connection: Connection, installer: Installer, client_id: UUID) -> Row[Any] | None:
    return connection.execute(
        select(_actions.c.outcome, _actions.c.faults, _actions.c.version).where(
            _actions.c.account_id == installer.account_id, _actions.c.client_id == client_id
        )
    ).one_or_none()


def _record(
    connection: Connection,
    installer: Installer,
    action: Action,
    order_id: int | None,
    at: Counted,
    now: datetime,
    result: Result,
) -> None:
    connection.execute(
        insert(_actions).values(
            operator_id=installer.actor.operator_id,
            account_id=installer.account_id,
            client_id=action.client_id,
            kind=action.act,
            order_id=order_id,
            done_at=at.at,
            moved=at.moved,
            received_at=now,
            outcome=result.outcome,
            faults=[
                {"rule": one.rule, "pointer": one.pointer, "params": one.params} for one in result.faults
            ],
            version=result.version,
        )
    )
