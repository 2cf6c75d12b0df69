"""Who may decide on what another asked for."""

import pytest

from tracker.excuses.rules import BREACHES as OF_EXCUSES
from tracker.orders.approval_rules import Decider, State, decision_faults
from tracker.orders.return_rules import BREACHES
from tracker.problems import RULES


def manager(name: str = "wang", others: int = 1) -> Decider:
    return Decider(f"staff:{name}", is_manager=True, others=others)


@pytest.mark.parametrize(
    ("state", "asked_by", "decider", "approve", "words", "rules"),
    [
        (State.OPEN, "staff:li", manager(), True, None, []),
        (State.OPEN, "channel:app", manager(), True, None, []),
        (State.OPEN, "staff:li", manager(), False, "未盖章", []),
        (State.OPEN, "staff:li", manager(), False, None, ["return.words_required"]),
        (State.OPEN, "staff:wang", manager(), True, None, ["return.own_request"]),
        (State.OPEN, "staff:wang", manager(), False, None, ["return.own_request", "return.words_required"]),
        (State.OPEN, "staff:li", Decider("staff:wang", False, 1), True, None, ["return.not_manager"]),
        (State.OPEN, "staff:li", Decider("channel:app", False, 1), True, None, ["return.not_manager"]),
        (State.OPEN, "staff:li", Decider("customer:7", False, 0), True, None, ["return.not_manager"]),
        (State.OPEN, "staff:li", Decider("console:excuses", False, 1), True, None, ["return.other_manager"]),
        (State.OPEN, "staff:li", Decider("console:excuses", False, 0), True, None, []),
        (State.APPROVED, "staff:li", manager(), True, None, ["return.decided"]),
        (State.REFUSED, "staff:li", manager(), True, None, ["return.decided"]),
        (State.RETRACTED, "staff:wang", manager(), False, None, ["return.decided"]),
    ],
)
def test_who_decides(
    state: State, asked_by: str, decider: Decider, approve: bool, words: str | None, rules: list[str]
) -> None:
    faults = decision_faults(
        BREACHES, state=state, asked_by=asked_by, decider=decider, approve=approve, words=words
    )
    assert [fault.rule for fault in faults] == rules


@pytest.mark.parametrize(("kind", "breaches"), [("return", BREACHES), ("excuse", OF_EXCUSES)])
def test_each_kind_names_its_own_breaches(kind, breaches) -> None:
    for breach, rule in vars(breaches).items():
        assert rule == f"{kind}.{breach}"
        assert rule in RULES
