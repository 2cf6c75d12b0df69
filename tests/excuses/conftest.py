"""Orders whose delays are to be excused, and the people of their operator."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.complaining import Desk
from tests.desk_work import Book
from tracker.excuses.ask_excuse import ask_excuse
from tracker.orders.actor import Actor
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def book(runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]) -> Book:
    return Book(runtime, channel, place)


@pytest.fixture
def office(book: Book) -> Desk:
    """Two managers, 王 and 李, and a dispatcher."""
    made = Desk(book.runtime, book.channel.operator_id, book.place)
    for username, role in (("wang", "manager"), ("li", "manager"), ("chen", "dispatcher")):
        made.hire(username, role)
    return made


@pytest.fixture
def by(book: Book) -> Callable[[str], Actor]:
    return lambda username: Actor(book.channel.operator_id, f"staff:{username}")


@pytest.fixture
def ask(book: Book, by: Callable[[str], Actor]) -> Callable[..., int]:
    """Ask that the two hours after the acceptance be excused, which are over."""

    def make(number: str, who: str = "chen", uploads: tuple[bytes, ...] = (), **changes: Any) -> int:
        begin = book.row(number).accepted_at
        request = {
            "reason_code": "roadworks",
            "reason_text": "市政开挖，管道中断",
            "starts_at": begin,
            "ends_at": begin + (changes.pop("lasting", None) or _TWO_HOURS),
            "evidence": "函2026-118",
        }
        return ask_excuse(book.runtime, by(who), number, request | changes, uploads=uploads)

    return make
