"""A payment of compensation, and why one is undone, as the pages ask for them."""

from tracker.fields import Choice, Day, StrictSchema, Text
from tracker.orders.fee_rules import METHODS


class PaymentSchema(StrictSchema):
    """How compensation was paid: one reference for all that were paid together."""

    method = Choice(METHODS, required=True)
    reference = Text(64, required=True)
    paid_on = Day(required=True)


class UndoSchema(StrictSchema):
    """Why a mark is taken back, for the ledger."""

    reason = Text(200, required=True)
