"""What the fields of fees, files of orders, events and webhooks mean; the rest of `tracker.api.glossary`."""

from collections.abc import Mapping
from typing import Any

from tracker.orders.feed import TYPES
from tracker.orders.rules import REASONS, Stage
from tracker.webhooks.rules import PING

WORDS: Mapping[str, str] = {
    # Fees.
    "Order.fees": "How each fee stands.",
    "FeeBook.number": "The order's number.",
    "FeeBook.version": "The order's version; the `ETag` is made of it.",
    "FeeBook.fees": "How each fee stands.",
    "charges": "What was charged and waived, as it was recorded.",
    "payments": "What was paid and given back, as it was recorded.",
    "fee": "What the money is for; `other` needs a `reason`.",
    "due_fen": "What is to be paid in all, less what was waived, in fen.",
    "waived_fen": "What was waived, in fen.",
    "paid_fen": "What was received in all, in fen.",
    "refunded_fen": "What was given back, in fen.",
    "balance_fen": "What is still to be paid, in fen; below zero what is to be given back.",
    "Fee.state": "How it stands: `free` costs nothing, `waived` nothing any more, `due` nothing paid, `part`"
    " some, `paid` all; `to_return` more than is due, `refunded` given back, `not_due` as the order ended.",
    "Fee.due_on": "Last day to pay what is still to be paid, where one is set.",
    "PaymentRequest.amount_fen": "Money received in fen, below zero given back: at most what is held.",
    "PaymentRequest.reference": "The billing system's own number, unique among the operator's payments.",
    "PaymentRequest.paid_at": "When it was paid; now where left out.",
    "PaymentRequest.method": "How the money came: in cash, by transfer, by a wallet, by card, with the bill.",
    "Payment.amount_fen": "Money received in fen, below zero given back.",
    "Payment.reference": "The billing system's own number of it.",
    "Payment.paid_at": "When it was paid.",
    "Payment.method": "How the money came.",
    "receipt": "Number of the receipt or invoice.",
    "ChargeRequest.amount_fen": "What is due in fen, below zero waived: no more than the fee comes to.",
    "ChargeRequest.reference": "The billing system's own number, unique among the operator's charges.",
    "ChargeRequest.charged_at": "Since when it is due; now where left out.",
    "Charge.amount_fen": "What is due in fen, below zero waived.",
    "Charge.reference": "The billing system's own number of it.",
    "Charge.reason": "Why, as the customer reads it.",
    "Charge.due_on": "Last day to pay by, where one is set.",
    "charged_at": "Since when it is due.",
    # Files of orders.
    "OrderFile.state": "`waiting` for a worker, `running`, `done`; `refused` as a whole; `broken` off again"
    " and again; `cancelled` at the desk.",
    "dry_run": "Whether it is only told what would become of it.",
    "percent": "How far it is, 0 to 100.",
    "rows_done": "Rows that were read.",
    "stored_before": "Rows whose orders were stored before, with the same content.",
    "failed": "Rows that failed.",
    "fault_count": "Faults in all; a row may have several.",
    "faults": "The first 200 of them.",
    "refusal": "Why nothing of it could be read; empty where it could.",
    "failed_rows_until": "Until when the rows that failed can be downloaded; null where there are none.",
    "started_at": "When a worker began; null before.",
    "finished_at": "When it came to its end; null before.",
    "OrderFile.created_at": "When it came in.",
    "line": "The row's line; the header is the first.",
    "column": "The column as the file has it; empty for the whole row.",
    "OrderFileFault.detail": "The fault in words.",
    "OrderFileRefusal.detail": "The fault in words.",
    # Events, and lists that are read on.
    "OrderPage.last": "Cursor behind the last order listed, to ask with later for what has come since.",
    "EventPage.events": "The page, oldest first.",
    "EventPage.next": "Cursor behind the last event that was listed: poll on with it. Never null.",
    "EventPage.more": "Whether there are further events now.",
    "Event.type": "What happened. Types may be added: pass over those that you do not know.",
    "Event.version": "The order's version with it.",
    "Event.stage": "Where the order stood then.",
    "Event.deadline": "The promise as it stood then.",
    "Event.reason_code": "Reason by its code, where one was given.",
    "Event.appointment": "The visit that was agreed; null with anything else.",
    "Event.occurred_at": "When it happened.",
    "Money.amount_fen": "Received or due, in fen; below zero given back or waived.",
    "Money.reference": "The billing system's own number of it.",
    # Webhooks and their deliveries.
    "webhooks": "Oldest first.",
    "url": "Where events are sent to.",
    "WebhookRequest.events": "Types of events that it wants; null for all.",
    "Webhook.events": "Types of events that it is told of; null for all.",
    "NewSecret.events": "Types of events that it is told of; null for all.",
    "paused_why": "`by_hand`; `failing`: nothing got through for a day; `gone`: answered 410. Else null.",
    "paused_at": "When it was paused; null while active.",
    "previous_secret_until": "Until when the secret before signs as well; null where none does.",
    "Webhook.version": "Counts its changes; the `ETag` is made of it.",
    "NewSecret.version": "Counts its changes; the `ETag` is made of it.",
    "changed_at": "When it was changed last.",
    "failing_since": "Since when nothing got through; null where the last attempt did.",
    "delivered_at": "When an event was delivered last; null before the first.",
    "secret": "Signs what is sent to it. Shown this once: null where the request is a repeat.",
    "overlap_hours": "For so many hours the secret before signs as well.",
    "deliveries": "The page, newest first.",
    "event": "Id of the event; null for a test.",
    "Delivery.type": "Type of the event, or `test.ping`.",
    "Delivery.state": "`queued` behind an earlier event of the order, `waiting` for its time, `sending`,"
    " `delivered`, `given_up`.",
    "next_at": "When it is tried next; null where it is not.",
    "tried_at": "When it was tried last; null before.",
    "took_ms": "How long the last answer took, in milliseconds.",
    "error": "What went wrong at last, in a word such as `timeout` or `http_500`; null where nothing did.",
    "resend_of": "Id of the delivery that was sent again by this one.",
    "ended_at": "When it was delivered or given up; null before.",
}

ENUMS: Mapping[str, tuple[str, ...]] = {
    "Event.type": TYPES,
    "Event.stage": tuple(stage.value for stage in Stage),
    "Event.reason_code": tuple(REASONS),
    "Delivery.type": (*TYPES, PING),
    "Webhook.events": TYPES,
    "NewSecret.events": TYPES,
}

_RULE = {"$ref": "#/components/schemas/RuleId", "description": "The rule that is broken."}

# What a marshmallow field cannot say of itself.
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "OrderFileFault.rule": _RULE,
    "OrderFileRefusal.rule": _RULE,
    "OrderFile.percent": {"minimum": 0, "maximum": 100},
}
