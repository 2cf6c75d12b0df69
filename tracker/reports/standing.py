"""What a rendered report says of itself: which revision it is, whether it is frozen, and its digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from tracker.reports.document import Words, words
from tracker.reports.rules import State
from tracker.reports.shown import moment

STATES: Mapping[State, Words] = {
    State.DRAFT: words("草稿", "draft"),
    State.OFFERED: words("送审稿", "under review"),
    State.APPROVED: words("已审核，未报送", "approved, not submitted"),
    State.SUBMITTED: words("已报送", "submitted"),
}


@dataclass(frozen=True)
class Standing:
    """In the words of one language; `frozen` is False for whatever may still change."""

    frozen: bool
    state: str
    revision: str
    correction: str
    digest: str


def standing_of(row: Row[Any], language: str) -> Standing:
    """A report's own words about itself."""
    is_english = language == "en"
    state = STATES[State(row.state)][language]
    if row.submitted_at is not None:
        at = moment(row.submitted_at, language)
        state = f"submitted {at}" if is_english else f"{at} 报送"
    return Standing(
        row.state == State.SUBMITTED,
        state,
        f"revision {row.revision}" if is_english else f"第 {row.revision} 版",
        row.correction_reason or "",
        row.digest or "",
    )
