"""The days that a page of figures looks at, as its address names them: a period, or first and last day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from flask import request

from tracker import clock
from tracker.figures.periods import Preset, Stretch, named
from tracker.orders.standing import N_
from tracker.pages.slots import day_typed
from tracker.problems import Fault

PRESET_WORDS: Mapping[Preset, str] = {
    Preset.TODAY: N_("今天"),
    Preset.WEEK: N_("本周"),
    Preset.LAST_7: N_("近 7 天"),
    Preset.MONTH: N_("本月"),
    Preset.LAST_MONTH: N_("上月"),
    Preset.LAST_30: N_("近 30 天"),
    Preset.HALF: N_("本半年"),
}
# What is counted anew for each look ends at a quarter of a year, so these are what is offered there.
CHOICES = {preset: PRESET_WORDS[preset] for preset in (Preset.TODAY, Preset.LAST_7, Preset.LAST_30)}
LONGEST = 92
_DAY_WRITTEN = len("2026-11-26")
_MOST_TYPED = 20


@dataclass(frozen=True)
class Days:
    """From the first day to the last, both of them counted; `preset` is their name, if they have one.

    `faults` are of what makes no sense, by field: then these are the usual days, and `typed` what stood in
    the fields. `latest` is the last day that can be asked for, `kept` what else an address says with them.
    """

    stretch: Stretch
    preset: Preset | None
    typed: Mapping[str, str]
    faults: Sequence[tuple[str, Fault]]
    latest: date
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> date:
        """The first day."""
        return self.stretch.first_on

    @property
    def last(self) -> date:
        """The last day."""
        return self.stretch.last_on

    @property
    def begin(self) -> datetime:
        """When the first day begins."""
        return self.stretch.bounds[0]

    @property
    def end(self) -> datetime:
        """When the last day is over."""
        return self.stretch.bounds[1]

    @property
    def every(self) -> list[date]:
        """Each day, the latest first."""
        return [self.last - timedelta(days=back) for back in range(self.stretch.count)]

    @property
    def args(self) -> dict[str, str]:
        """The part of an address that names them, with what it keeps."""
        if self.preset is not None:
            return {"period": self.preset.value, **self.kept}
        return {"first": f"{self.first}", "last": f"{self.last}", **self.kept}


def days_asked() -> Days:
    """The days of the present address, of those that pages offer where everything is counted anew."""
    return read_days(request.args, clock.today(), CHOICES, usual=Preset.LAST_7, most=LONGEST)


def read_days(
    args: Mapping[str, str], today: date, choices: Collection[Preset], *, usual: Preset, most: int
) -> Days:
    """By `first` and `last`, or `period`, one of the choices; the usual ones where an address names none."""
    typed = {name: args.get(name, "")[:_MOST_TYPED].strip() for name in ("period", "first", "last")}
    faults: list[tuple[str, Fault]] = []
    preset = None
    if typed["period"] in choices:
        preset = Preset(typed["period"])
    elif typed["period"]:
        faults.append(("period", Fault("figures.unknown", "/period")))
    stretch = _typed_days(typed, today, most, faults)
    if stretch is None or faults:
        preset = preset or usual
        return Days(named(preset, today), preset, typed, faults, today)
    # The fields of days bear the days of a period with a name when only something else is changed.
    preset = preset if preset and named(preset, today) == stretch else None
    return Days(stretch, preset, typed, faults, today)


def _typed_days(
    typed: Mapping[str, str], today: date, most: int, faults: list[tuple[str, Fault]]
) -> Stretch | None:
    """The two days that were typed; None where none was, or they make no stretch."""
    if not typed["first"] and not typed["last"]:
        return None
    found: list[date] = []
    for name in ("first", "last"):
        day = day_typed(typed[name])
        if day is None or len(typed[name]) != _DAY_WRITTEN:
            faults.append((name, Fault("figures.bad_day", f"/{name}")))
        elif day > today:
            faults.append((name, Fault("figures.ahead", f"/{name}")))
        else:
            found.append(day)
    if len(found) < 2:
        return None
    days = Stretch(*found)
    if days.count < 1:
        faults.append(("last", Fault("figures.reversed", "/last")))
    elif days.count > most:
        faults.append(("first", Fault("figures.too_long", "/first", {"days": most})))
    return days
