"""Fifty customers at fifty counters want the last place of a slot: the page has one winner too."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from desk_forms import PASSWORD, send
from sqlalchemy import text

from tests.serving import app_of
from tests.visiting_slots import Diary
from tracker import db
from tracker.db import Database
from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders
from tracker.orders.change_appointment import change_appointment
from tracker.orders.place_orders import Placed
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.teams.save_team import make_team

MANY = 50


@pytest.fixture
def wide(runtime: Runtime) -> Iterator[Runtime]:
    """The service with connections for most at once, which the others wait for.

    A page takes one of each of two kinds, and PostgreSQL has a hundred.
    """
    made = Database(runtime.config.database_url, role=db.APP_ROLE, pool_size=25, patience=60)
    yield replace(runtime, db=made)
    made.dispose()


@pytest.fixture
def crowd(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed]) -> list[str]:
    """The numbers of fifty orders that somebody is to come for."""
    numbers = [place(customer__phone=f"138000{n:05d}").number for n in range(MANY)]
    with runtime.db.transaction() as connection:
        connection.execute(text("UPDATE orders SET stage = 'resource_checked'"))
    team = make_team(runtime.db, channel.operator_id, "东城班", "441802006", "staff:manager")
    assign_orders(runtime, Actor(channel.operator_id, "staff:manager"), numbers, team_id=team)
    return numbers


def at_once(act: Callable[[int], object]) -> Counter[object]:
    gate = Barrier(MANY)

    def run(number: int) -> object:
        gate.wait(timeout=60)
        return act(number)

    with ThreadPoolExecutor(MANY) as threads:
        return Counter(threads.map(run, range(MANY)))


def assert_one_winner(runtime: Runtime, diary: Diary, slot: int) -> None:
    assert diary.booked(slot) == 1
    assert diary.states(slot) == ["booked"]
    diary.assert_counted()
    with runtime.db.reading() as connection:
        stages = connection.execute(text("SELECT stage, count(*) FROM orders GROUP BY stage")).all()
    assert dict(map(tuple, stages)) == {"appointed": 1, "dispatched": MANY - 1}


def test_fifty_calls_of_the_use_case_have_one_winner(runtime, channel, wide, crowd):
    diary = Diary(runtime, channel.operator_id)
    slot = diary.slot(capacity=1)

    def book(number: int) -> str:
        try:
            change_appointment(wide, Actor(channel.operator_id, "staff:counter"), crowd[number], slot)
        except Refusal as refusal:
            return refusal.faults[0].rule
        return "booked"

    assert at_once(book) == {"booked": 1, "slot.full": MANY - 1}
    assert_one_winner(runtime, diary, slot)


def test_fifty_forms_of_the_staff_page_have_one_winner(runtime, channel, as_, wide, crowd):
    as_("counter")
    diary = Diary(runtime, channel.operator_id)
    slot = diary.slot(capacity=1)
    app = app_of(wide)
    entered = app.test_client()
    send(entered, "/sign-in", {"username": "counter", "password": PASSWORD})
    page = entered.get(f"/orders/{crowd[0]}/visit").text
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    cookies = list(entered._cookies.values())
    with runtime.db.reading() as connection:
        versions = dict(map(tuple, connection.execute(text("SELECT number, version FROM orders")).all()))

    def book(number: int) -> int:
        client = app.test_client()
        for cookie in cookies:
            client.set_cookie(cookie.key, cookie.value)
        order = crowd[number]
        form = {"slot": str(slot), "version": str(versions[order]), "csrf_token": token}
        answer = client.post(f"/orders/{order}/visit", data=form)
        if answer.status_code == 409:
            assert "约满" in answer.text
        return answer.status_code

    assert at_once(book) == {302: 1, 409: MANY - 1}
    assert_one_winner(runtime, diary, slot)
