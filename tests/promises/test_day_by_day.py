"""A promise day by day, and where it is drawn."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from samples import HOURS, WORKING, rules, there

from tracker import clock
from tracker.pages.promise_drawing import draw
from tracker.promises.calendar import announced
from tracker.promises.day_by_day import Part, day_by_day
from tracker.promises.deadline import agreed_deadline, deadline
from tracker.promises.holds import Hold
from tracker.promises.rules import Unit

CALENDAR = announced()
ACCEPTED = there(2026, 2, 12, 9)  # the Thursday before the Spring Festival of 2026
FESTIVAL = date(2026, 2, 12)


def parts(found) -> str:
    """The days as letters: their part, or how many were counted by then."""
    return "".join(str(one.ordinal) if one.ordinal else one.part[0] for one in found)


def test_each_day_from_the_acceptance_to_the_deadline() -> None:
    promised = deadline(WORKING, ACCEPTED, CALENDAR)
    days = list(day_by_day(promised, FESTIVAL, FESTIVAL, CALENDAR))
    # Friday and the make-up Saturday count, nine days off, then Tuesday the 24th.
    assert parts(days) == "a12" + "r" * 9 + "3"
    assert [one.day for one in days if one.make_up] == [date(2026, 2, 14)]
    festival, plain = ("春节", "Spring Festival"), ("", "")
    assert [(one.name, one.name_en) for one in days] == [plain] * 3 + [festival] * 9 + [plain]
    assert [one.ordinal for one in days] == [None, 1, 2] + [None] * 9 + [3]


def test_a_sunday_worked_in_exchange_for_a_holiday_is_told_as_one() -> None:
    # Friday 18 September 2026: Saturday is off, Sunday is worked for National Day.
    friday = date(2026, 9, 18)
    days = list(day_by_day(deadline(WORKING, there(2026, 9, 18, 9), CALENDAR), friday, friday, CALENDAR))
    assert parts(days) == "ar123"
    assert [one.make_up for one in days] == [False, False, True, False, False]


def test_each_part_bears_the_name_that_pages_draw_it_by() -> None:
    assert set(Part) == {"acceptance", "postponed", "counted", "rest", "held", "running", "beyond"}


def test_held_days_and_days_beyond() -> None:
    held = [Hold(there(2026, 2, 13), there(2026, 2, 16))]
    promised = deadline(WORKING, ACCEPTED, CALENDAR, held)
    days = list(day_by_day(promised, FESTIVAL, date(2026, 2, 28), CALENDAR))
    # A day off is one, held or not.
    assert parts(days) == "ahh" + "r" * 9 + "123bb"


def test_a_late_acceptance_stands_for_a_later_day() -> None:
    rule = replace(WORKING, late_counts_as_next_day=True, amount=1)
    promised = deadline(rule, there(2026, 11, 20, 18), CALENDAR)
    assert parts(day_by_day(promised, date(2026, 11, 20), date(2026, 11, 20), CALENDAR)) == "arrp1"


def test_hours_and_dates_given_anew_count_no_days() -> None:
    promised = deadline(HOURS, there(2026, 11, 20, 9), CALENDAR)
    assert parts(day_by_day(promised, date(2026, 11, 20), date(2026, 11, 20), CALENDAR)) == "arr"
    assert {one.part for one in day_by_day(promised, date(2026, 11, 20), date(2026, 11, 20), CALENDAR)} == {
        Part.ACCEPTANCE,
        Part.RUNNING,
    }
    anew = agreed_deadline(WORKING, there(2026, 11, 20, 9), there(2026, 11, 24, 12), CALENDAR)
    found = [one.part for one in day_by_day(anew, date(2026, 11, 20), date(2026, 11, 20), CALENDAR)]
    assert found == [Part.ACCEPTANCE, Part.REST, Part.REST, Part.RUNNING, Part.RUNNING]


@settings(max_examples=300, deadline=None)
@given(
    rules(60),
    st.datetimes(there(2019, 3, 1).replace(tzinfo=None), there(2026, 9, 1).replace(tzinfo=None)),
    st.integers(-5, 40),
    st.integers(0, 30),
)
def test_as_many_days_are_counted_as_were_promised(rule, at, start: int, length: int) -> None:
    accepted_at = at.replace(tzinfo=clock.CITY_ZONE)
    hold = Hold(accepted_at + timedelta(days=start), accepted_at + timedelta(days=start + length))
    promised = deadline(rule, accepted_at, CALENDAR, [hold])
    accepted_on = clock.local_date(accepted_at)
    days = list(day_by_day(promised, accepted_on, accepted_on, CALENDAR))
    assert [one.day for one in days] == [accepted_on + timedelta(days=i) for i in range(len(days))]
    ordinals = [one.ordinal for one in days if one.ordinal]
    if rule.unit is Unit.HOURS:
        assert ordinals == []
    else:
        assert ordinals == list(range(1, rule.amount + 1))
        assert days[-1].ordinal == rule.amount
        assert days[-1].day == promised.last_day


def test_where_it_is_drawn() -> None:
    promised = deadline(WORKING, there(2026, 11, 20, 12), CALENDAR)
    days = list(day_by_day(promised, date(2026, 11, 20), date(2026, 11, 20), CALENDAR))
    hold = Hold(there(2026, 11, 23), there(2026, 11, 24))
    short, gone = (
        Hold(there(2026, 11, 23, 9), there(2026, 11, 23, 10)),
        Hold(there(2026, 12, 1), there(2026, 12, 2)),
    )
    moments = [
        ("accepted", there(2026, 11, 20, 12)),
        ("current", promised.at),
        ("now", there(2026, 12, 3)),
    ]
    drawing = draw(days, [hold, short, gone], moments)
    day = drawing.cells[0].width
    assert len(drawing.cells) == 6
    assert all(b.x - a.x == day for a, b in zip(drawing.cells, drawing.cells[1:], strict=False))
    accepted, current, now = drawing.marks
    assert accepted.x == drawing.cells[0].x + day / 2, "noon"
    assert current.x == drawing.cells[5].x + day * 0.75, "18:00"
    assert now.x == drawing.cells[5].x + day
    assert drawing.clipped == {"now"}
    assert (accepted.anchor, current.anchor) == ("start", "end")
    whole, hour = drawing.bars
    assert (whole.x, whole.width, whole.label_fits) == (drawing.cells[3].x, day, True)
    assert not hour.label_fits
    assert max(cell.x + cell.width for cell in drawing.cells) <= drawing.width
    assert max(mark.y for mark in drawing.marks) < drawing.height
