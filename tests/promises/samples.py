"""Rules and times that tests of promises are written in."""

from datetime import date, datetime, time

from hypothesis import strategies as st

from tracker import clock
from tracker.promises.rules import Rule, Unit

WORKING = Rule(
    1, 1, "enterprise", "broadband", "any", "ready", 3, Unit.WORKING_DAYS, time(17), time(18), False,
    date(2019, 1, 1), None,
)  # fmt: skip
HOURS = Rule(
    2, 1, "home", "broadband", "urban", "ready", 48, Unit.HOURS, None, None, False, date(2019, 1, 1), None
)


def there(*parts: int) -> datetime:
    """A moment on the city's clocks."""
    return datetime(*parts, tzinfo=clock.CITY_ZONE)


def rules(longest: int = 200) -> st.SearchStrategy[Rule]:
    """Any rule of up to so many hours or days."""
    day_times = st.none() | st.times(time(0, 1), time(23, 59)).map(
        lambda t: t.replace(second=0, microsecond=0)
    )
    return st.builds(
        Rule,
        id=st.just(1),
        version=st.just(1),
        customer_kind=st.just("enterprise"),
        product=st.just("broadband"),
        area=st.just("any"),
        resource=st.just("ready"),
        amount=st.integers(1, longest),
        unit=st.sampled_from(Unit),
        cut_off=day_times,
        end_of_day=day_times,
        late_counts_as_next_day=st.booleans(),
        valid_from=st.just(date(2019, 1, 1)),
        valid_to=st.none(),
    )
