"""Orders that a test lets the desk handle, and what is stored of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

from sqlalchemy import Row, select, text

from tracker import clock
from tracker.audit.models import AuditEntry
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order, OrderEvent
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


def plain(page: str) -> str:
    """What a page's main part says, with single blanks."""
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def version_in(page: str) -> str:
    """The version that the page's form bears."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def _visit() -> dict[str, Any]:
    """A visit that is agreed now, and whose reminder is still to come at any time of the day."""
    begin = clock.now() + timedelta(days=2)
    ends_at = begin + timedelta(hours=2)
    return {"appointment": {"starts_at": begin, "ends_at": ends_at}}


@dataclass(frozen=True)
class Book:
    """The orders of one operator."""

    runtime: Runtime
    channel: ChannelFacts
    place: Callable[..., Any]

    @property
    def staff(self) -> Actor:
        """A manager."""
        return Actor(self.channel.operator_id, "staff:manager")

    def order(self, stage: Stage = Stage.ACCEPTED, **changes: Any) -> str:
        """The number of a new order that has come as far as this."""
        number: str = self.place(**changes).number
        for step in PATH[1 : PATH.index(stage) + 1]:
            self.move(number, step, **(_visit() if step is Stage.APPOINTED else {}))
        return number

    def move(self, number: str, stage: Stage, **more: Any) -> int:
        """Another step of its channel's."""
        return record_progress(
            self.runtime, Actor.of_channel(self.channel), number, {"stage": stage.value, **more}
        )

    def row(self, number: str) -> Row[Any]:
        """What is stored of an order."""
        with self.runtime.db.reading() as connection:
            return connection.execute(select(Order.__table__).where(Order.number == number)).one()

    def events(self, number: str) -> list[Row[Any]]:
        """What happened to it, the earliest first."""
        order = self.row(number)
        wanted = select(OrderEvent.__table__).where(OrderEvent.order_id == order.id)
        with self.runtime.db.reading() as connection:
            return list(connection.execute(wanted.order_by(OrderEvent.order_version)))

    def texts(self, *templates: str) -> list[Row[Any]]:
        """The notices of these templates, the earliest first."""
        wanted = select(Notice.__table__).where(Notice.template.in_(templates)).order_by(Notice.id)
        with self.runtime.db.reading() as connection:
            return list(connection.execute(wanted))

    def trail(self) -> list[Row[Any]]:
        """The audit trail, the earliest first."""
        with self.runtime.db.reading() as connection:
            return list(connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.id)))

    def ask(self, statement: str, **given: Any) -> Any:
        """One value of the database."""
        with self.runtime.db.reading() as connection:
            return connection.scalar(text(statement), given)
