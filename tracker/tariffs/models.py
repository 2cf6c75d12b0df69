"""Tables of plans, of what became of them, and of announced changes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.tariffs.rules import AUDIENCES, PLAN_KINDS, ChangeKind, ChangeState, PlanState


def _one_of(column: str, values: Any) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=column)


def _words(limit: int) -> Mapped[str]:
    """Words that a plan may do without."""
    return mapped_column(String(limit), default="", server_default=text("''"))


class Plan(Base):
    """One version of a tariff plan (资费方案); money is integer fen (分).

    The versions of one plan share operator, `filing_number` (方案编号) and `region`; each is in force from
    its `on_sale_from` (上线日期) until the day before the next one's, or through its own `on_sale_to`
    (下线日期), days in the city. Columns follow the operators' fee pages (资费专区). What was published is
    never edited, which a trigger watches over: a version can only be taken off sale. `revision` grows by
    one with every change of the row. `change_id`: the announcement by which present customers get it too.
    """

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("operator_id", "filing_number", "region", "version"),
        _one_of("audience", AUDIENCES),
        _one_of("kind", PLAN_KINDS),
        CheckConstraint("monthly_fen >= 0 AND installation_fen >= 0 AND commissioning_fen >= 0", name="fees"),
        _one_of("state", PlanState),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    filing_number: Mapped[str] = mapped_column(String(30))
    region: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    state: Mapped[str] = mapped_column(String(12))
    audience: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(20))
    product: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    monthly_fen: Mapped[int] = mapped_column(Integer)
    installation_fen: Mapped[int] = mapped_column(Integer)
    commissioning_fen: Mapped[int] = mapped_column(Integer)
    download_mbps: Mapped[int] = mapped_column(Integer)
    upload_mbps: Mapped[int] = mapped_column(Integer)
    services: Mapped[str] = mapped_column(Text)
    services_en: Mapped[str] = mapped_column(Text)
    restrictions: Mapped[str] = mapped_column(Text)
    restrictions_en: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = _words(200)  # 适用范围
    sales_channels: Mapped[str] = _words(200)  # 销售渠道
    validity: Mapped[str] = _words(200)  # 有效期限
    stay: Mapped[str] = _words(200)  # 在网要求
    cancellation: Mapped[str] = _words(400)  # 退订方式
    liability: Mapped[str] = _words(400)  # 违约责任
    voice: Mapped[str] = _words(200)  # 语音
    data: Mapped[str] = _words(200)  # 流量
    iptv: Mapped[str] = _words(200)
    benefits: Mapped[str] = _words(400)  # 权益
    overage: Mapped[str] = _words(400)  # 超出资费
    other_services: Mapped[str] = _words(400)  # 其他服务内容
    remark: Mapped[str] = mapped_column(String(400), default="")  # 其他说明
    on_sale_from: Mapped[date]
    on_sale_to: Mapped[date | None]
    change_id: Mapped[int | None] = mapped_column(
        ForeignKey("tariff_changes.id", use_alter=True, deferrable=True, initially="DEFERRED"), index=True
    )
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class PlanEvent(Base):
    """What became of a version of a plan, who did it and why: append-only (invariant I7)."""

    __tablename__ = "plan_events"
    __table_args__ = (Index(None, "plan_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    kind: Mapped[str] = mapped_column(String(12))  # drafted, edited, published, withdrawn
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class TariffChange(Base):
    """An announced change (资费变动) for customers that a plan has already.

    `price` and `terms` begin for everybody at 00:00 of `effective_on`, with the version `plan_id`; `terms`
    are told in the words of `summary`. `term_end` begins for each subscriber on the day after an agreed
    price ends, for ends from `ends_from` through `ends_to`, and `effective_on` is the first of these days.
    `latest_notice_on` is the last day on which a warning may arrive for that day. Warnings leave from
    `warn_from` on. An announcement that comes later than it may bears the manager's `override_reason`.
    """

    __tablename__ = "tariff_changes"
    __table_args__ = (
        _one_of("kind", ChangeKind),
        _one_of("state", ChangeState),
        CheckConstraint(
            "(kind = 'term_end') = (ends_from IS NOT NULL) AND (ends_from IS NULL) = (ends_to IS NULL)"
            " AND (kind = 'term_end') = (plan_id IS NULL)",
            name="dates_by_kind",
        ),
        Index(
            "uq_tariff_changes_standing",
            "operator_id",
            "filing_number",
            "region",
            "kind",
            "effective_on",
            unique=True,
            postgresql_where=text("state = 'announced'"),
        ),
        Index(None, "plan_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    kind: Mapped[str] = mapped_column(String(12))
    filing_number: Mapped[str] = mapped_column(String(30))
    region: Mapped[str] = mapped_column(String(40))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id"))
    effective_on: Mapped[date]
    ends_from: Mapped[date | None]
    ends_to: Mapped[date | None]
    latest_notice_on: Mapped[date]
    warn_from: Mapped[date]
    summary: Mapped[str] = mapped_column(String(60), default="")
    summary_en: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(String(200))
    override_reason: Mapped[str | None] = mapped_column(String(200))
    override_by: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12))
    announced_at: Mapped[datetime]
    announced_by: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawal_reason: Mapped[str | None] = mapped_column(String(200))
