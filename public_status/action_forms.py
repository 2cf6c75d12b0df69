"""Reading the forms of what customers ask for: what was typed, and what is wrong with it in their words.

All of it is checked again where it is applied; here, so that nobody has to wait to be told of an empty field.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from tracker.complaints.rules import SCORES, Topic
from tracker.complaints.schemas import LONGEST_COMMENT, LONGEST_TEXT
from tracker.customer_requests.rules import HOLD_DAYS, Kind
from tracker.orders.standing import N_

# Those of the customer's own reasons that somebody gives about themselves, in the order of the page.
HOLD_REASONS = {
    "not_decorated": N_("家里还没装修好"),
    "householder_absent": N_("这段时间家里没人"),
    "undecided": N_("还要再想想"),
}
WITHDRAWAL_REASONS = {
    "no_longer_wanted": N_("不需要了"),
    "not_decorated": N_("家里还没装修好"),
    "undecided": N_("还没想好，以后再说"),
}
TOPICS = {
    Topic.OVERDUE: N_("安装超期"),
    Topic.ATTITUDE: N_("服务态度"),
    Topic.FEES: N_("收费"),
    Topic.WORKMANSHIP: N_("施工质量"),
    Topic.SPEED: N_("网速"),
    Topic.OTHER: N_("其他"),
}
SCORE_WORDS = {
    5: N_("非常满意"),
    4: N_("满意"),
    3: N_("一般"),
    2: N_("不满意"),
    1: N_("非常不满意"),
}

Typed = Mapping[str, str]
Words = dict[str, str]

_DAY = re.compile(r"([0-9]{4})\D([0-9]{1,2})\D([0-9]{1,2})\D?")
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Form:
    """A kind of request as its page asks for it.

    `read` takes what was typed and today's date, and returns the payload and the words of each faulty field.
    `fields` are its names; a fault that the service finds elsewhere is said above the form.
    """

    kind: Kind
    fields: tuple[str, ...]
    read: Callable[[Typed, date], tuple[dict[str, Any], Words]]


def latest_hold(today: date) -> date:
    """The latest day on which a hold may end."""
    return today + timedelta(days=HOLD_DAYS - 1)


def _appointment(typed: Typed, _today: date) -> tuple[dict[str, Any], Words]:
    slot = typed.get("slot", "")
    if not (slot.isascii() and slot.isdigit() and len(slot) < 20 and int(slot) <= _LARGEST_ID):
        return {}, {"slot": _("请选择一个上门时段")}
    return {"slot": int(slot)}, {}


def _hold(typed: Typed, today: date) -> tuple[dict[str, Any], Words]:
    faults = {}
    reason, until = typed.get("reason_code", ""), _day(typed.get("until", ""))
    if reason not in HOLD_REASONS:
        faults["reason_code"] = _("请选择缓装的原因")
    if until is None:
        faults["until"] = _("请填写缓装到哪一天")
    elif not today <= until <= latest_hold(today):
        faults["until"] = _("只能填今天起%(days)s天以内的日期", days=HOLD_DAYS)
    return {"reason_code": reason, "until": until.isoformat() if until else ""}, faults


def _withdrawal(typed: Typed, _today: date) -> tuple[dict[str, Any], Words]:
    reason = typed.get("reason_code", "")
    faults = {} if reason in WITHDRAWAL_REASONS else {"reason_code": _("请选择撤单的原因")}
    return {"reason_code": reason}, faults


def _complaint(typed: Typed, _today: date) -> tuple[dict[str, Any], Words]:
    faults = {}
    topic, text = typed.get("topic", ""), _text(typed.get("text", ""))
    if topic not in list(Topic):
        faults["topic"] = _("请选择投诉的事项")
    if not text:
        faults["text"] = _("请写明情况")
    elif len(text) > LONGEST_TEXT:
        faults["text"] = _too_long(text, LONGEST_TEXT)
    return {"topic": topic, "text": text}, faults


def _rating(typed: Typed, _today: date) -> tuple[dict[str, Any], Words]:
    faults = {}
    score, comment = typed.get("score", ""), _text(typed.get("comment", ""))
    if score not in [str(one) for one in SCORES]:
        faults["score"] = _("请选择满意程度")
    if len(comment) > LONGEST_COMMENT:
        faults["comment"] = _too_long(comment, LONGEST_COMMENT)
    payload: dict[str, Any] = {"score": int(score) if not faults.get("score") else 0}
    if comment:
        payload["comment"] = comment
    return payload, faults


def _day(typed: str) -> date | None:
    """A day as date fields send it, or as people write it: 2026-12-01, 2026/12/1, 2026年12月1日."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", typed[:40]).strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _text(typed: str) -> str:
    # Browsers send each end of a line as two characters, and count it as one.
    return typed.replace("\r\n", "\n").strip()


def _too_long(text: str, limit: int) -> str:
    return _(
        "写了%(count)s个字，最多%(limit)s个，请删去%(over)s个",
        count=len(text),
        limit=limit,
        over=len(text) - limit,
    )


FORMS = {
    form.kind: form
    for form in (
        Form(Kind.APPOINTMENT, ("slot",), _appointment),
        Form(Kind.HOLD, ("reason_code", "until"), _hold),
        Form(Kind.WITHDRAWAL, ("reason_code",), _withdrawal),
        Form(Kind.COMPLAINT, ("topic", "text"), _complaint),
        Form(Kind.RATING, ("score", "comment"), _rating),
    )
}
