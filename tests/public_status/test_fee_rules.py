"""Which version a day shows, and how it stands then."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from public_status.fee_rules import Era, Sale, differing, era_of, offer_on


@dataclass(frozen=True)
class Version:
    version: int
    on_sale_from: date
    on_sale_to: date | None = None
    is_taken_back: bool = False


@dataclass(frozen=True)
class Plan:
    versions: tuple[Version, ...]
    key: str = "telecom/1/441800"


def day(text: str) -> date:
    return date.fromisoformat(text)


OPEN = Version(1, day("2025-01-01"))
NEXT = Version(2, day("2026-01-01"))
ENDED = Version(1, day("2025-01-01"), day("2025-06-30"))
TAKEN_BACK = Version(3, day("2027-01-01"), day("2026-12-01"), is_taken_back=True)
FOR_PRESENT = Version(2, day("2026-01-01"), day("2025-12-31"))

ON, COMING, GONE = Sale.ON, Sale.COMING, Sale.ENDED


@pytest.mark.parametrize(
    ("versions", "on", "expected"),
    [
        ((OPEN,), "2024-12-31", (1, COMING)),
        ((OPEN,), "2025-01-01", (1, ON)),
        ((OPEN, NEXT), "2025-12-31", (1, ON)),
        ((OPEN, NEXT), "2026-01-01", (2, ON)),
        ((NEXT, OPEN), "2024-12-31", (1, COMING)),
        ((ENDED,), "2025-06-30", (1, ON)),
        ((ENDED,), "2025-07-01", (1, GONE)),
        ((ENDED, NEXT), "2025-07-01", (2, COMING)),
        ((ENDED, TAKEN_BACK), "2026-07-01", (1, GONE)),
        ((OPEN, TAKEN_BACK), "2027-07-01", (1, ON)),
        ((TAKEN_BACK,), "2026-07-01", (3, GONE)),
        ((TAKEN_BACK,), "2027-07-01", (3, GONE)),
    ],
)
def test_the_version_that_a_day_shows(versions: Any, on: str, expected: tuple[int, Sale]) -> None:
    offer = offer_on(Plan(versions), day(on))  # type: ignore[arg-type] - only what is compared
    assert (offer.version.version, offer.sale) == expected


@pytest.mark.parametrize(
    ("version", "versions", "on", "expected"),
    [
        (OPEN, (OPEN, NEXT), "2025-12-31", Era.IN_FORCE),
        (OPEN, (OPEN, NEXT), "2026-01-01", Era.REPLACED),
        (NEXT, (OPEN, NEXT), "2025-12-31", Era.COMING),
        (ENDED, (ENDED, NEXT), "2025-06-30", Era.IN_FORCE),
        (ENDED, (ENDED, NEXT), "2026-01-01", Era.ENDED),
        (FOR_PRESENT, (ENDED, FOR_PRESENT), "2026-07-01", Era.PRESENT_ONLY),
        (TAKEN_BACK, (OPEN, TAKEN_BACK), "2026-07-01", Era.NEVER_BEGAN),
        (TAKEN_BACK, (OPEN, TAKEN_BACK), "2027-07-01", Era.NEVER_BEGAN),
        (OPEN, (OPEN, TAKEN_BACK), "2027-07-01", Era.IN_FORCE),
    ],
)
def test_how_a_version_stands(version: Version, versions: Any, on: str, expected: Era) -> None:
    assert era_of(version, Plan(versions), day(on)) is expected  # type: ignore[arg-type] - as above


def test_what_differs_in_a_comparison() -> None:
    rows = {"same": ["a", "a"], "other": ["a", "b"], "missing": ["a", ""], "one": ["a"]}
    assert differing(rows) == {"other", "missing"}
