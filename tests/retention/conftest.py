"""Orders that ended years ago, with one of everything that can hang on an order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert, text
from sqlalchemy.pool import NullPool

from tests.complaining import DAY, Desk
from tests.excusing import excuse_delay
from tracker import clock, tables
from tracker.complaints.record_call_back import record_call_back
from tracker.contacts.record_wish import PURPOSE
from tracker.customer_requests.asking import ask
from tracker.customer_requests.models import LookupCode
from tracker.customer_requests.rules import Kind
from tracker.embedded import Servers
from tracker.notices.deliver import deliver
from tracker.orders.actor import Actor
from tracker.orders.place_hold import place_hold
from tracker.orders.place_orders import Placed
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.subscribers.models import Subscriber

NAME, PHONE, DETAIL, CODE = (
    "欧阳静怡信息技术有限公司",
    "13712345678",
    "北江路77号3栋1204房",
    "91350100M000100Y43",
)


def no_photos(name: str) -> None:
    """Where nobody took any."""
    raise AssertionError(f"there is no photo {name}")


WORDS = "欧阳静怡说北江路77号没人来"
# Everything by which a stored value could be told to be hers.
SECRETS = ("欧阳", "静怡", "3712345678", "北江路77", CODE)


@dataclass
class Past:
    """What a test does with orders of the past."""

    desk: Desk
    channel: ChannelFacts
    owner_url: str

    def everything(self, *, subscription: str | None = "3 years", **changes: Any) -> Placed:
        """A company's order that was carried out, with a record of every kind; not yet long ago.

        `subscription`: how long ago the one that began with it ended; None has none.
        """
        now = clock.now
        # In the night most of it would wait for the morning, and what waits keeps its order.
        until_ten = clock.local(now()).replace(hour=10, minute=0) - now()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: now() + until_ten)
            return self._everything(subscription, changes)

    def _everything(self, subscription: str | None, changes: Mapping[str, Any]) -> Placed:
        run, actor = self.desk.runtime, Actor(self.desk.operator_id, "staff:manager")
        customer = {"kind": "enterprise", "name": NAME, "phone": PHONE, "credit_code": CODE}
        given = {"customer": customer, "address__detail": DETAIL, "plan": "24GD110002"} | changes
        placed = self.desk.place(**given)
        number = placed.number
        hold = {"starts_at": None, "ends_at": clock.now() + 3 * DAY, "reason_code": "not_decorated"}
        place_hold(run, actor, number, hold | {"reason_text": WORDS, "evidence": f"工单 {PHONE}"})
        delay = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(minutes=1)}
        why = {"reason_code": "roadworks", "reason_text": WORDS, "evidence": f"函 {PHONE}"}
        excuse_delay(run, actor, number, delay | why)
        deliver(run, "progress")
        complaint = self.desk.file(number, text=WORDS, contact_name=NAME, contact_phone=f"+86{PHONE}")
        self.desk.follow(complaint, clock.now() + DAY, note=WORDS)
        self.desk.close(complaint)
        withdrawn = {"stage": "withdrawn", "reason_code": "no_longer_wanted", "reason_text": WORDS}
        record_progress(run, actor, number, withdrawn)
        self.desk.set_order(number, stage="completed")
        rating = self.desk.rate(number, 1, WORDS)
        record_call_back(run, actor, rating, WORDS)
        self._ask(placed)
        if subscription is not None:
            self._subscribe(placed, subscription)
        deliver(run, "progress")
        self.execute(
            "INSERT INTO call_tasks (operator_id, notice_id, order_id, reason, detail, due_at,"
            " next_attempt_at, attempts, version, opened_at)"
            " SELECT operator_id, min(id), order_id, 'unconfirmed', '', now(), now(), 0, 1, now()"
            " FROM notices WHERE order_id = :id GROUP BY operator_id, order_id",
            id=placed.order_id,
        )
        return placed

    def end(self, placed: Placed, ago: str) -> None:
        """All of it ended so long ago: "2 years 1 day"."""
        self.execute(
            "UPDATE orders SET closed_at = now() - CAST(:ago AS interval) WHERE id = :id",
            id=placed.order_id,
            ago=ago,
        )

    def execute(self, statement: str, **given: Any) -> Any:
        """As the owner of the tables."""
        with self.owning() as connection:
            return connection.execute(text(statement), given)

    def owning(self) -> Any:
        """A transaction of the owner's."""
        return create_engine(self.owner_url, poolclass=NullPool).begin()

    def everything_stored(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table."""
        with self.owning() as connection:
            return {one.name: rows_of(connection, one.name) for one in tables.metadata().sorted_tables}

    def _ask(self, placed: Placed) -> None:
        run = self.desk.runtime
        common = {"operator_id": self.desk.operator_id, "order_id": placed.order_id}
        payload = {"topic": "other", "text": WORDS}
        ask(run.db, Kind.COMPLAINT, **common, session_digest=b"s", payload=payload, now=clock.now())
        code = {
            "digest": b"d",
            "created_at": clock.now(),
            "expires_at": clock.now(),
            "shown": {"name": NAME[0] + "*", "phone": "137****5678"},
        }
        with run.db.transaction() as connection:
            connection.execute(insert(LookupCode).values(**common, **code))

    def _subscribe(self, placed: Placed, ended: str) -> None:
        run, number = self.desk.runtime, f"+86{PHONE}"
        with run.db.transaction() as connection:
            plan = connection.scalar(
                text("SELECT plan_id FROM orders WHERE id = :id"), {"id": placed.order_id}
            )
            on = connection.scalar(text("SELECT (now() - CAST(:ended AS interval))::date"), {"ended": ended})
            connection.execute(
                insert(Subscriber).values(
                    operator_id=self.desk.operator_id,
                    reference=placed.number,
                    order_id=placed.order_id,
                    plan_id=plan,
                    monthly_fen=12900,
                    language="zh",
                    contact=run.keys.seal(number, PURPOSE),
                    contact_digest=run.keys.digest_of(PURPOSE, number),
                    takes_texts=True,
                    began_on=date(2019, 1, 1),
                    ended_on=on,
                    source="order",
                    created_at=clock.now(),
                )
            )


def rows_of(connection: Connection, table: str) -> list[dict[str, Any]]:
    """All rows, in an order that does not change."""
    rows = connection.execute(text(f"SELECT * FROM {table}")).mappings()
    return sorted(({**row} for row in rows), key=lambda row: repr(sorted(row.items(), key=lambda kv: kv[0])))


@pytest.fixture
def past(runtime: Runtime, stores: Servers, channel: ChannelFacts, place: Callable[..., Placed]) -> Past:
    """清远电信's past."""
    desk = Desk(runtime, channel.operator_id, place)
    desk.hire("wang")
    return Past(desk, channel, stores.owner_url)
