"""The calendars of a city: one for everybody, and others where an operator or a county differs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tracker.promises.calendar import SpecialDay, WorkingCalendar


@dataclass(frozen=True)
class Override:
    """A day that somebody set otherwise than announced: a county's own holiday, a typhoon.

    `operator_id` None is for all operators, `county_code` None for all counties.
    """

    special: SpecialDay
    operator_id: int | None = None
    county_code: str | None = None

    @property
    def weight(self) -> tuple[bool, bool]:
        """What is said of a county goes before what is said of all, then an operator's own."""
        return (self.county_code is not None, self.operator_id is not None)


@dataclass(frozen=True)
class Calendars:
    """Every calendar as of one revision, laid out when first asked for.

    `announced_revision` is the one that brought the latest announced year: what was provisional before
    it must be counted anew.
    """

    revision: int
    announced_revision: int
    announced: Mapping[int, str]
    days: tuple[SpecialDay, ...]
    overrides: tuple[Override, ...] = ()
    _laid_out: dict[tuple[Override, ...], WorkingCalendar] = field(default_factory=dict, compare=False)
    _by_place: dict[tuple[int, str], WorkingCalendar] = field(default_factory=dict, compare=False)

    def of(self, operator_id: int, county_code: str) -> WorkingCalendar:
        """The calendar by which this operator counts in this county."""
        place = (operator_id, county_code)
        found = self._by_place.get(place)
        if found is None:
            applying = tuple(
                one
                for one in self.overrides
                if one.operator_id in (None, operator_id) and one.county_code in (None, county_code)
            )
            found = self._by_place[place] = self._lay_out(applying)
        return found

    def general(self) -> WorkingCalendar:
        """What holds where neither an operator nor a county differs."""
        return self._lay_out(
            tuple(one for one in self.overrides if one.operator_id is None and one.county_code is None)
        )

    def with_override(self, override: Override) -> "Calendars":
        """The calendars as they would be with one more override."""
        return self._changed(overrides=(*self.overrides, override))

    def without_override(self, override: Override) -> "Calendars":
        """The calendars as they would be with one override taken back."""
        return self._changed(overrides=tuple(one for one in self.overrides if one != override))

    def with_year(self, year: int, days: Iterable[SpecialDay], source: str) -> "Calendars":
        """The calendars as they would be with this list of special days of a year announced.

        The list may settle days of the December before, of which those that it does not name stay.
        """
        wanted = {day.day: day for day in days}
        kept = {day.day: day for day in self.days if day.day.year != year}
        return self._changed(
            announced={**self.announced, year: source}, days=tuple(sorted((kept | wanted).values()))
        )

    def _changed(self, **changes: Any) -> "Calendars":
        return replace(self, **changes, _laid_out={}, _by_place={})

    def _lay_out(self, applying: tuple[Override, ...]) -> WorkingCalendar:
        found = self._laid_out.get(applying)
        if found is None:
            by_day = {special.day: special for special in self.days}
            by_day |= {one.special.day: one.special for one in _lightest_first(applying)}
            found = self._laid_out[applying] = WorkingCalendar(by_day.values(), self.announced)
        return found


def _lightest_first(overrides: Iterable[Override]) -> list[Override]:
    return sorted(overrides, key=lambda one: one.weight)
