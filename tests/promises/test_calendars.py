"""The calendar's changes: who made them, what stands, and what stood before."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from tracker.problems import Refusal
from tracker.promises.announce_year import announce_year
from tracker.promises.calendar import SpecialDay, announced
from tracker.promises.calendars import Calendars, Override
from tracker.promises.change_calendar import Author
from tracker.promises.import_calendar import import_calendar
from tracker.promises.models import CalendarChange
from tracker.promises.override_day import override_day, withdraw_override
from tracker.promises.queries import read_calendars, standing_overrides

TELECOM, MOBILE = 1, 2
LIANNAN, QINGCHENG = "441826", "441802"
THURSDAY = date(2026, 8, 20)
NEXT = announced().last_announced_year + 1
NOTICE = Author("console:root", "国办发明电〔2026〕7号")


def rest(day: date = THURSDAY) -> SpecialDay:
    return SpecialDay(day, False, "盘王节", "Panwang Festival")


def work(day: date = THURSDAY) -> SpecialDay:
    return SpecialDay(day, True, "照常上班", "as usual")


@pytest.mark.parametrize(
    ("overrides", "free"),
    [
        # Where it is free: telecom in Liannan, in Qingcheng, mobile in Liannan, in Qingcheng.
        ([], [False, False, False, False]),
        ([Override(rest())], [True, True, True, True]),
        ([Override(rest(), county_code=LIANNAN)], [True, False, True, False]),
        ([Override(rest(), operator_id=TELECOM)], [True, True, False, False]),
        ([Override(rest(), TELECOM, LIANNAN)], [True, False, False, False]),
        # What is said of a county goes before what is said of all, and then an operator's own.
        ([Override(rest()), Override(work(), county_code=LIANNAN)], [False, True, False, True]),
        ([Override(work(), TELECOM), Override(rest(), county_code=LIANNAN)], [True, False, True, False]),
        ([Override(rest(), None, LIANNAN), Override(work(), TELECOM, LIANNAN)], [False, False, True, False]),
    ],
)  # fmt: skip
def test_an_override_holds_where_it_was_set(overrides: list[Override], free: list[bool]) -> None:
    for given in (overrides, overrides[::-1]):
        calendars = Calendars(1, 1, {2026: "a notice"}, (), tuple(given))
        found = [
            not calendars.of(operator, county).is_working(THURSDAY)
            for operator in (TELECOM, MOBILE)
            for county in (LIANNAN, QINGCHENG)
        ]
        assert found == free


def test_an_override_changes_its_own_day_and_leaves_the_announced_ones() -> None:
    festival = SpecialDay(date(2026, 6, 19), False, "端午节", "Dragon Boat Festival")  # Friday
    calendars = Calendars(1, 1, {2026: "a notice"}, (festival, work()), (Override(rest(), TELECOM, LIANNAN),))
    held = calendars.of(TELECOM, LIANNAN)
    assert [held.is_working(day) for day in (festival.day, THURSDAY)] == [False, False]
    for elsewhere in (calendars.of(TELECOM, QINGCHENG), calendars.of(MOBILE, LIANNAN), calendars.general()):
        assert [elsewhere.is_working(day) for day in (festival.day, THURSDAY)] == [False, True]


@pytest.mark.parametrize(
    ("override", "free"),
    [
        (Override(rest()), True),
        (Override(rest(), TELECOM), False),
        (Override(rest(), county_code=LIANNAN), False),
        (Override(rest(), TELECOM, LIANNAN), False),
    ],
)
def test_in_general_only_what_is_said_of_all_holds(override: Override, free: bool) -> None:
    assert Calendars(1, 1, {2026: "a notice"}, (), (override,)).general().is_working(THURSDAY) != free


def test_places_that_do_not_differ_share_one_calendar_and_asking_changes_nothing() -> None:
    def fresh() -> Calendars:
        return Calendars(1, 1, {2026: "a notice"}, (), (Override(rest(), TELECOM, LIANNAN),))

    calendars = fresh()
    assert calendars.of(TELECOM, QINGCHENG) is calendars.of(MOBILE, LIANNAN) is calendars.general()
    assert calendars.of(TELECOM, LIANNAN) is not calendars.general()
    assert calendars == fresh(), "what was asked of it is no part of what it says"
    assert Calendars(1, 1, {2026: "a notice"}, ()).of(TELECOM, LIANNAN).is_working(THURSDAY)


def request(**changes: object) -> dict[str, object]:
    return {
        "day": THURSDAY,
        "working": False,
        "county_code": None,
        "name": "盘王节",
        "name_en": None,
        "source": "连南府办〔2026〕5号",
        **changes,
    }


def calendars_of(database, revision: int | None = None) -> Calendars:
    with database.reading() as connection:
        found = read_calendars(connection, revision)
    assert found is not None
    return found


def test_an_override_stands_with_its_source_and_author_until_it_is_withdrawn(runtime, changeable) -> None:
    before = runtime.reference.current().calendars
    made = override_day(
        runtime.db, request(county_code=LIANNAN), "account:7", operator_id=TELECOM, counties=[LIANNAN]
    )
    after = runtime.reference.current().calendars
    assert not after.of(TELECOM, LIANNAN).is_working(THURSDAY)
    assert after.of(TELECOM, QINGCHENG).is_working(THURSDAY)
    assert after.of(MOBILE, LIANNAN).is_working(THURSDAY)
    with runtime.db.reading() as connection:
        (told,) = standing_overrides(connection, TELECOM)
        assert standing_overrides(connection, MOBILE) == []
    assert (told["source"], told["actor"], told["name_en"]) == ("连南府办〔2026〕5号", "account:7", "盘王节")
    with pytest.raises(Refusal, match="override_not_found"):
        withdraw_override(runtime.db, made, "not mine", "account:9", operator_id=MOBILE)
    assert withdraw_override(runtime.db, made, "通知撤回", "account:7", operator_id=TELECOM) == THURSDAY
    assert runtime.reference.current().calendars.of(TELECOM, LIANNAN).is_working(THURSDAY)
    with pytest.raises(Refusal, match="override_not_found"):
        withdraw_override(runtime.db, made, "again", "account:7", operator_id=TELECOM)
    # What stood at each revision can still be counted by.
    assert calendars_of(runtime.db, before.revision) == before
    assert calendars_of(runtime.db, after.revision) == after
    with runtime.db.reading() as connection:
        changes = connection.execute(select(CalendarChange.kind, CalendarChange.actor)).all()
    assert [tuple(one) for one in changes] == [
        ("announcement", "system"),
        ("override", "account:7"),
        ("withdrawal", "account:7"),
    ]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"county_code": "440100"}, "calendar.unknown_county"),
        ({"day": date(1999, 1, 1)}, "calendar.day_out_of_range"),
        ({"day": date(2099, 1, 1)}, "calendar.day_out_of_range"),
    ],
)
def test_a_wrong_override_is_refused_and_stores_nothing(runtime, changeable, changes, rule) -> None:
    before = runtime.reference.current().revision
    with pytest.raises(Refusal, match=rule):
        override_day(runtime.db, request(**changes), "a", operator_id=None, counties=[LIANNAN])
    assert runtime.reference.current().revision == before


def test_a_day_is_set_once_for_each_county_and_operator(runtime, changeable) -> None:
    for operator_id, county in ((None, None), (TELECOM, None), (None, LIANNAN), (TELECOM, LIANNAN)):
        same = request(county_code=county)
        override_day(runtime.db, same, "a", operator_id=operator_id, counties=[LIANNAN])
        with pytest.raises(Refusal, match="already_overridden"):
            override_day(runtime.db, same, "b", operator_id=operator_id, counties=[LIANNAN])


def test_importing_again_changes_nothing(runtime, changeable) -> None:
    before = runtime.reference.current()
    assert import_calendar(runtime.db) is None
    assert runtime.reference.current().revision == before.revision


def next_year() -> list[SpecialDay]:
    """A year as a notice might arrange it: New Year joined to the weekend before by a December day."""
    fixed = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)]
    days = [SpecialDay(date(NEXT, month, day), False, "假日", "holiday") for month, day in fixed]
    return [SpecialDay(date(NEXT - 1, 12, 31), False, "元旦", "New Year"), *days]


def test_an_announced_year_replaces_what_was_guessed_and_settles_the_december_before(
    runtime, changeable
) -> None:
    guessed = runtime.reference.current().calendars
    assert not guessed.general().is_working(date(NEXT, 6, 9)), "the Dragon Boat Festival by the moon"
    done = announce_year(runtime.db, NEXT, next_year(), NOTICE)
    assert done is not None
    assert done.years == (NEXT,)
    known = runtime.reference.current().calendars
    general = known.general()
    assert known.announced_revision == known.revision == done.revision > guessed.announced_revision
    assert general.is_working(date(NEXT, 6, 9)), "this notice gives no day off for it"
    assert not general.is_working(date(NEXT - 1, 12, 31))
    assert general.is_working(date(NEXT - 1, 12, 30)), "other days of that December are as they were"
    assert general.certain_until == date(NEXT, 12, 24)
    assert known.announced[NEXT] == NOTICE.source
    assert announce_year(runtime.db, NEXT, next_year(), NOTICE) is None
    # A package that does not know the year leaves it as announced.
    assert import_calendar(runtime.db) is None
    assert calendars_of(runtime.db, guessed.revision) == guessed


def test_a_year_is_announced_after_the_one_before_it(runtime, changeable) -> None:
    with pytest.raises(Refusal, match="year_gap"):
        announce_year(runtime.db, NEXT + 1, next_year(), NOTICE)


def test_a_correction_ends_an_override_no_more_than_the_other_way_round(runtime, changeable) -> None:
    override_day(runtime.db, request(day=date(NEXT, 6, 9)), "a", operator_id=None, counties=[])
    announce_year(runtime.db, NEXT, next_year(), NOTICE)
    assert not runtime.reference.current().calendars.general().is_working(date(NEXT, 6, 9))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM calendar_days",
        "UPDATE calendar_days SET working = NOT working",
        "UPDATE calendar_years SET source = 'x'",
        "UPDATE calendar_changes SET actor = 'x'",
        "DELETE FROM calendar_changes",
    ],
)
def test_the_service_itself_cannot_rewrite_the_calendar(database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as connection:
        connection.execute(text(statement))
