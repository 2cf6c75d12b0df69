"""Excuses in words: states, fields of forms, and who did what."""

from typing import Any

from flask_babel import gettext
from sqlalchemy import Row

from tracker.excuses.rules import State
from tracker.orders.hold_rules import EXCUSES
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.pages.order_event_words import Line, People, reason_said
from tracker.pages.order_frame import people_of
from tracker.pages.outage_request import Asked
from tracker.staff.sign_in import Person

STATE_WORDS = {
    State.OPEN: N_("待审批"),
    State.APPROVED: N_("已同意"),
    State.REFUSED: N_("已驳回"),
    State.RETRACTED: N_("申请人已撤回"),
}
STATE_TONES = {
    State.OPEN: "warning",
    State.APPROVED: "accent",
    State.REFUSED: "danger",
    State.RETRACTED: "quiet",
}
FIELDS = {
    "reason_code": Asked("reason_code", N_("原因")),
    "starts_at": Asked("starts_at", N_("延误开始")),
    "ends_at": Asked("ends_at", N_("延误结束")),
    "reason_text": Asked("reason_text", N_("说明")),
    "evidence": Asked("evidence", N_("依据编号")),
    "files": Asked("files", N_("照片、PDF")),
}
DECISION_FIELDS = {"words": Asked("words", N_("审批意见"))}
LONGEST_WORDS = 200

EXCUSING = tuple(code for code, reason in REASONS.items() if reason.cause in EXCUSES)
"""Reasons that are not the operator's doing, by their codes."""


_LINE_WORDS = {
    State.OPEN: N_("申请免责"),
    State.APPROVED: N_("同意免责"),
    State.REFUSED: N_("驳回免责申请"),
    State.RETRACTED: N_("撤回免责申请"),
}


def excuse_lines(asked: Row[Any], people: People) -> list[Line]:
    """That an excuse was asked for, and what became of it; an approval is the order's own event too."""
    details = (gettext("依据：%(evidence)s", evidence=asked.evidence),) if asked.evidence else ()
    kind, why = "excuse_request", reason_said(asked.reason_code, asked.reason_text)
    lines = [
        Line(
            kind, gettext(_LINE_WORDS[State.OPEN]), asked.asked_at, people.name(asked.asked_by), why, details
        )
    ]
    if asked.decided_at is not None:
        word = gettext(_LINE_WORDS[State(asked.state)])
        lines.append(Line(kind, word, asked.decided_at, people.name(asked.decided_by), asked.words or ""))
    return lines


def words_of(person: Person) -> dict[str, Any]:
    """What every page about excuses says things with."""
    return {
        "who": people_of(person).name,
        "why": lambda one: reason_said(one.reason_code, one.reason_text),
        "state_words": STATE_WORDS,
        "state_tones": STATE_TONES,
    }
