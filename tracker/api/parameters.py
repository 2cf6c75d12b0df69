"""What parameters of queries and parts of addresses mean, by their names."""

from collections.abc import Mapping
from typing import Any

# Parameters of queries; what is left out does not narrow.
QUESTIONS: Mapping[str, str] = {
    "after": "`next` of the page before.",
    "as_of": "A past moment; now where left out.",
    "audience": "Plans for homes, or for companies.",
    "county_code": "A county, by its 6-digit code; only what holds in all of them where left out.",
    "filing_number": "Versions of plans with this filing number.",
    "dry_run": "Say what would become of it, and store no order.",
    "first": "First day of the stretch.",
    "in_force_on": "Rules that are in force on this day.",
    "last": "Last day of the stretch, at most two years later.",
    "limit": "At most this many.",
    "notify_old": "Also tell customers whose orders were accepted over a day ago.",
    "on": "The day that is asked about; today where left out.",
    "q": "Part of a name or of a filing number.",
    "stage": "Orders at this stage.",
    "standing": "Versions that stand so today.",
    "state": "Those in this state.",
    "told": "Subscribers who stand so.",
    "which": "`open`: not closed; `due`: open, and the time for the next call has come; `all`.",
}

# Parts of addresses.
PARTS: Mapping[str, Mapping[str, Any]] = {
    "number": {
        "description": "Number of an order. Small letters, spaces and hyphens are forgiven.",
        "example": "QY261124K7M4QZD",
    },
    "hold": {"description": "Number of the hold in the order's ledger.", "example": 1},
    "excuse_id": {"description": "Id of a request for an excuse.", "example": 1},
    "rule_id": {"description": "Id of a promise rule.", "example": 1},
    "override_id": {"description": "Id of an override.", "example": 1},
    "plan_id": {"description": "Id of a version of a plan.", "example": 1},
    "change_id": {"description": "Id of an announced change.", "example": 1},
    "code": {"description": "Code of a registered text.", "example": "order_accepted"},
    "version": {"description": "Version of the operator's wording.", "example": 1},
    "task": {"description": "Id of a call task.", "example": "1"},
    "notice": {"description": "Our id of the notice, as the provider was given it.", "example": "1"},
    "secret": {"description": "`TRACKER_RECEIPT_SECRET`, which proves the provider.", "example": "…"},
    "webhook_id": {"description": "Id of a webhook.", "example": 1},
    "delivery_id": {"description": "Id of a delivery.", "example": 1},
    "file_id": {"description": "Id of a file of orders.", "example": 1},
    "portal": {"description": "Name of a portal, as its mapping file gives it.", "example": "sample"},
    "reference": {"description": "The operator's own number of a subscription.", "example": "KD-0763-000123"},
}
