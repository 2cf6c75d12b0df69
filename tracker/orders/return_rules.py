"""Who may decide on a return, and when: pure decisions."""

from enum import StrEnum

from tracker.orders.rules import MOVES, Stage
from tracker.problems import Fault


class State(StrEnum):
    """Where a request for a return stands."""

    OPEN = "open"  # 待审批
    APPROVED = "approved"  # 已同意
    REFUSED = "refused"  # 已驳回
    RETRACTED = "retracted"  # 申请人撤回


def can_be_returned(stage: Stage) -> bool:
    """Whether an order at this stage can be returned at all."""
    return Stage.RETURNED in MOVES[stage]


def decision_faults(
    *,
    state: str,
    asked_by: str,
    decides: str,
    asked_at_stage: str,
    stage: str,
    approve: bool,
    words: str | None,
) -> list[Fault]:
    """What stands against a decision on a return by this person, with the order at `stage`.

    Whoever sees the order at another stage than the one who asked is not asked the same question any more.
    A request can be refused at any stage.
    """
    if state != State.OPEN:
        return [Fault("return.decided")]
    faults = []
    if asked_by == decides:
        faults.append(Fault("return.own_request"))
    if approve and stage != asked_at_stage:
        faults.append(Fault("return.moved_on"))
    if not approve and not words:
        faults.append(Fault("return.words_required", "/words"))
    return faults
