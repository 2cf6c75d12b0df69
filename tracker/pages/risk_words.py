"""Risks, steps of escalation and what was done about them, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from tracker.at_risk.rules import GRAVITY, Level
from tracker.at_risk.words import LEVEL_WORDS, RISK_WORDS
from tracker.orders.standing import N_
from tracker.pages.access import language
from tracker.pages.order_event_words import Line, People

# Whom each step brings an order before.
REACHED_WORDS = {
    Level.DISPATCHERS: N_("调度员；没有调度员的，经理"),
    Level.MANAGERS: N_("接收短信的经理"),
    Level.EVERY_MANAGER: N_("全部经理，工单标“督办”"),
}
# Kinds of lines in an order's history.
ESCALATED, TAKEN_OVER = "escalation", "takeover"


def risks_said(risks: Sequence[str]) -> str:
    """Risks by their codes: "已超时、未派人"."""
    return (", " if language() == "en" else "、").join(
        gettext(RISK_WORDS[one]) for one in GRAVITY if one in risks
    )


def escalation_line(row: Any, people: People, names: Mapping[int, str]) -> Line:
    """That an order was brought before somebody, for its history; `names` by account."""
    before = (", " if language() == "en" else "、").join(
        names[one] for one in row.account_ids if one in names
    )
    return Line(
        ESCALATED,
        gettext(LEVEL_WORDS[Level(row.level)]),
        row.at,
        people.name("system"),
        risks_said(row.risks),
        (gettext("呈报 %(names)s", names=before),) if before else (),
    )


def takeover_line(row: Any, people: People) -> Line:
    """That somebody took an order over, for its history."""
    return Line(TAKEN_OVER, gettext("接手跟进"), row.at, people.name(row.actor), "")
