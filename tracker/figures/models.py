"""Tables of figures: what they rest on, their sums, and what was published."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.figures.rules import PeriodKind


class PublishedFigure(Base):
    """An operator's on-time figures of a period, as published: append-only.

    Counts as in `tracker.figures.rules.Counts`; `removed` holds them by reason. What is corrected later is
    another row with the next `revision`, so that everybody sees what was told before.
    """

    __tablename__ = "published_figures"
    __table_args__ = (
        CheckConstraint(
            f"kind IN ({', '.join(repr(kind.value) for kind in PeriodKind)})",
            name="kind",
        ),
        CheckConstraint("0 <= on_time AND on_time <= due", name="gross"),
        CheckConstraint("0 <= net_on_time AND net_on_time <= net_due", name="net"),
    )

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(5), primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    due: Mapped[int]
    on_time: Mapped[int]
    net_due: Mapped[int]
    net_on_time: Mapped[int]
    removed: Mapped[dict[str, int]] = mapped_column(JSONB)
    published_at: Mapped[datetime]


class FigureFact(Base):
    """What figures know of an order, as it stood when its history was last read (`tracker.figures.facts`).

    A copy for reading, which `tracker.figures.keep_cells` keeps and can make anew. `county` is the first six
    digits of the community's code, `rural` follows from its kind. `excuse` is the reason of the latest delay
    that was not the operator's doing. What steps and visits are, `tracker.figures.steps` says.
    """

    __tablename__ = "figure_facts"
    __table_args__ = (
        Index(None, "operator_id", "first_deadline"),
        Index(None, "operator_id", "deadline"),
        # Of what is measured: what happened on days that no sum is of, and orders behind a figure.
        *(
            Index(
                f"ix_figure_facts_{name}", "operator_id", name, postgresql_where=text(f"{name} IS NOT NULL")
            )
            for name in ("connected_at", "responded_at", "completed_at", "returned_at", "visits_until")
        ),
        Index(
            "ix_figure_facts_open",
            "operator_id",
            "order_id",
            postgresql_where=text("connected_at IS NULL AND withdrawn_at IS NULL AND returned_at IS NULL"),
        ),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    operator_id: Mapped[int] = mapped_column(SmallInteger)
    county: Mapped[str] = mapped_column(String(6))
    rural: Mapped[bool]
    channel_id: Mapped[int]
    customer_kind: Mapped[str] = mapped_column(String(12))
    dealer: Mapped[str | None] = mapped_column(String(60))
    team_id: Mapped[int | None]
    installer_id: Mapped[int | None]
    accepted_at: Mapped[datetime]
    first_deadline: Mapped[datetime]
    deadline: Mapped[datetime]
    connected_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    excuse: Mapped[str | None] = mapped_column(String(40))
    responded_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    return_cause: Mapped[int | None] = mapped_column(SmallInteger)
    on_sites: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    visit_ends: Mapped[list[datetime] | None] = mapped_column(ARRAY(DateTime(timezone=True)))
    visits_kept: Mapped[list[bool] | None] = mapped_column(ARRAY(Boolean))
    visits_until: Mapped[datetime | None]


class _Counted:
    """Orders whose deadline fell on a day, or in a month, of the city's calendar: see `rules.Counts`.

    `grain` is "day" or "month", and `starts_on` its first day. `due` and `on_time` are counted where the
    first deadline fell, the net ones where the present one did. `removed` is why the net figure leaves them
    out, "" where it does not; what stands in `net_due` then is how many it leaves out.
    """

    grain: Mapped[str] = mapped_column(String(5))
    starts_on: Mapped[date]
    removed: Mapped[str] = mapped_column(String(40))
    due: Mapped[int] = mapped_column(server_default=text("0"))
    on_time: Mapped[int] = mapped_column(server_default=text("0"))
    net_due: Mapped[int] = mapped_column(server_default=text("0"))
    net_on_time: Mapped[int] = mapped_column(server_default=text("0"))


class FigureCell(_Counted, Base):
    """Counts by where an order was, how it came in, and whose it was."""

    __tablename__ = "figure_cells"
    __table_args__ = (
        PrimaryKeyConstraint(
            *("grain", "starts_on", "removed", "operator_id", "county", "rural", "channel_id"),
            "customer_kind",
        ),
    )

    operator_id: Mapped[int] = mapped_column(SmallInteger, autoincrement=False)
    county: Mapped[str] = mapped_column(String(6))
    rural: Mapped[bool]
    channel_id: Mapped[int] = mapped_column(autoincrement=False)
    customer_kind: Mapped[str] = mapped_column(String(12))


class FigureHand(_Counted, Base):
    """Counts by who had an order in hand: a dealer by name, a team or an installer by id, "" for nobody; by
    one of the places ("county" and its code), and of all ("all", by no name).
    """

    __tablename__ = "figure_hands"
    __table_args__ = (PrimaryKeyConstraint("grain", "hand", "operator_id", "starts_on", "removed", "name"),)

    operator_id: Mapped[int] = mapped_column(SmallInteger, autoincrement=False)
    hand: Mapped[str] = mapped_column(String(13))
    name: Mapped[str] = mapped_column(String(60))


class _Tallied:
    """How often something happened (`measure_rules.What`) on a day, or in a month, of the city's calendar.

    `value` is a length in quarters of an hour, or the cause of a return; `good` how often it went well:
    orders connected by one visit, visits kept. `seconds` is the sum of the lengths. What each grain has of
    it, `tracker.figures.tallies` says.
    """

    grain: Mapped[str] = mapped_column(String(5))
    what: Mapped[str] = mapped_column(String(9))
    operator_id: Mapped[int] = mapped_column(SmallInteger, autoincrement=False)
    starts_on: Mapped[date]
    value: Mapped[int] = mapped_column(autoincrement=False)
    count: Mapped[int]
    good: Mapped[int]
    seconds: Mapped[int] = mapped_column(BigInteger)


class FigureTally(_Tallied, Base):
    """Tallies by where an order was, and how it came in."""

    __tablename__ = "figure_tallies"
    __table_args__ = (
        PrimaryKeyConstraint(
            *("grain", "what", "operator_id", "starts_on", "value"),
            *("county", "rural", "channel_id", "customer_kind"),
        ),
    )

    county: Mapped[str] = mapped_column(String(6))
    rural: Mapped[bool]
    channel_id: Mapped[int] = mapped_column(autoincrement=False)
    customer_kind: Mapped[str] = mapped_column(String(12))


class FigureHandTally(_Tallied, Base):
    """Tallies by one thing, as in `FigureHand`."""

    __tablename__ = "figure_hand_tallies"
    __table_args__ = (
        PrimaryKeyConstraint("grain", "what", "operator_id", "hand", "starts_on", "value", "name"),
    )

    hand: Mapped[str] = mapped_column(String(13))
    name: Mapped[str] = mapped_column(String(60))


class FigureCheck(Base):
    """What came of comparing figures by the clock with what they are of: one row (`check_figures`).

    Orders were compared up to `checked_to` by their ids; the next round goes on there. `orders` were compared
    in the last one, `orders_differ` and `sums_differ` since the last one that began with the first order.
    """

    __tablename__ = "figure_checks"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    checked_at: Mapped[datetime]
    checked_to: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[int]
    orders_differ: Mapped[int]
    sums_differ: Mapped[int]


class FigureReading(Base):
    """How far the histories of orders have been read into facts and sums: one row.

    `read_to` is the place in the feed (`tracker.orders.positions`) before which everything was.
    """

    __tablename__ = "figure_reading"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    read_to: Mapped[int] = mapped_column(BigInteger)
