"""The published fee schedule: what is listed for which day, and how it is narrowed."""

import json
import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from tests.published_plans import Publisher
from tracker import clock

SEEDED = 15

pytestmark = pytest.mark.usefixtures("morning")


def rows(page: str) -> int:
    return page.count('role="rowheader"')


def listed(client: FlaskClient, query: str = "") -> list[str]:
    """The filing numbers on the list, from top to bottom."""
    page = client.get(f"/fees?{query}").text
    return re.findall(r'role="rowheader" scope="row"><a href="/fees/\w+/(\w+)/', page)


def test_every_plan_on_sale_is_published(client: FlaskClient) -> None:
    page = client.get("/fees").text
    assert rows(page) == SEEDED
    expected = ["家庭宽带", "企业宽带", "千兆家庭套餐", "1000M", "合约期24个月", "清远联通"]
    for words in ("129 元/月", "100 元", "共15项资费", *expected):
        assert words in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("audience=home", 9),
        ("audience=enterprise", 6),
        ("operator=telecom", 5),
        ("audience=home&operator=unicom", 3),
        ("audience=&operator=", 15),
        ("audience=nobody&operator='&kind=x&county=1&speed=7&sale=x&sort=x", 15),
        ("speed=1000", 3),
        ("speed=500", 6),
        ("least=129&most=300", 4),
        ("least=129", 7),
        ("most=28", 1),
        ("most=２８", 1),
        ("kind=套餐", 15),
        ("kind=国际", 0),
        ("q=千兆", 3),
        ("q=GIGABIT", 3),
        ("q=24gd100001", 1),
        ("q=千兆 Unicom", 1),
        ("q=公网IP", 3),
        ("q=%25", 6),
        ("sale=coming", 0),
        ("sale=ended", 0),
        ("sale=all", 15),
    ],
)
def test_conditions_narrow_the_list(client: FlaskClient, query: str, expected: int) -> None:
    assert rows(client.get(f"/fees?{query}").text) == expected


@pytest.mark.parametrize(
    ("sort", "first"),
    [("price", "24GD310002"), ("-price", "24GD110009"), ("speed", "24GD310002"), ("", "24GD310002")],
)
def test_the_list_is_sorted_as_asked(client: FlaskClient, sort: str, first: str) -> None:
    assert listed(client, f"audience=enterprise&sort={sort}")[0] == first


@pytest.mark.parametrize(("sort", "descending"), [("price", False), ("-price", True)])
def test_prices_are_in_order(client: FlaskClient, sort: str, descending: bool) -> None:
    page = client.get(f"/fees?audience=home&sort={sort}").text
    prices = [int(price) for price in re.findall(r"<strong>(\d+) 元/月</strong>", page)]
    assert len(prices) == 9
    assert prices == sorted(prices, reverse=descending)


def test_names_are_sorted(client: FlaskClient) -> None:
    page = client.get("/fees?audience=home&sort=name").text
    names = re.findall(r'role="rowheader" scope="row"><a href="[^"]+">([^<]+)</a>', page)
    assert names == sorted(names)


def test_conditions_combine_and_stay_when_the_language_changes(client: FlaskClient) -> None:
    page = client.get("/fees?audience=home&q=千兆&nonsense=1").text
    kept = "audience=home&amp;q=%E5%8D%83%E5%85%86"
    assert f'href="/fees?{kept}&amp;lang=en"' in page
    assert 'href="/fees?q=%E5%8D%83%E5%85%86&amp;audience=enterprise"' in page
    assert f'href="/fees?{kept}&amp;operator=mobile"' in page
    assert "nonsense" not in page


def test_an_empty_list_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/fees?q=月球宽带").text
    for words in ("没有符合条件的资费", 'href="/fees?sale=all"', 'value="月球宽带"', "清除条件", "10086"):
        assert words in page


@pytest.mark.parametrize("amount", ["abc", "-1", "1.5", "9999999", "٣"])
def test_an_amount_that_is_none_is_told_and_left_out(client: FlaskClient, amount: str) -> None:
    page = client.get("/fees", query_string={"most": amount}).text
    assert "请填整数" in page
    assert rows(page) == SEEDED


@pytest.mark.parametrize("day", ["yesterday", "2025-02-30", "1999-12-31", "9999-12-31", "2025"])
def test_a_day_that_is_none_is_told_and_today_shown(client: FlaskClient, day: str) -> None:
    page = client.get(f"/fees?on={day}").text
    assert "没有这一天的资费" in page
    assert rows(page) == SEEDED


def test_typed_text_is_shown_as_text(client: FlaskClient) -> None:
    page = client.get('/fees?q=<script>alert(1)</script>&on="><b>').text
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_the_first_and_the_last_day_of_sale_count(client: FlaskClient, publisher: Publisher) -> None:
    today = clock.today()
    publisher.plan(on_sale_from=today, on_sale_to=today)
    assert "24GD190001" in listed(client)
    for day, expected in ((today - timedelta(days=1), False), (today + timedelta(days=1), False)):
        assert ("24GD190001" in listed(client, f"on={day}")) is expected


def test_what_is_not_on_sale_is_listed_only_when_asked_for(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(filing_number="24GD190002", on_sale_to=date(2025, 6, 30))
    publisher.plan(filing_number="24GD190003", on_sale_from=clock.today() + timedelta(days=30))
    publisher.plan(filing_number="24GD190004", state="draft", published_at=None)
    assert rows(client.get("/fees").text) == SEEDED
    assert listed(client, "sale=ended") == ["24GD190002"]
    assert listed(client, "sale=coming") == ["24GD190003"]
    assert len(listed(client, "sale=all")) == SEEDED + 2
    assert "24GD190004" not in client.get("/fees?sale=all").text


def test_a_past_day_shows_what_was_in_force_that_day(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1, monthly_fen=8800)
    publisher.plan(version=2, monthly_fen=9900, on_sale_from=date(2025, 7, 1))
    for day, price in (("2025-06-30", "88 元/月"), ("2025-07-01", "99 元/月")):
        page = client.get(f"/fees?q=测试套餐&on={day}").text
        assert rows(page) == 1
        assert price in page
        assert "不是现行资费" in page
    assert rows(client.get("/fees?q=测试套餐&on=2023-12-31").text) == 0


def test_a_day_ahead_shows_what_is_published_for_it(client: FlaskClient, publisher: Publisher) -> None:
    begins = clock.today() + timedelta(days=40)
    publisher.plan(version=1, monthly_fen=8800)
    publisher.plan(version=2, monthly_fen=9900, on_sale_from=begins)
    assert "88 元/月" in client.get("/fees?q=测试套餐").text
    page = client.get(f"/fees?q=测试套餐&on={begins}").text
    assert "99 元/月" in page
    assert "将适用" in page
    assert "?version=2" in page


def test_a_county_sees_its_own_plans_and_those_of_the_city(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(region="441882")
    assert "24GD190001" in listed(client, "county=441882")
    assert len(listed(client, "county=441882")) == SEEDED + 1
    assert len(listed(client, "county=441881")) == SEEDED
    assert "连州市" in client.get("/fees?q=测试套餐").text


def test_the_same_filing_number_stands_in_two_regions(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(region="441882", monthly_fen=8800)
    publisher.plan(monthly_fen=9900)
    assert listed(client, "q=测试套餐") == ["24GD190001", "24GD190001"]
    assert "88 元/月" in client.get("/fees/telecom/24GD190001/441882").text
    assert "99 元/月" in client.get("/fees/telecom/24GD190001/441800").text


def test_an_example_is_called_one(client: FlaskClient, publisher: Publisher) -> None:
    label = 'data-tone="quiet">示例'
    publisher.plan()
    page = client.get("/fees").text
    assert page.count(label) == SEEDED, "every seeded price is an example, the published one is none"
    assert label not in client.get("/fees/telecom/24GD190001/441800").text


def test_announced_changes_stand_above_the_list(client: FlaskClient, publisher: Publisher) -> None:
    assert "资费变动预告" not in client.get("/fees").text
    begins = clock.today() + timedelta(days=40)
    publisher.plan(version=1)
    publisher.announce("price", publisher.plan(version=2, monthly_fen=13900, on_sale_from=begins), begins)
    page = client.get("/fees").text
    assert "资费变动预告" in page
    assert "全部变动（1项）" in page
    assert 'href="/fees/telecom/24GD190001/441800"' in page


def test_search_engines_read_the_prices(client: FlaskClient) -> None:
    page = client.get("/fees?q=24GD100001").text
    found = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    product = found["itemListElement"][0]["item"]
    assert (found["@type"], product["@type"], product["sku"]) == ("ItemList", "Product", "24GD100001")
    monthly, installation = product["offers"]["priceSpecification"]
    assert (monthly["price"], monthly["priceCurrency"], monthly["unitCode"]) == ("129.00", "CNY", "MON")
    assert installation["price"] == "100.00"
    assert product["offers"]["availability"].endswith("/InStock")
