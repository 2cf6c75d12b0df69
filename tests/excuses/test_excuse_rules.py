"""Who may decide, what overlaps, and what looks like a document."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.excuses.rules import Decider, State, Stretch, decision_faults, looks_like_pdf, overlapping

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def manager(name: str = "wang", others: int = 1) -> Decider:
    return Decider(f"staff:{name}", is_manager=True, others=others)


@pytest.mark.parametrize(
    ("state", "asked_by", "decider", "approve", "words", "rules"),
    [
        (State.OPEN, "staff:li", manager(), True, None, []),
        (State.OPEN, "channel:app", manager(), True, None, []),
        (State.OPEN, "staff:li", manager(), False, "未盖章", []),
        (State.OPEN, "staff:li", manager(), False, None, ["excuse.words_required"]),
        (State.OPEN, "staff:wang", manager(), True, None, ["excuse.own_request"]),
        (State.OPEN, "staff:wang", manager(), False, None, ["excuse.own_request", "excuse.words_required"]),
        (State.OPEN, "staff:li", Decider("staff:wang", False, 1), True, None, ["excuse.not_manager"]),
        (State.OPEN, "staff:li", Decider("channel:app", False, 1), True, None, ["excuse.not_manager"]),
        (State.OPEN, "staff:li", Decider("customer:7", False, 0), True, None, ["excuse.not_manager"]),
        (State.OPEN, "staff:li", Decider("console:excuses", False, 1), True, None, ["excuse.other_manager"]),
        (State.OPEN, "staff:li", Decider("console:excuses", False, 0), True, None, []),
        (State.APPROVED, "staff:li", manager(), True, None, ["excuse.decided"]),
        (State.REFUSED, "staff:li", manager(), True, None, ["excuse.decided"]),
        (State.RETRACTED, "staff:wang", manager(), False, None, ["excuse.decided"]),
    ],
)
def test_who_decides(
    state: State, asked_by: str, decider: Decider, approve: bool, words: str | None, rules: list[str]
) -> None:
    faults = decision_faults(state=state, asked_by=asked_by, decider=decider, approve=approve, words=words)
    assert [fault.rule for fault in faults] == rules


@pytest.mark.parametrize(
    ("begin", "end", "overlaps"),
    [(0, 2, True), (-1, 1, True), (1, 3, True), (-9, 9, True), (2, 3, False), (-1, 0, False)],
)
def test_one_may_begin_where_another_ends(begin: int, end: int, overlaps: bool) -> None:
    known = [Stretch(NOON, NOON + 2 * HOUR)]
    assert overlapping(Stretch(NOON + begin * HOUR, NOON + end * HOUR), known) is overlaps


@pytest.mark.parametrize(
    ("content", "is_pdf"),
    [
        (b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n", True),
        (b"%PDF-1.7\n1 0 obj", False),
        (b"<html>%PDF-1.7 %%EOF", False),
        (b"%PDF-1.4 %%EOF" + b" " * 5000, False),
        (b"", False),
    ],
)
def test_a_document_is_known_by_what_is_in_it(content: bytes, is_pdf: bool) -> None:
    assert looks_like_pdf(content) is is_pdf
