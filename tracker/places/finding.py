"""Finding a community by what somebody types: its name, its letters, its town or county, its code.

`place-search.js` of the pages ranks in the same way, over the list that `listing` makes; a test holds the
two together. Each word that is typed must be found somewhere, and the place where it is found decides.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tracker.places.pinyin import syllables

# What every name of its kind ends with, which nobody types.
_ENDINGS = ("社区居委会", "居委会", "村委会")
_ABOVE = ("街道", "瑶族乡", "镇", "乡", "壮族瑶族自治县", "瑶族自治县", "县", "区", "市")
_MOST_WORDS = 6
_LONGEST = 60
_BETWEEN = re.compile(r"[\s,，、.。·・/\\\-]+")

# Where a word is found, the best first: the whole name, its beginning, within it, then those above it.
WHOLE, BEGINS, WITHIN, TOWN, IN_TOWN, COUNTY, ACROSS = range(7)


class Community(Protocol):
    """Whatever names a community and those above it."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def town(self) -> str: ...
    @property
    def county(self) -> str: ...
    @property
    def area(self) -> str: ...


@dataclass(frozen=True)
class Name:
    """A name and how each of its characters is read."""

    text: str
    sounds: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Name":
        """The name with its reading."""
        return cls(text, syllables(text))

    @property
    def short_sounds(self) -> tuple[str, ...]:
        """The reading of the short name of a town or county."""
        return self.sounds[: len(short(self.text))]


def stem(name: str) -> str:
    """A community's name without the ending of its kind: "澜水社区居委会" is 澜水."""
    for ending in _ENDINGS:
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name


def short(name: str) -> str:
    """A town's or county's name without what it is: 东城街道 is 东城."""
    for ending in _ABOVE:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name


def label(place: Community) -> str:
    """A community in full, as a form shows the chosen one."""
    return f"{place.county} {place.town} {place.name}"


def words_of(typed: str) -> list[str]:
    """The words of what was typed; full-width letters and capitals are forgiven."""
    plain = unicodedata.normalize("NFKC", typed[:_LONGEST]).lower()
    return [word for word in _BETWEEN.split(plain) if word][:_MOST_WORDS]


def spells(word: str, sounds: Sequence[str]) -> bool:
    """Whether letters are the beginnings of the first of these syllables, one after the other: "dongc",
    "dcjd" and "dongchengjie" all spell 东城街道.
    """
    if not word:
        return True
    if not sounds:
        return False
    for sound in sounds[0].split("/"):
        for length in range(min(len(sound), len(word)), 0, -1):
            if sound[:length] == word[:length] and spells(word[length:], sounds[1:]):
                return True
    return False


def _spells_within(word: str, sounds: Sequence[str]) -> bool:
    return any(spells(word, sounds[start:]) for start in range(1, len(sounds)))


def found_in(word: str, code: str, name: Name, town: Name, county: Name) -> int | None:
    """Where a word is found, as a rank from WHOLE to ACROSS; None where it is not."""
    if word.isdecimal():
        if code.startswith(word):
            return WHOLE if code == word else BEGINS
        return WITHIN if word in code else None
    if word.isascii():
        sounds = name.sounds
        if spells(word, sounds):
            return BEGINS
        if _spells_within(word, sounds):
            return WITHIN
        if spells(word, town.sounds):
            return TOWN
        if _spells_within(word, town.sounds):
            return IN_TOWN
        if spells(word, county.sounds):
            return COUNTY
        full = (*county.sounds, *town.sounds, *sounds)
        brief = (*county.short_sounds, *town.short_sounds, *sounds)
        return (
            ACROSS if any(spells(word, one) or _spells_within(word, one) for one in (full, brief)) else None
        )
    if word in (name.text, stem(name.text)):
        return WHOLE
    if word in name.text:
        return BEGINS if name.text.startswith(word) else WITHIN
    if word in town.text:
        return TOWN if town.text.startswith(word) else IN_TOWN
    if word in county.text:
        return COUNTY
    written = (county.text + town.text + name.text, short(county.text) + short(town.text) + name.text)
    return ACROSS if any(word in one for one in written) else None


def find(places: Iterable[Community], typed: str) -> list[Any]:
    """The communities that fit every word that was typed, the best first, then by code."""
    words = words_of(typed)
    if not words:
        return []
    found = []
    for place in places:
        names = Name.of(place.name), Name.of(place.town), Name.of(place.county)
        ranks = [found_in(word, place.code, *names) for word in words]
        if None not in ranks:
            found.append((sum(rank or 0 for rank in ranks), place.code, place))
    return [place for _, _, place in sorted(found, key=lambda one: one[:2])]


def listing(places: Iterable[Community]) -> dict[str, Any]:
    """All communities as a program in a page searches them; towns and counties stand once each.

    `counties` have name and sounds; `towns` name, sounds and the place of their county in the list;
    `places` code, name, sounds, the place of their town, and whether they are rural.
    """
    counties: dict[str, int] = {}
    towns: dict[tuple[str, str], int] = {}
    rows = []
    for place in sorted(places, key=lambda one: one.code):
        counties.setdefault(place.county, len(counties))
        town = towns.setdefault((place.county, place.town), len(towns))
        rows.append(
            [place.code, place.name, " ".join(syllables(place.name)), town, int(place.area == "rural")]
        )
    return {
        "counties": [[name, " ".join(syllables(name))] for name in counties],
        "towns": [[name, " ".join(syllables(name)), counties[county]] for county, name in towns],
        "places": rows,
    }
