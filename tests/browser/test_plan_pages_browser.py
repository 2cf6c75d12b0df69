"""Plans as a manager works with them in a browser: by keyboard, on a phone, without JavaScript."""

import csv
import re
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from looking import LANGUAGES, assert_accessible, assert_for_everybody
from plan_samples import BY, plan_fields
from playwright.sync_api import Page, expect
from stories import NOW
from visiting import Clerk

from tracker import clock
from tracker.pages.plan_words import GROUPS
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.tariffs.file_columns import COLUMNS
from tracker.tariffs.publish_plan import publish_plan
from tracker.tariffs.save_plan import copy_plan, draft_plan, edit_draft
from tracker.tariffs.withdraw_plan import withdraw_plan
from tracker.tariffs.written import write

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("plans")]


@pytest.fixture
def draft(
    runtime: Runtime, channel: ChannelFacts, plans: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """Stores a draft on the morning of the stories; `state` takes it further: "published" or "ending"."""
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def make(state: str = "draft", **changes: Any) -> int:
        owner = channel.operator_id
        plan_id = draft_plan(runtime.db, owner, plan_fields(**changes), BY)
        if state != "draft":
            publish_plan(runtime.db, owner, plan_id, "粤电信〔2026〕88号", BY)
        if state == "ending":
            withdraw_plan(runtime.db, owner, plan_id, "活动结束", BY, last_day=date(2026, 11, 30))
        return plan_id

    return make


@pytest.fixture
def every_page(runtime: Runtime, channel: ChannelFacts, draft: Callable[..., int]) -> Callable[[Page], Any]:
    """Goes from page to page, through every state that they have."""
    going = draft("ending", filing_number="26GD900001", on_sale_from="2026-11-24")
    done = draft("published", filing_number="26GD900002")
    lacking = draft(filing_number="七", restrictions="", name_en="", on_sale_from="2026-11-01")
    following = copy_plan(runtime.db, channel.operator_id, done, BY, on_sale_from=date(2027, 1, 1))

    def change(**changes: Any) -> None:
        fields = plan_fields(filing_number="26GD900002", on_sale_from="2027-01-01", **changes)
        edit_draft(runtime.db, channel.operator_id, following, fields, BY)

    change(monthly_fen=17900)
    addresses = [
        "",
        "?q=nothing",
        "/new",
        "/import",
        f"/{going}",
        f"/{going}/resume",
        f"/{done}",
        f"/{done}/withdraw",
        f"/{lacking}/edit",
        f"/{lacking}/withdraw",
        f"/{lacking}/publish",
        f"/{following}",
        f"/{following}/publish",
    ]

    fees = count(18900)

    def walk(page: Page) -> Any:
        for address in addresses:
            page.goto(f"/plans{address}")
            yield page
        page.goto("/plans/new")
        save(page)
        yield page
        page.goto(f"/plans/{following}/edit")
        change(monthly_fen=next(fees))
        save(page)
        yield page

    return walk


def save(page: Page) -> None:
    with page.expect_navigation():
        page.locator("form.plan-form button").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(clerk: Clerk, every_page: Callable[[Page], Any], language: str) -> None:
    for page in every_page(clerk.enter(language=language)):
        assert_for_everybody(page, language)


def test_a_plan_is_written_and_published_by_keyboard_alone(clerk: Clerk, plans: None) -> None:
    page = clerk.enter("/plans/new", width=1280)
    texts = write(plan_fields())
    # From what a select shows at first: nothing, and the whole city.
    presses = {"kind": 0, "audience": 1, "region": 1}
    page.locator("#filing_number").focus()
    met: list[str] = []
    # A date is several stops of the keyboard.
    for _ in range(60):
        name = page.evaluate("document.activeElement.name ?? ''")
        if name not in met and name in texts:
            met.append(name)
            if name in presses:
                for _ in range(presses[name]):
                    page.keyboard.press("ArrowDown")
            elif name == "on_sale_from":
                # In the order of the browser's own language, whatever the page's is.
                page.keyboard.type("11262026")
            elif texts[name]:
                page.keyboard.press("ControlOrMeta+a")
                page.keyboard.type(texts[name])
        elif met and name not in texts:
            break
        page.keyboard.press("Tab")
    assert met == [field.written for _, fields in GROUPS for field in fields]
    assert page.evaluate("document.activeElement.textContent") == "保存草稿"
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("草稿已保存。")
    expect(page.get_by_role("heading", level=1)).to_have_text("两千兆家庭套餐")
    expect(page.locator(".answer .reference")).to_contain_text("清城区")
    expect(page.locator(".answer .promise")).to_contain_text("2026年11月26日 起")
    page.get_by_role("link", name="预览并发布").press("Enter")
    expect(page.locator(".as-seen")).to_contain_text("169 元/月")
    page.get_by_label("原因").fill("粤电信〔2026〕88号")
    page.keyboard.press("Enter")
    expect(page.locator(".answer .badge").first).to_have_text("待上线")
    expect(page.locator(".ledger > li").last).to_contain_text("粤电信〔2026〕88号")


def test_a_fault_leads_to_its_field_and_what_was_typed_is_there(clerk: Clerk, plans: None) -> None:
    page = clerk.enter("/plans/new", width=1280)
    page.get_by_label("资费名称").fill("我的套餐")
    page.get_by_label("资费标准（元/月）").fill("12.345")
    save(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("处需要改正")
    alert.get_by_role("link", name="资费标准（元/月）").click()
    expect(page.locator("#monthly_fee")).to_be_in_viewport()
    expect(page.locator("#monthly_fee")).to_have_value("12.345")
    expect(page.locator("#monthly_fee")).to_have_accessible_description(
        "须为 0 至 1,000,000 元，最多两位小数，如 129 或 129.50"
    )
    expect(page.locator("#name")).to_have_value("我的套餐")


def test_of_two_who_edit_the_second_sees_what_the_first_did(clerk: Clerk, draft: Callable[..., int]) -> None:
    plan_id = draft()
    first, second = (clerk.enter(f"/plans/{plan_id}/edit", width=1280) for _ in range(2))
    first.locator("#monthly_fee").fill("159")
    save(first)
    second.locator("#remark").fill("我写的说明")
    save(second)
    expect(second.get_by_role("alert")).to_contain_text("有人改动了这份草稿")
    expect(second.get_by_role("alert")).to_contain_text("169 元/月 → 159 元/月")
    expect(second.locator("#remark")).to_have_value("我写的说明")
    second.locator("#monthly_fee").fill("159")
    save(second)
    expect(second.locator(".answer .promise")).to_contain_text("159 元/月")
    expect(second.locator(".ledger > li").last).to_contain_text("我写的说明")


def test_a_version_is_taken_off_sale_and_put_back(clerk: Clerk, draft: Callable[..., int]) -> None:
    plan_id = draft("published", on_sale_from="2026-11-24")
    page = clerk.enter(f"/plans/{plan_id}", width=390)
    page.get_by_role("link", name="撤下").click()
    page.get_by_label("原因").fill("误操作")
    page.get_by_role("button", name="撤下").click()
    expect(page.locator(".answer")).to_contain_text("已定下线")
    expect(page.locator(".answer")).to_contain_text("至 2026年11月24日")
    page.get_by_role("link", name="恢复销售").click()
    page.get_by_label("原因").fill("撤错了")
    page.get_by_role("button", name="恢复销售").click()
    expect(page.locator(".answer")).to_contain_text("2026年11月24日 起")
    expect(page.locator(".answer")).not_to_contain_text("已定下线")


def test_a_file_is_brought_in_and_the_refused_rows_are_taken_home(
    clerk: Clerk, plans: None, tmp_path: Path
) -> None:
    path = tmp_path / "资费.csv"
    rows = [write(plan_fields(filing_number=f"26GD90000{number}")) for number in range(3)]
    rows[1]["monthly_fee"] = "=1+1"
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.zh for column in COLUMNS.values()])
        writer.writerows([row[name] for name in COLUMNS] for row in rows)
    page = clerk.enter("/plans/import", width=1280)
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="导入").click()
    expect(page.get_by_role("heading", name="导入完成，1 行没有导入")).to_be_visible()
    expect(page.locator("table.faults")).to_contain_text("H 资费标准")
    assert_accessible(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="下载这些行和原因（CSV）").click()
    assert started.value.suggested_filename == "未导入的行.csv"
    content = Path(started.value.path()).read_bytes().decode("utf-8-sig")
    assert "'=1+1" in content
    mended = tmp_path / "mended.csv"
    mended.write_text(content.replace("'=1+1", "129"), encoding="utf-8")
    page.locator("#file").set_input_files(mended)
    page.get_by_role("button", name="导入").click()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    page.get_by_role("link", name="查看草稿").click()
    expect(page.locator("table.work tbody tr")).to_have_count(3)


def test_the_list_leads_to_a_plan_and_keeps_its_filter_in_the_address(
    clerk: Clerk, draft: Callable[..., int]
) -> None:
    draft(name="春季促销")
    page = clerk.enter("/", width=1280)
    page.get_by_role("link", name="资费", exact=True).click()
    page.get_by_label("状态").select_option("draft")
    page.get_by_role("button", name="筛选").click()
    expect(page).to_have_url(re.compile("standing=draft"))
    page.get_by_role("link", name="春季促销").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("春季促销")
    page.get_by_role("link", name="返回资费列表").click()
    expect(page.get_by_role("link", name="千兆家庭套餐")).to_be_visible()
