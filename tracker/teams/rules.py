"""Which team suits a place, and what is done to teams: pure decisions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Change(StrEnum):
    """What becomes of a team."""

    MADE = "made"
    RENAMED = "renamed"
    MOVED = "moved"  # another area
    CLOSED = "closed"
    REOPENED = "reopened"
    JOINED = "joined"
    LEFT = "left"


OF_MEMBERS = (Change.JOINED, Change.LEFT)

# [ours] A team is called out in a room: a name that is longer is not read.
LONGEST_NAME = 40


@dataclass(frozen=True)
class Load:
    """What somebody has to do: open orders, and visits of a day."""

    orders: int = 0
    visits: int = 0

    def __add__(self, other: "Load") -> "Load":
        return Load(self.orders + other.orders, self.visits + other.visits)


@dataclass(frozen=True)
class Candidate:
    """A team as far as choosing one needs."""

    id: int
    name: str
    area_code: str


def covers(area_code: str, place_code: str) -> bool:
    """Whether a place, of any level, lies within an area: by the statistics codes, which nest."""
    return place_code.startswith(area_code)


def suggested(
    teams: Iterable[Candidate], place_code: str | None, loads: Mapping[int, Load]
) -> tuple[list[Candidate], list[Candidate]]:
    """The teams whose area a place lies in, and the others.

    A town's own team goes before its county's, and of several the one with the least to do before the rest.
    Without a place all of them are others.
    """
    own: list[Candidate] = []
    others: list[Candidate] = []
    for team in teams:
        mine = place_code is not None and covers(team.area_code, place_code)
        (own if mine else others).append(team)

    def busy(team: Candidate) -> tuple[int, int, str]:
        load = loads.get(team.id, Load())
        return load.orders, load.visits, team.name

    own.sort(key=lambda team: (-len(team.area_code), *busy(team)))
    others.sort(key=lambda team: (team.area_code, *busy(team)))
    return own, others


Visit = tuple[datetime, datetime]
"""When a visit begins and ends."""


def clashing(visits: Mapping[str, Visit]) -> frozenset[str]:
    """Which of one person's visits, by any name, lie at the same time as another of them."""
    found = set()
    in_order = sorted(visits.items(), key=lambda one: (one[1], one[0]))
    for index, (name, (_, ends_at)) in enumerate(in_order):
        for other, (starts_at, _) in in_order[index + 1 :]:
            if starts_at >= ends_at:
                break
            found |= {name, other}
    return frozenset(found)
