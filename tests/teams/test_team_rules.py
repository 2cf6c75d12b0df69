"""Which team is suggested for a place, and which visits nobody can keep both of."""

from datetime import UTC, datetime

import pytest

from tracker.orders.rules import TAKES_INSTALLERS, Stage, why_not_assigned
from tracker.teams.rules import Candidate, Load, clashing, covers, suggested

COUNTY = Candidate(1, "县城一班", "441802")
SPARE = Candidate(2, "县城二班", "441802")
TOWN = Candidate(3, "东城班", "441802006")
FAR = Candidate(4, "英德班", "441881")


@pytest.mark.parametrize(
    ("area", "place", "fits"),
    [
        ("441802", "441802006001", True),
        ("441802006", "441802006001", True),
        ("441802006", "441802", False),
        ("441802006", "441802007001", False),
        ("441802", "441803006001", False),
    ],
)
def test_an_area_covers_what_lies_in_it(area: str, place: str, fits: bool) -> None:
    assert covers(area, place) is fits


def test_a_town_goes_before_its_county_and_then_whoever_has_least_to_do() -> None:
    loads = {1: Load(9, 0), 2: Load(3, 5), 3: Load(40, 9), 4: Load()}
    own, others = suggested([COUNTY, SPARE, TOWN, FAR], "441802006", loads)
    assert [team.id for team in own] == [3, 2, 1]
    assert [team.id for team in others] == [4]


def test_of_equal_orders_fewer_visits_decide_and_a_team_without_any_has_none() -> None:
    own, _ = suggested([COUNTY, SPARE], "441802", {1: Load(3, 2), 2: Load(3, 1)})
    assert [team.id for team in own] == [2, 1]
    own, _ = suggested([COUNTY, SPARE], "441802", {1: Load(1, 0)})
    assert [team.id for team in own] == [2, 1]


def test_without_a_place_nobody_is_nearer_than_the_others() -> None:
    own, others = suggested([FAR, TOWN, COUNTY], None, {})
    assert own == []
    assert [team.id for team in others] == [1, 3, 4]


@pytest.mark.parametrize("stage", list(Stage))
def test_an_order_is_assigned_from_the_check_of_its_line_until_it_works(stage: Stage) -> None:
    against = why_not_assigned(stage)
    assert (against is None) == (stage in TAKES_INSTALLERS)
    early = stage in (Stage.ACCEPTED, Stage.VERIFIED)
    assert against in (None, "assign.too_early" if early else "assign.too_late")


@pytest.mark.parametrize(
    ("visits", "clash"),
    [
        ({}, set()),
        ({"a": (9, 11)}, set()),
        ({"a": (9, 11), "b": (11, 13)}, set()),
        ({"a": (9, 11), "b": (10, 12)}, {"a", "b"}),
        ({"a": (9, 11), "b": (9, 11)}, {"a", "b"}),
        ({"a": (9, 18), "b": (10, 11), "c": (16, 17), "d": (18, 19)}, {"a", "b", "c"}),
    ],
)
def test_visits_clash_that_share_a_moment(visits: dict[str, tuple[int, int]], clash: set[str]) -> None:
    day = {
        name: (datetime(2026, 11, 24, begin, tzinfo=UTC), datetime(2026, 11, 24, end, tzinfo=UTC))
        for name, (begin, end) in visits.items()
    }
    assert clashing(day) == clash
