"""Which rule applies, and what it promises."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tracker import clock
from tracker.promises import wording
from tracker.promises.calendar import RestSpan, announced
from tracker.promises.deadline import Deadline, deadline
from tracker.promises.rules import NoRuleError, Rule, Unit, ambiguous, choose

WORKING = Rule(
    1, 1, "enterprise", "broadband", "any", "ready", 3, Unit.WORKING_DAYS, time(17), time(18), False,
    date(2024, 1, 1), None,
)  # fmt: skip
HOURS = replace(WORKING, id=2, unit=Unit.HOURS, amount=48, cut_off=None, end_of_day=None)
CALENDAR = announced()


def there(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=clock.CITY_ZONE)


def test_hours_run_from_the_moment_of_acceptance_over_rest_days() -> None:
    promised = deadline(HOURS, there(2026, 10, 1, 9, 30), CALENDAR)  # National Day, a Thursday
    day, at = date(2026, 10, 1), there(2026, 10, 3, 9, 30)
    assert promised == Deadline(at, False, HOURS, day, date(2026, 10, 3), False, (), ())


@pytest.mark.parametrize(
    ("accepted", "last_day"),
    [
        (there(2026, 11, 20, 9, 0), date(2026, 11, 25)),  # Fri → Wed
        (there(2026, 11, 20, 17, 30), date(2026, 11, 25)),  # Fri after the cut-off, same without the clause
        (there(2026, 11, 21, 9, 0), date(2026, 11, 25)),  # Sat → Wed
        (there(2026, 2, 13, 9, 0), date(2026, 2, 25)),  # Fri before Spring Festival
    ],
)
def test_working_days_are_counted_from_the_day_after(accepted: datetime, last_day: date) -> None:
    promised = deadline(WORKING, accepted, CALENDAR)
    assert promised.at == datetime.combine(last_day, time(18), clock.CITY_ZONE)


@pytest.mark.parametrize(
    ("accepted", "last_day"),
    [
        (there(2026, 11, 20, 17, 0), date(2026, 11, 25)),  # Fri at the cut-off: in time
        (there(2026, 11, 20, 17, 0, 1), date(2026, 11, 26)),  # Fri a second after: as on Monday
        (there(2026, 11, 21, 9, 0), date(2026, 11, 26)),  # Sat: as on Monday
        (there(2026, 2, 14, 9, 0), date(2026, 2, 26)),  # a make-up Saturday is a working day
    ],
)
def test_late_counts_as_next_day(accepted: datetime, last_day: date) -> None:
    rule = replace(WORKING, late_counts_as_next_day=True)
    assert deadline(rule, accepted, CALENDAR).last_day == last_day


def test_the_day_is_the_citys_and_not_utcs() -> None:
    # 00:30 on Tuesday in Qingyuan is still Monday in UTC.
    promised = deadline(WORKING, datetime(2026, 11, 23, 16, 30, tzinfo=UTC), CALENDAR)
    assert promised.last_day == date(2026, 11, 27)


def test_calendar_days_end_at_midnight() -> None:
    rule = replace(WORKING, unit=Unit.CALENDAR_DAYS, amount=2, end_of_day=None)
    promised = deadline(rule, there(2026, 11, 20, 9, 0), CALENDAR)
    at = there(2026, 11, 23, 0, 0)
    assert promised == Deadline(at, False, rule, date(2026, 11, 20), date(2026, 11, 22), False, (), ())
    assert promised.at.utcoffset() == timedelta(0), "stored instants are UTC"
    assert wording.deadline_for_sms(promised.at) == "11月22日24时"
    late = replace(rule, late_counts_as_next_day=True)
    promised = deadline(late, there(2026, 11, 20, 17, 30), CALENDAR)
    assert promised == Deadline(
        there(2026, 11, 26, 0, 0), False, late, date(2026, 11, 23), date(2026, 11, 25), True, (), ()
    )


@pytest.mark.parametrize(
    ("changes", "accepted", "zh", "en"),
    [
        (
            {},
            there(2026, 2, 13, 9, 0),
            "3个工作日，受理当日不计；跳过2月15–23日（春节）；2月14日为调休上班，计为工作日。",
            "3 working days, the day of acceptance not counted; skipped: 15–23 Feb (Spring Festival); "
            "worked in exchange for a holiday: 14 Feb.",
        ),
        # Accepted on the make-up Saturday itself, which is therefore not one of the days counted.
        (
            {},
            there(2026, 2, 14, 9, 0),
            "3个工作日，受理当日不计；跳过2月15–23日（春节）。",
            "3 working days, the day of acceptance not counted; skipped: 15–23 Feb (Spring Festival).",
        ),
        (
            {"amount": 1},
            there(2026, 11, 23, 9, 0),
            "1个工作日，受理当日不计。",
            "1 working day, the day of acceptance not counted.",
        ),
        (
            {"late_counts_as_next_day": True, "amount": 5},
            there(2026, 11, 20, 18, 0),
            "截止时间后或休息日受理，视为11月23日受理；5个工作日，受理当日不计；"
            "跳过11月21–22日（周六、周日）、11月28–29日（周六、周日）。",
            "accepted late or on a rest day, so counted as of 23 Nov; 5 working days, the day of acceptance "
            "not counted; skipped: 21–22 Nov (weekend), 28–29 Nov (weekend).",
        ),
        (
            {"amount": 15},
            there(2026, 9, 14, 9, 0),
            "15个工作日，受理当日不计；跳过9月19日（周六）、9月25–27日（中秋）、10月1–7日（国庆节）；"
            "9月20日、10月10日为调休上班，计为工作日。",
            "15 working days, the day of acceptance not counted; skipped: 19 Sep (weekend), "
            "25–27 Sep (Mid-autumn Festival), 1–7 Oct (National Day); "
            "worked in exchange for a holiday: 20 Sep, 10 Oct.",
        ),
        (
            {"unit": Unit.CALENDAR_DAYS, "amount": 2},
            there(2026, 11, 20, 9, 0),
            "2日，受理当日不计。",
            "2 days, the day of acceptance not counted.",
        ),
        (
            {"unit": Unit.HOURS, "amount": 48},
            there(2026, 11, 20, 9, 0),
            "受理后48小时内，周末和节假日照常计时。",
            "Within 48 hours of acceptance; weekends and holidays are counted.",
        ),
    ],
)
def test_the_explanation_names_what_was_skipped_and_what_was_worked(
    changes: dict[str, object], accepted: datetime, zh: str, en: str
) -> None:
    promised = deadline(replace(WORKING, **changes), accepted, CALENDAR)
    assert wording.explain(promised) == {"zh": zh, "en": en}


def test_a_rest_that_runs_over_the_end_of_a_month() -> None:
    words = wording.explain(deadline(WORKING, there(2026, 1, 29, 9, 0), CALENDAR))
    assert "跳过1月31日–2月1日（周六、周日）" in words["zh"]
    assert "skipped: 31 Jan – 1 Feb (weekend)" in words["en"]


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        (there(2026, 11, 12, 18, 0), "11月12日18时", "12 Nov 18:00"),
        (there(2026, 11, 12, 9, 5), "11月12日9:05", "12 Nov 9:05"),
        (there(2026, 12, 1, 0, 0), "11月30日24时", "30 Nov 24:00"),
        (there(2026, 12, 1, 0, 1), "12月1日0:01", "1 Dec 0:01"),
        (there(2026, 11, 30, 23, 59), "11月30日23:59", "30 Nov 23:59"),
    ],
)
def test_a_deadline_in_a_text(at: datetime, zh: str, en: str) -> None:
    assert wording.deadline_for_sms(at) == zh
    assert wording.deadline_for_sms_en(at) == en
    assert wording.day_for_sms(at, "zh") == zh[: zh.index("日") + 1]
    assert wording.day_for_sms(at, "en") == en.rpartition(" ")[0]


def test_every_month_has_its_english_name() -> None:
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    found = [wording.day_for_sms(there(2026, month, 5, 12), "en") for month in range(1, 13)]
    assert found == [f"5 {name}" for name in names]


def test_every_weekday_has_its_chinese_name() -> None:
    # From Monday 1 June 2026, when everybody rests for a week.
    week = RestSpan(date(2026, 6, 1), date(2026, 6, 7))
    promised = replace(deadline(WORKING, there(2026, 5, 31, 9), CALENDAR), skipped=(week,))
    assert "跳过6月1–7日（周一、周二、周三、周四、周五、周六、周日）" in wording.explain(promised)["zh"]


def test_past_the_announced_years_a_promise_is_provisional_and_says_so() -> None:
    accepted = there(CALENDAR.last_announced_year, 12, 30, 10, 0)
    promised = deadline(WORKING, accepted, CALENDAR)
    assert promised.provisional
    words = wording.explain(promised)
    assert words["zh"].startswith("3个工作日，")
    assert words["zh"].endswith("）；以国务院节假日安排公布后为准。")
    assert words["en"].startswith("3 working days, ")
    assert words["en"].endswith("); final once the State Council has announced the year's holidays.")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        deadline(WORKING, datetime(2026, 1, 5, 9), CALENDAR)  # noqa: DTZ001 - that is the point


ASKED = {"customer_kind": "enterprise", "product": "broadband", "area": "urban", "resource": "ready"}


def test_the_rule_that_names_most_of_the_order_wins() -> None:
    general = replace(WORKING, id=1, product="any", resource="any")
    urban = replace(WORKING, id=2, product="any", area="urban", resource="any")
    two = replace(WORKING, id=3, product="any", area="urban")
    old = replace(WORKING, id=4, area="urban", valid_to=date(2026, 6, 30))
    rules = [general, urban, two, old]
    assert choose(rules, **ASKED, on=date(2026, 7, 1)).id == 3
    assert choose(rules, **ASKED, on=date(2026, 6, 30)).id == 4
    assert choose([general, urban], **ASKED, on=date(2026, 7, 1)).id == 2
    rural = replace(WORKING, id=5, area="rural")
    home = replace(WORKING, id=6, customer_kind="home", area="urban")
    assert choose([general, rural, home], **ASKED, on=date(2026, 7, 1)).id == 1


REST_OF_2026 = {"valid_from": date(2026, 7, 1), "valid_to": date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("mine", "theirs", "clash"),
    [
        ({}, {}, True),
        ({}, {"valid_from": date(2030, 1, 1)}, True),  # open-ended, so it lasts until then
        ({"valid_to": date(2026, 6, 30)}, {"valid_from": date(2026, 7, 1)}, False),
        ({"valid_to": date(2026, 7, 1)}, {"valid_from": date(2026, 7, 1)}, True),
        # For the rest of the year, beside what is open, what ended before it, and what ends within it.
        (REST_OF_2026, {}, True),
        (REST_OF_2026, {"valid_to": date(2026, 6, 30)}, False),
        (REST_OF_2026, {"valid_to": date(2026, 9, 30)}, True),
        ({"customer_kind": "home"}, {}, False),
        ({"resource": "survey"}, {}, False),
        # Each names one part, and an urban broadband order is covered by both.
        ({"resource": "any"}, {"product": "any", "area": "urban", "resource": "any"}, True),
        # The other names more, so there is no doubt.
        ({"resource": "any"}, {"area": "urban"}, False),
        ({"area": "urban"}, {"area": "rural"}, False),
    ],
)  # fmt: skip
def test_rules_between_which_an_order_could_not_choose(
    mine: dict[str, object], theirs: dict[str, object], clash: bool
) -> None:
    one, other = replace(WORKING, **mine), replace(WORKING, id=2, **theirs)
    assert ambiguous(one, other) == ambiguous(other, one) == clash


def test_a_frozen_rule_is_read_back_as_it_was() -> None:
    for rule in (WORKING, HOURS, replace(WORKING, valid_to=date(2026, 6, 30))):
        assert Rule.from_json(json.loads(json.dumps(rule.as_json()))) == rule


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("hours", Unit.HOURS),
        ("calendar_days", Unit.CALENDAR_DAYS),
        ("working_days", Unit.WORKING_DAYS),
    ],
)
def test_what_was_frozen_with_a_promise_years_ago_is_still_read(written: str, unit: Unit) -> None:
    frozen = {
        "id": 1,
        "version": 1,
        "customer_kind": "enterprise",
        "product": "broadband",
        "area": "any",
        "resource": "ready",
        "amount": 3,
        "unit": written,
        "cut_off": "17:00:00",
        "end_of_day": "18:00:00",
        "late_counts_as_next_day": False,
        "valid_from": "2024-01-01",
        "valid_to": None,
    }
    rule = replace(WORKING, unit=unit)
    assert Rule.from_json(frozen) == rule
    assert json.loads(json.dumps(rule.as_json())) == frozen


@pytest.mark.parametrize(
    ("on", "in_force"),
    [
        (date(2026, 6, 30), False),
        (date(2026, 7, 1), True),
        (date(2026, 8, 15), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_a_rule_is_in_force_from_its_first_day_to_its_last(on: date, in_force: bool) -> None:
    rule = replace(WORKING, valid_from=date(2026, 7, 1), valid_to=date(2026, 9, 30))
    assert rule.covers(on) is in_force


def test_without_a_rule_nothing_is_promised() -> None:
    with pytest.raises(NoRuleError):
        choose([replace(WORKING, valid_from=date(2030, 1, 1))], **ASKED, on=date(2026, 7, 1))
