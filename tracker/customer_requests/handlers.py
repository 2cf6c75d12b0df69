"""Who sees to each kind of request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tracker.customer_requests.ask_appointment import ask_appointment
from tracker.customer_requests.ask_hold import ask_hold
from tracker.customer_requests.ask_withdrawal import ask_withdrawal, withdraw
from tracker.customer_requests.find_numbers import find_numbers
from tracker.customer_requests.request import Result
from tracker.customer_requests.rules import Kind
from tracker.customer_requests.say_something import complain, give_rating
from tracker.customer_requests.schemas import (
    Appointment,
    Complaint,
    Hold,
    LostNumber,
    Nothing,
    Rating,
    Undo,
    Withdrawal,
)
from tracker.customer_requests.send_code import send_code
from tracker.customer_requests.undo import undo
from tracker.fields import StrictSchema
from tracker.runtime import Runtime

# The request is an OrderRequest for every kind but a lost number.
Apply = Callable[[Connection, Runtime, Any, datetime], Result]
TakeEffect = Callable[[Connection, Runtime, Any, datetime], Result | None]


@dataclass(frozen=True)
class Handler:
    """How a payload must be, what is done at once, and what once a waiting request is due.

    All of it happens in the transaction of the request's own row. `take_effect` may want to be asked again:
    None.
    """

    payload: StrictSchema
    apply: Apply
    take_effect: TakeEffect | None = None


HANDLERS: Mapping[Kind, Handler] = {
    Kind.CODE: Handler(Nothing(), send_code),
    Kind.LOST_NUMBER: Handler(LostNumber(), find_numbers),
    Kind.APPOINTMENT: Handler(Appointment(), ask_appointment),
    Kind.HOLD: Handler(Hold(), ask_hold),
    Kind.WITHDRAWAL: Handler(Withdrawal(), ask_withdrawal, withdraw),
    Kind.COMPLAINT: Handler(Complaint(), complain),
    Kind.RATING: Handler(Rating(), give_rating),
    Kind.UNDO: Handler(Undo(), undo),
}
