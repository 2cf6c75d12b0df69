"""Half-years, what stands against a step, which small samples are told; and how cells are written."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reporting import FIRST_HALF, SECOND_HALF
from tracker.channels.rules import KINDS
from tracker.figures.rules import LEAST_SAMPLE
from tracker.orders.rules import Cause
from tracker.reports import rules
from tracker.reports.about import CHANNEL_KINDS
from tracker.reports.cause_words import CAUSE_WORDS
from tracker.reports.rules import MOVES, Event, State
from tracker.reports.shown import cell, numeral, percent


def test_halves_are_named_and_follow_each_other() -> None:
    assert rules.half_code(FIRST_HALF) == "2026H1"
    assert rules.half_named("2026H2") == SECOND_HALF
    assert rules.half_before(SECOND_HALF) == FIRST_HALF
    assert rules.half_code(rules.half_before(FIRST_HALF)) == "2025H2"
    assert [rules.half_code(one) for one in rules.recent_halves(date(2026, 6, 30), 3)] == [
        "2026H1",
        "2025H2",
        "2025H1",
    ]


@pytest.mark.parametrize(
    "code", ["", "2026", "2026H3", "2026h1", "1999H1", "2026H1 ", "20２6H1", "2026H1/.."]
)
def test_what_names_no_half_is_none(code: str) -> None:
    assert rules.half_named(code) is None


@pytest.mark.parametrize("event", list(MOVES))
@pytest.mark.parametrize("state", list(State))
def test_each_step_is_possible_in_its_states_alone(event: Event, state: State) -> None:
    told = [fault.rule for fault in rules.move_faults(event, state)]
    assert told == ([] if state in MOVES[event][0] else ["report.state"])
    assert state is not State.SUBMITTED or told, "nothing is done to what was submitted"


def test_whoever_offered_a_report_does_not_approve_it() -> None:
    own = rules.review_faults("staff:a", "staff:a", None, approves=True)
    assert [fault.rule for fault in own] == ["report.own_review"]
    assert rules.review_faults("staff:a", "staff:b", None, approves=True) == []
    unsaid = rules.review_faults("staff:a", "staff:b", None, approves=False)
    assert [(fault.rule, fault.pointer) for fault in unsaid] == [("report.remarks_required", "/remarks")]
    assert rules.review_faults("staff:a", "staff:a", None, approves=False) == [], "one's own is taken back"


def test_a_half_is_submitted_once_it_has_settled_by_figures_of_then() -> None:
    settled = FIRST_HALF.bounds[1] + timedelta(days=3)
    early = rules.submit_faults(FIRST_HALF, settled - timedelta(hours=1), settled - timedelta(seconds=1))
    assert [(fault.rule, fault.params) for fault in early] == [("report.not_settled", {"day": "2026-07-04"})]
    stale = rules.submit_faults(FIRST_HALF, settled - timedelta(seconds=1), settled)
    assert [fault.rule for fault in stale] == ["report.built_too_early"]
    assert rules.submit_faults(FIRST_HALF, settled, settled) == []


@pytest.mark.parametrize(
    ("on", "words", "told"),
    [
        (date(2026, 1, 1), {}, []),
        (date(2026, 7, 20), {}, []),
        (date(2025, 12, 31), {}, [("report.self_check_day", "/checked_on")]),
        (date(2026, 7, 21), {}, [("report.self_check_day", "/checked_on")]),
        (date(2026, 3, 1), {"findings": "电话13812345678"}, [("report.personal", "/findings")]),
        (date(2026, 3, 1), {"measures": "441802199001011234"}, [("report.personal", "/measures")]),
        (date(2026, 3, 1), {"findings": "订单2026061234567、工号0321"}, []),
    ],
)
def test_a_self_check_has_its_day_and_nothing_personal(
    on: date, words: dict[str, str], told: list[tuple[str, str]]
) -> None:
    faults = rules.self_check_faults(FIRST_HALF, on, date(2026, 7, 20), words)
    assert [(fault.rule, fault.pointer) for fault in faults] == told


_PLACES = ("qingcheng", "qingxin", "yingde", "lianzhou")
_ALL = "all"


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[str, str], int]:
    """Samples of up to three operators at each place, and of all of them together."""
    amount = st.one_of(st.just(0), st.integers(1, 40), st.integers(30, 400))
    operators = [f"operator {number}" for number in range(draw(st.integers(1, 3)))]
    found = {(one, place): draw(amount) for one in operators for place in _PLACES}
    return found | {(_ALL, place): sum(found[one, place] for one in operators) for place in _PLACES}


def reckoned(table: dict[tuple[str, str], int], hidden: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which hidden numbers follow from those that are told, by plain elimination.

    What is known: at a place the operators come to all; the places come to the whole of a column, and the
    wholes of the operators to that of all, where a whole is told if it suffices.
    """
    columns = list(dict.fromkeys(column for column, _ in table))
    wholes = {column: sum(table[column, place] for place in _PLACES) for column in columns}
    unknown = [*sorted(hidden), *(column for column in columns if wholes[column] < LEAST_SAMPLE)]
    sums: list[dict[object, int]] = [
        {(column, place): -1 if column == _ALL else 1 for column in columns} for place in _PLACES
    ]
    sums += [{**{(column, place): 1 for place in _PLACES}, column: -1} for column in columns]
    sums.append({column: -1 if column == _ALL else 1 for column in columns})
    rows = [[Fraction(one.get(name, 0)) for name in unknown] for one in sums]
    solved: list[list[Fraction]] = []
    for place in range(len(unknown)):
        pivot = next((row for row in rows if row[place]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        pivot = [value / pivot[place] for value in pivot]
        rows, solved = (
            [[a - row[place] * b for a, b in zip(row, pivot, strict=True)] for row in part]
            for part in (rows, solved)
        )
        solved.append(pivot)
    single = [row for row in solved if sum(map(bool, row)) == 1]
    return {unknown[row.index(1)] for row in single} & hidden


@given(tables())
def test_no_small_sample_is_told_by_the_rest_of_its_table(table: dict[tuple[str, str], int]) -> None:
    hidden = rules.withheld(table)
    small = {cell for cell, sample in table.items() if 0 < sample < LEAST_SAMPLE}
    assert small <= hidden
    assert all(table[cell] for cell in hidden), "who is not there is not hidden"
    assert small or not hidden
    # Where the wholes alone tell it, hiding places does not help.
    assert reckoned(table, hidden) <= reckoned(table, {cell for cell, sample in table.items() if sample})


def test_what_would_tell_a_small_sample_is_hidden_at_the_least_cost() -> None:
    samples = {
        ("telecom", "a"): 200, ("telecom", "b"): 90, ("telecom", "c"): 7,
        ("mobile", "a"): 300, ("mobile", "b"): 50, ("mobile", "c"): 60,
        (_ALL, "a"): 500, (_ALL, "b"): 140, (_ALL, "c"): 67,
    }  # fmt: skip
    # The other operator's at this place, and both at the place where they have the fewest.
    assert rules.withheld(samples) == {("telecom", "c"), ("mobile", "c"), ("telecom", "b"), ("mobile", "b")}
    assert rules.withheld({cell: sample + 30 for cell, sample in samples.items()}) == set()
    alone = {
        (column, place): sample for place, sample in (("a", 10), ("b", 0)) for column in ("telecom", _ALL)
    }
    assert rules.withheld(alone) == {("telecom", "a"), (_ALL, "a")}


def test_the_same_content_is_the_same_text_and_digest() -> None:
    one, other = rules.canonical({"b": "清远", "a": 1}), rules.canonical({"a": 1, "b": "清远"})
    assert one == other == '{"a":1,"b":"清远"}'
    assert rules.digest_of(one) == "a7fbaa2a516fa3d85ff94fe07e533e7634031084eaf0af27eec74ae3c027a073"


@pytest.mark.parametrize(
    ("kind", "value", "zh", "quiet"),
    [
        ("count", 12345, "12,345", False),
        ("count", None, "—", True),
        ("rate", [28, 30], "93.3%", False),
        ("rate", [29, 29], "样本不足", True),
        ("rate", [0, 0], "无数据", True),
        ("share", [1, 3], "33.3%", False),
        ("share", [0, 0], "无数据", True),
        ("hours", 26.25, "26.2", False),
        ("money", 12900, "129", False),
        ("day", "2026-06-30", "2026年6月30日", False),
        ("text", {"zh": "清城区", "en": "清城区"}, "清城区", False),
    ],
)
def test_cells_say_what_they_hold(kind: str, value: object, zh: str, quiet: bool) -> None:
    told = cell(kind, value, "zh")
    assert (told.words, told.quiet) == (zh, quiet)


def test_a_share_is_all_or_nothing_only_where_it_is() -> None:
    assert [percent(*one) for one in ((0, 9), (9, 9), (1, 99999), (99998, 99999))] == [
        "0%",
        "100%",
        "0.1%",
        "99.9%",
    ]


def test_sections_are_numbered_as_documents_are() -> None:
    assert [numeral(number) for number in (1, 10, 11, 20, 21)] == ["一", "十", "十一", "二十", "二十一"]


def test_every_kind_of_channel_and_cause_has_its_words() -> None:
    assert tuple(CHANNEL_KINDS) == KINDS
    assert set(CAUSE_WORDS) == set(Cause)
