"""Compensation in words: states, lines of the ledger, and the working as a sentence."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext

from tracker import clock
from tracker.compensation.rules import Kind, State, Working, as_json, covered, left_out_of
from tracker.orders.payment_rows import METHOD_WORDS
from tracker.orders.standing import N_
from tracker.pages import wording
from tracker.pages.access import language

STATE_WORDS = {
    State.OWED: N_("待付"),
    State.PAID: N_("已付"),
    State.OVERPAID: N_("多付"),
    State.NOTHING: N_("无需支付"),
}
STATE_TONES = {State.OWED: "warning", State.PAID: "accent", State.OVERPAID: "danger", State.NOTHING: "quiet"}
KIND_WORDS = {
    Kind.FIXED: N_("核定"),
    Kind.CORRECTED: N_("更正"),
    Kind.PAID: N_("登记付款"),
    Kind.UNDONE: N_("撤销付款登记"),
}
BECAUSE_WORDS = {
    "excuse": N_("免责的延误有变化"),
    "fee": N_("收取的安装、调测费用有变化"),
    "promise": N_("承诺期限有变化"),
    "connection": N_("装通时间有变化"),
}
_LEFT_OUT_WORDS = {"excuse": N_("免责"), "hold": N_("缓装")}


def sentence(kept: dict[str, Any]) -> str:
    """How late an order is and what was left out of that, as its line of the ledger keeps it."""
    deadline, until = (datetime.fromisoformat(kept[name]) for name in ("deadline", "until"))
    said = gettext(
        "承诺 %(deadline)s，%(until)s 装通",
        deadline=wording.deadline(deadline, language(), clock.today()),
        until=wording.instant(until, language(), clock.today()),
    )
    return gettext("；").join([said, *_counted(deadline, until, kept)])


def running_sentence(working: Working, connected_at: datetime | None = None) -> str:
    """The same of an order of which no line says it yet, for it is not connected, or was just now."""
    if connected_at is not None:
        return sentence(as_json(working))
    deadline = wording.deadline(working.deadline, language(), clock.today())
    said = gettext("承诺 %(deadline)s，尚未装通", deadline=deadline)
    return gettext("；").join([said, *_counted(working.deadline, working.until, as_json(working))])


def _counted(deadline: datetime, until: datetime, kept: dict[str, Any]) -> list[str]:
    late = max(until - deadline, timedelta(0))
    said = [gettext("超过 %(span)s", span=wording.span(late, language()))]
    left_out = left_out_of(kept)
    if left_out:
        kinds = dict.fromkeys(gettext(_LEFT_OUT_WORDS[one.of]) for one in left_out)
        said.append(
            gettext(
                "扣除%(what)s %(span)s",
                what=gettext("、").join(kinds),
                span=wording.span(covered(left_out), language()),
            )
        )
    return said


def words_of() -> dict[str, Any]:
    """What every page about compensation says things with."""
    return {
        "state_words": STATE_WORDS,
        "state_tones": STATE_TONES,
        "kind_words": KIND_WORDS,
        "because_words": BECAUSE_WORDS,
        "method_words": METHOD_WORDS,
        "sentence": sentence,
        "running_sentence": running_sentence,
    }
