"""What is measured of orders is equal to the last order to what a slow reader of all histories counts."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from tests.backdated_orders import Backdated
from tests.figures.measured_city import NOW, TODAY, MeasuredCity, behind_slowly, told_slowly
from tracker import clock
from tracker.embedded import Servers
from tracker.figures import keep_cells as keeping
from tracker.figures.keep_cells import keep_cells, make_anew
from tracker.figures.measure_rules import Measures, Spread, Which, quarters
from tracker.figures.measure_sums import pieces
from tracker.figures.measures import behind_measured, measures, measures_plainly
from tracker.figures.on_time import Asked, Split, Stretch
from tracker.figures.verify_cells import Differences, differences
from tracker.orders.place_orders import Placed
from tracker.orders.rules import Cause
from tracker.runtime import Runtime

SPLITS: tuple[Split, ...] = ("", "operator_id", "day", "month", "county", "customer_kind", "dealer")
WHOLE = Stretch(date(2026, 1, 1), TODAY + timedelta(days=400))


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


@pytest.fixture
def pattern(place: Callable[..., Placed]) -> str:
    """The number of an order whose columns the others take; it is one of the open ones."""
    return place().number


def drawn(city: MeasuredCity, split: Split) -> Asked:
    """Days at random, often narrowed by something that an order has, or by several."""
    story = city.drawn.choice(city.stories)
    only = {name: value for name, value in story.dimensions.items() if city.drawn.random() < 0.3}
    return Asked(city.stretch(), split, only)


def check(connection: Connection, city: MeasuredCity, asked: Asked) -> None:
    """The figures, and what is behind each of them."""
    assert measures(connection, asked, NOW) == told_slowly(city.stories, asked), asked
    which = city.drawn.choice(list(Which))
    found = connection.scalars(behind_measured(which, asked, NOW)).all()
    assert sorted(found) == sorted(behind_slowly(city.stories, which, asked)), (which, asked)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 8))])
def test_measures_are_exact_while_orders_keep_changing(
    runtime: Runtime, owner: Engine, pattern: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(keeping, "_EVENTS_AT_ONCE", 7)
    city = MeasuredCity(owner, pattern, seed)
    for step in range(180):
        city.go_on()
        if city.drawn.random() < 0.1:
            keep_cells(runtime.db)
        if step % 6 == 5:
            with runtime.db.reading() as connection:
                check(connection, city, drawn(city, SPLITS[step // 6 % len(SPLITS)]))
    whole = Asked(WHOLE)
    with runtime.db.reading() as connection:
        told = told_slowly(city.stories, whole)
        assert measures(connection, whole, NOW) == told
        assert measures_plainly(connection, whole, NOW) == told
    assert min(told[""].visits_kept, told[""].visits_due - told[""].visits_kept) > 0, (
        "of everything something"
    )
    assert min(told[""].connected_first_visit, len(told[""].returned), told[""].completed) > 0
    keep_cells(runtime.db)
    assert differences(runtime.db) == Differences(sums=0, facts=0)
    make_anew(runtime.db)
    with runtime.db.reading() as connection:
        for split in SPLITS * 2:
            check(connection, city, drawn(city, split))
        for any_split in get_args(Split):
            asked = Asked(WHOLE, any_split)
            assert measures(connection, asked, NOW) == measures_plainly(connection, asked, NOW)


def test_nothing_is_missed_of_what_is_written_while_it_is_read(
    runtime: Runtime, owner: Engine, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions end in another order than they began, and readers run beside each other."""
    monkeypatch.setattr(keeping, "_EVENTS_AT_ONCE", 3)
    cities = [MeasuredCity(owner, pattern, seed) for seed in (11, 12)]
    written = threading.Event()

    def write(city: MeasuredCity) -> None:
        for _ in range(40):
            city.go_on()

    def read() -> None:
        while not written.is_set():
            keep_cells(runtime.db)

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for writer in [pool.submit(write, city) for city in cities]:
            writer.result(timeout=60)
        written.set()
        for reader in readers:
            reader.result(timeout=60)
    keep_cells(runtime.db)
    # The pattern is a story of both.
    stories = [*cities[0].stories, *cities[1].stories[1:]]
    asked = Asked(WHOLE, "operator_id")
    with runtime.db.reading() as connection:
        assert measures(connection, asked, NOW) == told_slowly(stories, asked)
    assert differences(runtime.db) == Differences(sums=0, facts=0)


def test_a_visit_counts_once_its_time_is_over(runtime: Runtime, owner: Engine, pattern: str) -> None:
    ends_at = NOW + timedelta(hours=3)
    with owner.begin() as connection:
        order = Backdated(connection, pattern, 1)
        order.promise(NOW)
        order.event("accepted", "accepted", NOW - timedelta(days=2))
        order.event("stage", "appointed", NOW, visit=(NOW + timedelta(hours=1), ends_at))
    today, tomorrow = (
        Asked(Stretch(day, day), only={"operator_id": 1}) for day in (TODAY, TODAY + timedelta(days=1))
    )
    for kept in (False, True):
        if kept:
            keep_cells(runtime.db)
        with runtime.db.reading() as connection:

            def due(asked: Asked, now: datetime) -> int:
                return measures(connection, asked, now)[""].visits_due

            assert due(today, ends_at - timedelta(seconds=1)) == 0
            assert due(today, ends_at) == 1
            assert due(today, ends_at + timedelta(days=1)) == 1
            assert due(tomorrow, ends_at + timedelta(days=1)) == 0


AGREED, STARTS, ENDS = (NOW + timedelta(hours=hours) for hours in (-40, -30, -28))
SOON = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ([], "missed"),
        ([("stage", "on_site", AGREED)], "kept"),
        ([("stage", "on_site", ENDS)], "kept"),
        ([("stage", "on_site", ENDS + SOON)], "missed"),
        ([("stage", "on_site", AGREED - SOON)], "missed"),
        ([("stage", "on_site", STARTS), ("stage", "appointed", STARTS + SOON)], "kept"),
        ([("stage", "dispatched", ENDS - SOON)], ""),
        ([("stage", "dispatched", ENDS)], "missed"),
        ([("appointment", "appointed", ENDS - SOON)], ""),
        ([("appointment", "appointed", ENDS + SOON)], "missed"),
        ([("appointment", "appointed", ENDS - SOON), ("stage", "on_site", ENDS)], ""),
        ([("stage", "withdrawn", ENDS - SOON)], ""),
        ([("stage", "returned", ENDS - SOON)], ""),
        ([("stage", "returned", ENDS + SOON)], "missed"),
        ([("assigned", "appointed", ENDS - SOON)], "missed"),
        ([("payment", "on_site", STARTS)], "missed"),
        ([("hold", "appointed", ENDS)], ""),
        ([("hold", "appointed", ENDS + SOON)], "missed"),
        ([("hold", "appointed", ENDS), ("stage", "on_site", ENDS)], "kept"),
    ],
)
def test_which_visits_were_to_be_kept_and_were(
    runtime: Runtime, owner: Engine, pattern: str, then: list[tuple[str, str, datetime]], told: str
) -> None:
    with owner.begin() as connection:
        order = Backdated(connection, pattern, 1)
        order.promise(NOW)
        order.event("accepted", "accepted", AGREED - timedelta(hours=1))
        order.event("stage", "appointed", AGREED, visit=(STARTS, ENDS))
        for kind, stage, at in then:
            if kind == "hold":
                hold = {"starts_at": ENDS - SOON, "ends_at": ENDS + SOON}
                order.line("hold", NOW, "weather", recorded_at=at, **hold)
            order.event(kind, stage, at)
    day = clock.local_date(ENDS)
    with runtime.db.reading() as connection:
        found = measures(connection, Asked(Stretch(day, day), only={"operator_id": 1}), NOW)[""]
    assert (found.visits_due, found.visits_kept) == {"": (0, 0), "missed": (1, 0), "kept": (1, 1)}[told]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, 0), (1, 0.25), (900, 0.25), (901, 0.5), (43200, 12), (43201, 13), (46800, 13), (46801, 14)],
)
def test_lengths_are_rounded_up(seconds: int, told: float) -> None:
    assert quarters(seconds) / 4 == told


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 200), st.integers(-300, 300))
def test_pieces_are_the_stretch(first: date, length: int, until_today: int) -> None:
    days = Stretch(first, first + timedelta(days=length))
    months, more, less = pieces(days, first + timedelta(days=until_today))
    counted: dict[date, int] = {}
    for sign, stretches in ((1, [*map(month_of, months), *more]), (-1, less)):
        for one in stretches:
            for step in range((one.last_on - one.first_on).days + 1):
                day = one.first_on + timedelta(days=step)
                counted[day] = counted.get(day, 0) + sign
    wanted = {first + timedelta(days=step): 1 for step in range(length + 1)}
    assert {day: count for day, count in counted.items() if count} == wanted
    # Months are told by their first and last.
    assert all(later == (before + timedelta(days=32)).replace(day=1) for before, later in pairwise(months))


def month_of(first: date) -> Stretch:
    """Its days."""
    return Stretch(first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def test_rates_are_of_something_or_nothing() -> None:
    nothing = Measures()
    assert nothing.visits_kept_rate is nothing.first_visit_rate is nothing.return_rate is None
    assert nothing.backlog_ratio is nothing.durations.mean_hours is None
    some = Measures(
        Spread(4, 31.5, 30.0, 72.0), visits_due=4, visits_kept=3, connected=4, connected_first_visit=2,
        ended=5, returned={Cause.NETWORK: 1}, open_now=6, completed=8, days=4,
    )  # fmt: skip
    assert (some.visits_kept_rate, some.first_visit_rate, some.return_rate) == (0.75, 0.5, 0.2)
    assert (some.return_rate_by(Cause.NETWORK), some.return_rate_by(Cause.CUSTOMER)) == (0.2, 0)
    assert some.backlog_ratio == 3


def test_what_figures_do_not_know_is_not_guessed(runtime: Runtime) -> None:
    with runtime.db.reading() as connection, pytest.raises(ValueError, match="cannot be narrowed by x"):
        measures(connection, Asked(Stretch(TODAY, TODAY), "", {"x": 1}), NOW)
