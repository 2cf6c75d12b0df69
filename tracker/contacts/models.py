"""The table of what customers wish."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base

CALL, NO_TEXTS = "call", "no_texts"
WISHES = (CALL, NO_TEXTS)


class ContactWish(Base):
    """A number whose owner wants to be called, or wants no texts (退订); the number is a keyed digest.

    Ended, not deleted, when the owner wants texts again: `until_at`.
    """

    __tablename__ = "contact_wishes"
    __table_args__ = (
        CheckConstraint(f"wish IN ({', '.join(repr(wish) for wish in WISHES)})", name="wish"),
        Index(
            "uq_contact_wishes_standing",
            "operator_id",
            "phone_digest",
            unique=True,
            postgresql_where=text("until_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    wish: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(80))
    since_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
