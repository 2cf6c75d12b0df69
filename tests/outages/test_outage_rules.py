"""How an outage stands at a moment, who may handle it, and how its area is told."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.announced_outages import HOUR, NOW
from tracker.outages.areas import AreaLine, Division, Places, TownLine, short_name
from tracker.outages.queries import read_places
from tracker.outages.rules import Standing, may_handle, standing_of
from tracker.runtime import Runtime

PLACES = Places(
    Division(*row)
    for row in [
        ("1", "甲市", "city", None),
        ("11", "乙区", "county", "1"),
        ("12", "丙县", "county", "1"),
        ("111", "东街道", "town", "11"),
        ("112", "西镇", "town", "11"),
        ("121", "南镇", "town", "12"),
        ("1111", "高里社区居委会", "community", "111"),
        ("1112", "大塘村委会", "community", "111"),
        ("1121", "上村村委会", "community", "112"),
        ("1211", "黄村村委会", "community", "121"),
    ]
)


@dataclass(frozen=True)
class Told:
    """As much as its standing depends on."""

    kind: str = "planned"
    starts_at: datetime = NOW
    ends_at: datetime | None = NOW + HOUR
    withdrawn_at: datetime | None = None
    restored_at: datetime | None = None


@pytest.mark.parametrize(
    ("told", "hours", "standing"),
    [
        (Told(), -0.1, Standing.COMING),
        (Told(), 0, Standing.UNDER_WAY),
        (Told(), 0.9, Standing.UNDER_WAY),
        (Told(), 1, Standing.ENDED),
        (Told(kind="emergency"), 1, Standing.OVERDUE),
        (Told(kind="emergency", ends_at=None), 1000, Standing.UNDER_WAY),
        (Told(restored_at=NOW + HOUR), 0.5, Standing.RESTORED),
        (Told(kind="emergency", restored_at=NOW), 1000, Standing.RESTORED),
        (Told(withdrawn_at=NOW), -5, Standing.WITHDRAWN),
        (Told(withdrawn_at=NOW), 5, Standing.WITHDRAWN),
    ],
)
def test_how_it_stands(told: Told, hours: float, standing: Standing) -> None:
    assert standing_of(told, NOW + hours * HOUR) is standing


@pytest.mark.parametrize(
    ("role", "planned", "emergency"),
    [
        ("manager", True, True),
        ("counter", False, True),
        ("dispatcher", False, True),
        ("installer", False, False),
        ("regulator", False, False),
        ("administrator", False, False),
    ],
)
def test_who_may_handle_it(role: str, planned: bool, emergency: bool) -> None:
    assert (may_handle(role, "planned"), may_handle(role, "emergency")) == (planned, emergency)


@pytest.mark.parametrize(
    ("codes", "normal", "communities", "lines"),
    [
        (["11"], ["11"], 3, [AreaLine("乙区")]),
        (["1111", "11", "111"], ["11"], 3, [AreaLine("乙区")]),
        (["112", "1112"], ["1112", "112"], 2, [
            AreaLine("乙区", (TownLine("东街道", ("大塘村",)), TownLine("西镇"))),
        ]),
        (["1211", "1111", "1112"], ["1111", "1112", "1211"], 3, [
            AreaLine("乙区", (TownLine("东街道", ("高里社区", "大塘村")),)),
            AreaLine("丙县", (TownLine("南镇", ("黄村",)),)),
        ]),
        (["11", "12"], ["11", "12"], 4, [AreaLine("甲市")]),
    ],
)  # fmt: skip
def test_an_area_is_told_in_few_words(
    codes: list[str], normal: list[str], communities: int, lines: list[AreaLine]
) -> None:
    assert PLACES.normal(codes) == normal
    assert len(PLACES.communities(codes)) == communities
    assert list(PLACES.lines(normal)) == lines


def test_what_names_no_part_of_the_city_is_unknown() -> None:
    assert PLACES.unknown(["1", "11", "1111", "9", ""]) == ["", "1", "9"]


@pytest.mark.parametrize(
    ("official", "short"),
    [
        ("高基里社区居委会", "高基里社区"),
        ("大塘村委会", "大塘村"),
        ("黄村村委会", "黄村"),
        ("林场生活区", "林场生活区"),
    ],
)
def test_a_community_is_named_as_people_do(official: str, short: str) -> None:
    assert short_name(official) == short


def test_every_place_of_the_city_can_be_told(runtime: Runtime) -> None:
    with runtime.db.reading() as connection:
        places = read_places(connection)
    assert len(places.communities(["441800"])) == 1235
    for one in places.by_code.values():
        if one.parent is not None:
            assert places.lines([one.code])
            assert places.counties_of([one.code]) <= {county.code for county in places.of_level("county")}
    assert not any(short_name(one.name).endswith("委会") for one in places.of_level("community"))
