"""What a rendered report says of itself: which revision it is, whether it is frozen, and its digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from tracker import clock
from tracker.reports.document import Words, words
from tracker.reports.rules import State, half_at, half_code
from tracker.reports.shown import long_day, moment

STATES: Mapping[State, Words] = {
    State.DRAFT: words("草稿", "draft"),
    State.OFFERED: words("送审稿", "under review"),
    State.APPROVED: words("已审核，未报送", "approved, not submitted"),
    State.SUBMITTED: words("已报送", "submitted"),
}

_ROOM = words("　　　　年　　月　　日", "Date:")


@dataclass(frozen=True)
class Standing:
    """In the words of one language; `frozen` is False for whatever may still change.

    `number` names the half-year, the operator (00: the city) and the revision. `signed_on` is the day on
    which it was submitted, or room to write one.
    """

    frozen: bool
    number: str
    state: str
    revision: str
    correction: str
    digest: str
    signed_on: str


def standing_of(row: Row[Any], language: str) -> Standing:
    """A report's own words about itself."""
    is_english = language == "en"
    state = STATES[State(row.state)][language]
    if row.submitted_at is not None:
        at = moment(row.submitted_at, language)
        state = f"submitted {at}" if is_english else f"{at} 报送"
    return Standing(
        row.state == State.SUBMITTED,
        f"{half_code(half_at(row.starts_on))}-{row.operator_id or 0:02}-{row.revision:02}",
        state,
        f"revision {row.revision}" if is_english else f"第 {row.revision} 版",
        row.correction_reason or "",
        row.digest or "",
        _ROOM[language]
        if row.submitted_at is None
        else long_day(clock.local_date(row.submitted_at), language),
    )
