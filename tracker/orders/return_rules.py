"""When an order can be returned (退单), and what is wrong with asking for it: pure decisions."""

from tracker.orders.approval_rules import Breaches
from tracker.orders.rules import MOVES, Stage

BREACHES = Breaches(
    not_found="return.not_found",
    decided="return.decided",
    not_own="return.not_own",
    own_request="return.own_request",
    not_manager="return.not_manager",
    other_manager="return.other_manager",
    words_required="return.words_required",
)


def can_be_returned(stage: Stage) -> bool:
    """Whether an order at this stage can be returned at all."""
    return Stage.RETURNED in MOVES[stage]
