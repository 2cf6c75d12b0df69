"""Complaints and ratings that a test makes through the real use cases, on a fixed morning."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.complaints.close_complaint import close_complaint
from tracker.complaints.file_complaint import file_complaint
from tracker.complaints.follow_up import follow_up
from tracker.complaints.hand_on import hand_on
from tracker.complaints.models import Complaint, ComplaintEvent, Rating
from tracker.complaints.rate import rate
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account

# A Tuesday.
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE)
DAY = timedelta(days=1)
WORDS = "约好三次都没有人来，也没有人打电话。我姓欧阳，13712345678。"
PASSWORD = "correct horse battery"


@dataclass
class Desk:
    """An operator that complaints come in to."""

    runtime: Runtime
    operator_id: int
    place: Callable[..., Placed]

    @property
    def staff(self) -> Actor:
        """A manager."""
        return Actor(self.operator_id, "staff:manager")

    @property
    def customer(self) -> Actor:
        """Somebody on the customers' site."""
        return Actor(self.operator_id, "customer:7")

    def hire(self, username: str, role: str = "manager", operator_id: int | None = None) -> int:
        """An account; its id."""
        create_account(
            self.runtime.db,
            username=username,
            password=PASSWORD,
            role=role,
            display_name=username,
            operator_id=operator_id or self.operator_id,
        )
        with self.runtime.db.reading() as connection:
            found: int = connection.execute(
                select(Account.id).where(Account.username == username.casefold())
            ).scalar_one()
        return found

    def order(self, **changes: Any) -> str:
        """An order's number."""
        return self.place(**changes).number

    def completed(self, *, ago: timedelta = DAY, at: datetime = NOW) -> str:
        """The number of an order that was completed some time ago."""
        number = self.order()
        self.set_order(number, stage="completed", closed_at=at - ago)
        return number

    def set_order(self, number: str, **columns: Any) -> None:
        """Bring an order to a state that many steps would lead to."""
        with self.runtime.db.transaction() as connection:
            connection.execute(update(Order).where(Order.number == number).values(**columns))

    def file(self, number: str | None, topic: str = "overdue", text: str = WORDS, **more: Any) -> int:
        """File a complaint as a customer."""
        return file_complaint(self.runtime, more.pop("actor", self.customer), number, topic, text, **more)

    def follow(self, complaint_id: int, on: datetime, note: str = "已联系客户", **more: Any) -> int:
        """Record a follow-up."""
        request = {"note": note, "next_on": clock.local_date(on).isoformat()}
        return follow_up(self.runtime, self.staff, complaint_id, request, **more)

    def hand(self, complaint_id: int, owner: int, note: str = "片区经理更熟悉", **more: Any) -> int:
        """Hand it on."""
        return hand_on(self.runtime, self.staff, complaint_id, {"owner": owner, "note": note}, **more)

    def close(self, complaint_id: int, result: str = "已补装并致歉", **more: Any) -> int:
        """Close it."""
        request = {"result": result, "settled_at_outlet": True} | more.pop("request", {})
        return close_complaint(self.runtime, self.staff, complaint_id, request, **more)

    def rate(self, number: str, score: int = 5, comment: str | None = None, **more: Any) -> int:
        """Rate an order as a customer."""
        return rate(self.runtime, self.customer, number, score, comment, **more)

    def row(self, complaint_id: int) -> Row[Any]:
        """What is stored of a complaint."""
        with self.runtime.db.reading() as connection:
            return connection.execute(select(Complaint.__table__).where(Complaint.id == complaint_id)).one()

    def rating(self, rating_id: int) -> Row[Any]:
        """What is stored of a rating."""
        with self.runtime.db.reading() as connection:
            return connection.execute(select(Rating.__table__).where(Rating.id == rating_id)).one()

    def events(self, complaint_id: int) -> list[Row[Any]]:
        """What became of it, the earliest first."""
        with self.runtime.db.reading() as connection:
            wanted = select(ComplaintEvent.__table__).where(ComplaintEvent.complaint_id == complaint_id)
            return list(connection.execute(wanted.order_by(ComplaintEvent.version)))

    def texts(self, *templates: str) -> list[Row[Any]]:
        """The notices of these templates, the earliest first."""
        with self.runtime.db.reading() as connection:
            wanted = select(Notice.__table__).where(Notice.template.in_(templates))
            return list(connection.execute(wanted.order_by(Notice.id)))
