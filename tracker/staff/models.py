"""Tables of operators and staff accounts."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
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
    which invitations and resets go, is sealed, and so is the secret of the second factor; `totp_step` is the
    last step of time whose code was used. The password hash is empty until the invited person has chosen a
    password. `revision` counts changes by hand.
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
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    totp_since: Mapped[datetime | None]
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1, server_default="1")


class StaffSession(Base):
    """A device on which somebody has signed in, until `ended_at`, `expires_at` or too long without a word.

    `digest` is the SHA-256 of the random token that the device holds. `seen_at` is written at most once a
    minute. `device` is what the browser says of itself, in a few words.
    """

    __tablename__ = "staff_sessions"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    device: Mapped[str] = mapped_column(String(60))
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code in the place of a lost phone's, good once; only its keyed digest is kept."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    used_at: Mapped[datetime | None]


class StaffCode(Base):
    """A code by text, with which somebody chooses a password: invited, or because it was forgotten.

    The row is the queue: without a digest it was only asked for, and a worker makes the code and its text.
    It belongs to no account where the name that was typed is nobody's, so that both take the same time.
    """

    __tablename__ = "staff_codes"
    __table_args__ = (
        CheckConstraint("kind IN ('invitation', 'reset')", name="kind"),
        Index("ix_staff_codes_due", "id", postgresql_where=text("digest IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    ended_at: Mapped[datetime | None]


class SignInTry(Base):
    """How often a name has been tried, known or not; after `ends_at` it begins at 1 again.

    `key` is a keyed digest: what is typed for a name may be somebody's password.
    """

    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int] = mapped_column(SmallInteger)
    ends_at: Mapped[datetime]
