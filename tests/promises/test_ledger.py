"""The ledger: what each entry makes of the deadline, and what it was at any moment before."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import HOURS, WORKING, there

from tracker.promises import wording
from tracker.promises.calendar import announced
from tracker.promises.deadline import deadline
from tracker.promises.holds import HeldDays, Hold
from tracker.promises.ledger import Entry, FirstPromise, Kind, hold_at, holds_in, replay
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
    assert wording.length_zh(timedelta(seconds=40)) == "0分钟"
    assert wording.length_en(timedelta(minutes=61)) == "1 h 1 min"


def test_a_date_given_anew_that_a_hold_pushes_past_what_is_announced_is_provisional() -> None:
    last = CALENDAR.last_announced_year
    agreed = Entry(1, Kind.REPROMISE, there(last, 12, 21, 9), agreed_at=there(last, 12, 24, 18))
    held = hold(2, there(last, 12, 24), there(last, 12, 25))
    assert not replay(COMPANY, [agreed], CALENDAR).provisional
    pushed = replay(COMPANY, [agreed, held], CALENDAR)
    assert pushed.provisional
    assert pushed.held_days == (HeldDays(date(last, 12, 24), date(last, 12, 24)),)
    assert wording.explain(pushed)["zh"].endswith("；以国务院节假日安排公布后为准。")
    # A limit in days that no calendar touches is certain however far it reaches.
    plain = replace(WORKING, unit=Unit.CALENDAR_DAYS, amount=30)
    assert not deadline(plain, there(last, 12, 21, 9), CALENDAR).provisional


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
