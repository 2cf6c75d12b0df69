"""What customers asked for on the public site, in words for staff.

A request's payload was written by the customers' site, so nothing in it is taken for granted.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from tracker.complaints.words import TOPIC_WORDS
from tracker.customer_requests.rules import Kind, State
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.problems import RULES, Fault

KIND_WORDS = {
    Kind.CODE: N_("索取验证码"),
    Kind.LOST_NUMBER: N_("找回订单号"),
    Kind.APPOINTMENT: N_("申请预约上门时间"),
    Kind.HOLD: N_("申请缓装"),
    Kind.WITHDRAWAL: N_("申请撤单"),
    Kind.COMPLAINT: N_("提出投诉"),
    Kind.RATING: N_("提交评价"),
    Kind.UNDO: N_("撤回前一项申请"),
}

STATE_WORDS = {
    State.ASKED: N_("待处理"),
    State.WAITING: N_("等待生效"),
    State.DONE: N_("已办理"),
    State.REFUSED: N_("未办理"),
    State.UNDONE: N_("客户已撤回"),
}

STATE_TONES = {
    State.ASKED: "warning",
    State.WAITING: "warning",
    State.DONE: "accent",
    State.REFUSED: "danger",
    State.UNDONE: "quiet",
}


def details(row: Any, language: str, gettext: Callable[..., str], day: Callable[[date], str]) -> list[str]:
    """What more is to be said of a request: what exactly was asked, and why it was refused."""
    payload = row.payload if isinstance(row.payload, dict) else {}
    said = []
    topic = TOPIC_WORDS.get(_word(payload, "topic"))
    if topic:
        said.append(gettext(topic))
    if row.kind == Kind.RATING and payload.get("score") in (1, 2, 3, 4, 5):
        said.append(gettext("%(score)s分", score=payload["score"]))
    until = _day(payload.get("until"))
    if until:
        said.append(gettext("缓装至 %(day)s", day=day(until)))
    reason = REASONS.get(_word(payload, "reason_code"))
    if reason:
        said.append(gettext("原因：%(reason)s", reason=reason.en if language == "en" else reason.zh))
    if row.state == State.REFUSED:
        said += [
            Fault(one["rule"], one.get("pointer", ""), one.get("params") or {}).words(language)
            for one in row.refusal or ()
            if one.get("rule") in RULES
        ]
    return said


def waiting(row: Any, clock_time: Callable[[datetime], str], gettext: Callable[..., str]) -> str:
    """A request that is still to take effect: what, and when."""
    asked = gettext(KIND_WORDS[row.kind])
    return gettext("客户%(asked)s，%(time)s 生效", asked=asked, time=clock_time(row.due_at))


def _word(payload: dict[str, Any], name: str) -> Any:
    """A code; empty for what is no text."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
