"""Tables of the calendar, the promise rules, the frozen promises and their ledger."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.promises.ledger import Kind


class CalendarChangeKind(StrEnum):
    """What changed the calendar."""

    ANNOUNCEMENT = "announcement"
    OVERRIDE = "override"
    WITHDRAWAL = "withdrawal"


class RuleChangeKind(StrEnum):
    """What became of a promise rule."""

    PUBLISHED = "published"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class CalendarChange(Base):
    """One change of the calendar, by which every day and year says since when it stands.

    `revision` counts the changes. `source` names the notice, file or package that says so, `actor` who
    brought it in; `operator_id` is set where it concerns one operator only.
    """

    __tablename__ = "calendar_changes"
    __table_args__ = (
        CheckConstraint(
            f"kind IN ({', '.join(repr(kind.value) for kind in CalendarChangeKind)})", name="kind"
        ),
    )

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"), index=True)
    source: Mapped[str] = mapped_column(String(120))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class CalendarYear(Base):
    """A year whose holidays the State Council has announced (国务院办公厅节假日安排)."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(120))
    announced_at: Mapped[datetime]
    since_revision: Mapped[int] = mapped_column(server_default=text("1"))


class CalendarDay(Base):
    """A day that differs from Monday-to-Friday: a holiday, or a make-up working day (调休).

    `name` is the holiday it belongs to, in Chinese. An override was set by a person and goes before
    what was announced; it may be of one operator, of one county, or of both. Rows are never changed
    or deleted: one that no longer holds gets `until_revision`, so that the calendar of any past
    moment can be read.
    """

    __tablename__ = "calendar_days"
    __table_args__ = (
        Index(
            "uq_calendar_days_standing",
            "day",
            "override",
            "operator_id",
            "county_code",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("until_revision IS NULL"),
        ),
        CheckConstraint("override OR (operator_id IS NULL AND county_code IS NULL)", name="scope"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    day: Mapped[date]
    override: Mapped[bool] = mapped_column(server_default=text("false"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    county_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(120))
    since_revision: Mapped[int] = mapped_column(server_default=text("1"))
    until_revision: Mapped[int | None]


class PromiseRule(Base):
    """A published time limit (承诺时限) of an operator, valid from a day on, until a day or open.

    Days are dates of acceptance in the city; `valid_to` is the last day. `area` is urban, rural
    or any. A rule is never edited: a change is a new version, the old one gets its last day. One
    that nothing was promised by may be withdrawn, as if it had never been; `replaces_id` is the rule
    that got its last day for it, and then has its former one again.
    """

    __tablename__ = "promise_rules"
    __table_args__ = (
        Index(
            "uq_promise_rules_standing",
            "operator_id",
            "customer_kind",
            "product",
            "area",
            "resource",
            "valid_from",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
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
    withdrawn_at: Mapped[datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("promise_rules.id"))


class PromiseCeiling(Base):
    """The longest limit that the city lets its operators publish for such orders, and what says so.

    An operator may promise sooner and not later. A city that sets none leaves it to its operators.
    """

    __tablename__ = "promise_ceilings"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("unit IN ('hours','calendar_days','working_days')", name="unit"),
    )

    customer_kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    product: Mapped[str] = mapped_column(String(30), primary_key=True)
    area: Mapped[str] = mapped_column(String(8), primary_key=True)
    resource: Mapped[str] = mapped_column(String(20), primary_key=True)
    amount: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str] = mapped_column(String(16))
    end_of_day: Mapped[time | None]
    source: Mapped[str] = mapped_column(String(120))


class PromiseRuleChange(Base):
    """What became of a rule, when, by whom and why: append-only."""

    __tablename__ = "promise_rule_changes"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in RuleChangeKind)})", name="kind"),
        Index(None, "operator_id", "id"),
        Index(None, "rule_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("promise_rules.id"))
    kind: Mapped[str] = mapped_column(String(12))
    last_day: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class Promise(Base):
    """The first promise of an order, frozen when it was accepted (invariant I3).

    `rule` is a copy of the rule as it stood; `explanation` says in words, by language, why the
    deadline is that day. `provisional` marks a deadline counted past the announced years, and
    `calendar_revision` is the change up to which the calendar was known when it was counted.
    """

    __tablename__ = "promises"
    __table_args__ = (
        Index(None, "operator_id", "deadline"),
        Index("ix_promises_provisional", "order_id", postgresql_where=text("provisional")),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, autoincrement=False)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("promise_rules.id"), index=True)
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    accepted_at: Mapped[datetime]
    deadline: Mapped[datetime]
    provisional: Mapped[bool]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    calendar_revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]


class PromiseEntry(Base):
    """One line of an order's promise ledger (`tracker.promises.ledger`): append-only (invariant I3).

    What the entry says stands in `starts_at`, `ends_at`, `lifts` and `agreed_at`; why, in the reason and
    in `evidence`, the reference of a document kept elsewhere. `contact` is who follows a delay up, as the
    customer is told: "name", and "extension" of the hotline or null. `asked_by` is who asked for what the
    actor approved. The rest is the promise as it stands since: its rule, deadline and explanation, and the
    calendar that it was counted with. `binding_deadline` is the one that figures and compensation judge by
    (`ledger.replay_binding`), null where it is the deadline itself: until a date was given anew.
    """

    __tablename__ = "promise_entries"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in Kind)})", name="kind"),
        Index(None, "operator_id", "recorded_at"),
        Index("ix_promise_entries_provisional", "order_id", postgresql_where=text("provisional")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    lifts: Mapped[int | None] = mapped_column(SmallInteger)
    agreed_at: Mapped[datetime | None]
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason_text: Mapped[str | None] = mapped_column(String(200))
    evidence: Mapped[str | None] = mapped_column(String(200))
    contact: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    actor: Mapped[str] = mapped_column(String(80))
    asked_by: Mapped[str | None] = mapped_column(String(80))
    recorded_at: Mapped[datetime]
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    deadline: Mapped[datetime]
    binding_deadline: Mapped[datetime | None]
    provisional: Mapped[bool]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    calendar_revision: Mapped[int]
