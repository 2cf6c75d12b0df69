"""Fields of the form by which an excuse is asked for, and the reasons that excuse a delay."""

from tracker.orders.hold_rules import EXCUSES
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.pages.outage_request import Asked

FIELDS = {
    "reason_code": Asked("reason_code", N_("原因")),
    "starts_at": Asked("starts_at", N_("延误开始")),
    "ends_at": Asked("ends_at", N_("延误结束")),
    "reason_text": Asked("reason_text", N_("说明")),
    "evidence": Asked("evidence", N_("依据编号")),
    "files": Asked("files", N_("照片、PDF")),
}
EXCUSING = tuple(code for code, reason in REASONS.items() if reason.cause in EXCUSES)
"""Reasons that are not the operator's doing, by their codes."""
