"""Calls in words, for the staff pages."""

from collections.abc import Mapping

from tracker.notices.call_rules import Outcome
from tracker.notices.rules import Why
from tracker.orders.standing import N_
from tracker.pages.text_names import TEXT_NAMES
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

# What a call may have to tell. Nobody is called with a code, and our own people are no customers.
TEMPLATE_WORDS = {
    code: words
    for code, words in TEXT_NAMES.items()
    if SEED[code].category not in (Category.CODE, Category.STAFF)
}

REASON_WORDS = {
    Why.LANDLINE: N_("固定电话，收不到短信"),
    Why.WISH: N_("客户要求电话告知"),
    Why.REPEATED: N_("相同短信已发到上限"),
    Why.REFUSED: N_("短信被服务商拒收"),
    Why.UNDELIVERED: N_("短信未送达"),
    Why.EXHAUSTED: N_("多次发送都没有成功"),
    Why.UNKNOWN: N_("无法确认短信是否发出"),
    Why.UNCONFIRMED: N_("短信一直没有送达回执"),
    Why.ASKED: N_("工作人员要求致电"),
}

OUTCOME_WORDS = {
    Outcome.REACHED: N_("电话已告知"),
    Outcome.NO_ANSWER: N_("无人接听"),
    Outcome.CALL_BACK: N_("客户另约时间"),
    Outcome.WRONG_NUMBER: N_("号码不对"),
    Outcome.TOLD_BY_TEXT: N_("短信后来已送达"),
    Outcome.NOT_NEEDED: N_("不必再告知"),
    Outcome.SENT_AGAIN: N_("改为再发短信"),
}

OUTCOME_TONES = {
    Outcome.REACHED: "accent",
    Outcome.NO_ANSWER: "warning",
    Outcome.CALL_BACK: "accent",
    Outcome.WRONG_NUMBER: "danger",
    Outcome.TOLD_BY_TEXT: "accent",
    Outcome.NOT_NEEDED: "quiet",
    Outcome.SENT_AGAIN: "quiet",
}

# When the next call is to be made.
WHEN_WORDS = {
    "due": N_("现在该打"),
    "today": N_("今天稍后"),
    "later": N_("以后"),
}


def caller(actor: str | None, people: Mapping[str, str]) -> str:
    """The name of somebody who calls, of a channel's system by its code; `people` by user name."""
    kind, _, name = (actor or "").partition(":")
    return people.get(name, name) if kind == "staff" else name or kind
