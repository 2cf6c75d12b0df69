"""What was asked for, written and complained of, in people's words.

Words are the Chinese message ids of the site's catalogue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row

from public_status import visit_words
from public_status.action_forms import SCORE_WORDS, TOPICS
from tracker import clock
from tracker.complaints.rules import State as ComplaintState
from tracker.customer_requests.asking import Asked
from tracker.customer_requests.rules import Kind, State
from tracker.notices.rules import State as NoticeState
from tracker.orders.standing import N_
from tracker.pages import wording

LEFT = "left"

KIND_WORDS = {
    Kind.APPOINTMENT: N_("改约"),
    Kind.HOLD: N_("缓装"),
    Kind.WITHDRAWAL: N_("撤单"),
    Kind.COMPLAINT: N_("投诉"),
    Kind.RATING: N_("评价"),
}
_OFFER_WORDS = {
    Kind.APPOINTMENT: N_("选择上门时间"),
    Kind.HOLD: N_("申请缓装"),
    Kind.WITHDRAWAL: N_("申请撤单"),
    Kind.COMPLAINT: N_("投诉"),
    Kind.RATING: N_("评价"),
}
_ANOTHER_VISIT = N_("改约上门时间")


def offer_word(kind: Kind, *, has_visit: bool) -> str:
    """What the link to a form and its page are called; another visit than the one agreed is a change."""
    return _ANOTHER_VISIT if kind is Kind.APPOINTMENT and has_visit else _OFFER_WORDS[kind]


# What has just been done, by the word that stands in the address: nothing else is ever said from there.
SAID = {
    Kind.APPOINTMENT: N_("上门时间已约好。"),
    Kind.HOLD: N_("已开始缓装。"),
    Kind.WITHDRAWAL: N_("撤单申请已收到，10分钟后生效。"),
    Kind.COMPLAINT: N_("投诉已登记，15天内答复您。"),
    Kind.RATING: N_("评价已收到，谢谢您。"),
    Kind.UNDO: N_("已撤回。"),
    "stale": N_("页面已过期，刚才的操作没有提交。请重新操作一次。"),
}

_STATES = {
    State.ASKED: (N_("正在办理"), "warning"),
    State.WAITING: (N_("尚未生效"), "warning"),
    State.DONE: (N_("已办理"), "accent"),
    State.REFUSED: (N_("未能办理"), "danger"),
    State.UNDONE: (N_("已经撤回"), "quiet"),
}

# What was said is there; what comes of it is told in a place of its own.
_ONLY_RECEIVED = frozenset({Kind.COMPLAINT, Kind.RATING})
_RECEIVED = N_("已收到")

COMPLAINT_STATES = {
    ComplaintState.OPEN: N_("正在处理"),
    ComplaintState.CLOSED: N_("已办结"),
    ComplaintState.RETRACTED: N_("已经撤回"),
}

_DELIVERY = {
    NoticeState.CREATED: N_("即将发出"),
    NoticeState.SENDING: N_("正在发出"),
    NoticeState.ACCEPTED: N_("已发出，尚无送达回执"),
    NoticeState.UNKNOWN: N_("正在核实是否发出"),
    NoticeState.DELIVERED: N_("已送达"),
    NoticeState.UNDELIVERED: N_("短信没有送达，改由客服电话告知"),
    NoticeState.CALL: N_("由客服电话告知"),
}


@dataclass(frozen=True)
class AskedInWords:
    """A request as its list shows it; `undo_until` is set where it can still be undone."""

    id: int
    word: str
    detail: str
    asked_at: datetime
    state: str
    tone: str
    why: Sequence[str]
    undo_until: datetime | None


@dataclass(frozen=True)
class TextInWords:
    """A text to the customer: its words as they were sent, when, and whether they arrived."""

    body: str
    language: str
    at: datetime
    delivery: str


def told(asked: Asked, slots: Mapping[int, Row[Any]], language: str, now: datetime) -> AskedInWords:
    """A request in words; detail and reasons are in the reader's language already.

    `slots`: those that requests name, by their ids.
    """
    state, tone = _STATES[asked.state]
    if asked.state is State.DONE and asked.kind in _ONLY_RECEIVED:
        state = _RECEIVED
    return AskedInWords(
        id=asked.id,
        word=KIND_WORDS[asked.kind],
        detail=_detail(asked, slots, language),
        asked_at=asked.asked_at,
        state=state,
        tone=tone,
        why=[fault.words(language) for fault in asked.faults],
        undo_until=asked.undo_until if asked.can_be_undone(now) else None,
    )


def text_told(text: Row[Any], now: datetime) -> TextInWords:
    """A text in words. One that waits for its hour says so by its time."""
    waits = text.state == NoticeState.CREATED and text.next_at > now
    at = text.next_at if waits else text.delivered_at or text.accepted_at or text.created_at
    return TextInWords(
        body=text.body,
        language="en" if text.language == "en" else "zh-CN",
        at=at,
        delivery=N_("到时发出") if waits else _DELIVERY[NoticeState(text.state)],
    )


def _detail(asked: Asked, slots: Mapping[int, Row[Any]], language: str) -> str:
    payload, today = asked.payload, clock.today()
    match asked.kind:
        case Kind.APPOINTMENT if payload.get("slot") in slots:
            slot = slots[payload["slot"]]
            return visit_words.visit(slot.starts_at, slot.ends_at, language, today)
        case Kind.HOLD if "until" in payload:
            until = date.fromisoformat(payload["until"])
            return _("缓装到 %(day)s", day=wording.day(until, language, today))
        case Kind.WITHDRAWAL if asked.state is State.WAITING and asked.due_at is not None:
            return _("%(time)s 生效", time=f"{clock.local(asked.due_at):%H:%M}")
        case Kind.COMPLAINT:
            word = TOPICS.get(payload.get("topic", ""), "")
            return _(word) if word else ""
        case Kind.RATING:
            word = SCORE_WORDS.get(payload.get("score", 0), "")
            return _(word) if word else ""
    return ""
