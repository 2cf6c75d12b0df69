"""Tables of operators and staff accounts."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
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
    """Somebody who signs in. A regulator's or administrator's account belongs to no operator.

    `title` ("李师傅") and `staff_number` (工号) are how customers are told of an installer. The phone, to
    which invitations and resets go, is sealed.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("username"),
        Index("uq_accounts_staff_number", "operator_id", "staff_number", unique=True),
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
    title: Mapped[str | None] = mapped_column(String(20))
    staff_number: Mapped[str | None] = mapped_column(String(20))
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
