"""Figures from sums are equal to the last order to what a slow reader of all orders counts."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.pool import NullPool

from tests.backdated_orders import Backdated
from tracker import clock
from tracker.cli import cli
from tracker.embedded import Servers
from tracker.figures import keep_cells as keeping
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import keep_cells, make_anew
from tracker.figures.models import FigureReading
from tracker.figures.on_time import Asked, Split, Stretch, months_and_days, on_time_figures, sums_of
from tracker.figures.rules import WITHDRAWN, Counts
from tracker.figures.verify_cells import Differences, differences
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

NOW = datetime(2026, 8, 13, 15, 30, tzinfo=clock.CITY_ZONE)
TODAY = clock.local_date(NOW)
SPLITS: tuple[Split, ...] = get_args(Split)
_HANDS = ("dealer", "team", "installer")


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


class City:
    """Orders of two operators whose histories go on, at random."""

    def __init__(self, owner: Engine, pattern: Placed, seed: int) -> None:
        self._owner, self._pattern = owner, pattern
        self.drawn = random.Random(seed)
        self._orders: list[int] = []
        self._going: list[Backdated] = []

    def moment(self) -> datetime:
        """Near the present, at a day's or month's edge, or months ago."""
        edge = datetime(
            2026, self.drawn.choice([5, 6, 7, 8]), self.drawn.randint(1, 13), tzinfo=clock.CITY_ZONE
        )
        return self.drawn.choice(
            [
                NOW + timedelta(minutes=self.drawn.choice([-90, -1, 0, 1, 90])),
                edge + timedelta(microseconds=self.drawn.choice([-1, 0, 1])),
                edge + timedelta(hours=self.drawn.randint(0, 23)),
            ]
        )

    def go_on(self) -> None:
        """One order more, or something more of one."""
        with self._owner.begin() as connection:
            if not self._going or self.drawn.random() < 0.4:
                order = Backdated(connection, self._pattern.number, self.drawn.choice([1, 2]))
                sold = text("UPDATE orders SET dealer = :dealer WHERE id = :id")
                connection.execute(sold, {"id": order.id, "dealer": self.hand("dealer") or None})
                order.promise(self.moment())
                order.event("accepted", "accepted", self.moment())
                self._going.append(order)
                return
            self._more(connection, self.drawn.choice(self._going))

    def _more(self, connection: Connection, order: Backdated) -> None:
        order._connection = connection
        match self.drawn.choice(["connected", "withdrawn", "line", "line"]):
            case "line":
                kind = self.drawn.choice(["hold", "repromise", "excuse"])
                order.line(kind, self.moment(), self.drawn.choice(["weather", "roadworks"]))
                order.event(kind, "accepted", self.moment())
            case stage:
                order.event("stage", {"connected": "activated"}.get(stage, stage), self.moment())
                self._going.remove(order)

    def hand(self, of: str) -> str:
        """Whose hand an order may be in; nobody's but a dealer's."""
        return self.drawn.choice(["", "甲", "乙"]) if of == "dealer" else ""

    def stretch(self) -> Stretch:
        """Days that begin and end at random, some of them tomorrow."""
        first = date(2026, 4, 25) + timedelta(days=self.drawn.randint(0, 112))
        return Stretch(first, first + timedelta(days=self.drawn.randint(0, 120)))


def count_slowly(connection: Connection, asked: Asked) -> dict[Any, Counts]:
    """Order by order, from what is recorded of each."""
    found: dict[Any, Counts] = {}
    every = select(Order.id.label("order_id")).subquery()
    for fact in connection.execute(facts_of(every)):
        if any(_value(fact, name) != value for name, value in asked.only.items()):
            continue
        kept = fact.connected_at is not None and fact.connected_at <= fact.deadline
        why = None
        if fact.withdrawn_at is not None and fact.withdrawn_at <= fact.deadline:
            why = WITHDRAWN
        elif not kept:
            why = fact.excuse
        in_time = fact.connected_at is not None and fact.connected_at <= fact.first_deadline
        for due_at, counts in (
            (fact.first_deadline, Counts(due=1, on_time=int(in_time))),
            (fact.deadline, Counts(removed={why: 1}) if why else Counts(net_due=1, net_on_time=int(kept))),
        ):
            day = clock.local_date(due_at - timedelta(microseconds=1))
            if asked.days.first_on <= day <= asked.days.last_on and due_at <= NOW:
                key = _key(fact, asked.split, day)
                found[key] = found.get(key, Counts()) + counts
    return found


def _key(fact: Any, split: Split, day: date) -> Any:
    if split in ("", "day"):
        return day if split else ""
    if split == "week":
        return day - timedelta(days=day.weekday())
    if split == "month":
        return day.replace(day=1)
    return _value(fact, split)


def _value(fact: Any, name: str) -> Any:
    if name == "dealer":
        return fact.dealer or ""
    if name in _HANDS:
        return str(getattr(fact, f"{name}_id") or "")
    return getattr(fact, name)


@pytest.fixture
def pattern(place: Callable[..., Placed]) -> Placed:
    return place()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 8))])
def test_figures_are_exact_while_orders_keep_changing(
    runtime: Runtime, owner: Engine, pattern: Placed, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(keeping, "_EVENTS_AT_ONCE", 7)
    city = City(owner, pattern, seed)
    asked_of = 0
    for step in range(120):
        city.go_on()
        if city.drawn.random() < 0.1:
            keep_cells(runtime.db)
        if step % 8 == 0:
            only: dict[str, Any] = {}
            split = SPLITS[asked_of % len(SPLITS)]
            if city.drawn.random() < 0.5:
                only["operator_id"] = city.drawn.choice([1, 2])
            if city.drawn.random() < 0.5:
                hand = city.drawn.choice(_HANDS)
                only[hand] = city.hand(hand)
            if city.drawn.random() < 0.2:
                only["rural"] = city.drawn.choice([True, False])
            asked = Asked(city.stretch(), split, only)
            asked_of += 1
            with runtime.db.reading() as connection:
                counted = on_time_figures(connection, asked, NOW)
                assert counted == count_slowly(connection, asked), (seed, step, asked)
    whole = Asked(Stretch(date(2026, 1, 1), TODAY + timedelta(days=60)))
    with runtime.db.reading() as connection:
        before = on_time_figures(connection, whole, NOW)
        assert before == count_slowly(connection, whole)
    make_anew(runtime.db)
    with runtime.db.reading() as connection:
        assert on_time_figures(connection, whole, NOW) == before
    assert keep_cells(runtime.db) == 0


def test_a_promise_falls_due_by_the_passing_of_time(runtime: Runtime, owner: Engine, pattern: Placed) -> None:
    with owner.begin() as connection:
        order = Backdated(connection, pattern.number, 1)
        order.promise(NOW)
        order.event("accepted", "accepted", NOW - timedelta(days=2))
    keep_cells(runtime.db)
    today = Asked(Stretch(TODAY, TODAY))
    with runtime.db.reading() as connection:
        assert on_time_figures(connection, today, NOW - timedelta(seconds=1)) == {}
        assert on_time_figures(connection, today, NOW) == {"": Counts(due=1, net_due=1)}
        next_day = NOW + timedelta(days=1)
        assert on_time_figures(connection, today, next_day) == {"": Counts(due=1, net_due=1)}


def test_figures_are_not_asked_for_what_they_do_not_know(runtime: Runtime) -> None:
    with runtime.db.reading() as connection, pytest.raises(ValueError, match="excuse"):
        on_time_figures(connection, Asked(Stretch(TODAY, TODAY), "", {"excuse": "weather"}), NOW)


@pytest.mark.parametrize(
    ("split", "only", "sums"),
    [
        ("", {}, "all"),
        ("month", {"operator_id": 1, "county": "441802"}, "county"),
        ("county", {"rural": True}, ""),
        ("week", {"team": "1", "operator_id": 1}, "team"),
        ("team", {"operator_id": 1}, "team"),
        ("operator_id", {"dealer": "甲"}, "dealer"),
        ("", {"dealer": "甲", "county": "441802"}, None),
        ("team", {"county": "441802"}, None),
        ("county", {"team": "1"}, None),
        ("team", {"dealer": "甲"}, None),
    ],
)
def test_sums_tell_hands_by_themselves(split: Split, only: dict[str, Any], sums: str | None) -> None:
    assert sums_of(Asked(Stretch(TODAY, TODAY), split, only)) == sums


@pytest.mark.parametrize(
    ("first", "last", "months", "loose"),
    [
        ("2026-03-01", "2026-03-31", ["2026-03-01"], []),
        ("2026-03-01", "2026-03-30", [], [("2026-03-01", "2026-03-30")]),
        (
            "2026-02-28",
            "2026-04-01",
            ["2026-03-01"],
            [("2026-02-28", "2026-02-28"), ("2026-04-01", "2026-04-01")],
        ),
        ("2025-12-02", "2026-02-28", ["2026-01-01", "2026-02-01"], [("2025-12-02", "2025-12-31")]),
        ("2026-03-02", "2026-04-29", [], [("2026-03-02", "2026-04-29")]),
    ],
)
def test_a_stretch_is_made_of_months_and_days(
    first: str, last: str, months: list[str], loose: list[tuple[str, str]]
) -> None:
    found, left = months_and_days(Stretch(date.fromisoformat(first), date.fromisoformat(last)))
    assert [one.isoformat() for one in found] == months
    assert [(one.first_on.isoformat(), one.last_on.isoformat()) for one in left] == loose


def test_what_was_changed_behind_our_back_is_found_and_made_anew(
    runtime: Runtime, owner: Engine, pattern: Placed
) -> None:
    city = City(owner, pattern, 4)
    for _ in range(40):
        city.go_on()
    assert differences(runtime.db) == Differences(sums=0, facts=0), "what was not read yet is no difference"
    keep_cells(runtime.db)
    assert differences(runtime.db) == Differences(sums=0, facts=0)
    with owner.begin() as connection:
        connection.execute(text("UPDATE figure_cells SET due = due + 1 WHERE grain = 'month'"))
        touched = connection.scalar(text("SELECT count(*) FROM figure_cells WHERE grain = 'month'"))
        connection.execute(
            text("DELETE FROM figure_facts WHERE order_id = (SELECT max(order_id) FROM figure_facts)")
        )
    found = differences(runtime.db)
    assert found.sums >= touched
    assert found.facts == 1
    make_anew(runtime.db)
    assert differences(runtime.db) == Differences(sums=0, facts=0)


def test_nothing_is_missed_of_what_is_written_while_it_is_read(
    runtime: Runtime, owner: Engine, pattern: Placed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions end in another order than they began, and readers run beside each other."""
    monkeypatch.setattr(keeping, "_EVENTS_AT_ONCE", 3)
    written = threading.Event()

    def write(seed: int) -> None:
        city = City(owner, pattern, seed)
        for _ in range(25):
            city.go_on()

    def read() -> None:
        while not written.is_set():
            keep_cells(runtime.db)

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for writer in [pool.submit(write, seed) for seed in (11, 12, 13)]:
            writer.result(timeout=60)
        written.set()
        for reader in readers:
            reader.result(timeout=60)
    keep_cells(runtime.db)
    assert differences(runtime.db) == Differences(sums=0, facts=0)
    whole = Asked(Stretch(date(2026, 1, 1), TODAY + timedelta(days=60)), "operator_id")
    with runtime.db.reading() as connection:
        assert on_time_figures(connection, whole, NOW) == count_slowly(connection, whole)
        left = connection.scalar(select(FigureReading.read_to))
        unread = connection.execute(keeping.unread_orders(left)).all()
    assert unread == []


def test_the_commands_read_compare_and_make_anew(
    settings: dict[str, str], runtime: Runtime, owner: Engine, pattern: Placed
) -> None:
    runner = CliRunner()
    assert "1 orders were read" in runner.invoke(cli, ["figures", "keep"]).output
    assert runner.invoke(cli, ["figures", "verify"]).exit_code == 0
    with owner.begin() as connection:
        connection.execute(text("UPDATE figure_facts SET rural = NOT rural"))
    broken = runner.invoke(cli, ["figures", "verify"])
    assert broken.exit_code == 1
    assert "1 orders differ" in broken.output
    assert runner.invoke(cli, ["figures", "rebuild"]).exit_code == 0
    assert runner.invoke(cli, ["figures", "verify"]).exit_code == 0
