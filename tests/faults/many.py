"""A tariff warning to many customers."""

from datetime import timedelta

from sqlalchemy import insert

from tracker import clock
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice
from tracker.notices.plan_notices import DELIVER
from tracker.runtime import Runtime


def warn_many(runtime: Runtime, count: int, queue: str = "bulk") -> None:
    """Notices in one queue, each with a number and a text of its own, and one ring for them."""
    now = clock.now()
    rows = [
        {
            "operator_id": 1,
            "template": "order_accepted",  # which may leave at any hour, as the test may run
            "template_version": 1,
            "language": "zh",
            "params": {},
            "body": f"您的套餐（{queue} {n}）自2027年1月1日起月费调为139元，咨询10000。【清远电信】",
            "recipient": runtime.keys.seal(f"+8613801{n:06d}", RECIPIENT),
            "dedup_key": f"{queue}:{now}:{n}",
            "queue": queue,
            "state": "created",
            "next_at": now - timedelta(seconds=1),
            "created_at": now,
        }
        for n in range(count)
    ]
    with runtime.db.transaction() as connection:
        first = connection.execute(insert(Notice.__table__).returning(Notice.id), rows).scalars().all()[0]
    runtime.bell.ring(queue, DELIVER, first)
