"""Tables of the calendar, the promise rules and the frozen promises."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class CalendarYear(Base):
    """A year whose holidays the State Council has announced (国务院办公厅节假日安排)."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(120))
    announced_at: Mapped[datetime]


class CalendarDay(Base):
    """A day that differs from Monday-to-Friday: a holiday, or a make-up working day (调休).

    `name` is the holiday it belongs to, in Chinese.
    """

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(120))


class PromiseRule(Base):
    """A published time limit (承诺时限) of an operator, valid from a day on, until a day or open.

    Days are dates of acceptance in the city; `valid_to` is the last day. `area` is urban, rural
    or any. A rule is never edited: a change is a new version, the old one gets its last day.
    """

    __tablename__ = "promise_rules"
    __table_args__ = (
        UniqueConstraint("operator_id", "customer_kind", "product", "area", "resource", "valid_from"),
        CheckConstraint("customer_kind IN ('home','enterprise')", name="customer_kind"),
        CheckConstraint("area IN ('urban','rural','any')", name="area"),
        CheckConstraint("unit IN ('hours','calendar_days','working_days')", name="unit"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_period"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    version: Mapped[int]
    customer_kind: Mapped[str] = mapped_column(String(12))
    product: Mapped[str] = mapped_column(String(30))
    area: Mapped[str] = mapped_column(String(8))
    resource: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str] = mapped_column(String(16))
    cut_off: Mapped[time | None]
    end_of_day: Mapped[time | None]
    late_counts_as_next_day: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    remark: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]


class Promise(Base):
    """The first promise of an order, frozen when it was accepted (invariant I3).

    `rule` is a copy of the rule as it stood; `explanation` says in words, by language, why the
    deadline is that day. `provisional` marks a deadline counted past the announced years.
    """

    __tablename__ = "promises"
    __table_args__ = (Index(None, "operator_id", "deadline"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, autoincrement=False)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("promise_rules.id"), index=True)
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    accepted_at: Mapped[datetime]
    deadline: Mapped[datetime]
    provisional: Mapped[bool]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
