"""Compare figures with what they are of by the clock, a share each time, and keep what came of it for those
who watch.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.figures.models import FigureCheck
from tracker.figures.verify_cells import orders_that_differ, sums_that_differ
from tracker.orders.models import Order

log = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
# One round may be missed before somebody is told that there are none.
_LONGEST = 2 * EVERY
# What can still change much: older sums are compared by `tracker figures verify`.
_SUMS_OF = timedelta(days=60)
# A round's share of orders, and how many of them one statement compares.
SHARE, _AT_ONCE = 500_000, 20_000

_checks = FigureCheck.__table__
_insert = insert(_checks)
_KEEP = _insert.on_conflict_do_update(
    index_elements=[_checks.c.id],
    set_={
        name: _insert.excluded[name]
        for name in ("checked_at", "checked_to", "orders", "orders_differ", "sums_differ")
    },
)


def check_figures(db: Database, share: int = SHARE) -> int:
    """Compare the next orders with their facts, and the sums of the last 60 days and their months with all
    facts; returns how many orders and sums differ.

    Rounds go through the orders by their ids and begin with the first again after the last, so that what was
    changed behind our back long ago is found after some nights. Nobody is held up: orders are compared
    portion by portion, each in one state. Differences found stay on record until a round that began with
    the first order ends without any, or figures were made anew.
    """
    now = clock.now()
    with db.reading() as connection:
        last = connection.execute(select(_checks)).one_or_none()
    start = last.checked_to if last is not None else 0
    place, orders, differ = start, 0, 0
    while orders < share:
        with db.reading() as connection:
            portion = _portion(connection, place)
            if portion.orders == 0:
                place = 0
                break
            differ += orders_that_differ(connection, Order.id.between(place + 1, portion.last))
        place, orders = portion.last, orders + portion.orders
    with db.reading() as connection:
        sums = sums_that_differ(connection, (clock.local_date(now) - _SUMS_OF).replace(day=1))
    before = last.orders_differ if last is not None and start else 0
    row = {
        "id": 1,
        "checked_at": now,
        "checked_to": place,
        "orders": orders,
        "orders_differ": before + differ,
        "sums_differ": sums,
    }
    with db.transaction() as connection:
        connection.execute(_KEEP, row)
    if differ or sums:
        log.error("figures_differ", orders=differ, sums=sums)
    return differ + sums


def figures_word(connection: Connection, now: datetime) -> str:
    """What is to be said of figures by the last comparison: "ok" or "warning: …"."""
    row = connection.execute(select(_checks)).one_or_none()
    if row is None:
        return "ok"
    said = []
    if row.orders_differ or row.sums_differ:
        said.append(
            f"{row.sums_differ} sums and the facts of {row.orders_differ} orders differ from what they are"
            " of: see `tracker figures rebuild`"
        )
    if now - row.checked_at > _LONGEST:
        said.append(f"figures were last compared {row.checked_at:%Y-%m-%d}")
    return f"warning: {', '.join(said)}" if said else "ok"


def _portion(connection: Connection, after: int) -> Row[tuple[int, int]]:
    """How many orders come next, and the last of them."""
    next_ones = select(Order.id).where(Order.id > after).order_by(Order.id).limit(_AT_ONCE).subquery()
    return connection.execute(
        select(func.count().label("orders"), func.max(next_ones.c.id).label("last"))
    ).one()
