"""Plans side by side."""

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from test_fee_plans import plain

from tests.published_plans import Publisher

GIGABIT = ["telecom/24GD100001/441800", "mobile/24GD200001/441800", "unicom/24GD300001/441800"]
SENIOR = "telecom/24GD100005/441800"

pytestmark = pytest.mark.usefixtures("morning")


def compare(client: FlaskClient, *keys: str) -> str:
    return client.get("/fees/compare?" + urlencode([("plan", key) for key in keys])).text


def columns(page: str) -> int:
    return page.count('<th scope="col">')


def row(page: str, label: str) -> str:
    """The text of a line of the table."""
    found = next(one for one in re.findall(r"<tr[^>]*>.*?</tr>", page, re.S) if label in one)
    return plain(f"<main>{found}</main>").lstrip("> ").strip()


def test_what_differs_is_marked_in_words(client: FlaskClient) -> None:
    page = compare(client, *GIGABIT)
    assert columns(page) == 3
    assert row(page, "月费") == "月费 不同 129 元/月 128 元/月 119 元/月"
    assert row(page, "安装费") == "安装费（一次性） 100 元 100 元 100 元"
    assert "differs" not in page.split("安装费")[1].split("</th>")[0]


def test_what_one_does_not_state_is_told(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(benefits="权益的话", overage="超出的话", liability="违约的话")
    page = compare(client, SENIOR, "telecom/24GD190001/441800")
    assert row(page, "权益") == "权益 不同 未说明 权益的话"
    assert page.index("超出资费") < page.index("下行 / 上行带宽") < page.index("违约责任"), (
        "in the usual order"
    )


def test_one_and_the_same_plan_is_one_column(client: FlaskClient) -> None:
    page = compare(client, SENIOR, SENIOR)
    assert columns(page) == 1
    assert "只选了1项" in page
    assert "不同</span>" not in page


def test_more_than_four_are_cut_to_four_and_told(client: FlaskClient) -> None:
    page = compare(client, *GIGABIT, SENIOR, "mobile/24GD200005/441800", "unicom/24GD300005/441800")
    assert columns(page) == 4
    assert "最多同时对比4项" in page
    assert "其余2项没有列出" in page


@pytest.mark.parametrize("unknown", ["telecom/24GD999999/441800", "x", "../../etc/passwd", "<script>"])
def test_unknown_plans_are_told_and_the_rest_compared(client: FlaskClient, unknown: str) -> None:
    page = compare(client, SENIOR, unknown, GIGABIT[0])
    assert columns(page) == 2
    assert "有资费没有找到" in page
    assert "<script>" not in page


def test_nothing_chosen_says_how_to_choose(client: FlaskClient) -> None:
    for page in (client.get("/fees/compare").text, compare(client, "", "  ")):
        assert "还没有选择资费" in page
        assert 'href="/fees"' in page
        assert "<table" not in page
