"""Complaints and ratings in words, for the staff pages."""

from collections.abc import Mapping

from tracker.complaints.rules import Satisfaction, Source, Standing
from tracker.complaints.words import TOPIC_WORDS
from tracker.orders.standing import N_

# Templates find them here, with the other words.
__all__ = ["TOPIC_WORDS"]

SOURCE_WORDS = {
    Source.WEBSITE: N_("官网"),
    Source.OUTLET: N_("营业厅"),
    Source.HOTLINE: N_("客服热线"),
    Source.CITY_LINE: N_("12345热线"),
    Source.GOVERNMENT_SITE: N_("政府网站"),
    Source.LETTERS: N_("信访"),
    Source.CONSUMER_LINE: N_("12315平台"),
    Source.APPEAL_LINE: N_("12300申诉"),
}

STANDING_WORDS = {
    Standing.ON_TIME: N_("处理中"),
    Standing.NEAR: N_("临近到期"),
    Standing.OVERDUE: N_("已超期"),
    Standing.CLOSED: N_("已办结"),
    Standing.CLOSED_LATE: N_("超期办结"),
    Standing.RETRACTED: N_("客户已撤回"),
}

STANDING_TONES = {
    Standing.ON_TIME: "accent",
    Standing.NEAR: "warning",
    Standing.OVERDUE: "danger",
    Standing.CLOSED: "quiet",
    Standing.CLOSED_LATE: "warning",
    Standing.RETRACTED: "quiet",
}

# What the list may be narrowed to.
SHOWN_WORDS = {
    "open": N_("未办结"),
    "near": N_("临近到期"),
    "overdue": N_("已超期"),
    "closed": N_("已办结"),
    "retracted": N_("客户已撤回"),
}

SATISFACTION_WORDS = {
    Satisfaction.SATISFIED: N_("满意"),
    Satisfaction.NEUTRAL: N_("一般"),
    Satisfaction.DISSATISFIED: N_("不满意"),
}

EVENT_WORDS = {
    "filed": N_("已受理"),
    "handed_on": N_("转办"),
    "followed_up": N_("跟进"),
    "closed": N_("办结"),
    "retracted": N_("客户撤回"),
    "answered": N_("登记满意度"),
}

SCORE_WORDS = {
    5: N_("5分 · 非常满意"),
    4: N_("4分 · 满意"),
    3: N_("3分 · 一般"),
    2: N_("2分 · 不满意"),
    1: N_("1分 · 很不满意"),
}


def score_tone(score: int) -> str:
    """The tone of a score."""
    return "accent" if score >= 4 else "warning" if score == 3 else "danger"


def who_did(actor: str, channels: Mapping[str, str], people: Mapping[str, str]) -> tuple[str, bool]:
    """Who did something, and whether that is a word of ours, to be translated, or a name.

    `channels` by "channel:<code>", `people` by user name.
    """
    kind, _, name = actor.partition(":")
    if kind == "customer":
        return N_("客户（官网）"), True
    if kind == "staff":
        return people.get(name, name), False
    if kind == "system":
        return N_("系统"), True
    if kind == "console":
        return N_("控制台"), True
    return channels.get(actor, actor), False
