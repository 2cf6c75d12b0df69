"""Reads of an installer's jobs, of what was recorded at a customer's, and of what changed since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, true

from tracker.orders.desk_list import hold_of
from tracker.orders.left_installers import INSTALLER_LEFT
from tracker.orders.models import Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import current, latest_entry
from tracker.site_work.models import LineTest, SitePhoto, SiteVisit
from tracker.site_work.rules import STAGES_OF_JOBS
from tracker.staff.models import Account
from tracker.tariffs.models import Plan

# More than a team does in two weeks.
MOST_JOBS = 200

_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional)
_connected_at = (
    select(func.max(OrderEvent.occurred_at))
    .where(OrderEvent.order_id == Order.id, OrderEvent.stage == Stage.ACTIVATED, OrderEvent.kind == "stage")
    .scalar_subquery()
)
_reached_at = (
    select(func.max(OrderEvent.occurred_at))
    .where(OrderEvent.order_id == Order.id, OrderEvent.kind == "stage")
    .scalar_subquery()
)
_JOB = (
    select(
        Order.id,
        Order.operator_id,
        Order.number,
        Order.stage,
        Order.version,
        Order.customer_kind,
        Order.needs_assistance,
        Order.customer_name,
        Order.address_detail,
        Order.community_code,
        Order.price,
        Order.team_id,
        Order.installer_id,
        Order.appointment_starts_at,
        Order.appointment_ends_at,
        Plan.download_mbps,
        Plan.upload_mbps,
        current(_LATEST, "deadline"),
        current(_LATEST, "provisional"),
        _connected_at.label("connected_at"),
        _reached_at.label("reached_at"),
    )
    .join(Promise, Promise.order_id == Order.id)
    .join(Plan, Plan.id == Order.plan_id)
    .outerjoin(_LATEST, true())
)


def jobs_of(
    connection: Connection, operator_id: int, account_id: int, team_id: int | None, now: datetime
) -> Sequence[Row[Any]]:
    """The open jobs of an installer, and those of his team that nobody has: the most urgent promise first,
    then the earliest visit. `held_until`: None where no hold runs.
    """
    wanted = (
        _jobs(now)
        .where(_whose(operator_id, account_id, team_id), Order.stage.in_(STAGES_OF_JOBS))
        .order_by("deadline", Order.appointment_starts_at.asc().nulls_last(), Order.id)
        .limit(MOST_JOBS)
    )
    return connection.execute(wanted).all()


def job_of(
    connection: Connection, operator_id: int, account_id: int, team_id: int | None, number: str, now: datetime
) -> Row[Any] | None:
    """One job by its order's number, also one that has ended; None where it is not the installer's, nor one
    of his team that nobody has.
    """
    own = or_(
        and_(Order.installer_id == account_id, Order.operator_id == operator_id),
        _whose(operator_id, account_id, team_id),
    )
    return connection.execute(_jobs(now).where(own, Order.number == number)).one_or_none()


def _jobs(now: datetime) -> Select[Any]:
    hold = hold_of(now)
    return _JOB.add_columns(hold.c.ends_at.label("held_until")).outerjoin(hold, true())


def _whose(operator_id: int, account_id: int, team_id: int | None) -> Any:
    mine = Order.installer_id == account_id
    nobodys = and_(Order.team_id == team_id, or_(Order.installer_id.is_(None), INSTALLER_LEFT))
    return and_(
        Order.operator_id == operator_id,
        Order.closed_at.is_(None),
        mine if team_id is None else or_(mine, nobodys),
    )


def is_or_was_of(connection: Connection, operator_id: int, number: str, account_id: int, label: str) -> bool:
    """Whether an operator's order is an installer's or has been: he did something to it, or it was taken from
    him. `label` is how histories name him.
    """
    wanted = (
        select(Order.id)
        .outerjoin(OrderEvent, OrderEvent.order_id == Order.id)
        .where(
            Order.operator_id == operator_id,
            Order.number == number,
            or_(
                Order.installer_id == account_id,
                OrderEvent.actor == label,
                OrderEvent.detail["former"]["installer_id"].as_integer() == account_id,
            ),
        )
        .limit(1)
    )
    return connection.scalar(wanted) is not None


def changes_since(
    connection: Connection, operator_id: int, number: str, version: int, limit: int = 10
) -> Sequence[Row[Any]]:
    """What happened to an operator's order after a version of it, the first first."""
    wanted = (
        select(
            OrderEvent.kind,
            OrderEvent.stage,
            OrderEvent.reason_code,
            OrderEvent.reason_text,
            OrderEvent.actor,
            OrderEvent.recorded_at,
        )
        .join(Order, Order.id == OrderEvent.order_id)
        .where(Order.operator_id == operator_id, Order.number == number, OrderEvent.order_version > version)
        .order_by(OrderEvent.order_version)
        .limit(limit)
    )
    return connection.execute(wanted).all()


def tests_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """The line tests of an order, the latest first, each with who tested."""
    return connection.execute(_of_order(LineTest, operator_id, order_id)).all()


def photos_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """The photos of an order, the latest first, each with who took it."""
    return connection.execute(_of_order(SitePhoto, operator_id, order_id)).all()


def visits_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """When installers came to the customer of an order, the latest first, each with who came."""
    return connection.execute(_of_order(SiteVisit, operator_id, order_id)).all()


def photo_of(
    connection: Connection, operator_id: int, photo_id: int, *, installer_id: int | None = None
) -> Row[Any] | None:
    """The `name` of a photo's file, and its `order_id`; None for another operator's, or for one of a job that
    is not of the installer who is named.
    """
    wanted = (
        select(SitePhoto.name, SitePhoto.order_id)
        .join(Order, Order.id == SitePhoto.order_id)
        .where(SitePhoto.id == photo_id, SitePhoto.operator_id == operator_id)
    )
    if installer_id is not None:
        wanted = wanted.where(Order.installer_id == installer_id)
    return connection.execute(wanted).one_or_none()


def _of_order(
    table: type[LineTest] | type[SitePhoto] | type[SiteVisit], operator_id: int, order_id: int
) -> Select[Any]:
    return (
        select(table.__table__, Account.display_name)
        .join(Account, Account.id == table.account_id)
        .where(table.operator_id == operator_id, table.order_id == order_id)
        .order_by(table.id.desc())
    )
