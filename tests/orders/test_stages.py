"""The stage table: every pair of stages, legal or not, through the rule and through the API's use case."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tracker.orders.rules import CLOSED, MOVES, PATH, REASONS, Cause, Move, Stage, faults_of, open_moves

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SLOT = (NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2))


def move(to: Stage, **changes: object) -> Move:
    good = {"reason_code": "weather" if to is Stage.RETURNED else None}
    good["appointment"] = SLOT if to is Stage.APPOINTED else None
    return Move(to, NOW, **{**good, **changes})


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("to", list(Stage))
def test_every_pair(stage: Stage, to: Stage) -> None:
    faults = faults_of(stage, NOW - timedelta(hours=1), move(to), NOW)
    assert faults == ([] if to in MOVES[stage] else ["order.illegal_move"])


def test_a_smooth_order_goes_the_whole_path_and_a_closed_one_nowhere() -> None:
    assert all(later in open_moves(earlier) for earlier, later in pairwise(PATH))
    assert all(open_moves(stage) == () for stage in CLOSED)
    assert Stage.WITHDRAWN not in open_moves(Stage.ON_SITE), "work has begun"
    assert Stage.RETURNED not in open_moves(Stage.ACTIVATED), "the line works"


@pytest.mark.parametrize(
    ("to", "changes", "rule"),
    [
        (Stage.RETURNED, {"reason_code": None}, "order.reason_required"),
        (Stage.RETURNED, {"reason_code": "other"}, "order.reason_text_required"),
        (Stage.APPOINTED, {"appointment": None}, "order.appointment_required"),
        (Stage.APPOINTED, {"appointment": SLOT[::-1]}, "order.appointment_times"),
        (
            Stage.APPOINTED,
            {"appointment": (SLOT[0], SLOT[0] + timedelta(hours=13))},
            "order.appointment_times",
        ),
        (
            Stage.APPOINTED,
            {"appointment": (NOW - timedelta(hours=3), NOW - timedelta(hours=1))},
            "order.appointment_times",
        ),
        (
            Stage.APPOINTED,
            {"appointment": (datetime(9999, 12, 31, 14, tzinfo=UTC), datetime(9999, 12, 31, 16, tzinfo=UTC))},
            "order.appointment_times",
        ),
        (Stage.WITHDRAWN, {"appointment": SLOT}, "order.appointment_not_expected"),
    ],
)
def test_what_must_come_with_a_step(to: Stage, changes: dict[str, object], rule: str) -> None:
    assert faults_of(Stage.DISPATCHED, NOW, move(to, **changes), NOW) == [rule]


def test_time_goes_forward() -> None:
    early = Move(Stage.VERIFIED, NOW - timedelta(hours=2))
    assert faults_of(Stage.ACCEPTED, NOW - timedelta(hours=1), early, NOW) == ["order.before_last_stage"]
    ahead = Move(Stage.VERIFIED, NOW + timedelta(minutes=6))
    assert faults_of(Stage.ACCEPTED, NOW, ahead, NOW) == ["order.in_the_future"]
    phone_clock = Move(Stage.VERIFIED, NOW + timedelta(minutes=4))
    assert faults_of(Stage.ACCEPTED, NOW, phone_clock, NOW) == []


def test_every_cause_has_a_reason() -> None:
    assert {reason.cause for reason in REASONS.values()} == set(Cause)
