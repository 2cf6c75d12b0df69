"""The procedure and the standards, for homes and for companies."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from test_fee_plans import plain

from tests.published_plans import PUBLISHED_AT, Publisher, becomes
from tracker import clock
from tracker.db import Database
from tracker.promises.models import PromiseRule

pytestmark = pytest.mark.usefixtures("morning")


@pytest.fixture
def rule(database: Database, publisher: Publisher) -> Iterator[Any]:
    """Publishes a limit of 清远电信 for homes; none of them stays."""
    added = []

    def publish(**changes: Any) -> None:
        values = {
            "operator_id": publisher.operator_id("telecom"),
            "version": 9,
            "customer_kind": "home",
            "product": "dedicated_line",
            "area": "urban",
            "resource": "any",
            "amount": 7,
            "unit": "calendar_days",
            "valid_from": date(2024, 1, 1),
            "created_at": PUBLISHED_AT,
        } | changes
        with database.transaction() as connection:
            added.append(connection.scalar(insert(PromiseRule).returning(PromiseRule.id), values))

    yield publish
    publisher.execute("DELETE FROM promise_rules WHERE id = ANY(:ids)", ids=added)


def test_the_procedure_is_told_step_by_step(client: FlaskClient) -> None:
    page = client.get("/process").text
    text = plain(page)
    steps = ["申请报装", "受理", "实名核验", "资源核查", "派单和预约", "上门安装", "装通测速", "竣工确认"]
    places = [page.index(f"<h3>{step}</h3>") for step in steps]
    assert places == sorted(places)
    for words in ("广东省政务服务", "营业厅", "行政服务中心", "10086", "本人有效身份证件", "12345", "12300"):
        assert words in text
    assert "营业执照" not in text
    assert "营业执照" in plain(client.get("/process?audience=enterprise").text)


@pytest.mark.parametrize("path", ["/process", "/standard"])
def test_an_unknown_audience_is_a_home(client: FlaskClient, path: str) -> None:
    home = plain(client.get(path).text)
    assert plain(client.get(f"{path}?audience=nobody").text) == home
    assert plain(client.get(f"{path}?audience=enterprise").text) != home


def test_the_limits_of_each_operator_are_told(client: FlaskClient) -> None:
    home = plain(client.get("/standard").text)
    for words in ("清远电信", "清远移动", "清远联通", "48小时内", "72小时内", "10个工作日内", "城区", "农村"):
        assert words in home
    assert home.count("示例，待运营商确认") == 9
    assert "从受理时起连续计算" in home
    enterprise = plain(client.get("/standard?audience=enterprise").text)
    for words in ("3个工作日内", "15个工作日内", "互联网专线", "截至最后一天18:00"):
        assert words in enterprise
    assert "48小时内" not in enterprise
    english = plain(client.get("/standard?lang=en").text)
    for words in ("Within 48 hours", "Within 10 working days", "A line must be built first"):
        assert words in english


def test_the_law_is_cited_where_it_is_law(client: FlaskClient) -> None:
    text = plain(client.get("/standard").text)
    for words in (
        "1%支付违约金（《电信条例》第三十一条）",
        "（《民法典》第二百零一条）",
        "（《民法典》第二百零三条）",
    ):
        assert words in text


def test_a_published_limit_shows_at_once_and_real_ones_are_no_examples(
    client: FlaskClient, rule: Any
) -> None:
    assert "7天内" not in client.get("/standard").text
    rule(remark="")
    assert becomes(lambda: "7天内" in client.get("/standard").text)
    text = plain(client.get("/standard").text)
    assert text.count("示例，待运营商确认") == 9
    assert "截至最后一天24:00" in text
    assert "Within 7 days" in client.get("/standard?lang=en").text


def test_a_late_acceptance_is_explained(client: FlaskClient, rule: Any) -> None:
    rule(late_counts_as_next_day=True, cut_off="16:00")
    assert "16:00后或休息日受理的，视为下一个工作日受理" in client.get("/standard").text


def test_limits_tell_from_when_and_until_when(client: FlaskClient, rule: Any) -> None:
    today = clock.today()
    rule(valid_to=today, amount=6)
    rule(valid_from=today + timedelta(days=1), amount=5)
    rule(valid_from=date(2023, 1, 1), valid_to=date(2023, 12, 31), amount=4, area="rural")
    text = plain(client.get("/standard").text)
    assert "至2026年11月24日受理的订单止" in text
    assert "自2026年11月25日受理的订单起" in text
    assert "4天内" not in text


def test_an_operator_without_limits_says_so(client: FlaskClient, publisher: Publisher) -> None:
    publisher.execute(
        "INSERT INTO operators (code, name, name_en, signature, hotline)"
        " VALUES ('cbn', '清远广电', 'Qingyuan CBN', '清远广电', '10099')"
    )
    try:
        text = plain(client.get("/standard").text)
        assert "还没有公布时限，请拨打 10099 咨询" in text
        assert "清远广电" in client.get("/fees").text
    finally:
        publisher.execute("DELETE FROM operators WHERE code = 'cbn'")


def test_the_holidays_that_lie_ahead_are_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "今年余下没有法定节假日和调休" in client.get("/standard").text
    at = clock.now().replace(month=1, day=20)
    monkeypatch.setattr(clock, "now", lambda: at)
    text = plain(client.get("/standard").text)
    assert "春节：2026年2月15日 – 2026年2月23日" in text
    assert "调休上班：2026年2月14日、2026年2月28日" in text


@pytest.mark.usefixtures("changeable")
def test_without_a_calendar_the_standards_are_told_all_the_same(
    client: FlaskClient, publisher: Publisher
) -> None:
    publisher.execute("DELETE FROM calendar_days")
    publisher.execute("DELETE FROM calendar_years")
    page = client.get("/standard")
    assert page.status_code == 200
    assert "节假日安排" not in page.text
    assert "48小时内" in page.text
