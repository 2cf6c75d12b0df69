"""Tables of customers' requests and of the codes that prove whose they are."""

from datetime import datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.customer_requests.rules import LARGEST_PAYLOAD, Kind, State
from tracker.db import Base


class CustomerRequest(Base):
    """Something asked for on the public site: the only rows that the site itself writes (invariant I6).

    The site inserts what it is (`kind` to `asked_at`); the service does the rest through the use cases that
    everybody else goes through, and writes down what came of it. A forgotten number may be anybody's, so
    it has neither order nor operator. `payload` is emptied of free text once that is stored where it belongs.
    `once`: a random word of the form that was sent, which cannot be sent twice. `refusal` holds the faults,
    each as {"rule", "pointer", "params"}; `outcome` what the page shows and an undo needs. `due_at`: when a
    waiting one takes effect, or one that failed is tried again. `undo_until`: until when it can be undone,
    null where it cannot. `failures`: how often applying it ended in an error of ours.
    """

    __tablename__ = "customer_requests"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in Kind)})", name="kind"),
        CheckConstraint(f"state IN ({', '.join(repr(one.value) for one in State)})", name="state"),
        CheckConstraint("(kind = 'lost_number') = (order_id IS NULL)", name="order"),
        CheckConstraint("(operator_id IS NULL) = (order_id IS NULL)", name="operator"),
        CheckConstraint(f"octet_length(payload::text) <= {LARGEST_PAYLOAD}", name="payload"),
        Index("ix_customer_requests_open", "id", postgresql_where=text("state IN ('asked', 'waiting')")),
        Index("ix_customer_requests_of_order", "order_id", "id"),
        UniqueConstraint("order_id", "once"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    session_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    asked_at: Mapped[datetime]
    once: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), server_default=text("'asked'"))
    applied_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    undo_until: Mapped[datetime | None]
    refusal: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    failures: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class LookupCode(Base):
    """A code that went to an order's phone, and the session that it opened.

    `digest` is the keyed digest of number and code. The site can neither read it nor change the row: it
    calls `open_lookup_session` and `close_lookup_session`, which count the tries. `shown` is what the holder
    of a session sees that the site cannot read for itself: {"name": "张*", "address": "清城区东城街道***",
    "phone": "138****1234", "areas": [code of the town, code of the county]}.
    """

    __tablename__ = "lookup_codes"
    __table_args__ = (UniqueConstraint("session_digest"), Index("ix_lookup_codes_of_order", "order_id", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    used_at: Mapped[datetime | None]
    session_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    session_ends_at: Mapped[datetime | None]
    shown: Mapped[dict[str, Any]] = mapped_column(JSONB)
