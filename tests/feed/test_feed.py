"""The feed and the list of orders while they are written to: nothing missed, nothing doubled, in order."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from tracker import clock
from tracker.embedded import Servers
from tracker.feed_offset import _COUNTS, keep_feed_ahead
from tracker.orders.actor import Actor
from tracker.orders.feed import read_events
from tracker.orders.models import EVENT_KINDS
from tracker.orders.place_hold import place_hold
from tracker.orders.place_orders import Placed, place_orders
from tracker.orders.positions import EVENTS, ORDERS, START, Place, cursor_of, place_of
from tracker.orders.queries import channel_orders
from tracker.orders.record_progress import record_progress
from tracker.orders.schemas import HoldRequestSchema, OrderRequestSchema, ProgressRequestSchema
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_READERS_PAGE = 7


def step(runtime: Runtime, channel: ChannelFacts, number: str, stage: str, **more: Any) -> int:
    request = ProgressRequestSchema().load({"stage": stage, **more})
    return record_progress(runtime, Actor.of_channel(channel), number, request)


def everything(runtime: Runtime, channel: ChannelFacts, after: Place = START) -> list[dict[str, Any]]:
    """The feed from a place to where it may be read now."""
    found, more = [], True
    while more:
        with runtime.db.reading() as connection:
            events, after, more = read_events(connection, channel.id, after, _READERS_PAGE)
        found += events
    return found


def test_writers_that_commit_out_of_order_lose_nothing_and_double_nothing(
    runtime: Runtime, channel: ChannelFacts, order_body: Callable[..., dict[str, Any]]
) -> None:
    """Eight writers hold their transactions open for random times; one reader of each list pages on."""
    written: list[str] = []
    stop = threading.Event()
    read: dict[str, list[Any]] = {"events": [], "orders": []}
    lock = threading.Lock()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(6):
            with runtime.db.transaction() as connection:
                if chance.random() < 0.5:
                    # Takes its number long before it inserts anything.
                    connection.execute(text("SELECT pg_current_xact_id()"))
                    connection.execute(text("SELECT pg_sleep(:s)"), {"s": chance.random() * 0.05})
                (placed,) = place_orders(runtime, channel, [OrderRequestSchema().load(order_body())])
                assert isinstance(placed, Placed)
                connection.execute(text("SELECT pg_sleep(:s)"), {"s": chance.random() * 0.08})
            for stage in ("verified", "resource_checked"):
                with runtime.db.transaction() as connection:
                    step(runtime, channel, placed.number, stage)
                    connection.execute(text("SELECT pg_sleep(:s)"), {"s": chance.random() * 0.03})
            with lock:
                written.append(placed.number)

    def read_on(what: str, ask: Callable[[Connection, Place], tuple[list[Any], Place, bool]]) -> None:
        after, last_round = START, False
        while True:
            with runtime.db.reading() as connection:
                rows, after, more = ask(connection, after)
            read[what] += rows
            if not more and last_round:
                return
            # Set before the round that is the last one, so that it sees whatever was written.
            last_round = stop.wait(0.002)

    with ThreadPoolExecutor(10) as pool:
        readers = [
            pool.submit(read_on, "events", lambda c, after: read_events(c, channel.id, after, _READERS_PAGE)),
            pool.submit(
                read_on,
                "orders",
                lambda c, after: channel_orders(c, channel.id, after=after, limit=_READERS_PAGE, stage=None),
            ),
        ]
        try:
            for writer in [pool.submit(write, seed) for seed in range(8)]:
                writer.result(60)
        finally:
            stop.set()
        for reader in readers:
            reader.result(60)

    assert len(written) == 48
    assert sorted(order["number"] for order in read["orders"]) == sorted(written)
    versions = defaultdict(list)
    for event in read["events"]:
        versions[event["order"]].append(event["version"])
    assert versions == {number: [1, 2, 3] for number in written}
    assert len({event["id"] for event in read["events"]}) == 3 * 48


def test_what_began_later_waits_for_what_began_earlier(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], stores: Servers
) -> None:
    """An order that was stored meanwhile is not shown before one that may still come to stand before it."""
    slow = create_engine(stores.owner_url, poolclass=NullPool)
    with slow.connect() as connection, connection.begin():
        connection.execute(text("SELECT pg_current_xact_id()"))
        placed = place()
        assert everything(runtime, channel) == []
    slow.dispose()
    assert [event["order"] for event in everything(runtime, channel)] == [placed.number]


def test_a_transaction_that_began_first_and_came_last_does_not_turn_an_order_around(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]
) -> None:
    placed = place()
    begun, went = threading.Event(), threading.Event()

    def slow() -> None:
        with runtime.db.transaction() as connection:
            connection.execute(text("SELECT pg_current_xact_id()"))
            begun.set()
            assert went.wait(20)
            step(runtime, channel, placed.number, "resource_checked")

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(slow)
        assert begun.wait(20)
        step(runtime, channel, placed.number, "verified")
        went.set()
        writer.result(20)
    assert [event["version"] for event in everything(runtime, channel)] == [1, 2, 3]


def test_an_event_says_what_a_channel_may_know_and_the_deadline_as_it_stood(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]
) -> None:
    placed = place(customer__name="王小二", customer__phone="13811112222", address__detail="很秘密的路9号")
    actor = Actor.of_channel(channel)
    for stage in ("verified", "resource_checked", "dispatched"):
        step(runtime, channel, placed.number, stage)
    visit = clock.now().replace(microsecond=0) + timedelta(days=6)
    slot = {"starts_at": visit.isoformat(), "ends_at": (visit + timedelta(hours=2)).isoformat()}
    step(runtime, channel, placed.number, "appointed", appointment=slot)
    until = (clock.now() + timedelta(days=5)).isoformat()
    hold = {"reason_code": "not_decorated", "reason_text": "电话13811112222", "ends_at": until}
    written = place_hold(runtime, actor, placed.number, HoldRequestSchema().load(hold))
    step(runtime, channel, placed.number, "on_site")
    events = everything(runtime, channel)
    types = ["order.accepted", *["order.stage"] * 4, "order.hold", "order.stage"]
    assert [event["type"] for event in events] == types
    assert [event["version"] for event in events] == list(range(1, 8))
    assert [event["deadline"] for event in events] == [written.before] * 5 + [written.after.at] * 2
    assert written.after.at > written.before
    assert events[4]["appointment"]["starts_at"].isoformat() == slot["starts_at"]
    assert [event["appointment"] for event in events if event["version"] != 5] == [None] * 6
    assert events[5]["reason_code"] == "not_decorated"
    told = repr(events)
    assert not any(secret in told for secret in ("王小二", "13811112222", "很秘密"))


def test_another_channels_orders_do_not_show(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]
) -> None:
    place()
    others = [c for c in runtime.reference.current().channels.values() if c.id != channel.id]
    assert all(everything(runtime, other) == [] for other in others)


def test_every_kind_has_a_type() -> None:
    assert {"accepted", "stage", "hold", "resume", "repromise", "excuse", "announcement"} <= set(EVENT_KINDS)


@pytest.mark.parametrize("cursor", ["7", "1" * 18, "x", "é" * 23, "=" * 23, "A" * 24, "_" * 23])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refusal, match=r"cursor\.malformed"):
        place_of(cursor, EVENTS)


def test_a_cursor_of_one_list_is_none_of_the_other() -> None:
    place = Place(5, 7)
    assert place_of(cursor_of(place, EVENTS), EVENTS) == place
    assert place_of("", ORDERS) == START
    with pytest.raises(Refusal, match=r"cursor\.malformed"):
        place_of(cursor_of(place, EVENTS), ORDERS)


@pytest.fixture
def offset_put_back(stores: Servers, clean: None) -> Iterator[None]:
    yield
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        for name, count in _COUNTS.items():
            connection.execute(
                text(
                    f"CREATE OR REPLACE FUNCTION {name}() RETURNS bigint LANGUAGE sql STABLE"
                    f" AS 'SELECT {count}::text::bigint + 0'"
                )
            )
    engine.dispose()


def test_after_a_restore_callers_go_on_where_they_were(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    stores: Servers,
    offset_put_back: None,
) -> None:
    """Rows from a database that had counted farther, in one that begins anew."""
    first = place()
    ahead = Place(10**12 + 10**6, 10**6)
    with pytest.raises(Refusal, match=r"cursor\.ahead"):
        everything(runtime, channel, ahead)
    owner = create_engine(stores.owner_url, poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(text("UPDATE orders SET written_in = written_in + 1000000000000"))
        connection.execute(text("UPDATE order_events SET written_in = written_in + 1000000000000"))
    owner.dispose()
    assert everything(runtime, channel) == []
    assert keep_feed_ahead(stores.owner_url)
    assert not keep_feed_ahead(stores.owner_url)
    assert [event["order"] for event in everything(runtime, channel)] == [first.number]
    second = place()
    # One caller had read everything, and even something that was lost with the old database.
    assert [event["order"] for event in everything(runtime, channel, ahead)] == [second.number]


def test_a_copy_of_yesterday_is_told_to_begin_behind_all_that_was(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    stores: Servers,
    offset_put_back: None,
) -> None:
    """Nothing in it stands ahead, so it has to be said that it was restored."""
    place()
    with runtime.db.reading() as connection:
        events, last, _ = read_events(connection, channel.id, START, 10)
    lost = Place(last.written_in + 1000, last.id + 1000)
    assert not keep_feed_ahead(stores.owner_url)
    assert keep_feed_ahead(stores.owner_url, restored=True)
    later = place()
    assert [event["order"] for event in everything(runtime, channel, lost)] == [later.number]
    assert len(events) == 1
