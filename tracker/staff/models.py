"""Tables of operators and staff accounts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base

ROLES = ("counter", "dispatcher", "installer", "manager", "regulator", "administrator")


class Operator(Base):
    """A telecom operator (运营商) of the city: the tenant that owns orders, plans and staff.

    `signature` stands in 【】 at the end of every text; `hotline` is the number a customer calls.
    """

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    signature: Mapped[str] = mapped_column(String(20))
    hotline: Mapped[str] = mapped_column(String(20))


class Account(Base):
    """Somebody who signs in. A regulator's or administrator's account belongs to no operator."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("username"),
        CheckConstraint(f"role IN ({', '.join(repr(r) for r in ROLES)})", name="role"),
        CheckConstraint(
            "(operator_id IS NULL) = (role IN ('regulator', 'administrator'))", name="operator_by_role"
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"), index=True)
    username: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
