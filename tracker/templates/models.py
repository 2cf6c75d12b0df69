"""Tables of saved wordings and of what providers say of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base

STATES = ("submitted", "approved", "refused")


class SavedTemplate(Base):
    """A wording that somebody saved, in place of the product's own: append-only, the highest version counts.

    `operator_id` None is for every operator that has no wording of its own.
    """

    __tablename__ = "saved_templates"
    __table_args__ = (
        Index(
            "uq_saved_templates_version",
            "operator_id",
            "code",
            "version",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(SmallInteger)
    params: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]


class TemplateDraft(Base):
    """A wording that somebody is working on: looked at, tried, and not sent to customers.

    An operator has one open draft of each text. It is never edited: it ends, when another takes its place,
    when it is discarded, or when it becomes `version` of the operator's wordings.
    """

    __tablename__ = "template_drafts"
    __table_args__ = (
        Index(
            "uq_template_drafts_open",
            "operator_id",
            "code",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    code: Mapped[str] = mapped_column(String(40))
    params: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    version: Mapped[int | None] = mapped_column(SmallInteger)


class TemplateApproval(Base):
    """What a provider says of one version of a wording: append-only, the latest counts.

    `provider_code` is its name at the provider, such as SMS_154950909.
    """

    __tablename__ = "template_approvals"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        Index(None, "code", "version"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(SmallInteger)
    provider: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    provider_code: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
