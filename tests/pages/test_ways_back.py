"""From an order back to the place in a list from which somebody came."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.calling import Exchange, exchange_of
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    return exchange_of(runtime, channel, place, monkeypatch, "staff:counter")


def links_to(page: str, path: str) -> list[str]:
    return [unescape(one) for one in re.findall(rf'href="({re.escape(path)}[^"]*)"', page)]


def way_back(page: str) -> tuple[str, str]:
    """The first way back of a page: where to, and in what words."""
    found = re.search(r'<p class="back"><a href="([^"]+)">([^<]+)</a>', page)
    assert found
    return unescape(found[1]), found[2]


@pytest.mark.parametrize(
    ("here", "words"),
    [
        ("/?sort=deadline", "返回工单列表"),
        ("/dispatch?show=coming", "返回派单"),
        ("/calls/history?days=30", "返回已结束的任务"),
        ("/notices/list?kind=call&days=30", "返回短信通知"),
        ("/notices/list?days=30", "返回短信通知"),
    ],
)
def test_a_list_is_come_back_to_where_it_was_left(
    as_: Callable[[str], FlaskClient], exchange: Exchange, here: str, words: str
) -> None:
    notice = exchange.landline()
    exchange.call(exchange.task(notice).id, "reached")
    client = as_("manager")
    link = next(iter(links_to(client.get(here).text, f"/orders/{notice.params['number']}")))
    assert parse_qs(urlsplit(link).query)["back"] == [here]
    assert way_back(client.get(link).text) == (here, words)


def test_a_call_and_a_text_are_come_back_to_as_well(
    as_: Callable[[str], FlaskClient], exchange: Exchange
) -> None:
    notice = exchange.landline()
    client = as_("manager")
    for here, words in (
        (f"/calls/{exchange.task(notice).id}", "返回外呼任务"),
        (f"/notices/{notice.id}", "返回短信通知"),
    ):
        link = next(iter(links_to(client.get(here).text, f"/orders/{notice.params['number']}")))
        assert way_back(client.get(link).text) == (here, words)


def test_a_text_leads_back_to_the_list_that_it_is_of(
    as_: Callable[[str], FlaskClient], exchange: Exchange
) -> None:
    notice = exchange.landline()
    client = as_("manager")
    here = "/notices/list?kind=call&days=1"
    (link,) = links_to(client.get(here).text, f"/notices/{notice.id}")
    assert way_back(client.get(link).text) == (here, "返回短信通知")


@pytest.mark.parametrize(
    "back",
    [
        "https://example.com/",
        "//example.com",
        "/at-risk/../orders",
        "/at-riskier",
        "/at-risk\n",
        "/staff",
        "/calls/x",
        "/calls/1/take",
        "/at-risk?" + "x" * 400,
        "",
    ],
)
def test_it_leads_nowhere_else(as_: Callable[[str], FlaskClient], exchange: Exchange, back: str) -> None:
    notice = exchange.landline()
    client = as_("manager")
    for path in (f"/orders/{notice.params['number']}", f"/orders/{notice.params['number']}/repromise"):
        page = client.get(path, query_string={"back": back}).text
        assert way_back(page) == ("/", "返回工单列表")
    page = client.get(f"/calls/{exchange.task(notice).id}", query_string={"back": back}).text
    assert way_back(page) == ("/calls", "返回外呼任务")
