"""Published fee schedules."""

from collections.abc import Iterator
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tracker import clock
from tracker.db import Database
from tracker.tariffs.models import Plan


@pytest.fixture
def gigabit(database: Database) -> Iterator[int]:
    """清远电信's gigabit plan, put back afterwards as it was seeded."""
    table = Plan.__table__
    with database.reading() as connection:
        row = connection.execute(select(table).where(Plan.filing_number == "24GD100001")).one()
    yield row.id
    with database.transaction() as connection:
        connection.execute(update(Plan).where(Plan.id == row.id).values(**row._asdict()))


def change(database: Database, plan_id: int, **values: object) -> None:
    with database.transaction() as connection:
        connection.execute(update(Plan).where(Plan.id == plan_id).values(**values))


def rows(page: str) -> int:
    return page.count('scope="row"')


def test_every_plan_on_sale_is_published(client: FlaskClient) -> None:
    page = client.get("/fees").text
    assert rows(page) == 15
    expected = ["家庭宽带", "企业宽带", "千兆家庭套餐", "1000M", "合约期24个月", "清远联通"]
    for words in ("129 元/月", "100 元", *expected):
        assert words in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("audience=home", 9),
        ("audience=enterprise", 6),
        ("operator=telecom", 5),
        ("audience=home&operator=unicom", 3),
        ("audience=&operator=", 15),
        ("audience=nobody&operator='", 15),
    ],
)
def test_filters_narrow_the_list(client: FlaskClient, query: str, expected: int) -> None:
    assert rows(client.get(f"/fees?{query}").text) == expected


def test_filters_combine_and_stay_when_the_language_changes(client: FlaskClient) -> None:
    page = client.get("/fees?audience=home").text
    assert 'href="/fees?audience=home&amp;operator=mobile"' in page
    assert 'href="/fees?audience=home&amp;lang=en"' in page


def test_an_empty_list_says_what_to_do(client: FlaskClient, database: Database, gigabit: int) -> None:
    with database.transaction() as connection:
        operator_id = connection.scalar(select(Plan.operator_id).where(Plan.id == gigabit))
        homes = (Plan.operator_id == operator_id) & (Plan.audience == "home")
        connection.execute(update(Plan).where(homes).values(state="draft"))
    page = client.get("/fees?audience=home&operator=telecom").text
    with database.transaction() as connection:
        connection.execute(update(Plan).where(homes).values(state="published"))
    assert "没有符合条件的在售资费" in page


@pytest.mark.parametrize(
    "values",
    [
        {"state": "draft"},
        {"state": "withdrawn"},
        {"on_sale_to": date(2024, 1, 2)},
        {"on_sale_from": date(2999, 1, 1)},
    ],
)
def test_what_is_not_on_sale_is_not_listed(
    client: FlaskClient, database: Database, gigabit: int, values: dict[str, object]
) -> None:
    change(database, gigabit, **values)
    assert rows(client.get("/fees").text) == 14


def test_the_first_and_the_last_day_of_sale_count(
    client: FlaskClient, database: Database, gigabit: int
) -> None:
    change(database, gigabit, on_sale_from=clock.today(), on_sale_to=clock.today())
    assert rows(client.get("/fees").text) == 15


def test_a_plan_has_its_page(client: FlaskClient, gigabit: int) -> None:
    page = client.get(f"/fees/{gigabit}").text
    expected = ["千兆家庭套餐", "限清远市内新装", "24GD100001", "2024年1月1日", "清远市", "10000"]
    for words in ("129 元/月", "IPTV 1路", *expected):
        assert words in page
    english = client.get(f"/fees/{gigabit}?lang=en").text
    for words in ("Gigabit home plan", "¥129 a month", "24-month term", "1 January 2024"):
        assert words in english


def test_a_plan_that_was_sold_once_stays_readable(
    client: FlaskClient, database: Database, gigabit: int
) -> None:
    change(database, gigabit, on_sale_to=date(2025, 6, 30))
    page = client.get(f"/fees/{gigabit}").text
    assert "已停售" in page
    assert "2025年6月30日后不再办理" in page
    change(database, gigabit, on_sale_from=date(2999, 1, 1), on_sale_to=None)
    assert "尚未开售" in client.get(f"/fees/{gigabit}").text
    change(database, gigabit, state="draft")
    assert client.get(f"/fees/{gigabit}").status_code == 404


def test_an_example_is_called_one(client: FlaskClient, database: Database, gigabit: int) -> None:
    label = 'data-tone="quiet">示例'
    seeded = client.get("/fees").text.count(label)
    assert seeded == 15, "every seeded price is an example"
    assert label in client.get(f"/fees/{gigabit}").text
    change(database, gigabit, remark="")
    assert client.get("/fees").text.count(label) == seeded - 1
    assert label not in client.get(f"/fees/{gigabit}").text
