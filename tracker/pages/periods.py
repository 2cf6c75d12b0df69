"""The days that a page of figures looks at, as its address names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import request

from tracker import clock
from tracker.orders.standing import N_
from tracker.pages.slots import day_typed, midnight

# So many days back from today, today with them.
CHOICES = {"1": N_("今天"), "7": N_("最近7天"), "30": N_("最近30天")}
_USUAL = "7"
# A quarter of a year: what is counted anew for each look has to end somewhere.
LONGEST = 92


@dataclass(frozen=True)
class Days:
    """From the first day to the last, both of them counted. `args` name them in an address; `shortened`:
    more were asked for than are looked at.
    """

    first: date
    last: date
    args: Mapping[str, str]
    shortened: bool = False

    @property
    def begin(self) -> datetime:
        """When the first day begins."""
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """When the last day is over."""
        return midnight(self.last + timedelta(days=1))

    @property
    def every(self) -> list[date]:
        """Each day, the latest first."""
        return [self.last - timedelta(days=back) for back in range((self.last - self.first).days + 1)]


def days_asked() -> Days:
    """By `days`, or `from` and `to`; the usual ones where the address names none that make sense."""
    first, last = day_typed(request.args.get("from", "")), day_typed(request.args.get("to", ""))
    if first is not None and last is not None and first <= last:
        shortened = (last - first).days >= LONGEST
        if shortened:
            first = last - timedelta(days=LONGEST - 1)
        return Days(first, last, {"from": f"{first}", "to": f"{last}"}, shortened)
    chosen = request.args.get("days", "")
    if chosen not in CHOICES:
        chosen = _USUAL
    today = clock.today()
    return Days(today - timedelta(days=int(chosen) - 1), today, {"days": chosen})
