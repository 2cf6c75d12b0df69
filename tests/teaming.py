"""Teams with their installers, and orders that they can be told to install, as the tests need them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, select, text

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.staff.models import Account
from tracker.teams.save_team import make_team
from tracker.teams.set_members import add_members

# The town and the county of the orders that the tests place, and a county where none lies.
TOWN, COUNTY, ELSEWHERE = "441802006", "441802", "441881"
_numbers = count(1)


@dataclass(frozen=True)
class Crew:
    """An operator's teams and installers."""

    run: Runtime
    operator_id: int

    @property
    def actor(self) -> Actor:
        """A dispatcher of the operator."""
        return Actor(self.operator_id, "staff:dispatcher")

    def team(self, name: str = "东城班", area: str = TOWN) -> int:
        return make_team(self.run.db, self.operator_id, name, area, "staff:manager")

    def installer(self, team_id: int | None = None, title: str = "李师傅", **changes: Any) -> int:
        """An installer, in a team where one is given; his account."""
        number = next(_numbers)
        values = {
            "operator_id": self.operator_id,
            "username": f"installer{number}",
            "display_name": f"{title[0]}某",
            "role": "installer",
            "title": title,
            "staff_number": f"9{number:03d}",
            "password_hash": "none",
            "created_at": clock.now(),
        } | changes
        with self.run.db.transaction() as connection:
            account_id: int = connection.execute(
                insert(Account).values(values).returning(Account.id)
            ).scalar_one()
        if team_id is not None:
            add_members(self.run.db, self.operator_id, team_id, [account_id], None, "staff:manager")
        return account_id


def checked(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any], **changes: Any) -> str:
    """The number of a new order whose line was checked, so that it can be dispatched."""
    number: str = place(**changes).number
    for stage in ("verified", "resource_checked"):
        record_progress(runtime, Actor.of_channel(channel), number, {"stage": stage})
    return number


def appointed(
    runtime: Runtime, channel: ChannelFacts, number: str, *, hours: int = 48, installer: Any = None
) -> None:
    """Let a dispatched order have a visit so many hours from now."""
    begin = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    step: dict[str, Any] = {
        "stage": "appointed",
        "appointment": {"starts_at": begin, "ends_at": begin + timedelta(hours=2)},
        "installer": installer,
    }
    record_progress(runtime, Actor.of_channel(channel), number, step)


def row_of(runtime: Runtime, number: str) -> Any:
    """An order as it is stored."""
    with runtime.db.reading() as connection:
        return connection.execute(
            text("SELECT * FROM orders WHERE number = :number"), {"number": number}
        ).one()


def events_of(runtime: Runtime, number: str) -> list[Any]:
    """The events of an order, in order."""
    wanted = text(
        "SELECT e.* FROM order_events e JOIN orders o ON o.id = e.order_id WHERE o.number = :number"
        " ORDER BY e.order_version"
    )
    with runtime.db.reading() as connection:
        return list(connection.execute(wanted, {"number": number}))


def texts_of(runtime: Runtime, number: str) -> list[Any]:
    """The texts of an order that were not cancelled: template, body, next_at."""
    wanted = text(
        "SELECT n.template, n.body, n.next_at FROM notices n JOIN orders o ON o.id = n.order_id"
        " WHERE o.number = :number AND n.state <> 'cancelled' ORDER BY n.id"
    )
    with runtime.db.reading() as connection:
        return list(connection.execute(wanted, {"number": number}))


def staff_number_of(runtime: Runtime, account_id: int) -> str:
    with runtime.db.reading() as connection:
        return str(connection.scalar(select(Account.staff_number).where(Account.id == account_id)))
