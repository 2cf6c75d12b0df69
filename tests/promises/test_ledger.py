"""The ledger: what each entry makes of the deadline, and what it was at any moment before."""

from dataclasses import FrozenInstanceError, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import HOURS, WORKING, there

from tracker.promises import wording
from tracker.promises.calendar import RestSpan, SpecialDay, announced
from tracker.promises.calendars import Calendars, Override
from tracker.promises.day_by_day import DayPart, Part
from tracker.promises.deadline import Deadline, deadline
from tracker.promises.holds import HeldDays, Hold
from tracker.promises.ledger import (
    Entry,
    FirstPromise,
    Kind,
    hold_at,
    holds_in,
    replay,
    replay_binding,
)
from tracker.promises.rules import Unit

CALENDAR = announced()
# Friday 20 November 2026, 16:05: three working days are Monday 23rd, Tuesday 24th, Wednesday 25th.
ACCEPTED = there(2026, 11, 20, 16, 5)
COMPANY = FirstPromise(WORKING, ACCEPTED)
HOME = FirstPromise(HOURS, ACCEPTED)  # until Sunday 22nd, 16:05
BUILDING = replace(WORKING, id=3, resource="needs_building", amount=10)


def hold(number: int, starts_at: datetime, ends_at: datetime) -> Entry:
    return Entry(number, Kind.HOLD, there(2026, 11, 20, 17), starts_at=starts_at, ends_at=ends_at)


def resume(number: int, lifts: int, at: datetime) -> Entry:
    return Entry(number, Kind.RESUME, at, starts_at=at, lifts=lifts)


@pytest.mark.parametrize(
    ("first", "entries", "expected"),
    [
        (COMPANY, [], there(2026, 11, 25, 18)),
        (HOME, [], there(2026, 11, 22, 16, 5)),
        # Mon 10:00 to Wed 15:00 holds Tuesday from 00:00 to 24:00, and no other day.
        (COMPANY, [hold(1, there(2026, 11, 23, 10), there(2026, 11, 25, 15))], there(2026, 11, 26, 18)),
        (HOME, [hold(1, there(2026, 11, 21, 8), there(2026, 11, 21, 9, 30))], there(2026, 11, 22, 17, 35)),
        # Put off to 17:35 by the first, so that the second, from 17:00, counts too.
        (
            HOME,
            [
                hold(1, there(2026, 11, 21, 8), there(2026, 11, 21, 9, 30)),
                hold(2, there(2026, 11, 22, 17), there(2026, 11, 22, 18)),
            ],
            there(2026, 11, 22, 18, 35),
        ),
        # From the very moment of the deadline on: too late to put it off. A minute before it is not.
        (HOME, [hold(1, there(2026, 11, 22, 16, 5), there(2026, 11, 23))], there(2026, 11, 22, 16, 5)),
        (HOME, [hold(1, there(2026, 11, 22, 16, 4), there(2026, 11, 22, 17, 4))], there(2026, 11, 22, 17, 5)),
        # The same of days: from Thursday 26th, and from the last day on.
        (COMPANY, [hold(1, there(2026, 11, 26), there(2026, 11, 30))], there(2026, 11, 25, 18)),
        (COMPANY, [hold(1, there(2026, 11, 25), there(2026, 11, 26))], there(2026, 11, 26, 18)),
        # What was over before the acceptance gives nothing back and hides no later hold (Tuesday 24th).
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 16), there(2026, 11, 18)),
                hold(2, there(2026, 11, 24), there(2026, 11, 25)),
            ],
            there(2026, 11, 26, 18),
        ),
        # From Friday evening to Monday morning: over rest days.
        (COMPANY, [hold(1, there(2026, 11, 20, 18), there(2026, 11, 23, 9))], there(2026, 11, 25, 18)),
        # All of Monday and Tuesday, told twice and overlapping.
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23), there(2026, 11, 25)),
                hold(2, there(2026, 11, 23), there(2026, 11, 24)),
                hold(3, there(2026, 11, 22, 5), there(2026, 11, 25)),
            ],
            there(2026, 11, 27, 18),
        ),
        # Two that meet on Tuesday at noon hold it from 00:00 to 24:00; a minute between them, and none does.
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23, 12), there(2026, 11, 24, 12)),
                hold(2, there(2026, 11, 24, 12), there(2026, 11, 25, 12)),
            ],
            there(2026, 11, 26, 18),
        ),
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23, 12), there(2026, 11, 24, 12)),
                hold(2, there(2026, 11, 24, 12, 1), there(2026, 11, 25, 12)),
            ],
            there(2026, 11, 25, 18),
        ),
        # Until Friday 27th, lifted on Tuesday 24th at noon: Monday is given back.
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23), there(2026, 11, 27)),
                resume(2, 1, there(2026, 11, 24, 12)),
            ],
            there(2026, 11, 26, 18),
        ),
        # Lifted before it began: as if it had not been.
        (
            COMPANY,
            [hold(1, there(2026, 11, 24), there(2026, 11, 27)), resume(2, 1, there(2026, 11, 23, 9))],
            there(2026, 11, 25, 18),
        ),
        # Of two that overlap, the other goes on.
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23), there(2026, 11, 27)),
                hold(2, there(2026, 11, 23), there(2026, 11, 25)),
                resume(3, 1, there(2026, 11, 23, 9)),
            ],
            there(2026, 11, 27, 18),
        ),
        # A line must be built: ten working days from the acceptance, Friday 4 December.
        (COMPANY, [Entry(1, Kind.REPROMISE, ACCEPTED, rule=BUILDING)], there(2026, 12, 4, 18)),
        # And a hold before it still counts.
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23), there(2026, 11, 24)),
                Entry(2, Kind.REPROMISE, there(2026, 11, 24, 9), rule=BUILDING),
            ],
            there(2026, 12, 7, 18),
        ),
        # A date given anew knew of the hold before it, not of the one after it (Monday 30th).
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23), there(2026, 11, 24)),
                Entry(2, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 11, 30, 12)),
                hold(3, there(2026, 11, 30), there(2026, 12, 1)),
            ],
            there(2026, 12, 1, 12),
        ),
        # Nor does one put it off that was known then and still lasts, until Friday 27 November.
        (
            COMPANY,
            [
                hold(1, there(2026, 11, 23), there(2026, 11, 28)),
                Entry(2, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 11, 30, 12)),
            ],
            there(2026, 11, 30, 12),
        ),
        # To the end of Monday 30 November: a hold of that day counts, one of the day after it does not.
        (
            COMPANY,
            [
                Entry(1, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 12, 1)),
                hold(2, there(2026, 11, 30), there(2026, 12, 1)),
            ],
            there(2026, 12, 2),
        ),
        (
            COMPANY,
            [
                Entry(1, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 12, 1)),
                hold(2, there(2026, 12, 1), there(2026, 12, 2)),
            ],
            there(2026, 12, 1),
        ),
        # In hours, to the minute.
        (
            HOME,
            [
                Entry(1, Kind.REPROMISE, there(2026, 11, 22, 9), agreed_at=there(2026, 11, 24, 12)),
                hold(2, there(2026, 11, 23, 9), there(2026, 11, 23, 10, 30)),
            ],
            there(2026, 11, 24, 13, 30),
        ),
        # A third party's delay stops no clock.
        (
            COMPANY,
            [
                Entry(
                    1,
                    Kind.EXCUSE,
                    ACCEPTED,
                    starts_at=there(2026, 11, 23),
                    ends_at=there(2026, 11, 27),
                )
            ],
            there(2026, 11, 25, 18),
        ),
        (COMPANY, [Entry(1, Kind.ANNOUNCEMENT, ACCEPTED)], there(2026, 11, 25, 18)),
    ],
)
def test_what_the_entries_make_of_the_first_promise(
    first: FirstPromise, entries: list[Entry], expected: datetime
) -> None:
    assert replay(first, entries, CALENDAR).at == expected


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("hold", Kind.HOLD),
        ("resume", Kind.RESUME),
        ("repromise", Kind.REPROMISE),
        ("excuse", Kind.EXCUSE),
        ("announcement", Kind.ANNOUNCEMENT),
    ],
)
def test_an_entry_written_years_ago_is_still_of_its_kind(written: str, kind: Kind) -> None:
    assert Kind(written) is kind


def test_an_entry_says_nothing_that_it_was_not_given() -> None:
    bare = Entry(1, Kind.ANNOUNCEMENT, ACCEPTED)
    assert (bare.starts_at, bare.ends_at, bare.lifts, bare.rule, bare.agreed_at) == (None,) * 5


PROMISED = deadline(WORKING, ACCEPTED, CALENDAR)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (SpecialDay(date(2026, 2, 14), True), "working"),
        (RestSpan(date(2026, 2, 15), date(2026, 2, 23)), "last"),
        (Override(SpecialDay(date(2026, 8, 20), False)), "operator_id"),
        (Calendars(1, 1, {2026: "a notice"}, ()), "days"),
        (WORKING, "amount"),
        (PROMISED, "at"),
        (Hold(there(2026, 11, 23), there(2026, 11, 24)), "ends_at"),
        (HeldDays(date(2026, 11, 23), date(2026, 11, 24)), "last"),
        (COMPANY, "accepted_at"),
        (hold(1, there(2026, 11, 23), there(2026, 11, 24)), "ends_at"),
        (DayPart(date(2026, 11, 23), Part.COUNTED, 1, False, "", ""), "part"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_is_told_a_promise_or_a_day_cannot_change_it_for_others(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)


def test_a_later_repromise_by_rule_is_counted_from_the_acceptance_again() -> None:
    entries = [
        Entry(1, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 12, 30, 12)),
        Entry(2, Kind.REPROMISE, there(2026, 11, 25, 9), rule=BUILDING),
    ]
    assert replay(COMPANY, entries, CALENDAR).at == there(2026, 12, 4, 18)
    assert replay(COMPANY, entries[:1], CALENDAR).at == there(2026, 12, 30, 12)


def test_in_which_hold_the_clock_stands_still() -> None:
    first = hold(1, there(2026, 11, 23), there(2026, 11, 27))
    longer = hold(2, there(2026, 11, 24), there(2026, 11, 30))
    entries = [first, longer, resume(3, 1, there(2026, 11, 25, 9))]
    assert holds_in(entries)[1] == Hold(there(2026, 11, 23), there(2026, 11, 25, 9))
    assert hold_at(entries, there(2026, 11, 22, 23)) is None
    assert hold_at(entries[:2], there(2026, 11, 24, 1)) == Hold(there(2026, 11, 24), there(2026, 11, 30))
    assert hold_at(entries, there(2026, 11, 23, 1)) == Hold(there(2026, 11, 23), there(2026, 11, 25, 9))
    assert hold_at(entries, there(2026, 11, 23)) == Hold(there(2026, 11, 23), there(2026, 11, 25, 9))
    assert hold_at(entries, there(2026, 11, 30)) is None


def test_a_hold_is_explained_in_its_own_clause() -> None:
    entries = [hold(1, there(2026, 11, 23, 10), there(2026, 11, 26, 15))]
    words = wording.explain(replay(COMPANY, entries, CALENDAR))
    assert words["zh"] == (
        "3个工作日，受理当日不计；跳过11月21–22日（周六、周日）；11月24–25日暂停计时，不计。"
    )
    assert words["en"].endswith("; on hold and not counted: 24–25 Nov.")
    words = wording.explain(replay(HOME, [hold(1, there(2026, 11, 21), there(2026, 11, 22, 1, 5))], CALENDAR))
    assert words["zh"] == "受理后48小时内，周末和节假日照常计时；暂停计时1天1小时5分钟，不计。"
    assert words["en"].endswith("weekends and holidays are counted; on hold and not counted: 1 d 1 h 5 min.")
    agreed = [Entry(1, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 11, 30, 12))]
    words = wording.explain(replay(COMPANY, agreed, CALENDAR))
    assert words == {"zh": "顺延后重新承诺的期限。", "en": "A new date, given after a delay."}
    # Held on Monday 30th, after the date was given anew.
    agreed.append(hold(2, there(2026, 11, 30), there(2026, 12, 1)))
    assert wording.explain(replay(COMPANY, agreed, CALENDAR)) == {
        "zh": "顺延后重新承诺的期限；11月30日暂停计时，不计。",
        "en": "A new date, given after a delay; on hold and not counted: 30 Nov.",
    }


def test_every_stretch_that_was_held_is_told() -> None:
    entries = [
        # Tuesday 24 November; Friday 27 November to Tuesday 1 December; Thursday 3 December.
        hold(1, there(2026, 11, 24), there(2026, 11, 25)),
        hold(2, there(2026, 11, 27), there(2026, 12, 2)),
        hold(3, there(2026, 12, 3), there(2026, 12, 4)),
    ]
    ten = FirstPromise(BUILDING, ACCEPTED)
    words = wording.explain(replay(ten, entries, CALENDAR))
    assert words["zh"].endswith("；11月24日、11月27日–12月1日、12月3日暂停计时，不计。")
    assert words["en"].endswith("; on hold and not counted: 24 Nov, 27 Nov – 1 Dec, 3 Dec.")


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(0), "0分钟", "0 min"),
        (timedelta(seconds=59), "0分钟", "0 min"),
        (timedelta(seconds=60), "1分钟", "1 min"),
        (timedelta(minutes=59, seconds=59), "59分钟", "59 min"),
        (timedelta(minutes=60), "1小时", "1 h"),
        (timedelta(minutes=61), "1小时1分钟", "1 h 1 min"),
        (timedelta(hours=23, minutes=59), "23小时59分钟", "23 h 59 min"),
        (timedelta(hours=24), "1天", "1 d"),
        (timedelta(days=2, hours=3), "2天3小时", "2 d 3 h"),
        (timedelta(days=10, minutes=5), "10天5分钟", "10 d 5 min"),
    ],
)
def test_a_length_of_time_is_told_to_the_minute(length: timedelta, zh: str, en: str) -> None:
    assert wording.length_zh(length) == zh
    assert wording.length_en(length) == en


def test_a_date_given_anew_that_a_hold_pushes_past_what_is_announced_is_provisional() -> None:
    last = CALENDAR.last_announced_year
    agreed = Entry(1, Kind.REPROMISE, there(last, 12, 21, 9), agreed_at=there(last, 12, 24, 18))
    held = hold(2, there(last, 12, 24), there(last, 12, 25))
    assert not replay(COMPANY, [agreed], CALENDAR).provisional
    pushed = replay(COMPANY, [agreed, held], CALENDAR)
    assert pushed.provisional
    assert pushed.held_days == (HeldDays(date(last, 12, 24), date(last, 12, 24)),)
    assert wording.explain(pushed) == {
        "zh": "顺延后重新承诺的期限；12月24日暂停计时，不计；以国务院节假日安排公布后为准。",
        "en": "A new date, given after a delay; on hold and not counted: 24 Dec; final once the State "
        "Council has announced the year's holidays.",
    }
    # What no hold has moved was agreed as a date, and stands whatever is announced.
    assert not replay(COMPANY, [replace(agreed, agreed_at=there(last + 1, 3, 1, 18))], CALENDAR).provisional
    # A limit in days that no calendar touches is certain however far it reaches.
    plain = replace(WORKING, unit=Unit.CALENDAR_DAYS, amount=30)
    assert not deadline(plain, there(last, 12, 21, 9), CALENDAR).provisional
    moved = replay(FirstPromise(plain, ACCEPTED), [agreed, held], CALENDAR)
    assert moved.at == there(last, 12, 25, 18)
    assert not moved.provisional
    # Pushed from Monday 23 November to Tuesday 24th, long before.
    early = replay(
        COMPANY,
        [
            Entry(1, Kind.REPROMISE, there(2026, 11, 20, 17), agreed_at=there(2026, 11, 23, 18)),
            hold(2, there(2026, 11, 23), there(2026, 11, 24)),
        ],
        CALENDAR,
    )
    assert early.at == there(2026, 11, 24, 18)
    assert not early.provisional


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "at", "make_up"),
    [
        # Accepted on Thursday 12 February 2026: Friday 13th, the make-up Saturday 14th, and after the
        # Spring Festival Tuesday 24th.
        (there(2026, 2, 13), there(2026, 2, 14), there(2026, 2, 25, 18), (date(2026, 2, 14),)),
        (there(2026, 2, 14), there(2026, 2, 15), there(2026, 2, 25, 18), ()),
        (there(2026, 2, 13), there(2026, 2, 15), there(2026, 2, 26, 18), ()),
        (there(2026, 2, 14), there(2026, 2, 24), there(2026, 2, 25, 18), ()),
        (there(2026, 2, 13), there(2026, 2, 24), there(2026, 2, 26, 18), ()),
        (there(2026, 2, 24), there(2026, 2, 25), there(2026, 2, 25, 18), (date(2026, 2, 14),)),
    ],
)
def test_a_make_up_day_that_was_held_is_not_told_as_counted(
    starts_at: datetime, ends_at: datetime, at: datetime, make_up: tuple[date, ...]
) -> None:
    first = FirstPromise(WORKING, there(2026, 2, 12, 9))
    promised = replay(first, [hold(1, starts_at, ends_at)], CALENDAR)
    assert promised.at == at
    assert promised.make_up == make_up


def test_only_a_date_given_anew_is_agreed_and_in_hours_it_is_never_provisional() -> None:
    far = CALENDAR.last_announced_year + 2
    anew = Entry(1, Kind.REPROMISE, there(2026, 11, 22, 9), agreed_at=there(far, 3, 1, 12))
    held = hold(2, there(2026, 11, 23), there(2026, 11, 24))
    for first in (COMPANY, HOME):
        assert replay(first, [], CALENDAR).agreed is False
        assert replay(first, [anew], CALENDAR).agreed is True
    for entries in ([anew], [anew, held]):
        assert replay(HOME, entries, CALENDAR).provisional is False


STEP = timedelta(minutes=30)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """Entries as the use cases let them be written: a resume lifts a hold that stands."""
    entries: list[Entry] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        at = ACCEPTED + number * STEP
        kind = draw(st.sampled_from([Kind.HOLD, Kind.HOLD, Kind.RESUME, Kind.REPROMISE, Kind.EXCUSE]))
        holds = [entry.number for entry in entries if entry.kind is Kind.HOLD]
        starts_at = at + draw(st.integers(-20, 200)) * STEP
        ends_at = starts_at + draw(st.integers(1, 600)) * STEP
        if kind is Kind.RESUME and holds:
            entries.append(resume(number, draw(st.sampled_from(holds)), starts_at))
        elif kind is Kind.REPROMISE:
            anew = draw(st.sampled_from([{"rule": BUILDING}, {"rule": WORKING}, {"agreed_at": ends_at}]))
            entries.append(Entry(number, kind, at, **anew))
        else:
            other = Kind.EXCUSE if kind is Kind.EXCUSE else Kind.HOLD
            entries.append(Entry(number, other, at, starts_at=starts_at, ends_at=ends_at))
    return entries


@settings(max_examples=500, deadline=None)
@given(st.sampled_from([COMPANY, HOME]), ledgers(), st.integers(0, 300))
def test_lifting_a_hold_never_puts_the_deadline_off(
    first: FirstPromise, entries: list[Entry], later: int
) -> None:
    before = replay(first, entries, CALENDAR).at
    at = ACCEPTED + later * STEP
    for number in holds_in(entries):
        assert replay(first, [*entries, resume(len(entries) + 1, number, at)], CALENDAR).at <= before


@settings(max_examples=500, deadline=None)
@given(st.sampled_from([COMPANY, HOME]), ledgers(), st.integers(-20, 200), st.integers(1, 600))
def test_a_further_hold_never_brings_the_deadline_forward_and_an_excuse_never_moves_it(
    first: FirstPromise, entries: list[Entry], start: int, length: int
) -> None:
    before = replay(first, entries, CALENDAR).at
    starts_at = ACCEPTED + start * STEP
    further = hold(len(entries) + 1, starts_at, starts_at + length * STEP)
    assert replay(first, [*entries, further], CALENDAR).at >= before
    assert replay(first, [*entries, replace(further, kind=Kind.EXCUSE)], CALENDAR).at == before


def test_the_deadline_that_binds_knows_of_no_date_given_anew() -> None:
    wish = hold(1, there(2026, 11, 23), there(2026, 11, 24))
    later = hold(3, there(2026, 11, 24), there(2026, 11, 25))
    anew = Entry(2, Kind.REPROMISE, there(2026, 11, 24, 9), agreed_at=there(2026, 11, 30, 12))
    assert replay(COMPANY, [wish, anew, later], CALENDAR).at != replay(COMPANY, [wish, later], CALENDAR).at
    assert binding([wish, anew, later]) == replay(COMPANY, [wish, later], CALENDAR)
    assert binding([wish, later]) == replay(COMPANY, [wish, later], CALENDAR)
    building = Entry(4, Kind.REPROMISE, there(2026, 11, 24, 10), rule=BUILDING)
    assert binding([anew, building]) == replay(COMPANY, [building], CALENDAR)


def binding(entries: list[Entry]) -> Deadline:
    return replay_binding(COMPANY, entries, CALENDAR, replay(COMPANY, entries, CALENDAR))
