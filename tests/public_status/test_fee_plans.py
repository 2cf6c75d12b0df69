"""The page of one plan: its versions, what is announced of it, and its address, which stays."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from tests.published_plans import Publisher, becomes

PATH = "/fees/telecom/24GD190001/441800"
NEW_YEAR = date(2027, 1, 1)
WITHDRAWN_AT = datetime(2026, 11, 20, 2, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("morning")


def plain(page: str) -> str:
    """The text of a page as it is read, without what only helpers see."""
    main = page.split("<main")[1].split("</main>")[0]
    text = re.sub(r'<span class="unseen">.*?</span>', "", main)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


def test_a_plan_has_its_page(client: FlaskClient) -> None:
    page = client.get("/fees/telecom/24GD100001/441800").text
    expected = ["千兆家庭套餐", "限清远市内新装", "24GD100001", "2024年1月1日", "清远市", "10000"]
    for words in ("129 元/月", "IPTV 1路", *expected):
        assert words in page
    english = client.get("/fees/telecom/24GD100001/441800?lang=en").text
    for words in ("Gigabit home plan", "¥129 a month", "24-month term", "1 January 2024"):
        assert words in english


def test_every_published_field_is_shown_and_chinese_ones_are_marked(
    client: FlaskClient, publisher: Publisher
) -> None:
    stated = {
        "scope": "适用范围的话",
        "sales_channels": "营业厅；小程序",
        "validity": "有效期的话",
        "stay": "在网的话",
        "cancellation": "退订的话",
        "liability": "违约的话",
        "voice": "语音的话",
        "data": "流量的话",
        "iptv": "电视的话",
        "benefits": "权益的话",
        "overage": "超出的话",
        "other_services": "其他服务的话",
        "remark": "其他说明的话",
    }
    publisher.plan(**stated, restrictions_en="")
    for query, marked in (("", False), ("?lang=en", True)):
        page = client.get(PATH + query).text
        for words in stated.values():
            for part in words.split("；"):
                assert part in page
        assert ('lang="zh-CN">退订的话' in page) is marked
        assert ("shown as filed" in page) is marked
    assert '<ul class="parts" lang="zh-CN"><li>营业厅</li>' in page
    assert '<span lang="zh-CN">合约期24个月</span>' in page, "no translation: as filed"


def test_what_is_not_stated_is_left_out(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan()
    text = plain(client.get(PATH).text)
    for label in ("在网要求", "违约责任", "超出资费", "权益"):
        assert label not in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fees/telecom/24GD999999/441800", 404),
        ("/fees/nobody/24GD100001/441800", 404),
        ("/fees/telecom/24GD100001/441802", 404),
        ("/fees/telecom/24GD100001/441800?version=2", 404),
        ("/fees/telecom/24GD100001/441800?version=x", 404),
        ("/fees/telecom/24GD100001/441800?version=١", 404),
        ("/fees/telecom/24GD100001", 404),
        ("/fees/999999999", 404),
        ("/fees/99999999999999999999", 404),
        ("/fees/", 404),
    ],
)
def test_what_was_never_published_is_not_found(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "没有这个页面" in answer.text


def test_the_old_address_leads_to_the_stable_one(client: FlaskClient, publisher: Publisher) -> None:
    first = publisher.plan()
    answer = client.get(f"/fees/{first}")
    assert (answer.status_code, answer.headers["Location"]) == (301, PATH)
    second = publisher.plan(version=2, on_sale_from=date(2025, 7, 1))
    assert becomes(lambda: client.get(f"/fees/{second}").status_code == 301)
    for row, number in ((first, 1), (second, 2)):
        assert client.get(f"/fees/{row}").headers["Location"] == f"{PATH}?version={number}"


def test_a_draft_is_nowhere(client: FlaskClient, publisher: Publisher) -> None:
    draft = publisher.plan(state="draft", published_at=None, name="秘密草稿")
    publisher.plan(version=2)
    for path in (PATH, f"{PATH}?version=1", f"/fees/{draft}", "/fees?sale=all", "/fees.json", "/fees.csv"):
        assert "秘密草稿" not in client.get(path).text
    assert client.get(f"{PATH}?version=1").status_code == 404


def test_an_unusual_filing_number_has_a_page_too(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(filing_number="粤/24 号#1")
    path = "/fees/telecom/%E7%B2%A4/24%20%E5%8F%B7%231/441800"
    assert f'href="{path}"' in client.get("/fees?q=测试套餐").text
    assert "粤/24 号#1" in client.get(path).text


def test_versions_stand_in_order_with_their_days(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1, monthly_fen=8800)
    publisher.plan(version=2, monthly_fen=9900, on_sale_from=date(2025, 7, 1))
    publisher.plan(version=3, monthly_fen=10900, on_sale_from=NEW_YEAR)
    text = plain(client.get(PATH).text)
    told = text[text.index("版本") :]
    for words in (
        "第1版 已由新版接替 88 元/月 2024年1月1日 – 2025年6月30日",
        "第2版 现行 99 元/月 2025年7月1日 – 2026年12月31日 · 本页显示",
        "第3版 尚未生效 109 元/月 2027年1月1日 起",
    ):
        assert words in told
    assert "本版执行至2026年12月31日 第3版" in text, "the eve of the next version, and the way to it"
    assert "下线日期" not in text, "the plan itself goes on"
    assert "This version holds until31 December 2026 Version 3" in plain(client.get(f"{PATH}?lang=en").text)
    assert "下线日期未定" in plain(client.get(f"{PATH}?version=3&lang=zh").text)
    old = client.get(f"{PATH}?version=1").text
    assert "这是以前的第1版" in old
    assert "适用于2025年6月30日及以前办理的客户" in old
    assert "88 元/月" in plain(old)
    assert "尚未生效" in client.get(f"{PATH}?version=3").text


def test_a_version_with_an_end_of_its_own_leaves_a_gap(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1, on_sale_to=date(2025, 6, 30))
    publisher.plan(version=2, monthly_fen=9900, on_sale_from=NEW_YEAR)
    page = client.get(PATH).text
    assert "尚未开售" in page
    assert "2027年1月1日起开售" in page
    old = client.get(f"{PATH}?version=1").text
    assert "已停售" in old
    assert "2025年6月30日后不再办理" in old


def test_a_plan_that_was_sold_once_stays_readable(client: FlaskClient, publisher: Publisher) -> None:
    row = publisher.plan()
    publisher.withdraw_plan(row, date(2025, 6, 30))
    page = client.get(PATH).text
    assert "已停售" in page
    assert "2025年6月30日后不再办理" in page
    assert '"https://schema.org/Discontinued"' in page


def test_what_was_taken_back_before_it_began_says_so(client: FlaskClient, publisher: Publisher) -> None:
    row = publisher.plan(on_sale_from=NEW_YEAR)
    publisher.withdraw_plan(row, date(2026, 12, 31))
    page = client.get(PATH).text
    assert "第1版在生效前已撤回" in page
    assert "现行" not in plain(page).split("版本")[1]


def test_a_change_of_a_plan_that_is_not_sold_any_more_is_for_present_customers(
    client: FlaskClient, publisher: Publisher
) -> None:
    publisher.plan(version=1, on_sale_to=date(2025, 6, 30))
    publisher.announce(
        "price",
        publisher.plan(
            version=2, monthly_fen=13900, on_sale_from=NEW_YEAR, on_sale_to=NEW_YEAR - timedelta(days=1)
        ),
        NEW_YEAR,
    )
    page = plain(client.get(PATH).text)
    assert "已停售" in page
    assert "自2027年1月1日起 129 → 139 元/月" in page
    assert "仅适用于在网用户" in page
    assert "生效前已撤回" not in page
    assert "自2027年1月1日起" not in plain(client.get("/fees?sale=on").text).split("家庭宽带")[-1]
    second = plain(client.get(f"{PATH}?version=2").text)
    assert "该方案已停售。2027年1月1日起，在网用户按这一版执行。" in second


def test_an_announced_price_is_told_with_both_prices(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1)
    publisher.announce("price", publisher.plan(version=2, monthly_fen=13900, on_sale_from=NEW_YEAR), NEW_YEAR)
    for path in (PATH, "/fees", "/fees/changes"):
        text = plain(client.get(path).text)
        assert "自2027年1月1日起 129 → 139 元/月" in text, path
        assert "2026年11月15日公告" in text
    english = plain(client.get(f"{PATH}?lang=en").text)
    assert "From 1 January 2027: ¥129 → ¥139 a month" in english
    assert "announced on 15 November 2026" in english


def test_changed_terms_are_told_in_the_announced_words(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1)
    version = publisher.plan(version=2, on_sale_from=NEW_YEAR)
    publisher.announce(
        "terms", version, NEW_YEAR, summary="语音改为300分钟", summary_en="300 minutes of calls"
    )
    assert "自2027年1月1日起 语音改为300分钟" in plain(client.get(PATH).text)
    assert "From 1 January 2027: 300 minutes of calls" in plain(client.get(f"{PATH}?lang=en").text)


def test_an_announcement_without_translation_is_marked_as_chinese(
    client: FlaskClient, publisher: Publisher
) -> None:
    publisher.plan(version=1)
    version = publisher.plan(version=2, on_sale_from=NEW_YEAR)
    publisher.announce("terms", version, NEW_YEAR, summary="语音改为300分钟")
    assert '<span lang="zh-CN">语音改为300分钟</span>' in client.get(f"{PATH}?lang=en").text


def test_an_end_of_agreed_prices_is_told_as_long_as_it_goes_on(
    client: FlaskClient, publisher: Publisher
) -> None:
    publisher.plan()
    ends = {"ends_from": date(2026, 10, 1), "ends_to": date(2026, 11, 24)}
    publisher.announce("term_end", None, date(2026, 10, 2), **ends)
    words = "约定价格在2026年10月1日至2026年11月24日到期的客户，自各自到期的次日起按标准资费计费"
    assert words in plain(client.get(PATH).text), "somebody's begins tomorrow"
    publisher.execute("UPDATE tariff_changes SET ends_to = '2026-11-23' WHERE kind = 'term_end'")
    assert becomes(lambda: "约定价格" not in plain(client.get(PATH).text))
    assert "至2026年11月23日到期" in plain(client.get("/fees/changes").text).split("一年内已开始的变动")[1]


def test_a_withdrawn_change_is_told_until_its_day(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1)
    version = publisher.plan(version=2, monthly_fen=13900, on_sale_from=NEW_YEAR)
    change = publisher.announce("price", version, NEW_YEAR)
    publisher.withdraw_plan(version, date(2026, 12, 31))
    publisher.withdraw_change(change, WITHDRAWN_AT)
    for path in (PATH, "/fees/changes"):
        text = plain(client.get(path).text)
        assert "已撤回 自2027年1月1日起 129 → 139 元/月" in text, path
        assert "2026年11月15日公告，2026年11月20日撤回" in text
    assert "资费变动预告" not in client.get("/fees").text
    publisher.execute("UPDATE tariff_changes SET effective_on = '2026-11-24'")
    assert becomes(lambda: "已撤回 自" not in plain(client.get(PATH).text))
    assert "已撤回" not in client.get("/fees/changes").text


def test_changes_that_began_are_remembered_for_a_year(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1)
    version = publisher.plan(version=2, monthly_fen=13900, on_sale_from=date(2025, 11, 24))
    publisher.announce("price", version, date(2025, 11, 24))
    page = client.get("/fees/changes").text
    assert "目前没有已公告、将要开始的变动" in page
    assert "129 → 139 元/月" in plain(page)
    publisher.execute("UPDATE tariff_changes SET effective_on = '2025-11-23'")
    assert becomes(lambda: "139" not in plain(client.get("/fees/changes").text))


def test_nothing_of_who_decided_and_why_is_shown(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(version=1)
    version = publisher.plan(version=2, on_sale_from=NEW_YEAR)
    publisher.announce("price", version, NEW_YEAR, reason="内部理由", override_reason="内部例外")
    for path in (PATH, "/fees", "/fees/changes", "/fees.json"):
        page = client.get(path).text
        for secret in ("内部理由", "内部例外", "wang.min"):
            assert secret not in page


def test_search_engines_read_the_plan(client: FlaskClient, publisher: Publisher) -> None:
    publisher.plan(name="</script><b>套餐", on_sale_to=date(2027, 6, 30))
    page = client.get(PATH).text
    assert "</script><b>" not in page
    found = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert found["name"] == "</script><b>套餐"
    assert found["@id"].endswith(PATH)
    assert found["offers"]["availabilityEnds"] == "2027-06-30"
