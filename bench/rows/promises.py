"""Working days and promises counted in one process, beside the libraries that can count them."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

import chinese_calendar
import numpy

from bench.figures import Beside, Plan, Row, Slices
from bench.system import System, Web
from tracker.promises import wording
from tracker.promises.calendar import announced
from tracker.promises.deadline import deadline
from tracker.promises.rules import Rule, Unit

# Across the Spring Festival of 2026: days off, and a Saturday that was worked.
_FROM = date(2026, 2, 13)
_ACCEPTED = datetime(2026, 2, 13, 3, 0, tzinfo=UTC)
_DAYS = 10
_FAR = 200
_CALLS_A_LOOK = 200


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """Counting ten days, counting two hundred, and a whole promise with its explanation."""
    calendar = announced()
    numpy_calendar = _numpy_calendar()
    day = numpy.datetime64(_FROM)
    rule = Rule(
        id=1,
        version=1,
        customer_kind="enterprise",
        product="broadband",
        area="any",
        resource="needs_building",
        amount=_DAYS,
        unit=Unit.WORKING_DAYS,
        cut_off=clock_time(17),
        end_of_day=clock_time(18),
        late_counts_as_next_day=False,
        valid_from=date(2024, 1, 1),
        valid_to=None,
    )
    counted = Slices(f"{_DAYS} working days")
    near = Slices("2 working days")
    far = Slices(f"{_FAR} working days")
    promised = Slices("a promise with its explanation")
    library = Slices("numpy.busday_offset, one at a time")
    looped = Slices(f"a loop of {_DAYS} working days over chinesecalendar")
    for turn in range(1, plan.rounds + 1):
        step(f"working days and promises ({turn} of {plan.rounds})")
        for slices, call in (
            (library, lambda: numpy.busday_offset(day, _DAYS, busdaycal=numpy_calendar)),
            (looped, _loop),
            (counted, lambda: calendar.add_working_days(_FROM, _DAYS)),
            (near, lambda: calendar.add_working_days(_FROM, 2)),
            (far, lambda: calendar.add_working_days(_FROM, _FAR)),
            (promised, lambda: wording.explain(deadline(rule, _ACCEPTED, calendar))),
        ):
            _run(slices, call, plan.ceiling_seconds / 2)
    return [
        Row(
            "working days counted",
            counted.figure(),
            [Beside(library.figure(), 3), Beside(looped.figure(), 300)],
        ),
        Row("working days far ahead", far.figure(), [Beside(near.figure(), 1 / 1.2)]),
        Row("promises computed", promised.figure(), [Beside(looped.figure(), 20)]),
    ]


def _run(slices: Slices, call: Callable[[], object], seconds: float) -> None:
    began = now = time.perf_counter()
    count = 0
    while now - began < seconds:
        for _ in range(_CALLS_A_LOOK):
            call()
        count += _CALLS_A_LOOK
        now = time.perf_counter()
    slices.counts.append(count)
    slices.seconds.append(now - began)


def _loop() -> date:
    day, left = _FROM, _DAYS
    while left:
        day += timedelta(days=1)
        left -= chinese_calendar.is_workday(day)
    return day


def _numpy_calendar() -> numpy.busdaycalendar:
    """As near as numpy comes: it knows days off, but no weekend day that is worked."""
    off = [day for day in chinese_calendar.holidays if day.weekday() < 5]
    return numpy.busdaycalendar(holidays=[numpy.datetime64(day) for day in off])
