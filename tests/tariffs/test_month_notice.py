"""One month's notice, to the day."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.tariffs.rules import add_month, latest_notice_on, yuan

CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "data" / "month-notice-cases.csv").read_text().splitlines())
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["effective_on"])
def test_cases(case: dict[str, str]) -> None:
    effective_on = date.fromisoformat(case["effective_on"])
    assert latest_notice_on(effective_on) == date.fromisoformat(case["latest_notice_on"])


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_a_whole_month_has_run_out_and_a_day_later_it_would_not_have(effective_on: date) -> None:
    latest, eve = latest_notice_on(effective_on), effective_on - timedelta(days=1)
    assert add_month(latest) <= eve < add_month(latest + timedelta(days=1))


@pytest.mark.parametrize(
    ("fen", "words"), [(12900, "129"), (12950, "129.50"), (5, "0.05"), (0, "0"), (-305, "-3.05")]
)
def test_money_in_yuan(fen: int, words: str) -> None:
    assert yuan(fen) == words
