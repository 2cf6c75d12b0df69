"""When a text may leave, and how long it is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import clock
from tracker.notices.rules import MAX_ATTEMPTS, parts, retry_delay, send_from, units


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("好" * 70, 1),
        ("好" * 71, 2),
        ("好" * 134, 2),
        ("好" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_parts(text: str, count: int) -> None:
    assert parts(text) == count


def test_units_are_utf16() -> None:
    assert units("A好😀") == 4


def there(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=clock.CITY_ZONE)


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (there(10, 7, 59), there(10, 8)),
        (there(10, 8), there(10, 8)),
        (there(10, 20, 59), there(10, 20, 59)),
        (there(10, 21), there(11, 8)),
        (there(30, 23), datetime(2026, 12, 1, 8, tzinfo=clock.CITY_ZONE)),
    ],
)
def test_texts_leave_between_eight_and_nine_in_the_evening(wanted: datetime, sent: datetime) -> None:
    assert send_from(wanted.astimezone(UTC), any_hour=False) == sent
    assert send_from(wanted, any_hour=True) == wanted


@given(st.integers(1, MAX_ATTEMPTS), st.floats(0, 1))
def test_retries_wait_longer_each_time_but_never_more_than_forty_minutes(tried: int, chance: float) -> None:
    delay = retry_delay(tried, chance)
    assert timedelta(seconds=11) < delay < timedelta(minutes=40)
    assert retry_delay(tried + 1, chance) >= delay
