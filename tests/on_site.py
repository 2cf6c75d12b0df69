"""Jobs of installers, made through the real use cases, and what they do with them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import insert, select, update

from tests.visiting_slots import dispatched
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import agree_times
from tracker.orders.models import Order, OrderEvent
from tracker.orders.place_hold import place_hold
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.site_work.read_actions import data_of
from tracker.site_work.record_action import Action, Installer, Result, record_action
from tracker.site_work.rules import Act
from tracker.staff.create_account import create_account
from tracker.staff.models import Account
from tracker.teams.models import Team, TeamMember

PASSWORD = "correct horse battery"
GOOD_TEST = {"down_mbps": 942.5, "up_mbps": 88.1, "latency_ms": 4, "optical_dbm": -19.25}


@dataclass
class Crew:
    """A team of one operator: its installers by user name, and jobs that are theirs."""

    runtime: Runtime
    channel: ChannelFacts
    place: Callable[..., Any]
    team_id: int

    def hire(
        self, username: str = "li.shifu", *, in_team: bool = True, operator_id: int | None = None
    ) -> Installer:
        """An installer with an account; 李师傅 unless another name is given."""
        operator = operator_id or self.channel.operator_id
        create_account(
            self.runtime.db,
            username=username,
            password=PASSWORD,
            role="installer",
            display_name="李师傅",
            operator_id=operator,
        )
        with self.runtime.db.transaction() as connection:
            account = connection.scalar(select(Account.id).where(Account.username == username))
            assert account is not None
            connection.execute(
                update(Account)
                .where(Account.id == account)
                .values(title="李师傅", staff_number=f"0{account}")
            )
            if in_team:
                connection.execute(
                    insert(TeamMember).values(
                        account_id=account, operator_id=operator, team_id=self.team_id, since=clock.now()
                    )
                )
        return Installer(account, Actor(operator, f"staff:{username}"))

    def job(
        self, whose: Installer | None, visit_in: timedelta | None = timedelta(hours=1), **changes: Any
    ) -> str:
        """The number of an order that is dispatched to the team, and to an installer; with a visit so long
        from now that lies on the present day, unless None.
        """
        number = dispatched(self.runtime, self.channel, self.place, **changes)
        with self.runtime.db.transaction() as connection:
            connection.execute(
                update(Order)
                .where(Order.number == number)
                .values(team_id=self.team_id, installer_id=whose and whose.account_id)
            )
        if visit_in is not None:
            begin = clock.now() + visit_in
            agree_times(
                self.runtime, Actor.of_channel(self.channel), number, (begin, begin + timedelta(hours=2))
            )
        return number

    def hold(self, number: str, days: int = 3) -> None:
        """Its customer has it put on hold from now on, so that a visit within these days is off."""
        now = clock.now()
        why = {"reason_code": "not_decorated", "reason_text": None, "evidence": None}
        desk = Actor(self.channel.operator_id, "staff:wang.min")
        times = {"starts_at": now, "ends_at": now + timedelta(days=days)}
        place_hold(self.runtime, desk, number, why | times)

    def order(self, number: str) -> Any:
        """The row of an order."""
        with self.runtime.db.reading() as connection:
            return connection.execute(select(Order.__table__).where(Order.number == number)).one()

    def events(self, number: str) -> list[Any]:
        """What happened to an order, the first first."""
        with self.runtime.db.reading() as connection:
            return list(
                connection.execute(
                    select(OrderEvent.__table__)
                    .join(Order, Order.id == OrderEvent.order_id)
                    .where(Order.number == number)
                    .order_by(OrderEvent.order_version)
                )
            )

    def do(
        self, who: Installer, number: str, act: Act | str, data: dict[str, Any] | None = None, **more: Any
    ) -> Result:
        """An installer does something now, on the order as it is."""
        return record_action(self.runtime, who, self.action(number, act, data, **more))

    def action(self, number: str, act: Act | str, data: dict[str, Any] | None = None, **more: Any) -> Action:
        """The same as it is sent."""
        now = clock.now()
        given = {
            "client_id": uuid.uuid4(),
            "done_at": now,
            "phone_now": now,
            "version": self.order(number).version,
            "after": None,
            "photo": b"",
            **more,
        }
        return Action(act=Act(act), number=number, data=data_of(Act(act), data or {}), **given)

    def at_stage(self, who: Installer, *acts: str) -> str:
        """The number of a job of his with which he has come so far."""
        number = self.job(who)
        for act in acts:
            data = {"test": GOOD_TEST, "complete": {"last4": "1234"}}.get(act)
            result = self.do(who, number, act, data)
            assert result.faults == (), (act, result.faults)
        return number


def crew_of(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]) -> Crew:
    """A team of the channel's operator in 清城区, without anybody in it yet."""
    with runtime.db.transaction() as connection:
        team_id = connection.scalar(
            insert(Team)
            .values(
                operator_id=channel.operator_id, name="城区一班", area_code="441802", created_at=clock.now()
            )
            .returning(Team.id)
        )
    return Crew(runtime, channel, place, team_id)


def photo(size: tuple[int, int] = (64, 48), form: str = "JPEG", **more: Any) -> bytes:
    """A small picture as a camera writes it."""
    file = BytesIO()
    Image.new("RGB", size, (200, 60, 30)).save(file, form, **more)
    return file.getvalue()


def at(hour: int, minute: int = 0) -> datetime:
    """A time of today in the city."""
    return clock.local(clock.now()).replace(hour=hour, minute=minute, second=0, microsecond=0)
