"""Announcing a change on the staff pages: its form, its preview, every refusal, and nothing typed lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from html import unescape
from typing import Any

import pytest
from announced_changes import ending, on, telling
from desk_forms import faults, fields_of, press, send
from flask.testing import FlaskClient
from plan_samples import plan_fields
from sqlalchemy import select
from subscribing import City

from tracker.pages import change_forms
from tracker.tariffs.models import Plan
from tracker.tariffs.publish_plan import publish_version
from tracker.tariffs.queries import plan_row
from tracker.tariffs.withdraw_plan import withdraw_plan

NEW = "/tariff-changes/new"
REASON = "粤电信〔2026〕88号"


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """2026-11-24, a Tuesday: what is announced now can be told today."""
    with on(2026, 11, 24, 9):
        yield


@dataclass(frozen=True)
class Office:
    """A manager at the form of a change of the city's plan."""

    client: FlaskClient
    city: City

    def form(self, kind: str = "price", **query: str) -> str:
        """The empty form, but for what the address and the plan give."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.client.get(f"{NEW}?kind={kind}&plan={self.city.plan_id}{more}").text

    def fill(self, kind: str = "price", step: str = "preview", **typed: str) -> Any:
        """Fill a good form, changed by what is typed, and press one of its buttons."""
        good = {
            "price": {"effective_on": "2027-01-20", "monthly_fee": "149"},
            "terms": {"effective_on": "2027-01-20", "summary": "退订改为次月生效"},
            "term_end": {"ends_from": "2027-01-01", "ends_to": "2027-01-31"},
        }[kind]
        page = self.form(kind)
        data = {**fields_of(page), **good, "reason": REASON, **typed, "step": step}
        return send(self.client, f"{NEW}?kind={kind}&plan={self.city.plan_id}", data, page=NEW)

    def announced(self) -> list[Any]:
        """What was stored."""
        return self.city.rows("SELECT * FROM tariff_changes ORDER BY id")


@pytest.fixture
def office(desk: FlaskClient, city: City) -> Office:
    return Office(desk, city)


def test_kind_and_plan_are_chosen_first(desk, city) -> None:
    page = desk.get(f"{NEW}?plan={city.plan_id}").text
    assert f'<option value="{city.plan_id}" selected>' in page
    assert page.count('type="radio"') == 3
    for query in (
        "kind=price",
        "kind=nonsense&plan=1",
        "kind=price&plan=",
        "kind=price&plan=%00",
        "kind=price&plan=9x",
    ):
        assert "哪一类变动" in desk.get(f"{NEW}?{query}").text, query
    assert "请选择变动类型和资费方案" in desk.get(f"{NEW}?kind=price&plan=").text
    again = desk.get(f"{NEW}?kind=terms&plan={city.plan_id}&choose=1").text
    assert 'value="terms" required checked' in again


def test_a_version_leads_to_the_one_that_is_on_sale(desk, city) -> None:
    with on(2026, 11, 1, 9), city.run.db.transaction() as connection:
        row = connection.execute(select(Plan.__table__).where(Plan.id == city.plan_id)).one()._mapping
        fields = {**{name: row[name] for name in plan_fields()}, "on_sale_from": date(2026, 11, 10)}
        second = publish_version(
            connection, 1, fields | {"monthly_fen": 11900}, "staff:x", "x", change_id=None
        )
    page = desk.get(f"{NEW}?kind=price&plan={city.plan_id}").text
    assert f"kind=price&amp;plan={second}" in page
    assert "现为 119 元/月" in page


def test_a_plan_that_is_sold_no_more_can_be_chosen_and_one_that_has_not_begun_cannot(desk, city) -> None:
    with on(2026, 11, 20, 9):
        withdraw_plan(city.run.db, 1, city.plan_id, "停售", "staff:x", last_day=date(2026, 11, 20))
    with on(2026, 11, 21, 9):
        assert 'name="monthly_fee"' in desk.get(f"{NEW}?kind=price&plan={city.plan_id}").text
        page = desk.get(f"{NEW}?kind=price&plan=999999").text
    assert "该方案尚未上线" in page
    assert "已停售，仅在网用户" in page


def test_a_plans_page_leads_to_announcing_and_to_the_change_that_brought_it(office, as_, city) -> None:
    change = telling(city)
    shown = office.client.get(f"/plans/{city.plan_id}").text
    assert f'href="/tariff-changes/new?plan={city.plan_id}"' in shown
    assert "公告变动" not in as_("counter").get(f"/plans/{city.plan_id}").text
    (row,) = office.announced()
    assert f'href="/tariff-changes/{change}"' in office.client.get(f"/plans/{row.plan_id}").text


def test_a_price_is_previewed_and_announced(office, city) -> None:
    city.subscribe(7)
    city.subscribe(2, takes_texts=False)
    city.subscribe(1, language="en")
    city.subscribe(3, monthly_fen=9900, agreed_until=date(2027, 6, 30), agreement="contract")
    page = office.form()
    assert "最早可为 2026年12月25日" in page
    assert 'name="summary"' not in page
    preview = unescape(office.fill(monthly_fee="149.50").text)
    for words in (
        "129 → 149.50 元/月",
        "<strong>10</strong>",  # subscribers
        "8 条，计费",
        "其中 2 人改为电话",
        "12月19日（周六）",  # the last day to tell for 20 January
        "12月6日（周日）",  # 45 days before
        "由129元调为149.50元",
        "changes from 129 yuan to 149.50 yuan",
        "分 1 天发完",
    ):
        assert words in preview, words
    assert re.search(r"因约定价格不受影响</dt><dd>3<", preview)
    assert office.announced() == []
    assert city.notices() == []
    answer = press(office.client, preview, "announce")
    (row,) = office.announced()
    assert answer.headers["Location"] == f"/tariff-changes/{row.id}"
    assert (row.kind, row.effective_on, row.announced_by) == ("price", date(2027, 1, 20), "staff:manager")
    assert row.reason == "粤电信〔2026〕88号"
    assert city.rows("SELECT monthly_fen FROM plans WHERE id = :id", id=row.plan_id)[0].monthly_fen == 14950
    assert "已公告。" in office.client.get(answer.headers["Location"]).text


NEEDED = "必填"


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        (
            "price",
            {"effective_on": "", "monthly_fee": "", "reason": " "},
            dict.fromkeys(("effective_on", "monthly_fee", "reason"), NEEDED),
        ),
        ("price", {"effective_on": "明天"}, {"effective_on": "须为日期，如 2026-11-25"}),
        (
            "price",
            {"monthly_fee": "12.345"},
            {"monthly_fee": "须为 0 至 1,000,000 元，最多两位小数，如 129 或 129.50"},
        ),
        (
            "price",
            {"monthly_fee": "-1", "effective_on": "x"},
            {
                "monthly_fee": "须为 0 至 1,000,000 元，最多两位小数，如 129 或 129.50",
                "effective_on": "须为日期，如 2026-11-25",
            },
        ),
        ("price", {"monthly_fee": "129"}, {"monthly_fee": "与现行资费相同"}),
        ("price", {"effective_on": "2026-11-24"}, {"effective_on": "生效日须晚于今天"}),
        ("price", {"effective_on": "2029-12-31"}, {"effective_on": "生效日须在 730 天之内"}),
        (
            "price",
            {"effective_on": "2026-12-24"},
            {"effective_on": "须提前一个月告知：最早可于 2026年12月25日 生效"},
        ),
        ("price", {"reason": "长" * 201}, {"reason": None}),
        ("price", {"reason": "a\u200bb"}, {"reason": None}),
        ("terms", {}, {"fields": "与现行资费相同"}),
        ("terms", {"summary": "", "cancellation": "电话办理"}, {"summary": NEEDED}),
        ("terms", {"summary": "看 http://a.cn", "cancellation": "电话办理"}, {"summary": None}),
        ("terms", {"summary": "退订变更★", "cancellation": "电话办理"}, {"summary": "短信不能包含：★"}),
        ("terms", {"summary_en": "【x】", "cancellation": "电话办理"}, {"summary_en": None}),
        ("terms", {"summary": "长" * 61, "cancellation": "电话办理"}, {"summary": None}),
        (
            "terms",
            {"installation_fee": "一百"},
            {"installation_fee": "须为 0 至 1,000,000 元，最多两位小数，如 129 或 129.50"},
        ),
        ("terms", {"download_mbps": "快"}, {"download_mbps": None}),
        ("terms", {"name": ""}, {"name": "必填"}),
        ("term_end", {"ends_from": "", "ends_to": ""}, dict.fromkeys(("ends_from", "ends_to"), NEEDED)),
        ("term_end", {"ends_to": "2026-12-31"}, {"ends_to": "结束日早于开始日"}),
        (
            "term_end",
            {"ends_from": "2026-12-10"},
            {"ends_from": "须提前一个月告知：最早可于 2026年12月25日 生效"},
        ),
        ("term_end", {"ends_from": "2026-11-01", "ends_to": "2026-11-23"}, {"ends_from": "生效日须晚于今天"}),
    ],
)
def test_every_refusal_stands_beside_its_field_and_nothing_typed_is_lost(office, kind, typed, told) -> None:
    answer = office.fill(kind, **typed)
    assert answer.status_code == 422
    found = faults(answer.text)
    assert set(found) == set(told)
    for name, words in told.items():
        assert found[name]
        assert words is None or found[name] == words
        assert f'<a href="#{name}">' in answer.text, "the summary leads to it"
    assert f"有 {len(told)} 处需要改正" in answer.text
    kept = fields_of(answer.text)
    assert {name: kept[name] for name in typed} == typed
    before = fields_of(office.form(kind))
    assert before.keys() <= kept.keys()
    if kind == "terms":
        assert kept["services"] == before["services"]
    assert office.announced() == []


def test_a_plan_that_ends_before_that_day_changes_for_those_who_have_it(office, city) -> None:
    with on(2026, 11, 20, 9):
        withdraw_plan(city.run.db, 1, city.plan_id, "停售", "staff:x", last_day=date(2026, 12, 31))
    assert office.fill(step="announce").status_code == 302
    (row,) = office.announced()
    with city.run.db.reading() as connection:
        brought = plan_row(connection, 1, row.plan_id, date(2027, 2, 1))
    assert brought is not None
    assert brought["standing"] == "present_only"


def test_faults_are_told_in_the_order_of_the_fields(office) -> None:
    told = office.fill("terms", reason="", installation_fee="x", summary="", effective_on="").text
    order = re.findall(r'<li><a href="#([a-z_]+)">', told)
    assert order == ["effective_on", "summary", "reason", "installation_fee"]


def test_a_refusal_is_told_in_english_too(office, city) -> None:
    office.client.get(f"{NEW}?lang=en")
    page = office.fill(effective_on="2026-12-24").text
    assert "25 December 2026 is the earliest day it can take effect" in page
    assert "Make it 25 December 2026" in page


def test_what_the_plan_lacks_is_told_when_it_is_announced(office, city) -> None:
    answer = office.fill("terms", restrictions="", cancellation="电话办理", step="announce")
    assert (answer.status_code, faults(answer.text)) == (
        422,
        {"restrictions": "发布前须用通俗的话写明限制条件；没有限制请写“无”"},
    )
    assert fields_of(answer.text)["cancellation"] == "电话办理"
    assert office.announced() == []


def test_the_earliest_lawful_day_is_one_click_away(office, city) -> None:
    page = office.fill(effective_on="2026-12-01", monthly_fee="151").text
    button = re.search(r'name="step" value="(fill:effective_on:2026-12-25)"', page)
    assert button
    filled = press(office.client, page, button[1])
    kept = fields_of(filled.text)
    assert (kept["effective_on"], kept["monthly_fee"], kept["reason"]) == ("2026-12-25", "151", REASON)
    assert faults(filled.text) == {}
    assert "核对后公告" in press(office.client, filled.text, "preview").text
    ends = office.fill("term_end", ends_from="2026-12-01").text
    assert 'value="fill:ends_from:2026-12-24"' in ends, "the day before the one on which it would begin"


@pytest.mark.parametrize("step", ["fill:", "fill:reason", "fill:plan:7", "fill:effective_on:x:y"])
def test_a_tampered_button_does_no_harm(office, step) -> None:
    answer = office.fill(step=step)
    assert answer.status_code == 200
    assert fields_of(answer.text)["monthly_fee"] == "149"
    assert office.announced() == []


def test_a_manager_may_announce_it_all_the_same_and_is_named(office, city) -> None:
    city.subscribe(2)
    assert "override_reason" not in office.form()
    refused = office.fill(effective_on="2026-12-10").text
    assert "仍按此日期公告" in refused
    preview = press(office.client, refused, "preview", override_reason="监管要求").text
    assert "由 manager 决定照常公告：监管要求" in preview
    press(office.client, preview, "announce")
    (row,) = office.announced()
    assert (row.override_reason, row.override_by) == ("监管要求", "manager")
    shown = office.client.get(f"/tariff-changes/{row.id}").text
    assert "告知不足一个月" in shown
    assert "监管要求（manager）" in shown


def test_back_to_the_form_nothing_is_lost(office, city) -> None:
    preview = office.fill("terms", cancellation="电话办理\n次月生效", summary_en="cancel by phone").text
    back = fields_of(press(office.client, preview, "edit").text)
    assert back["summary_en"] == "cancel by phone"
    assert back["cancellation"].splitlines() == ["电话办理", "次月生效"]
    assert back["effective_on"] == "2027-01-20"


def test_a_change_announced_twice_is_announced_once(office, city) -> None:
    first = office.fill(step="announce").headers["Location"]
    again = office.fill(step="announce")
    assert (again.status_code, again.headers["Location"]) == (302, first)
    assert len(office.announced()) == 1
    assert "这项变动已经公告，没有重复" in office.client.get(first).text


def test_another_change_on_the_same_day_is_told_with_a_way_to_the_first(office, city) -> None:
    first = office.fill(step="announce").headers["Location"]
    for typed in ({"monthly_fee": "159"}, {"reason": "另一个原因"}):
        answer = office.fill(**typed, step="announce")
        assert answer.status_code == 409
        assert "同一方案同一生效日已公告过变动" in faults(answer.text)["effective_on"]
        assert f'<a href="{first}">' in answer.text
    assert office.fill().status_code == 409, "a preview does not lead away from the form"
    assert len(office.announced()) == 1


def test_other_terms_bring_only_what_was_altered(office, city) -> None:
    city.subscribe(2)
    city.subscribe(1, language="en")
    answer = office.fill(
        "terms", cancellation="电话办理\n次月生效", installation_fee="0", summary_en="cancel by phone"
    )
    preview = unescape(answer.text)
    assert re.search(r"<del>100 元</del> → <ins>0 元</ins>", preview)
    assert "<ins>电话办理；次月生效</ins>" in preview
    assert preview.count("<ins>") == 2
    assert "起有变动：退订改为次月生效。" in preview
    assert "changes: cancel by phone." in preview
    press(office.client, preview, "announce")
    (row,) = office.announced()
    before, after = city.rows(
        "SELECT * FROM plans WHERE id IN (:a, :b) ORDER BY id", a=city.plan_id, b=row.plan_id
    )
    differing = {name for name in plan_fields() if getattr(before, name) != getattr(after, name)}
    assert differing == {"cancellation", "installation_fen", "on_sale_from"}
    shown = unescape(office.client.get(f"/tariff-changes/{row.id}").text)
    assert "<ins>电话办理；次月生效</ins>" in shown


def test_the_end_of_agreed_prices_is_previewed_text_by_text(office, city, monkeypatch) -> None:
    for day in range(4, 11):
        ending(city, day, date(2027, 1, day))
    monkeypatch.setattr(change_forms, "_MOST_WORDINGS", 6)
    preview = unescape(office.fill("term_end").text)
    assert "约定资费于2027年1月10日到期，2027年1月11日起月费由99元恢复为129元" in preview
    assert preview.count('class="bubble"') == 6
    assert "另外 3 种文字" in preview
    assert "还有 1 种只在日期或金额上不同" in preview
    assert "按各人到期日" in preview
    location = press(office.client, preview, "announce").headers["Location"]
    assert office.fill("term_end", step="announce").headers["Location"] == location
    overlap = office.fill("term_end", ends_from="2027-01-31", ends_to="2027-02-28")
    assert "到期日范围与变动" in faults(overlap.text)["ends_from"]
    page = unescape(office.client.get(location).text)
    assert "2027年1月1日 至 2027年1月31日 到期的用户" in page
    assert "最后一批生效" in page


def test_nobody_to_tell_is_told(office, city) -> None:
    assert "没有用户需要告知" in office.fill().text


def test_a_preview_warns_when_sending_takes_longer_than_there_is_time(office, city) -> None:
    city.subscribe(10)
    run = office.client.application.extensions["tracker"]
    slow = replace(run.config, sms_rates={"recording": 0.5 / 46_800})
    office.client.application.extensions["tracker"] = replace(run, config=slow)
    assert "要发 40 天，而到最晚告知日只有 14 天" in office.fill().text
    office.client.application.extensions["tracker"] = run
    assert "发不完" not in office.fill().text
