"""The places that an outage touches: chosen counties, towns and communities, told in few words."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Division:
    """A division of the city; `parent` is the code of the one that it lies in."""

    code: str
    name: str
    level: str
    parent: str | None


@dataclass(frozen=True)
class TownLine:
    """A town; without communities, all of it."""

    name: str
    communities: tuple[str, ...] = ()


@dataclass(frozen=True)
class AreaLine:
    """A county, or the city; without towns, all of it."""

    name: str
    towns: tuple[TownLine, ...] = ()


class Places:
    """The divisions of the city."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self.by_code: Mapping[str, Division] = {one.code: one for one in divisions}
        self._children: dict[str, list[str]] = {}
        for one in self.by_code.values():
            if one.parent is not None:
                self._children.setdefault(one.parent, []).append(one.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places) and self.by_code == other.by_code

    __hash__ = None  # type: ignore[assignment]  # compared, never looked up

    def children(self, code: str) -> list[Division]:
        """What lies directly in it, by code."""
        return [self.by_code[one] for one in sorted(self._children.get(code, ()))]

    def of_level(self, level: str) -> list[Division]:
        """All city, county, town or community divisions, by code."""
        return sorted((one for one in self.by_code.values() if one.level == level), key=lambda one: one.code)

    def above(self, code: str) -> list[Division]:
        """What it lies in, the nearest first."""
        found = []
        parent = self.by_code[code].parent
        while parent is not None:
            found.append(self.by_code[parent])
            parent = self.by_code[parent].parent
        return found

    def unknown(self, codes: Iterable[str]) -> list[str]:
        """Codes that name no county, town or community here."""
        return sorted({c for c in codes if c not in self.by_code or self.by_code[c].parent is None})

    def normal(self, codes: Collection[str]) -> list[str]:
        """The same area, written in one way: in order, without what lies in something else that is named."""
        named = set(codes)
        return sorted(code for code in named if not named & {one.code for one in self.above(code)})

    def county_of(self, code: str) -> Division:
        """The county that a division is, or lies in."""
        one = self.by_code[code]
        return one if one.level == "county" else next(up for up in self.above(code) if up.level == "county")

    def counties_of(self, codes: Iterable[str]) -> frozenset[str]:
        """The counties that an area touches, by code."""
        return frozenset(self.county_of(code).code for code in codes)

    def communities(self, codes: Iterable[str]) -> frozenset[str]:
        """Every community of an area, by code."""
        found: set[str] = set()
        open_codes = list(codes)
        while open_codes:
            code = open_codes.pop()
            if self.by_code[code].level == "community":
                found.add(code)
            open_codes += self._children.get(code, ())
        return frozenset(found)

    def lines(self, codes: Collection[str]) -> tuple[AreaLine, ...]:
        """An area of `normal` codes as it is told: a line for each county, or one for the whole city."""
        counties = [one.code for one in self.of_level("county")]
        if counties and set(counties) <= set(codes):
            return tuple(AreaLine(one.name) for one in self.of_level("city"))
        towns: dict[str, dict[str, list[str]]] = {}
        for code in sorted(codes):
            one = self.by_code[code]
            in_county = towns.setdefault(self.county_of(code).code, {})
            if one.level == "town":
                in_county[code] = []
            elif one.level == "community":
                in_county.setdefault(one.parent or "", []).append(short_name(one.name))
        return tuple(
            AreaLine(
                self.by_code[county].name,
                tuple(TownLine(self.by_code[town].name, tuple(names)) for town, names in inside.items()),
            )
            for county, inside in sorted(towns.items())
        )


def short_name(name: str) -> str:
    """A community as people call it, without its committee: 高基里社区 for 高基里社区居委会."""
    if name.endswith("村委会") and not name.endswith("村村委会"):
        return name.removesuffix("委会")
    return name.removesuffix("居委会").removesuffix("村委会")
