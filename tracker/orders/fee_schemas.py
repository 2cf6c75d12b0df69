"""What may be said of an order's money, and what is told back of it."""

from marshmallow import fields

from tracker.fields import Choice, Day, StrictSchema, Text, Timestamp, Whole
from tracker.orders.fee_rules import HIGHEST_FEN, METHODS
from tracker.orders.fee_sums import Fee, Settled

_REFERENCE_LIMIT = 64
_REASON_LIMIT = 100

_FEES = tuple(fee.value for fee in Fee)


class PaymentRequestSchema(StrictSchema):
    """Money received (positive) or given back (negative), in fen."""

    fee = Choice(_FEES, required=True)
    amount_fen = Whole(-HIGHEST_FEN, HIGHEST_FEN, required=True)
    reference = Text(_REFERENCE_LIMIT, required=True)
    paid_at = Timestamp(load_default=None)
    method = Choice(METHODS, load_default=None)
    receipt = Text(
        _REFERENCE_LIMIT, load_default=None, metadata={"description": "Number of the receipt or invoice."}
    )
    reason = Text(_REASON_LIMIT, load_default=None, metadata={"description": "Needed for the fee 'other'."})


class ChargeRequestSchema(StrictSchema):
    """What is due beside the plan's fees (positive), or waived (negative), in fen."""

    fee = Choice(_FEES, required=True)
    amount_fen = Whole(-HIGHEST_FEN, HIGHEST_FEN, required=True)
    reference = Text(_REFERENCE_LIMIT, required=True)
    reason = Text(
        _REASON_LIMIT,
        load_default=None,
        metadata={"description": "Read by the customer. Needed for a waiver and for the fee 'other'."},
    )
    due_on = Day(load_default=None, metadata={"description": "The last day to pay by, where one is set."})
    charged_at = Timestamp(load_default=None)


class FeeSchema(StrictSchema):
    """How one fee stands, in fen. `balance_fen` is still to be paid, below zero to be given back."""

    fee = Choice(_FEES)
    due_fen = fields.Integer()
    waived_fen = fields.Integer()
    paid_fen = fields.Integer()
    refunded_fen = fields.Integer()
    balance_fen = fields.Integer()
    state = Choice(tuple(state.value for state in Settled))
    due_on = Day(allow_none=True)


class ChargeSchema(StrictSchema):
    """One charge or waiver."""

    fee = Choice(_FEES)
    amount_fen = fields.Integer()
    reference = fields.String()
    reason = fields.String(allow_none=True)
    due_on = Day(allow_none=True)
    charged_at = Timestamp()
    recorded_at = Timestamp()
    actor = fields.String()


class PaymentSchema(StrictSchema):
    """One payment or refund."""

    fee = Choice(_FEES)
    amount_fen = fields.Integer()
    reference = fields.String()
    method = fields.String(allow_none=True)
    receipt = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    paid_at = Timestamp()
    recorded_at = Timestamp()
    actor = fields.String()


class FeeBookSchema(StrictSchema):
    """How the fees of an order stand, and every charge and payment, in the order they were recorded."""

    number = fields.String()
    version = fields.Integer()
    fees = fields.List(fields.Nested(FeeSchema))
    charges = fields.List(fields.Nested(ChargeSchema))
    payments = fields.List(fields.Nested(PaymentSchema))
