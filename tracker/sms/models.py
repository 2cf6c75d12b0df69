"""Table of the recording gateway: the provider's side of the story, kept apart from notices."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class RecordedText(Base):
    """A text that the recording gateway accepted, as a phone would have shown it.

    No foreign key to notices: like a real provider it knows only the id it was told, and would
    record a second sending of the same notice as a second row. A text with a code shows dots in `body`, and
    `sealed` holds it as it was.
    """

    __tablename__ = "recorded_texts"
    __table_args__ = (Index(None, "notice_id"), Index(None, "accepted_at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    notice_id: Mapped[int] = mapped_column(BigInteger)
    recipient: Mapped[bytes] = mapped_column(LargeBinary)
    recipient_masked: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    accepted_at: Mapped[datetime]
