"""Reads of one order for the holder of its session: its visit, its texts, requests and complaints about it.

Only columns granted to the site's database role appear here; names and places come masked from the session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from public_status.action_rules import Situation
from public_status.queries import Standing, standing_by_number
from tracker.complaints.models import Complaint, Rating
from tracker.customer_requests.asking import Asked, Session, requests_of
from tracker.customer_requests.models import CustomerRequest
from tracker.customer_requests.rules import Kind, State
from tracker.notices.models import Notice
from tracker.notices.rules import State as NoticeState
from tracker.orders.models import Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.visits.models import VisitSlot

# Nobody's order has more texts than this, but for one that goes on and on.
_MOST_TEXTS = 40

_VISITED = (Stage.APPOINTED, Stage.ON_SITE)


@dataclass(frozen=True)
class Visit:
    """The visit that was agreed, who comes, and how often the order has changed until now."""

    starts_at: datetime
    ends_at: datetime
    installer_title: str | None
    staff_number: str | None
    order_version: int


@dataclass(frozen=True)
class OwnOrder:
    """An order with what only its holder may see; `slots` are those that the requests name."""

    standing: Standing
    visit: Visit | None
    texts: Sequence[Row[Any]]
    requests: Sequence[Asked]
    slots: Mapping[int, Row[Any]]
    complaints: Sequence[Row[Any]]
    rating: Row[Any] | None

    def situation(self, now: datetime, *, is_held: bool) -> Situation:
        """What decides what may be asked for at a moment; `is_held`: whether the clock stands still then."""
        happenings = self.standing.happenings
        return Situation(
            stage=self.standing.stage,
            is_held=is_held,
            is_being_withdrawn=any(
                one.kind is Kind.WITHDRAWAL and one.state is State.WAITING for one in self.requests
            ),
            is_rated=self.rating is not None,
            completed_at=next((one.at for one in happenings if one.stage is Stage.COMPLETED), None),
            now=now,
        )


def read_own(connection: Connection, session: Session) -> OwnOrder:
    """Everything that the pages of a session show of its order."""
    standing = standing_by_number(connection, session.number)
    if standing is None:
        raise LookupError("a session whose order is gone")
    requests = requests_of(connection, session.order_id)
    return OwnOrder(
        standing=standing,
        visit=_visit(connection, session.order_id) if standing.stage in _VISITED else None,
        texts=_texts(connection, session.order_id),
        requests=requests,
        slots=_slots(connection, requests),
        complaints=_complaints(connection, session.order_id),
        rating=_rating(connection, session.order_id),
    )


def belongs_to(connection: Connection, request_id: int, order_id: int) -> bool:
    """Whether a request is about this order."""
    # By a column: whoever asks for a row as such needs a right to all of it.
    wanted = select(CustomerRequest.id).where(
        CustomerRequest.id == request_id, CustomerRequest.order_id == order_id
    )
    return connection.scalar(wanted) is not None


def order_named(connection: Connection, number: str) -> Row[Any] | None:
    """`id` and `operator_id` of the order with this number."""
    return connection.execute(select(Order.id, Order.operator_id).where(Order.number == number)).one_or_none()


def _visit(connection: Connection, order_id: int) -> Visit | None:
    version = (
        select(func.max(OrderEvent.order_version)).where(OrderEvent.order_id == Order.id).scalar_subquery()
    )
    row = connection.execute(
        select(
            Order.appointment_starts_at,
            Order.appointment_ends_at,
            Order.installer_title,
            Order.installer_staff_number,
            version.label("version"),
        ).where(Order.id == order_id)
    ).one()
    if row.appointment_starts_at is None:
        return None
    return Visit(
        row.appointment_starts_at,
        row.appointment_ends_at,
        row.installer_title,
        row.installer_staff_number,
        row.version,
    )


def _texts(connection: Connection, order_id: int) -> Sequence[Row[Any]]:
    return connection.execute(
        select(
            Notice.language,
            Notice.body,
            Notice.state,
            Notice.created_at,
            Notice.next_at,
            Notice.accepted_at,
            Notice.delivered_at,
        )
        .where(Notice.order_id == order_id, Notice.state != NoticeState.CANCELLED)
        .order_by(Notice.id.desc())
        .limit(_MOST_TEXTS)
    ).all()


def _slots(connection: Connection, requests: Sequence[Asked]) -> dict[int, Row[Any]]:
    named = {one.payload["slot"] for one in requests if isinstance(one.payload.get("slot"), int)}
    if not named:
        return {}
    wanted = select(VisitSlot.id, VisitSlot.starts_at, VisitSlot.ends_at).where(VisitSlot.id.in_(named))
    return {row.id: row for row in connection.execute(wanted)}


def _complaints(connection: Connection, order_id: int) -> Sequence[Row[Any]]:
    return connection.execute(
        select(
            Complaint.number,
            Complaint.topic,
            Complaint.received_at,
            Complaint.due_on,
            Complaint.state,
            Complaint.result,
        )
        .where(Complaint.order_id == order_id)
        .order_by(Complaint.id.desc())
    ).all()


def _rating(connection: Connection, order_id: int) -> Row[Any] | None:
    return connection.execute(
        select(Rating.score, Rating.rated_at).where(
            Rating.order_id == order_id, Rating.retracted_at.is_(None)
        )
    ).one_or_none()
