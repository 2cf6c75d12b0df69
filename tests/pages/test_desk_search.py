"""Search and the list at the desk: found by what one has, narrowed by the address, no phone anywhere."""

import re
from datetime import timedelta
from html import unescape

import pytest
from desk_forms import send

from tests.complaining import NOW
from tests.desk_work import Book, plain
from tracker import clock
from tracker.orders.place_hold import place_hold
from tracker.orders.rules import Stage

PHONE = "13900005678"


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


def find(client, typed: str):
    return send(client, "/orders/find", {"number": typed})


def numbers_in(page: str) -> list[str]:
    """The orders of a table, from the top."""
    return re.findall(r'<td role="cell" class="reference"><a href="/orders/(QY\w+)[?"]', page)


@pytest.mark.parametrize(
    "typed",
    [
        PHONE,
        "139 0000 5678",
        "139-0000-5678",
        "+86 13900005678",
        "0086 139 0000 5678",
        "１３９００００５６７８",
    ],
)
def test_one_order_is_found_by_its_phone_however_it_is_spelt(desk, book, typed) -> None:
    book.order()
    number = book.order(customer__phone=PHONE)
    assert find(desk, typed).headers["Location"] == f"/orders/{number}"


def test_several_are_a_list_behind_masks(desk, book) -> None:
    numbers = [book.order(customer__phone=PHONE, customer__name="欧阳娜") for _ in range(3)]
    page = find(desk, PHONE).text
    assert numbers_in(page) == numbers[::-1]
    assert "欧** 139****5678" in plain(page)
    assert "欧阳娜" not in page
    # It stands in the field again, for whoever typed it, and in no address.
    assert re.findall(r'(?:href|action)="[^"]*5678', page) == []


def test_that_somebody_searched_by_phone_is_in_the_trail_and_the_phone_nowhere(
    desk, book, watched_log
) -> None:
    watched_log.secrets.update({PHONE, "0000 5678"})
    number = book.order(customer__phone=PHONE)
    find(desk, PHONE)
    find(desk, "13700001111")
    found, none = book.trail()
    assert (found.action, found.actor, found.subject) == (
        "sought",
        "staff:manager",
        f"order:{book.row(number).id}",
    )
    assert (none.action, none.subject) == ("sought", "search:phone")
    assert PHONE not in f"{found} {none}"


def test_nothing_asked_by_address_is_searched_for(desk, book) -> None:
    number = book.order(customer__phone=PHONE)
    answer = desk.get("/orders/find", query_string={"number": PHONE})
    assert answer.status_code == 200
    assert number not in answer.text
    assert book.trail() == []
    assert 'method="post" action="/orders/find"' in desk.get("/").text
    assert 'method="post" action="/orders/find"' in desk.get("/plans").text


def test_a_piece_of_a_number_or_the_channels_own_is_enough(desk, book) -> None:
    number = book.order(external_reference="GZ-20261124-0815")
    for typed in (number[2:12], number[:11].lower(), number[-5:], number[-7:].lower(), "GZ-20261124-0815"):
        assert find(desk, typed).headers["Location"] == f"/orders/{number}", typed
    book.move(number, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    assert find(desk, number[2:12]).headers["Location"] == f"/orders/{number}"
    # By its end only what is open is looked for.
    assert find(desk, number[-7:]).status_code == 404


def test_none_is_a_page_that_helps(desk) -> None:
    answer = find(desk, "13711112222")
    assert answer.status_code == 404
    assert "没有用这个电话的工单" in plain(answer.text)
    assert "可以这样查找" in plain(answer.text)


def test_another_operators_orders_are_not_found(as_, book) -> None:
    """I6."""
    number = book.order(customer__phone=PHONE, external_reference="GZ-1")
    stranger = as_("stranger")
    for typed in (PHONE, number, number[2:12], number[-6:], "GZ-1"):
        assert find(stranger, typed).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("counter", 302), ("dispatcher", 302), ("regulator", 403), ("administrator", 403)]
)
def test_who_may_search(as_, book, who, status) -> None:
    number = book.order()
    client = as_(who)
    assert send(client, "/orders/find", {"number": number}, page="/nowhere").status_code == status


def test_the_list_is_narrowed_by_the_address(desk, book, runtime, channel) -> None:
    late = book.order(accepted_at=(NOW - timedelta(hours=50)).isoformat())
    near = book.order(accepted_at=(NOW - timedelta(hours=40)).isoformat())
    easy = book.order(Stage.VERIFIED)
    held = book.order(Stage.VERIFIED)
    asked = {"reason_code": "not_decorated", "reason_text": None, "evidence": None, "starts_at": None}
    place_hold(runtime, book.staff, held, asked | {"ends_at": NOW + timedelta(days=3)})
    away = book.order(address__community_code="441881001001")
    gone = book.order()
    book.move(gone, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    every = [gone, away, held, easy, near, late]
    for query, expected in (
        ("", every),
        ("sort=oldest", every[::-1]),
        ("sort=deadline", [late, near, easy, away, held]),
        ("standing=late", [late]),
        ("standing=near", [near]),
        ("standing=on_time", [away, held, easy]),
        ("held=1", [held]),
        ("stage=verified", [held, easy]),
        ("stage=withdrawn", [gone]),
        ("place=441881", [away]),
        ("place=441881001", [away]),
        ("place=441802006&stage=accepted", [near, late]),
        (f"channel={channel.id}", every),
        ("kind=home", every),
        ("kind=enterprise", []),
        ("stage=x&standing=y&place=9&channel=99&sort=z&kind=q&team=x&behind=x", every),
    ):
        assert numbers_in(desk.get(f"/?{query}").text) == expected, query
    page = desk.get("/?standing=late&sort=deadline").text
    assert 'href="/orders.csv?' in page
    assert "清除筛选" in page
    rows = desk.get("/orders.csv?standing=late").text.splitlines()
    assert [late in row for row in rows] == [False, True]
    file = re.search(r'href="(/orders\.csv\?[^"]+)"', desk.get("/?kind=home&stage=withdrawn").text)
    assert file
    assert len(desk.get(unescape(file[1])).text.splitlines()) == 2
    assert desk.get("/orders.csv?kind=enterprise").text.count("\n") == 1
    assert "请放宽筛选条件" in plain(desk.get("/?kind=enterprise").text)


@pytest.mark.parametrize("sort", ["", "oldest", "deadline"])
def test_twenty_a_page_and_none_twice(desk, book, sort) -> None:
    numbers = [book.order() for _ in range(43)]
    seen: list[str] = []
    path = f"/?sort={sort}"
    for expected in (20, 20, 3):
        page = desk.get(path).text
        shown = numbers_in(page)
        assert len(shown) == expected
        seen += shown
        onward = re.search(r'href="([^"]+)">下一页', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert path == ""
    assert sorted(seen) == sorted(numbers)
    assert seen == (numbers if sort else numbers[::-1])
