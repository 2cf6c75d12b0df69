"""What installers may do when, whose clock counts, what a line must show."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.orders.rules import MOVES, Stage
from tracker.site_work.rules import (
    MOVES_TO,
    Act,
    Counted,
    counted,
    disturbed,
    open_acts,
    shows_address,
    warnings_of,
)

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize("stage", list(Stage))
def test_no_act_is_offered_that_would_be_refused(stage: Stage) -> None:
    for act in open_acts(stage):
        if act in MOVES_TO:
            assert MOVES_TO[act] in MOVES[stage], (stage, act)


@pytest.mark.parametrize(
    ("stage", "first", "all_of_them"),
    [
        (Stage.ACCEPTED, None, set()),
        (Stage.DISPATCHED, Act.REAPPOINT, {Act.REAPPOINT}),
        (Stage.APPOINTED, Act.ARRIVE, {Act.ARRIVE, Act.REAPPOINT, Act.CANNOT}),
        (Stage.ON_SITE, Act.ACTIVATE, {Act.ACTIVATE, Act.TEST, Act.PHOTO, Act.REAPPOINT, Act.CANNOT}),
        (Stage.ACTIVATED, Act.COMPLETE, {Act.COMPLETE, Act.PHOTO}),
        (Stage.COMPLETED, None, set()),
        (Stage.WITHDRAWN, None, set()),
        (Stage.RETURNED, None, set()),
    ],
)
def test_the_next_step_comes_first(stage: Stage, first: Act | None, all_of_them: set[Act]) -> None:
    acts = open_acts(stage)
    assert (acts[0] if acts else None) == first
    assert set(acts) == all_of_them


@pytest.mark.parametrize(
    ("done_ago", "wrong_by", "stage_ago", "counts_ago", "moved"),
    [
        # An hour ago by a clock that is right, that is a day fast, that is a year slow.
        (60, 0, 90, 60, False),
        (60, 1440, 90, 60, False),
        (60, -525600, 90, 60, False),
        # Before the order came to its stage: by then.
        (60, 0, 30, 30, True),
        # Later than it was sent, as after the clock was put back: now.
        (-10, 0, 90, 0, True),
        # The stage itself lies in the forgiven minutes ahead of our clock.
        (0, 0, -3, -3, True),
        (0, 0, 0, 0, False),
    ],
)
def test_what_counts_is_how_long_ago_it_was(
    done_ago: int, wrong_by: int, stage_ago: int, counts_ago: int, moved: bool
) -> None:
    phone_now = NOON + wrong_by * MINUTES
    found = counted(phone_now - done_ago * MINUTES, phone_now, NOON, NOON - stage_ago * MINUTES)
    assert found == Counted(NOON - counts_ago * MINUTES, moved)


@pytest.mark.parametrize(
    ("down", "optical", "sold", "told"),
    [
        (900, -20, 1000, []),
        (899.9, -20, 1000, ["slow"]),
        (10, -20, None, []),
        (1000, -27, 1000, []),
        (1000, -27.01, 1000, ["weak"]),
        (1000, -8, 1000, []),
        (1000, -7.99, 1000, ["strong"]),
        (1, -40, 1000, ["slow", "weak"]),
    ],
)
def test_a_line_is_amiss_below_nine_tenths_or_out_of_the_receivers_range(
    down: float, optical: float, sold: int | None, told: list[str]
) -> None:
    assert warnings_of(down, optical, sold) == told


def test_money_and_dates_disturb_nobody_at_work() -> None:
    assert not disturbed(["payment", "charge", "repromise", "excuse", "announcement"])
    for kind in ("stage", "appointment", "hold", "assigned"):
        assert disturbed(["payment", kind])


def test_the_address_is_shown_on_the_day_and_at_work_only() -> None:
    today = NOON.date()
    assert shows_address(Stage.APPOINTED, today, today)
    assert shows_address(Stage.APPOINTED, today - timedelta(days=1), today)
    assert shows_address(Stage.ON_SITE, None, today)
    assert not shows_address(Stage.APPOINTED, today + timedelta(days=1), today)
    assert not shows_address(Stage.DISPATCHED, None, today)
    assert not shows_address(Stage.COMPLETED, today, today)
