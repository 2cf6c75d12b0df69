"""Approvals (审批): one person asks for something, another decides. Pure decisions."""

from dataclasses import dataclass
from enum import StrEnum

from tracker.problems import Fault

_CONSOLE = "console:"
_STAFF = "staff:"


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"  # 待审批
    APPROVED = "approved"  # 已同意
    REFUSED = "refused"  # 已驳回
    RETRACTED = "retracted"  # 申请人已撤回


@dataclass(frozen=True)
class Decider:
    """Who decides: the label that histories name, whether the account is a manager of the operator that is
    in office, and how many such managers there are who did not ask.
    """

    label: str
    is_manager: bool
    others: int


@dataclass(frozen=True)
class Breaches:
    """What each breach is called of one kind of request: ids of `tracker.problems`."""

    not_found: str
    decided: str
    not_own: str
    own_request: str
    not_manager: str
    other_manager: str
    words_required: str


def decision_faults(
    breaches: Breaches, *, state: str, asked_by: str, decider: Decider, approve: bool, words: str | None
) -> list[Fault]:
    """What stands against a decision by this person.

    Whoever asked never decides, under whatever role: it is the account that counts. Where no other manager is
    left, the console decides, and only there.
    """
    if state != State.OPEN:
        return [Fault(breaches.decided)]
    faults = []
    if asked_by == decider.label:
        faults.append(Fault(breaches.own_request))
    elif decider.label.startswith(_CONSOLE):
        if decider.others:
            faults.append(Fault(breaches.other_manager))
    elif not decider.label.startswith(_STAFF) or not decider.is_manager:
        faults.append(Fault(breaches.not_manager))
    if not approve and not words:
        faults.append(Fault(breaches.words_required, "/words"))
    return faults
