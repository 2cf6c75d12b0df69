"""Orders that were connected late, days ago."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from tests.complaining import Desk
from tests.desk_work import Book
from tracker import clock
from tracker.compensation.keep_ledger import keep_ledger
from tracker.compensation.models import CompensationEntry
from tracker.orders.rules import PATH, Stage
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

HOUR = timedelta(hours=1)
# A home in town is promised two days.
PROMISED = timedelta(hours=48)


class Late(Book):
    """The orders of one operator, some of them late, and its ledger of compensation."""

    def accepted(self, ago: timedelta) -> str:
        """An order that was accepted so long ago; a charge of 100 yuan stands for its installation."""
        number: str = self.place(accepted_at=(clock.now() - ago).isoformat()).number
        return number

    def connect(self, number: str, late: timedelta, stage: Stage = Stage.ACTIVATED) -> datetime:
        """Bring it on so that its line is connected so long after its promise; when that was."""
        row = self.row(number)
        at = row.accepted_at + PROMISED + late
        begins = row.accepted_at + HOUR
        for step, wanted in enumerate(PATH[1 : PATH.index(stage) + 1]):
            moment = at if wanted is Stage.ACTIVATED else begins + step * timedelta(minutes=1)
            more: dict[str, Any] = {"occurred_at": max(moment, at) if wanted is Stage.COMPLETED else moment}
            if wanted is Stage.APPOINTED:
                more["appointment"] = {"starts_at": begins + HOUR, "ends_at": begins + 2 * HOUR}
            self.move(number, wanted, **more)
        return at

    def keep(self) -> int:
        """What the job does."""
        return keep_ledger(self.runtime)

    def lines(self, number: str) -> list[Row[Any]]:
        """The order's ledger, the earliest line first."""
        table = CompensationEntry.__table__
        wanted = select(table).where(table.c.order_id == self.row(number).id).order_by(table.c.number)
        with self.runtime.db.reading() as connection:
            return list(connection.execute(wanted))


@pytest.fixture
def book(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]) -> Late:
    made = Late(runtime, channel, place)
    # What other tests left to be read is no business of this one.
    made.keep()
    return made


@pytest.fixture
def office(book: Late) -> Desk:
    made = Desk(book.runtime, book.channel.operator_id, book.place)
    made.hire("manager")
    return made
