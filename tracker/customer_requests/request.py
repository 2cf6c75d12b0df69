"""A request in the hands of the worker that applies it, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker.customer_requests.rules import UNDO_WITHIN, State
from tracker.orders.actor import Actor


@dataclass(frozen=True)
class Request:
    """What was asked for, with its payload loaded. `asked_at` is never later than now."""

    id: int
    payload: Mapping[str, Any]
    asked_at: datetime


@dataclass(frozen=True)
class OrderRequest(Request):
    """The same about an order: its row of `orders`, read and not locked."""

    order: Row[Any]

    @property
    def actor(self) -> Actor:
        """The customer, as histories name them: "customer:<id of the request>"."""
        return Actor(self.order.operator_id, f"customer:{self.id}")

    @property
    def undo_until(self) -> datetime:
        """The end of the time in which whatever was asked for can be undone."""
        return self.asked_at + UNDO_WITHIN


@dataclass(frozen=True)
class Result:
    """What came of a request: columns of its row."""

    state: State = State.DONE
    outcome: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    undo_until: datetime | None = None
