"""What somebody may do with an order as it stands: one thing first, the rest beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.orders.head import Head
from tracker.orders.return_rules import can_be_returned
from tracker.orders.rules import CLOSED, MOVES, TAKES_APPOINTMENT, Stage
from tracker.orders.standing import ENDED_EARLY, N_
from tracker.pages.order_step import NEXT, WORDS
from tracker.staff.sign_in import Person


@dataclass(frozen=True)
class Doing:
    """A page that does something, and what its button says; one of them is `first`."""

    endpoint: str
    word: str
    first: bool = False


def doings(person: Person, order: Head) -> Sequence[Doing]:
    """What is open now, in the order of how often it is wanted."""
    stage = Stage(order.stage)
    settled = stage in CLOSED | {Stage.ACTIVATED}
    found: list[Doing] = []
    if stage in NEXT:
        found.append(Doing("staff.order_step", WORDS[NEXT[stage]]))
    if stage in TAKES_APPOINTMENT:
        word = N_("改约") if order.appointment_starts_at else N_("预约上门")
        found.append(Doing("staff.order_visit", word))
    if not settled:
        if order.hold is None:
            found.append(Doing("staff.order_hold", N_("缓装")))
        else:
            found.insert(0, Doing("staff.order_resume", N_("恢复办理")))
        found.append(Doing("staff.order_real_name", N_("实名核验")))
    if stage not in CLOSED:
        found.append(Doing("staff.order_contact", N_("更正联系信息")))
    if not settled and person.role in ("dispatcher", "manager"):
        found.append(Doing("staff.order_repromise", N_("重新承诺")))
    if stage not in ENDED_EARLY and person.role in ("dispatcher", "manager"):
        found.append(Doing("staff.order_excuse", N_("申请免责")))
    if Stage.WITHDRAWN in MOVES[stage]:
        found.append(Doing("staff.order_withdraw", N_("撤单")))
    if can_be_returned(stage):
        found.append(Doing("staff.order_return", N_("申请退单")))
    found.append(Doing("staff.complaint_new", N_("登记投诉")))
    first, *others = found
    return [Doing(first.endpoint, first.word, first=True), *others]
