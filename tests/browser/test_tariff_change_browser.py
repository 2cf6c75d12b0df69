"""Announced changes as a manager works with them in a browser: by keyboard, on a phone, without scripts."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from announced_changes import awaiting, ending, in_effect, on, telling, withdrawn
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import Page, expect
from sqlalchemy import select
from stories import NOW
from subscribing import PLAN, City
from visiting import Clerk

from tracker import clock
from tracker.pages import changes
from tracker.runtime import Runtime
from tracker.tariff_changes.upkeep import keep_change
from tracker.tariffs.models import Plan

pytestmark = pytest.mark.browser

NEW = "/tariff-changes/new"


@pytest.fixture
def city(runtime: Runtime, plans: None, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with runtime.db.reading() as connection:
        plan = connection.execute(select(Plan.id, Plan.operator_id).where(Plan.filing_number == PLAN)).one()
    return City(runtime, plan.operator_id, plan.id)


@pytest.fixture
def every_page(city: City, monkeypatch: pytest.MonkeyPatch) -> Callable[[Page], Iterator[Page]]:
    """Goes from page to page, through every state that they have."""

    def walk(page: Page) -> Iterator[Page]:
        page.goto("/tariff-changes")
        yield page
        done, told, gone, later = in_effect(city), telling(city), withdrawn(city), awaiting(city)
        ending(city, 3, date(2026, 12, 10))
        ending(city)
        one = f"/tariff-changes/{told}"
        addresses = [
            "/tariff-changes",
            "/tariff-changes?standing=in_effect&kind=terms",
            NEW,
            f"{NEW}?kind=price&plan=",
            f"{NEW}?kind=price&plan={city.plan_id}",
            f"{NEW}?kind=terms&plan={city.plan_id}",
            f"{NEW}?kind=term_end&plan={city.plan_id}",
            *(f"/tariff-changes/{change}" for change in (done, told, gone, later)),
            f"{one}/subscribers",
            f"/tariff-changes/{done}/subscribers",
            f"/tariff-changes/{gone}/subscribers",
            f"{one}/subscribers?told=late",
            f"{one}/withdraw",
            "/subscribers/price",
            "/subscribers/price?reference=KD00000004&on=2026-11-25",
            "/subscribers/price?reference=nobody&on=never",
        ]
        for address in addresses:
            page.goto(address)
            yield page
        yield from _steps(page, city)
        with monkeypatch.context() as patch:
            patch.setattr(changes, "COUNTED_AT_ONCE", 1)
            page.goto(one)
            yield page

    return walk


def _steps(page: Page, city: City) -> Iterator[Page]:
    """Every refusal and preview of each kind."""
    for kind in ("price", "terms", "term_end"):
        page.goto(f"{NEW}?kind={kind}&plan={city.plan_id}")
        go_on(page)
        yield page
    page.goto(f"{NEW}?kind=terms&plan={city.plan_id}")
    for group in page.locator("details").all():
        group.locator("summary").click()
    yield page
    page.locator("#effective_on").fill("2026-12-01")
    page.locator("#summary").fill("退订改为次月生效")
    page.locator("#cancellation").fill("营业厅或电话办理")
    page.locator("#reason").fill("粤电信〔2026〕88号")
    go_on(page)
    page.locator(".override summary").click()
    yield page
    page.locator("#override_reason").fill("监管要求")
    go_on(page)
    yield page
    page.goto(f"{NEW}?kind=term_end&plan={city.plan_id}&ends_from=2027-01-01&ends_to=2027-01-31")
    page.locator("#reason").fill("合同约定")
    go_on(page)
    yield page


def go_on(page: Page) -> None:
    """To the preview."""
    with page.expect_navigation():
        page.locator("form.plan-form button.primary").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(
    clerk: Clerk, every_page: Callable[[Page], Iterator[Page]], language: str
) -> None:
    for page in every_page(clerk.enter(language=language)):
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator(".answer[data-tone=danger]"), "an error page").to_have_count(0)
        assert_for_everybody(page, language)


def test_a_change_is_announced_watched_and_withdrawn(clerk: Clerk, city: City) -> None:
    city.subscribe(6)
    city.subscribe(2, takes_texts=False)
    page = clerk.enter("/", width=1280, script=False)
    page.get_by_role("link", name="资费", exact=True).click()
    page.get_by_role("link", name="资费变动").click()
    expect(page.get_by_role("heading", name="还没有公告过资费变动")).to_be_visible()
    page.get_by_role("link", name="公告变动").click()
    page.get_by_label("调价").check()
    page.get_by_label("资费方案").select_option(str(city.plan_id))
    page.get_by_role("button", name="继续").click()
    page.get_by_label("生效日").fill("2026-12-20")
    page.get_by_label("新月费（元/月）").fill("139")
    page.get_by_label("原因").fill("粤电信〔2026〕88号")
    go_on(page)
    expect(page.get_by_role("alert")).to_contain_text("最早可于 2026年12月25日 生效")
    page.get_by_role("button", name="改为 2026年12月25日").click()
    expect(page.get_by_label("生效日")).to_have_value("2026-12-25")
    expect(page.get_by_label("新月费（元/月）")).to_have_value("139")
    go_on(page)
    expect(page.locator(".answer")).to_contain_text("2026年12月25日起 129 → 139 元/月")
    expect(page.locator(".bubble")).to_contain_text("自2026年12月25日起月费由129元调为139元")
    page.get_by_role("button", name="返回修改").click()
    page.get_by_label("生效日").fill("2027-01-01")
    go_on(page)
    page.get_by_role("button", name="公告", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已公告。")
    expect(page.locator(".answer .badge")).to_have_text("告知中")
    row = page.locator("table.told tr", has_text="未生成")
    expect(row.locator("td").first).to_have_text("8")
    (change,) = city.rows("SELECT id FROM tariff_changes")
    keep_change(city.run, change.id)
    for notice in city.rows("SELECT id FROM notices WHERE state = 'created' ORDER BY id LIMIT 4"):
        city.arrive(notice.id, NOW)
    page.reload()
    page.locator("table.told tr", has_text="按时告知").get_by_role("link").click()
    expect(page.locator("table.proof-list tbody tr")).to_have_count(4)
    page.get_by_role("link", name="KD00000001").click()
    expect(page.locator(".answer .figure")).to_have_text("139 元/月")
    page.goto(f"/tariff-changes/{change.id}")
    page.get_by_role("link", name="撤回这项变动").click()
    expect(page.get_by_text("已告知或可能已告知的 4 位用户会收到更正短信。")).to_be_visible()
    page.get_by_label("原因").fill("总部通知暂缓")
    page.get_by_role("button", name="撤回").click()
    expect(page.locator(".answer .badge")).to_have_text("已撤回")
    keep_change(city.run, change.id)
    page.reload()
    expect(page.locator("dl", has_text="已更正")).to_contain_text("更正短信4")


def test_pressing_twice_announces_once(clerk: Clerk, city: City) -> None:
    """The second press comes from the preview that the way back shows again."""
    page = clerk.enter(f"{NEW}?kind=price&plan={city.plan_id}", width=1280)
    page.locator("#effective_on").fill("2027-01-20")
    page.locator("#monthly_fee").fill("139")
    page.locator("#reason").fill("x")
    go_on(page)
    content = page.content()
    page.get_by_role("button", name="公告", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已公告。")
    page.route("**/again", lambda route: route.fulfill(body=content, content_type="text/html; charset=utf-8"))
    page.goto("/again")
    page.get_by_role("button", name="公告", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("没有重复")
    assert len(city.rows("SELECT id FROM tariff_changes")) == 1


def test_enter_goes_on_to_the_preview_and_never_takes_the_offered_day(clerk: Clerk, city: City) -> None:
    page = clerk.enter(f"{NEW}?kind=price&plan={city.plan_id}", width=1280, script=False)
    page.locator("#effective_on").fill("2026-12-01")
    page.locator("#monthly_fee").fill("139")
    page.locator("#reason").fill("x")
    page.locator("#reason").press("Enter")
    expect(page.get_by_role("button", name="改为 2026年12月25日")).to_be_visible()
    page.locator("#monthly_fee").press("Enter")
    expect(page.locator("#effective_on")).to_have_value("2026-12-01")
    expect(page.get_by_role("alert")).to_contain_text("须提前一个月告知")


def test_other_terms_are_edited_where_they_stand(clerk: Clerk, city: City) -> None:
    page = clerk.enter(f"{NEW}?kind=terms&plan={city.plan_id}", width=390)
    expect(page.locator("#cancellation")).to_be_hidden()
    page.locator("details", has_text="限制与约定").locator("summary").click()
    page.locator("#cancellation").fill("电话办理")
    page.locator("#effective_on").fill("2027-01-20")
    page.locator("#reason").fill("x")
    go_on(page)
    # What was altered stays open beside what is missing.
    expect(page.locator("#cancellation")).to_be_visible()
    page.get_by_role("alert").get_by_role("link", name="短信里怎么说").click()
    expect(page.locator("#summary")).to_be_focused()
    page.locator("#summary").fill("退订改为电话办理")
    go_on(page)
    expect(page.locator(".changes ins")).to_have_text("电话办理")
    expect(page.locator(".changes del")).to_contain_text("营业厅")


def test_an_end_that_nobody_announced_is_announced_from_the_list(clerk: Clerk, city: City) -> None:
    ending(city, 12, date(2027, 1, 1))
    page = clerk.enter("/tariff-changes", width=390)
    band = page.get_by_role("region", name="约定价格即将到期，尚未公告")
    expect(band).to_contain_text("2027年1月有 12 位用户约定价格到期。")
    expect(band).to_contain_text("请尽快")
    band.get_by_role("link", name="公告到期").click()
    expect(page.locator("#ends_from")).to_have_value("2027-01-01")
    page.get_by_label("原因").fill("合同约定")
    go_on(page)
    expect(page.locator(".bubble")).to_contain_text("2027年1月2日起月费由99元恢复为129元")
    page.get_by_role("button", name="公告", exact=True).click()
    page.get_by_role("link", name="返回资费变动").click()
    expect(band).to_have_count(0)
    expect(page.locator("table.change-list tbody tr")).to_have_count(1)


def test_the_proofs_are_downloaded(clerk: Clerk, city: City) -> None:
    with on(2026, 11, 24, 8, 40):
        change = telling(city)
    page = clerk.enter(f"/tariff-changes/{change}", width=1280)
    for kind, ending_of in (("CSV", "csv"), ("Excel", "xlsx")):
        with page.expect_download() as started:
            page.get_by_role("link", name=f"下载全部（{kind}）").click()
        assert started.value.suggested_filename == f"tariff-change-{change}.{ending_of}"
