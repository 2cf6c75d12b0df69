"""What the database says once the dust has settled."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from system import System
from waiting import until

_OPEN = "SELECT count(*) FROM notices WHERE state IN ('created', 'sending', 'unknown')"
_SUMMARY = """
    SELECT state, attempts, misses, coalesce(reason, '') AS reason, count(*) AS n
    FROM notices GROUP BY 1, 2, 3, 4 ORDER BY 1, 2
"""


def summary(engine: Engine) -> str:
    """How far the notices are, by state, for the message of a failed assertion."""
    with engine.connect() as connection:
        return "\n".join(str(tuple(row)) for row in connection.execute(text(_SUMMARY)))


def wait_until_told(engine: Engine, system: System, within: float = 45) -> None:
    """Wait until no notice has anything ahead of it."""

    def nothing_open() -> bool:
        try:
            with engine.connect() as connection:
                return connection.scalar(text(_OPEN)) == 0
        except SQLAlchemyError:
            return False

    until(
        "every notice has been settled",
        nothing_open,
        within=within,
        every=0.1,
        else_say=lambda: f"{summary(engine)}\n{system.last_words()}",
    )


def assert_nothing_lost(engine: Engine, acknowledged: Mapping[str, str]) -> None:
    """I1 and I2: exactly what was acknowledged is stored, each told exactly once."""
    with engine.connect() as connection:
        orders = connection.execute(text("SELECT id, external_reference, number FROM orders")).all()
        events = connection.execute(text("SELECT order_id, kind, stage FROM order_events")).all()
        promised = connection.scalars(text("SELECT order_id FROM promises")).all()
        notices = connection.execute(text("SELECT id, order_id, state, body FROM notices")).all()
        texts = connection.execute(text("SELECT notice_id, body FROM recorded_texts")).all()
    stored = Counter((order.external_reference, order.number) for order in orders)
    assert stored == Counter(acknowledged.items())
    ids = Counter(order.id for order in orders)
    assert Counter((e.order_id, e.kind, e.stage) for e in events) == Counter(
        (order_id, "accepted", "accepted") for order_id in ids
    )
    assert Counter(promised) == ids
    assert Counter(notice.order_id for notice in notices) == ids
    assert Counter(notice.state for notice in notices) == Counter(accepted=len(ids))
    twice = {notice: n for notice, n in Counter(t.notice_id for t in texts).items() if n > 1}
    assert not twice, f"told more than once: {twice}"
    assert {t.notice_id: t.body for t in texts} == {notice.id: notice.body for notice in notices}
    numbers = {order.id: order.number for order in orders}
    assert [n.id for n in notices if numbers[n.order_id] not in n.body] == []
