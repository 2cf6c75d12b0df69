"""Figures are compared with what they are of by the clock, a share each time; health tells of it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from tests.figures.measured_city import MeasuredCity
from tracker import clock
from tracker.embedded import Servers
from tracker.figures import check_figures as checking
from tracker.figures.check_figures import check_figures
from tracker.figures.keep_cells import keep_cells, make_anew
from tracker.health import examine
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime
from workers import jobs


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


@pytest.fixture
def city(runtime: Runtime, owner: Engine, place: Callable[..., Placed]) -> MeasuredCity:
    """With all but the last orders read."""
    made = MeasuredCity(owner, place().number, 5)
    for _ in range(60):
        made.go_on()
    keep_cells(runtime.db)
    made.go_on()
    return made


def change(owner: Engine, statement: str, **given: Any) -> None:
    with owner.begin() as connection:
        assert connection.execute(text(statement), given).rowcount > 0


def word(runtime: Runtime) -> str:
    return examine(runtime)["figures"]


def test_all_is_well_and_somebody_looks(
    runtime: Runtime, city: MeasuredCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert word(runtime) == "ok", "nobody has looked yet"
    monkeypatch.setattr(jobs, "runtime", lambda: runtime)
    jobs.verify_figures()
    assert word(runtime) == "ok"
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert "last compared" in word(runtime)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE figure_tallies SET count = count + 1 WHERE what = 'open'",
        "UPDATE figure_hand_tallies SET seconds = seconds + 1 WHERE grain = 'day' AND what = 'responded'",
        "UPDATE figure_hands SET due = due + 1 WHERE grain = 'month'",
        "DELETE FROM figure_cells WHERE grain = 'day'",
    ],
)
def test_sums_that_differ_are_told_until_they_are_made_anew(
    runtime: Runtime, owner: Engine, city: MeasuredCity, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long ago the orders are.
    monkeypatch.setattr(checking, "_SUMS_OF", timedelta(days=4000))
    change(owner, statement)
    assert check_figures(runtime.db) > 0
    assert "sums" in word(runtime)
    assert "tracker figures rebuild" in word(runtime)
    make_anew(runtime.db)
    assert word(runtime) == "ok"
    assert check_figures(runtime.db) == 0


def test_sums_of_long_ago_are_left_to_the_command(
    runtime: Runtime, owner: Engine, city: MeasuredCity
) -> None:
    with time_machine.travel(clock.now() + timedelta(days=4000)):
        change(owner, "UPDATE figure_cells SET due = due + 1")
        assert check_figures(runtime.db) == 0


def test_orders_are_compared_night_by_night(
    runtime: Runtime, owner: Engine, city: MeasuredCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_AT_ONCE", 2)
    ids = sorted(story.id for story in city.stories)
    change(owner, "UPDATE figure_facts SET rural = NOT rural WHERE order_id = :id", id=ids[4])
    # The sums that it should add to differ too, and are older than what is compared.
    monkeypatch.setattr(checking, "_SUMS_OF", timedelta(days=-400))
    told = []
    while not told or told[-1][1]:
        check_figures(runtime.db, share=3)
        with owner.connect() as connection:
            row = connection.execute(text("SELECT orders_differ, checked_to FROM figure_checks")).one()
        told.append(tuple(row))
    differ = [one for one, _ in told]
    assert differ[0] == 0, "its turn has not come"
    assert set(differ[1:]) == {1}, "and once found it is told in all further rounds"
    assert "facts of 1 orders" in word(runtime)
    make_anew(runtime.db)
    assert check_figures(runtime.db, share=3) == 0
