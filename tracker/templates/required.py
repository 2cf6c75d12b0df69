"""What a text must not lose, whoever words it: a promise its date, a change of price its prices and its day.

A promise is one only with its deadline (电信条例 31), and a change of a tariff is told a month before with
what changes and from when (民法典 137, 202). Without its code, a text with a code is of no use.
"""

from collections.abc import Mapping

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "order_accepted": ("number", "deadline", "hotline"),
    "repromised": ("number", "deadline", "hotline"),
    "delayed": ("number", "reason", "deadline", "phone"),
    "paused": ("number", "day", "deadline"),
    "resumed": ("number", "deadline"),
    "on_hold": ("number", "day"),
    "promise_recounted": ("number", "deadline"),
    "promises_recounted": ("count",),
    "appointed": ("number", "slot"),
    "appointment_changed": ("number", "slot"),
    "appointment_cancelled": ("number", "slot"),
    "visit_reminder": ("number", "hours"),
    "visit_to_agree": ("number", "deadline", "hotline"),
    "cancelled": ("number", "reason", "hotline"),
    "complaint_received": ("complaint", "day"),
    "complaint_closed": ("complaint", "result"),
    "tariff_change": ("plan", "effective", "old_fee", "new_fee", "hotline"),
    "tariff_terms": ("plan", "effective", "summary", "hotline"),
    "tariff_term_end": ("plan", "until", "effective", "old_fee", "new_fee", "hotline"),
    "tariff_withdrawn": ("plan", "effective", "hotline"),
    "outage_plan": ("window", "area", "duration"),
    "one_time_code": ("code",),
    "staff_code": ("code",),
    "order_numbers": ("numbers",),
}


def required_of(code: str) -> tuple[str, ...]:
    """The parameters that every wording of a text names."""
    return REQUIRED.get(code, ())
