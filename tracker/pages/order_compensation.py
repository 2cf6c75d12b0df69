"""What one order is compensated with: its ledger with the working, and taking a mark of payment back."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError
from sqlalchemy import Connection, Row, select

from tracker import clock
from tracker.compensation.pay import paid_before_last, undo_payment
from tracker.compensation.queries import lines_of
from tracker.compensation.recount import count
from tracker.compensation.rules import State, Working, state_of
from tracker.compensation.schemas import UndoSchema
from tracker.orders.fee_queries import totals_of
from tracker.orders.head import Head
from tracker.orders.models import Order
from tracker.orders.standing import ENDED_EARLY, N_
from tracker.pages.access import AT_DESK, acting, only, open_to, operator_of, runtime
from tracker.pages.compensation_words import words_of
from tracker.pages.order_frame import Form, act, form_page, head, people_of, typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Refusal, faults_in
from tracker.promises.queries import read_ledgers
from tracker.staff.sign_in import Person

FIELDS = {"reason": Asked("reason", N_("原因"))}
_undo = UndoSchema()


@dataclass(frozen=True)
class Compensation:
    """How an order stands: its ledger, the earliest line first, or what it comes to while there is none."""

    lines: tuple[Row[Any], ...]
    running: Working | None

    @property
    def latest(self) -> Row[Any] | None:
        """The line that stands."""
        return self.lines[-1] if self.lines else None

    @property
    def state(self) -> State | None:
        """How it stands; None where nothing is written."""
        return None if self.latest is None else state_of(self.latest.amount_fen, self.latest.paid_fen)

    @property
    def undoable(self) -> bool:
        """Whether a mark of payment stands."""
        return paid_before_last(self.lines) is not None


def compensation_of_order(connection: Connection, operator_id: int, order: Head) -> Compensation:
    """What an operator's order is compensated with, as of now."""
    lines = tuple(lines_of(connection, operator_id, order.id))
    # Connected just now, it is not written down yet.
    until = order.connected_at or clock.now()
    if lines or order.stage in ENDED_EARLY or until <= order.deadline:
        return Compensation(lines, None)
    row = connection.execute(select(Order.id, Order.price, Order.stage).where(Order.id == order.id)).one()
    ledger = read_ledgers(connection, [order.id])[order.id]
    working = count(ledger, until, totals_of(connection, [row])[order.id])
    return Compensation((), working if working.days else None)


@blueprint.route("/orders/<number>/compensation", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_compensation(number: str) -> Any:
    """The working and every line; a manager takes a wrong mark back."""
    person = signed_in()
    order = head(person, number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(("reason",))
        done = act(person, order, typed, FIELDS, lambda: _take_back(person, order, typed))
        if not isinstance(done, Form):
            return redirect(url_for("staff.order_compensation", number=order.number))
        form = done
    with runtime().db.reading() as connection:
        found = compensation_of_order(connection, operator_of(person), order)
    return form_page(
        "staff/order_compensation.html",
        person,
        order,
        form,
        FIELDS,
        tab="staff.order_fees",
        found=found,
        who=people_of(person).name,
        **words_of(),
    )


def _take_back(person: Person, order: Head, typed: dict[str, str]) -> str:
    only("manager")
    line = request.form.get("line", "")
    try:
        loaded = _undo.load({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    seen = int(line) if line.isdecimal() and len(line) < 6 else 0
    undo_payment(runtime(), acting(person), order.id, seen, loaded["reason"])
    return N_("已撤销付款登记。")
