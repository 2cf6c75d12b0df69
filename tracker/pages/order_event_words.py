"""What happened to an order in words, for its history and for whoever was too slow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row

from tracker import clock
from tracker.orders import wording as order_wording
from tracker.orders.approval_rules import State
from tracker.orders.change_appointment import read_visit
from tracker.orders.fee_words import FEE_WORDS
from tracker.orders.models import APPOINTMENT_KIND, CONTACT_KIND, MONEY_KINDS, MOVE_KINDS, REAL_NAME_KIND
from tracker.orders.rules import REASONS, Stage
from tracker.orders.standing import N_, STAGE_WORDS
from tracker.pages import wording
from tracker.pages.access import language
from tracker.pages.complaint_words import who_did
from tracker.promises.ledger import Kind
from tracker.real_name.rules import CHECKS, FAILURES, Result

# What the history may be narrowed to, and the kinds of events that each is.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "moves": MOVE_KINDS,
    "promise": tuple(kind.value for kind in Kind),
    "visit": (APPOINTMENT_KIND,),
    "assignment": ("assigned",),
    "money": MONEY_KINDS,
    "real_name": (REAL_NAME_KIND,),
    "contact": (CONTACT_KIND,),
    "return": ("return_request",),
    "escalation": ("escalation", "takeover"),
    "excuse": ("excuse_request",),
}
GROUP_WORDS = {
    "moves": N_("环节"),
    "promise": N_("承诺"),
    "visit": N_("上门"),
    "assignment": N_("派单"),
    "money": N_("费用"),
    "real_name": N_("实名核验"),
    "contact": N_("联系信息"),
    "return": N_("退单审批"),
    "escalation": N_("督办"),
    "excuse": N_("免责审批"),
}

_KIND_WORDS = {
    Kind.HOLD: N_("缓装"),
    Kind.RESUME: N_("恢复办理"),
    Kind.REPROMISE: N_("重新承诺"),
    Kind.EXCUSE: N_("免责说明"),
    Kind.ANNOUNCEMENT: N_("节假日安排公布"),
    "payment": N_("缴费"),
    "charge": N_("收费"),
    "assigned": N_("派给"),
    APPOINTMENT_KIND: N_("改约"),
    CONTACT_KIND: N_("更正联系信息"),
    REAL_NAME_KIND: N_("实名核验"),
}
_MONEY_BACK = {"payment": N_("退费"), "charge": N_("减免")}
FIELD_WORDS = {
    "name": N_("姓名"),
    "phone": N_("联系电话"),
    "address_detail": N_("详细地址"),
    "notify_by": N_("通知方式"),
    "language": N_("通知语言"),
}
RESULT_WORDS = {Result.PASSED: N_("通过"), Result.FAILED: N_("未通过"), Result.WAIVED: N_("免除")}
# Requests that one person makes and another decides on, by the kinds of their lines.
REQUEST_WORDS = {
    "return_request": {
        State.OPEN: N_("申请退单"),
        State.APPROVED: N_("同意退单"),
        State.REFUSED: N_("驳回退单申请"),
        State.RETRACTED: N_("撤回退单申请"),
    },
    "excuse_request": {
        State.OPEN: N_("申请免责"),
        State.APPROVED: N_("同意免责"),
        State.REFUSED: N_("驳回免责申请"),
        State.RETRACTED: N_("撤回免责申请"),
    },
}


@dataclass(frozen=True)
class Line:
    """One line of a history: what, when, by whom, why, and what more there is to it."""

    kind: str
    word: str
    at: datetime
    who: str
    why: str
    details: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """The moment as people say it."""
        return wording.instant(self.at, language(), clock.today())


@dataclass(frozen=True)
class People:
    """Who is meant by an actor: channels by "channel:<code>", staff by user name."""

    channels: Mapping[str, str]
    staff: Mapping[str, str]

    def name(self, actor: str) -> str:
        """Somebody as a history names them."""
        who, ours = who_did(actor, self.channels, self.staff)
        return gettext(who) if ours else who


def event_line(event: Row[Any], people: People) -> Line:
    """An event of an order (`desk_history`)."""
    return Line(
        kind=event.kind,
        word=_word(event),
        at=event.occurred_at,
        who=people.name(event.actor),
        why=reason_said(event.reason_code, event.reason_text),
        details=tuple(_details(event, people)),
    )


def request_lines(kind: str, asked: Row[Any], people: People) -> list[Line]:
    """That something was asked for, and what became of it; an approval is the order's own event too."""
    words, why = REQUEST_WORDS[kind], reason_said(asked.reason_code, asked.reason_text)
    details = (gettext("依据：%(evidence)s", evidence=asked.evidence),) if asked.evidence else ()
    who = people.name(asked.asked_by)
    lines = [Line(kind, gettext(words[State.OPEN]), asked.asked_at, who, why, details)]
    if asked.decided_at is not None:
        who = people.name(asked.decided_by)
        lines.append(Line(kind, gettext(words[State(asked.state)]), asked.decided_at, who, asked.words or ""))
    return lines


def reason_said(code: str | None, text: str | None) -> str:
    """A reason in the reader's language, with what was added to it."""
    reason = REASONS.get(code or "")
    said = [] if reason is None else [reason.en if language() == "en" else reason.zh]
    return " · ".join([*said, *([text] if text else [])])


def _word(event: Row[Any]) -> str:
    if event.kind in MOVE_KINDS:
        return gettext(STAGE_WORDS[Stage(event.stage)])
    if event.kind in MONEY_KINDS and event.detail.get("amount_fen", 0) < 0:
        return gettext(_MONEY_BACK[event.kind])
    # A kind that another part of the service has brought is told by its own name rather than not at all.
    return gettext(_KIND_WORDS.get(event.kind, event.kind))


def _details(event: Row[Any], people: People) -> list[str]:
    detail, spoken = event.detail, language()
    said = []
    if detail.get("appointment"):
        visit = order_wording.slot(*read_visit(detail["appointment"]), spoken)
        said.append(gettext("上门 %(time)s", time=visit))
    if detail.get("installer"):
        installer = detail["installer"]
        said.append(f"{installer.get('title', '')} {installer.get('staff_number', '')}".strip())
    if "undoes" in detail:
        said.append(gettext("撤回上一次约定"))
    if "visit_off" in detail:
        visit = order_wording.slot(*read_visit(detail["visit_off"]), spoken)
        said.append(gettext("取消 %(time)s 的上门", time=visit))
    if event.kind == Kind.HOLD and event.ends_at is not None:
        said.append(gettext("至 %(time)s", time=_last(event.ends_at)))
    if "deadline" in detail:
        before, after = (datetime.fromisoformat(at) for at in detail["deadline"])
        if before == after:
            said.append(gettext("期限不变"))
        else:
            said.append(
                gettext("期限 %(before)s → %(after)s", before=_deadline(before), after=_deadline(after))
            )
    if event.kind in MONEY_KINDS and detail.get("fee") in FEE_WORDS:
        amount = wording.money(abs(detail["amount_fen"]), spoken)
        said.append(f"{gettext(FEE_WORDS[detail['fee']])} {amount}")
    if event.kind == CONTACT_KIND:
        said.append(_listed(gettext(FIELD_WORDS[name]) for name in detail["fields"]))
    if event.kind == REAL_NAME_KIND:
        result = gettext(RESULT_WORDS[Result(detail["result"])])
        said.append(f"{CHECKS[detail['check']].said(spoken)} {result}")
        if detail.get("failure"):
            said.append(FAILURES[detail["failure"]].said(spoken))
    if "asked_by" in detail:
        said.append(gettext("申请人 %(name)s", name=people.name(detail["asked_by"])))
    if event.evidence:
        said.append(gettext("依据：%(evidence)s", evidence=event.evidence))
    return said


def _listed(words: Any) -> str:
    return (", " if language() == "en" else "、").join(words)


def _last(ends_at: datetime) -> str:
    """Until when a hold lasts: one that ends with a day is called by that day."""
    if clock.local(ends_at).time() == time():
        return wording.day(clock.local_date(ends_at) - timedelta(days=1), language(), clock.today())
    return wording.instant(ends_at, language(), clock.today())


def _deadline(at: datetime) -> str:
    return wording.deadline(at, language(), clock.today())
