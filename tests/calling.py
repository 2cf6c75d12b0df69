"""Texts of every fate and the calls that come of them, as a test tells them on a day of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, text

from tests.doubles import use_gateway
from tests.notices.scripted import Scripted
from tracker import clock
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.deliver import deliver
from tracker.notices.record_call import record_call
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, NotSent, Outcome, Receipt, Refused, Scope, Standing, Unknown

# Tuesday, 24 November 2026, 10:00 in Qingyuan.
MORNING = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LANDLINE = "0763-3368888"


def exchange_of(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
    actor: str,
) -> "Exchange":
    """What a test tells on that morning, where somebody ("staff:li") calls."""
    at(monkeypatch, MORNING)
    return Exchange(runtime, channel.operator_id, place, Actor(channel.operator_id, actor))


@dataclass
class Exchange:
    """An operator's texts and calls; `actor` is who calls."""

    runtime: Runtime
    operator_id: int
    place: Callable[..., Placed]
    actor: Actor
    gateway: Scripted = field(default_factory=Scripted)

    def __post_init__(self) -> None:
        use_gateway(self.runtime, self.gateway)

    def send(self, outcome: Outcome | None = None, **changes: Any) -> Row[Any]:
        """A new order's first text, once it was tried: accepted, unless something else came of it."""
        self.gateway.answer = lambda sms: outcome or Accepted(f"ref-{sms.notice_id}")
        placed = self.place(**changes)
        deliver(self.runtime, "progress")
        return self.one("SELECT * FROM notices WHERE order_id = :id ORDER BY id LIMIT 1", id=placed.order_id)

    def delivered(self, **changes: Any) -> Row[Any]:
        return self._with_receipt(Standing.DELIVERED, None, **changes)

    def undelivered(self, code: str = "30005", **changes: Any) -> Row[Any]:
        return self._with_receipt(Standing.UNDELIVERED, code, **changes)

    def refused(self, code: str = "21211", scope: Scope = Scope.NUMBER, **changes: Any) -> Row[Any]:
        return self.send(Refused(scope, code), **changes)

    def unknown(self, **changes: Any) -> Row[Any]:
        return self.send(Unknown("reset"), **changes)

    def not_sent(self, **changes: Any) -> Row[Any]:
        return self.send(NotSent("connection refused"), **changes)

    def landline(self, **changes: Any) -> Row[Any]:
        return self.send(customer__phone=LANDLINE, **changes)

    def receive(self, notice_id: int, standing: Standing, code: str | None = None) -> None:
        """A receipt of the provider's."""
        said = Receipt(notice_id, f"ref-{notice_id}", standing, standing.value, code)
        apply_receipts(self.runtime, self.gateway.name, [said])

    def call(self, task_id: int, outcome: str, *, back: datetime | None = None, **how: Any) -> None:
        """Somebody has called; `how`: as `record_call` takes it."""
        given = {"outcome": outcome, "called_at": None, "call_back_at": back}
        record_call(self.runtime, self.operator_id, self.actor.label, task_id, given, **how)

    def task(self, notice: Row[Any]) -> Row[Any]:
        """The latest call about a notice."""
        return self.one(
            "SELECT * FROM call_tasks WHERE notice_id = :id ORDER BY id DESC LIMIT 1", id=notice.id
        )

    def notice(self, notice_id: int) -> Row[Any]:
        return self.one("SELECT * FROM notices WHERE id = :id", id=notice_id)

    def one(self, statement: str, **given: Any) -> Row[Any]:
        """The one row that a question finds."""
        return self.all(statement, **given)[0]

    def all(self, statement: str, **given: Any) -> list[Row[Any]]:
        """What a question finds."""
        with self.runtime.db.reading() as connection:
            return list(connection.execute(text(statement), given))

    def change(self, statement: str, **given: Any) -> None:
        """Make it so."""
        with self.runtime.db.transaction() as connection:
            connection.execute(text(statement), given)

    def _with_receipt(self, standing: Standing, code: str | None, **changes: Any) -> Row[Any]:
        sent = self.send(**changes)
        self.receive(sent.id, standing, code)
        return self.notice(sent.id)


def at(monkeypatch: Any, moment: datetime) -> None:
    """It is this moment now."""
    monkeypatch.setattr(clock, "now", lambda: moment)
