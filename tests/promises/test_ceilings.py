"""The city's longest limits, gaps between rules, and examples of a change: pure decisions."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from tracker import clock
from tracker.promises.calendar import announced
from tracker.promises.ceilings import first_beyond, meets
from tracker.promises.coverage import Gap, gaps
from tracker.promises.examples import worked_examples
from tracker.promises.rule_words import limit, sentence
from tracker.promises.rules import Rule, Unit

CALENDAR = announced()
START = date(2026, 1, 5)  # a Monday
HOURS = Rule(
    1, 1, "home", "broadband", "urban", "ready", 48, Unit.HOURS, None, None, False, date(2024, 1, 1), None
)
DAYS = replace(
    HOURS, id=2, customer_kind="enterprise", area="any", amount=3, unit=Unit.WORKING_DAYS,
    cut_off=time(17), end_of_day=time(18),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({}, False),
        ({"amount": 47}, False),
        ({"amount": 49}, True),
        # From Monday 00:01 to Tuesday's end is 48 hours less a minute; from Friday to Monday's it is more.
        ({"amount": 1, "unit": Unit.WORKING_DAYS}, True),
        ({"amount": 1, "unit": Unit.CALENDAR_DAYS}, False),
        ({"amount": 2, "unit": Unit.CALENDAR_DAYS}, True),
        ({"amount": 1000, "unit": Unit.WORKING_DAYS}, True),
    ],
)
def test_hours_and_days_are_compared_by_the_dates_that_come_of_them(changes, beyond: bool) -> None:
    found = first_beyond(replace(HOURS, **changes), HOURS, CALENDAR, START)
    assert (found is not None) is beyond
    if found is not None and found.promised is not None:
        assert found.promised > found.allowed


def test_a_limit_past_the_calendars_years_is_beyond() -> None:
    endless = replace(DAYS, amount=3000)
    found = first_beyond(endless, DAYS, CALENDAR, START)
    assert found is not None
    assert found.promised is None


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({"amount": 2}, False),
        ({"amount": 4}, True),
        ({"end_of_day": None}, True),
        ({"end_of_day": time(17, 59)}, False),
        # After the cut-off it is a day more: one day fewer makes up for it.
        ({"late_counts_as_next_day": True}, True),
        ({"late_counts_as_next_day": True, "amount": 2}, False),
        ({"unit": Unit.HOURS, "cut_off": None, "end_of_day": None, "amount": 42}, False),
        ({"unit": Unit.HOURS, "cut_off": None, "end_of_day": None, "amount": 73}, True),
    ],
)
def test_working_days_are_compared_with_their_cut_off_and_close_of_business(changes, beyond: bool) -> None:
    assert (first_beyond(replace(DAYS, **changes), DAYS, CALENDAR, START) is not None) is beyond


def test_a_ceiling_meets_every_rule_of_which_an_order_can_be_of_both() -> None:
    assert meets(HOURS, replace(HOURS, product="any"))
    assert meets(replace(HOURS, area="any"), HOURS)
    assert not meets(HOURS, replace(HOURS, area="rural"))
    assert not meets(HOURS, DAYS)
    # In force at another time, it is one all the same.
    assert meets(HOURS, replace(HOURS, valid_from=date(2030, 1, 1)))


def test_orders_that_no_other_rule_covers_are_found() -> None:
    every = replace(HOURS, area="any", resource="any")
    rural = replace(HOURS, id=3, area="rural")
    ended = replace(HOURS, id=4, valid_to=date(2026, 1, 31))
    assert gaps(HOURS, [HOURS, rural, ended], date(2026, 2, 1)) == [Gap("urban", "ready")]
    assert gaps(HOURS, [HOURS, ended], date(2026, 1, 31)) == []
    assert gaps(HOURS, [HOURS, replace(every, id=5)], date(2026, 2, 1)) == []
    assert len(gaps(every, [every, rural], date(2026, 2, 1))) == 5


def test_examples_stand_on_both_sides_of_the_cut_off() -> None:
    new = replace(DAYS, id=0, amount=2, cut_off=time(16), late_counts_as_next_day=True)
    rural = replace(HOURS, id=3, area="rural")
    found = worked_examples(new, (HOURS, rural, DAYS), (HOURS, rural, new), CALENDAR, date(2026, 11, 26))
    assert {one.case.customer_kind for one in found} == {"home", "enterprise"}
    urban = [one for one in found if (one.case.customer_kind, one.case.area) == ("enterprise", "urban")]
    assert [f"{clock.local(one.accepted_at):%H:%M}" for one in urban] == ["15:59", "16:01"]
    # Thursday before four: Monday. After it, as on Friday: Tuesday, which is what three days were.
    assert [one.after and clock.local(one.after.at) for one in urban] == [
        datetime(2026, 11, 30, 18, tzinfo=clock.CITY_ZONE),
        datetime(2026, 12, 1, 18, tzinfo=clock.CITY_ZONE),
    ]
    assert [one.differs for one in urban] == [True, False]
    assert not any(one.differs for one in found if one.case.customer_kind == "home")
    assert worked_examples(new, (DAYS,), (new,), CALENDAR, date(2060, 1, 1)) == []
    assert worked_examples(new, (), (new,), CALENDAR, date(2026, 11, 26))[0].before is None


@pytest.mark.parametrize(
    ("rule", "language", "said"),
    [
        (
            HOURS,
            "zh",
            "家庭客户办理宽带，城镇地址，线路资源具备的，自受理起 48 小时内装通，周末和节假日照常计时。",
        ),
        (
            DAYS,
            "zh",
            "企业客户办理宽带，线路资源具备的，自受理次日起 3 个工作日内装通（最后一天 18:00 前）。",
        ),
        (
            replace(DAYS, late_counts_as_next_day=True, product="any", resource="any"),
            "zh",
            "企业客户，自受理次日起 3 个工作日内装通（最后一天 18:00 前）；17:00 以后或休息日受理的，"
            "视为下一个工作日受理。",
        ),
        (
            replace(HOURS, unit=Unit.CALENDAR_DAYS, amount=1, product="iptv", area="rural"),
            "en",
            "Homes ordering iptv, rural addresses, where the line is ready: connected within 1 calendar day,"
            " counted from the day after acceptance.",
        ),
    ],
)
def test_a_rule_is_said_as_a_customer_would(rule: Rule, language: str, said: str) -> None:
    assert sentence(rule, language) == said


def test_a_limit_is_said_in_short() -> None:
    assert limit(DAYS, "zh") == "3 个工作日，最后一天 18:00 前"
    assert limit(DAYS, "en") == "3 working days, by 18:00"
    assert limit(replace(HOURS, amount=1), "en") == "1 hour"
