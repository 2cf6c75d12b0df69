"""Teams of installers, and what became of them, in words."""

from collections.abc import Mapping
from typing import Any

from tracker.orders.standing import N_
from tracker.outages.areas import Places
from tracker.teams.rules import Change

CHANGE_WORDS = {
    Change.MADE: N_("新建"),
    Change.RENAMED: N_("改名"),
    Change.MOVED: N_("改范围"),
    Change.CLOSED: N_("停用"),
    Change.REOPENED: N_("恢复使用"),
    Change.JOINED: N_("加入"),
    Change.LEFT: N_("离开"),
}


def area(places: Places, code: str) -> str:
    """An area as people name it: the county, or the county and the town."""
    place = places.by_code[code]
    return place.name if place.level == "county" else f"{places.county_of(code).name} {place.name}"


def installer(title: str | None, staff_number: str | None, name: str = "") -> str:
    """An installer among colleagues: "李师傅 0321"."""
    return " ".join(part for part in (title or name, staff_number) if part)


def details(change: Any, places: Places, teams: Mapping[int, str], people: Mapping[int, str]) -> str:
    """What a change of a team was about: names, areas, who came from where."""
    detail = change.detail
    match Change(change.kind):
        case Change.RENAMED:
            return " → ".join(detail["name"])
        case Change.MOVED:
            return " → ".join(area(places, code) for code in detail["area"] if code in places.by_code)
        case Change.JOINED | Change.LEFT:
            other = teams.get(detail.get("from") or detail.get("to") or 0, "")
            who = people.get(change.account_id, "")
            if not other:
                return who
            return f"{other} → {who}" if change.kind == Change.JOINED else f"{who} → {other}"
        case _:
            return ""
