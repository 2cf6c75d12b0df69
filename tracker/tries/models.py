"""The table in which tries are counted."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class LookupTry(Base):
    """How often something was tried in a stretch of time; after `ends_at` it begins at 1 again.

    `key` is a keyed digest of the address, or of the order number, known or not, that is counted: neither
    can be read here. Unlogged: it is written by every wrong try and for half an hour, and a database that
    crashed gives out nothing that five tries more could find.
    """

    __tablename__ = "lookup_tries"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own protocol

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime]
