"""The feed: what happened to a channel's orders, oldest first, each order's in its order, nothing twice."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    func,
    select,
    true,
    tuple_,
)

from tracker.orders.models import EVENT_KINDS, MONEY_KINDS, Order, OrderEvent
from tracker.orders.positions import HORIZON, Place, require_reached
from tracker.promises.models import Promise

# What an event is called outside: "order.accepted", "order.stage", "order.hold" …
TYPES = tuple(f"order.{kind}" for kind in EVENT_KINDS)

_ledger = OrderEvent.__table__.alias("ledger")
# A line of the promise ledger is an event that says what it made of the deadline.
_then = (
    select(_ledger.c.detail["deadline"][1].astext.cast(DateTime(timezone=True)).label("deadline"))
    .where(
        _ledger.c.order_id == OrderEvent.order_id,
        _ledger.c.order_version <= OrderEvent.order_version,
        _ledger.c.detail.has_key("deadline"),
    )
    .order_by(_ledger.c.order_version.desc())
    .limit(1)
    .lateral("then")
)
_SHOWN = (
    select(
        OrderEvent.id,
        OrderEvent.written_in,
        OrderEvent.kind,
        OrderEvent.order_version.label("version"),
        OrderEvent.stage,
        OrderEvent.reason_code,
        OrderEvent.detail["appointment"].label("appointment"),
        case((OrderEvent.kind.in_(MONEY_KINDS), OrderEvent.detail)).label("money"),
        OrderEvent.occurred_at,
        OrderEvent.recorded_at,
        Order.number.label("order"),
        Order.external_reference,
        func.coalesce(_then.c.deadline, Promise.deadline).label("deadline"),
    )
    .join(Order, Order.id == OrderEvent.order_id)
    .outerjoin(Promise, Promise.order_id == OrderEvent.order_id)
    .outerjoin(_then, true())
)


def behind(wanted: Select[Any]) -> Select[Any]:
    """Events of `channel` that stand behind a place and may be read already, `most` of them, in order."""
    place = tuple_(bindparam("behind", type_=BigInteger), bindparam("behind_id", type_=BigInteger))
    return (
        wanted.where(
            OrderEvent.channel_id == bindparam("channel", type_=Integer),
            tuple_(OrderEvent.written_in, OrderEvent.id) > place,
            OrderEvent.written_in < HORIZON,
        )
        .order_by(OrderEvent.written_in, OrderEvent.id)
        .limit(bindparam("most", type_=Integer))
    )


# Built once: putting a statement together costs more than PostgreSQL takes to run it.
_PAGE = behind(_SHOWN)
_THESE = _SHOWN.where(OrderEvent.id == func.any(bindparam("ids")))
_HORIZON = select(HORIZON)


def read_events(
    connection: Connection, channel_id: int, after: Place, limit: int
) -> tuple[list[dict[str, Any]], Place, bool]:
    """Events of a channel behind a place, the place to go on from, and whether more are there now.

    As EventSchema shows them. Raises Refusal cursor.ahead.
    """
    require_reached(after, connection.scalar(_HORIZON) or 0)
    given = {"channel": channel_id, "behind": after.written_in, "behind_id": after.id, "most": limit + 1}
    rows: Sequence[Row[Any]] = connection.execute(_PAGE, given).all()
    shown = rows[:limit]
    place = Place(shown[-1].written_in, shown[-1].id) if shown else after
    return [_as_shown(row) for row in shown], place, len(rows) > limit


def events_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """These events as EventSchema shows them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: _as_shown(row) for row in connection.execute(_THESE, {"ids": wanted})}


def _as_shown(row: Row[Any]) -> dict[str, Any]:
    shown = row._asdict()
    shown["type"] = f"order.{shown.pop('kind')}"
    del shown["written_in"]
    if shown["appointment"] is not None:
        starts_at, ends_at = (datetime.fromisoformat(at) for at in shown["appointment"])
        shown["appointment"] = {"starts_at": starts_at, "ends_at": ends_at}
    return shown
