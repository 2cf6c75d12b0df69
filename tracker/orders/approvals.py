"""Requests that one person makes of an order and another decides on: how they are read, and decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, exists, func, select, update

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.approval_rules import Breaches, Decider, State, decision_faults
from tracker.orders.locking import lock_order
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal
from tracker.staff.models import Account

_MANAGER = "manager"


@dataclass(frozen=True)
class Requests:
    """A kind of request: its table, what its breaches are called, and what its reads tell besides."""

    table: Table
    breaches: Breaches
    more: Sequence[ColumnElement[Any]] = ()

    def with_order(self) -> Select[Any]:
        """Requests with how their orders stand now."""
        return select(
            *self.table.c,
            *self.more,
            Order.number,
            Order.version.label("order_version"),
            Order.stage.label("order_stage"),
            Order.community_code,
        ).join(Order, Order.id == self.table.c.order_id)

    def waiting(
        self, connection: Connection, operator_id: int, limit: int
    ) -> tuple[Sequence[Row[Any]], bool]:
        """What waits for a decision, the longest first, and whether there is more."""
        rows = connection.execute(
            self.with_order().where(*self._open(operator_id)).order_by(self.table.c.id).limit(limit + 1)
        ).all()
        return rows[:limit], len(rows) > limit

    def any_to_decide(self, connection: Connection, operator_id: int, label: str) -> bool:
        """Whether anything waits that this person may decide on."""
        waiting = exists().where(*self._open(operator_id), self.table.c.asked_by != label)
        return bool(connection.scalar(select(waiting)))

    def one(self, connection: Connection, operator_id: int, request_id: int) -> Row[Any] | None:
        """One request of an operator with its order; None for another's."""
        return connection.execute(
            self.with_order().where(self.table.c.id == request_id, self.table.c.operator_id == operator_id)
        ).one_or_none()

    def of_order(self, connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
        """Every one that was made of an order, the earliest first."""
        return connection.execute(
            self.with_order()
            .where(self.table.c.order_id == order_id, self.table.c.operator_id == operator_id)
            .order_by(self.table.c.id)
        ).all()

    def lock(self, connection: Connection, actor: Actor, request_id: int) -> tuple[Row[Any], Row[Any]]:
        """A request of the actor's operator and its order, which change no more until the commit.

        Raises Refusal: `not_found` of the breaches.
        """
        number = connection.scalar(
            select(Order.number)
            .join(self.table, self.table.c.order_id == Order.id)
            .where(self.table.c.id == request_id, self.table.c.operator_id == actor.operator_id)
        )
        if number is None:
            raise Refusal(Fault(self.breaches.not_found))
        # The order first, as everybody who asks does: what was decided meanwhile is seen after it.
        order = lock_order(connection, actor, number, None)
        asked = connection.execute(select(self.table).where(self.table.c.id == request_id)).one()
        return asked, order

    def check_decision(
        self,
        connection: Connection,
        actor: Actor,
        asked: Row[Any],
        order: Row[Any],
        against: Sequence[Fault],
        *,
        approve: bool,
        words: str | None,
        if_version: int | None,
    ) -> None:
        """Whether a request that is locked may be decided on; `against`: what stands against approving it.

        `if_version`: the order's version that the decider saw. Raises Refusal: version.stale, `against`, and
        of the breaches `decided`, `own_request`, `not_manager`, `other_manager`, `words_required`.
        """
        faults = decision_faults(
            self.breaches,
            state=asked.state,
            asked_by=asked.asked_by,
            decider=_decider(connection, actor, asked.asked_by),
            approve=approve,
            words=words,
        )
        if approve and asked.state == State.OPEN:
            faults += against
        if faults:
            raise Refusal(*faults)
        if if_version is not None and if_version != order.version:
            raise Refusal(Fault("version.stale"))

    def close(self, connection: Connection, actor: Actor, request_id: int, state: State, **more: Any) -> None:
        """Write down what became of a request that is locked."""
        connection.execute(
            update(self.table)
            .where(self.table.c.id == request_id)
            .values(state=state, decided_by=actor.label, decided_at=clock.now(), **more)
        )

    def retract(self, connection: Connection, actor: Actor, request_id: int) -> None:
        """Take one's own request back while nobody has decided on it.

        Raises Refusal: of the breaches `not_found`, `not_own`, `decided`.
        """
        asked, _ = self.lock(connection, actor, request_id)
        if asked.asked_by != actor.label:
            raise Refusal(Fault(self.breaches.not_own))
        if asked.state != State.OPEN:
            raise Refusal(Fault(self.breaches.decided))
        self.close(connection, actor, request_id, State.RETRACTED)

    def _open(self, operator_id: int) -> tuple[ColumnElement[bool], ...]:
        return self.table.c.operator_id == operator_id, self.table.c.state == State.OPEN


def _decider(connection: Connection, actor: Actor, asked_by: str) -> Decider:
    label = "staff:" + Account.username
    managers = (
        Account.operator_id == actor.operator_id,
        Account.role == _MANAGER,
        Account.disabled_at.is_(None),
    )
    row = connection.execute(
        select(
            exists().where(*managers, label == actor.label).label("is_manager"),
            select(func.count())
            .select_from(Account)
            .where(*managers, label != asked_by)
            .scalar_subquery()
            .label("others"),
        )
    ).one()
    return Decider(actor.label, row.is_manager, row.others)
