"""Tables of half-year reports, of what was done about them, and of the counties' self-checks."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.reports.rules import Event, State


def _among(column: str, words: type[State] | type[Event]) -> str:
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"


class HalfYearReport(Base):
    """A revision of an operator's report of half a year, or with no operator of the city's (半年度报告).

    The half begins on `starts_on`. `content` is the whole document as canonical JSON, laid out by
    `content_version`; `digest` is its SHA-256, `as_of` the moment that its figures are of. One that was
    submitted is never changed again, which a trigger sees to; what has to be corrected is the next `revision`
    and says why.

    While `build_asked_at` is set the content is to be built anew (the row is the queue); `sections_done`
    tells how far it has come, `build_leased_until` how long whoever builds it may be silent. `version` grows
    by one with every change but those of the build's progress.
    """

    __tablename__ = "half_year_reports"
    __table_args__ = (
        CheckConstraint(_among("state", State), name="state"),
        CheckConstraint("(revision = 1) = (correction_reason IS NULL)", name="correction"),
        CheckConstraint("num_nulls(content, content_version, digest, as_of) IN (0, 4)", name="content"),
        CheckConstraint(
            "state = 'draft' OR (content IS NOT NULL AND offered_by IS NOT NULL AND build_asked_at IS NULL)",
            name="offered",
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'submitted') OR coalesce(reviewed_by <> offered_by, false)",
            name="reviewed",
        ),
        CheckConstraint("(state = 'submitted') = (submitted_at IS NOT NULL)", name="submitted"),
        Index(
            "uq_half_year_reports_revision",
            "operator_id",
            "starts_on",
            "revision",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "uq_half_year_reports_open",
            "operator_id",
            "starts_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state <> 'submitted'"),
        ),
        Index(
            "ix_half_year_reports_to_build",
            "build_asked_at",
            postgresql_where=text("build_asked_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    starts_on: Mapped[date]
    revision: Mapped[int] = mapped_column(SmallInteger)
    correction_reason: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    build_asked_at: Mapped[datetime | None]
    build_asked_by: Mapped[str | None] = mapped_column(String(80))
    build_leased_until: Mapped[datetime | None]
    build_failed_at: Mapped[datetime | None]
    sections_done: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    content: Mapped[str | None] = mapped_column(Text)
    content_version: Mapped[int | None] = mapped_column(SmallInteger)
    digest: Mapped[str | None] = mapped_column(String(64))
    as_of: Mapped[datetime | None]
    offered_by: Mapped[str | None] = mapped_column(String(80))
    offered_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(String(80))
    reviewed_at: Mapped[datetime | None]
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    submitted_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]


class HalfYearReportEvent(Base):
    """What was done about a report, by whom: append-only (invariant I7).

    `version` is the report's since then. `words` are remarks of the review, or why it is corrected; `digest`
    is of the content that it was done to.
    """

    __tablename__ = "half_year_report_events"
    __table_args__ = (
        UniqueConstraint("report_id", "version"),
        CheckConstraint(_among("kind", Event), name="kind"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    report_id: Mapped[int] = mapped_column(ForeignKey("half_year_reports.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    words: Mapped[str | None] = mapped_column(String(500))
    digest: Mapped[str | None] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class CountySelfCheck(Base):
    """What an operator found when it checked itself in a county (自查): append-only, the latest counts.

    `number` counts the entries of a county and half, from 1. `checked_by` is a department, post or staff
    number; nothing personal may stand in any of the words.
    """

    __tablename__ = "county_self_checks"

    operator_id: Mapped[int] = mapped_column(
        ForeignKey("operators.id"), primary_key=True, autoincrement=False
    )
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(ForeignKey("divisions.code"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    checked_on: Mapped[date]
    checked_by: Mapped[str] = mapped_column(String(60))
    findings: Mapped[str] = mapped_column(String(500))
    measures: Mapped[str] = mapped_column(String(500))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
