"""Orders entered at the counter in a browser: by keyboard alone, without script, on a phone, in the dark."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select
from visiting import Clerk

from tracker.orders.models import Order
from tracker.places.finding import find, label
from tracker.runtime import Runtime

# What an order takes at the keyboard beside its own words; more would be a step that nobody needs.
_MOST_KEYS = 25


@dataclass
class Keyboard:
    """Somebody's hands: keys that lead on, and words that are typed."""

    page: Page
    keys: int = 0

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)
            self.keys += 1

    def write(self, words: str) -> None:
        self.page.keyboard.type(words)

    def next(self, words: str = "") -> None:
        """On to the next field, and type."""
        self.press("Tab")
        if words:
            self.write(words)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.name"))


def orders(runtime: Runtime) -> list[Any]:
    with runtime.db.reading() as connection:
        return list(connection.execute(select(Order.__table__).order_by(Order.id)).all())


def ready(page: Page) -> None:
    """The list of communities is there."""
    expect(page.locator("#place[data-ready]")).to_be_visible()


def test_a_home_and_a_company_are_entered_by_keyboard_alone(clerk: Clerk, runtime: Runtime) -> None:
    page = clerk.enter("/counter", width=1280, height=800)
    ready(page)
    hands = Keyboard(page)
    expect(page.locator("#panel")).to_contain_text("先选受理渠道")
    assert focused(page) == "channel"
    hands.press("Space")
    expect(page.locator("#panel")).not_to_contain_text("先选受理渠道")
    hands.next()
    assert focused(page) == "kind"
    hands.next("张三")
    hands.next("138 0000 1234")
    hands.next("dcls")
    expect(page.locator("#phone-said")).to_have_text("手机号，发短信告知")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.locator("#place-said")).to_contain_text("1 个结果")
    hands.press("Enter")
    expect(page.locator("#place")).to_have_value("清城区 东城街道 澜水村委会")
    hands.next("北江路1号2栋301房")
    hands.next()
    hands.next("千兆")
    assert focused(page) == "plan-search"
    hands.press("Enter")
    expect(page.locator("#told")).to_contain_text("前装通")
    shown = page.locator("#panel").inner_text()
    assert "129 元/月" in shown
    # Past the chosen plan: how to tell, in which language, who needs help, which dealer; then the tick.
    for field in ("notify_by", "language", "needs_assistance", "dealer", "acknowledged"):
        hands.next()
        assert focused(page) == field
    hands.press("Space")
    hands.next()
    with page.expect_navigation():
        hands.press("Enter")
    assert hands.keys <= _MOST_KEYS
    expect(page.get_by_role("button", name="打印回执")).to_be_focused()
    (home,) = orders(runtime)
    expect(page.locator(".order-number")).to_have_text(home.number)
    promise = re.search(r"承诺 .+ 前装通", shown)
    assert promise
    expect(page.locator(".promised")).to_have_text(promise[0])

    hands = Keyboard(page)
    hands.press("Tab")
    with page.expect_navigation():
        hands.press("Enter")
    ready(page)
    # The channel of the last order is chosen already.
    expect(page.locator("input[name=channel]:checked")).to_be_focused()
    hands.next()
    hands.press("ArrowRight")
    hands.next("北江五金")
    hands.next("0763-3368888")
    hands.next("91350100M000100Y43")
    hands.next("441802006")
    expect(page.get_by_role("option").first).to_be_visible()
    hands.press("ArrowDown", "Enter")
    hands.next("北江路2号")
    hands.next()
    hands.next("500m")
    hands.press("Enter")
    expect(page.locator("#told")).to_contain_text("前装通")
    expect(page.locator('[name=notify_by][value="call"]')).to_be_checked()
    for _ in range(5):
        hands.next()
    assert focused(page) == "acknowledged"
    hands.press("Space")
    hands.next()
    with page.expect_navigation():
        hands.press("Enter")
    assert hands.keys <= _MOST_KEYS
    _, company = orders(runtime)
    expect(page.locator(".order-number")).to_have_text(company.number)
    assert (company.customer_kind, company.notify_by) == ("enterprise", "call")
    assert company.credit_code is not None


def test_the_list_agrees_with_the_service_and_follows_the_keys(clerk: Clerk, runtime: Runtime) -> None:
    places = list(runtime.reference.current().places.values())
    page = clerk.enter("/counter", width=1280, height=800)
    ready(page)
    box = page.locator("#place")
    for typed in (
        "dcjd",
        "清城 东城",
        "澜水",
        "fogang longshan",
        "441881",
        "changling",
        "xinxu",
        "dapu",
        "dabu",
        "清城东城",
        "qcdcls",
        "ＤＣ ls",
        "连南",
        "x",
        "zzzz没有",
    ):
        box.fill(typed)
        found = [place.code for place in find(places, typed)]
        expect(page.locator("#place-said")).to_contain_text(f"{len(found)} 个结果" if found else "没有符合")
        listed = page.locator("#place-list [role=option]").evaluate_all("all => all.map(one => one.id)")
        assert listed == [f"place-{code}" for code in found[:40]], typed
    box.fill("dcjd")
    first, second = find(places, "dcjd")[:2]
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).to_have_attribute("aria-activedescendant", f"place-{first.code}")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", f"place-{second.code}")
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.input_value() == "dcjd"
    box.press("ArrowDown")
    box.press("ArrowUp")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value(label(second))
    expect(page.locator("[name=community_code]")).to_have_value(second.code)
    box.press("Backspace")
    expect(page.locator("[name=community_code]")).to_have_value("")


def test_without_script_it_goes_step_by_step(clerk: Clerk, runtime: Runtime) -> None:
    page = clerk.enter("/counter", width=390, script=False)
    page.locator("input[name=channel]").first.check()
    page.fill("#name", "李四")
    page.fill("#phone", "13800001234")
    page.fill("#place", "东城")
    page.fill("#detail", "北江路9号")
    page.get_by_label(re.compile("家庭宽带300M")).check()
    page.get_by_role("button", name="核对承诺和费用").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label("清城区 东城街道 澜水村委会").check()
    page.get_by_role("button", name="核对承诺和费用").click()
    expect(page.locator("#told")).to_contain_text("前装通")
    assert orders(runtime) == []
    page.get_by_role("button", name="保存订单").click()
    expect(page.locator("#acknowledged-fault")).to_be_visible()
    page.locator("#acknowledged").check()
    page.get_by_role("button", name="保存订单").click()
    (order,) = orders(runtime)
    expect(page.locator(".order-number")).to_have_text(order.number)
    assert page.get_by_role("button", name="打印回执").count() == 0


def test_what_was_typed_outlives_the_session_in_this_window_alone(clerk: Clerk, runtime: Runtime) -> None:
    page = clerk.enter("/counter", width=1280)
    ready(page)
    page.fill("#name", "王五")
    page.fill("#phone", "13800001234")
    page.fill("#place", "dcls")
    page.keyboard.press("Enter")
    session = page.context.cookies()
    page.context.clear_cookies(name="session")
    page.get_by_role("button", name="核对承诺和费用").click()
    page.context.add_cookies(session)
    page.goto("/counter")
    page.get_by_role("button", name="接着填").click()
    expect(page.locator("#name")).to_have_value("王五")
    expect(page.locator("#place")).to_have_value("清城区 东城街道 澜水村委会")
    expect(page.locator("[name=community_code]")).to_have_value("441802007206")
    assert page.evaluate("localStorage.length") == 0
    page.goto("/counter")
    page.get_by_role("button", name="丢弃").click()
    assert page.evaluate("sessionStorage.length") == 0
    page.fill("#name", "赵六")
    assert "赵六" in json.dumps(page.evaluate("Object.values(sessionStorage)"), ensure_ascii=False)
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")
    assert page.evaluate("sessionStorage.length") == 0


def test_a_draft_whose_order_was_stored_and_only_the_answer_lost_makes_no_second_order(
    clerk: Clerk, runtime: Runtime
) -> None:
    page = clerk.enter("/counter", width=1280)
    ready(page)
    page.locator("input[name=channel]").first.check()
    page.fill("#name", "钱七")
    page.fill("#phone", "13800001234")
    page.fill("#detail", "北江路7号")
    page.fill("#place", "dcls")
    expect(page.get_by_role("option")).to_have_count(1)
    page.locator("#place").press("Enter")
    page.fill("#plan-search", "24GD100001")
    page.locator("#plan-search").press("Enter")

    def save() -> None:
        expect(page.locator("[name=stamp]")).to_be_attached()
        page.locator("#acknowledged").check()
        page.locator("button[value=save]").click()

    def lose_answer(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/counter", lose_answer)
    with page.expect_event("requestfailed"):
        save()
    page.unroute("**/counter")
    (stored,) = orders(runtime)

    page.goto("/counter")
    ready(page)
    page.get_by_role("button", name="接着填").click()
    expect(page.locator("#name")).to_have_value("钱七")
    save()
    expect(page.locator(".order-number")).to_have_text(stored.number)
    assert [order.number for order in orders(runtime)] == [stored.number]


@pytest.mark.parametrize("language", LANGUAGES)
def test_form_faults_and_receipt_are_for_everybody(clerk: Clerk, runtime: Runtime, language: str) -> None:
    page = clerk.enter("/counter", width=390, language=language)

    def look() -> None:
        assert_for_everybody(page, language)

    ready(page)
    look()
    page.locator("button[value=check]").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look()
    ready(page)
    page.locator("input[name=channel]").first.check()
    page.fill("#name", "张三")
    page.fill("#phone", "13800001234")
    page.fill("#detail", "北江路1号")
    page.fill("#place", "dcjd")
    expect(page.get_by_role("option").first).to_be_visible()
    look()
    page.locator("#place").press("Enter")
    page.fill("#plan-search", "24GD100001")
    page.locator("#plan-search").press("Enter")
    expect(page.locator("[name=stamp]")).to_be_attached()
    look()
    page.locator("#acknowledged").check()
    page.locator("button[value=save]").click()
    expect(page.locator(".order-number")).to_be_visible()
    look()


@pytest.mark.parametrize(("paper", "width"), [("A4", 718), ("80 mm", 264)])
def test_a_receipt_on_paper_bears_nothing_but_itself(
    clerk: Clerk, order: Any, paper: str, width: int
) -> None:
    number = order("on_time")
    page = clerk.enter(f"/orders/{number}/receipt", width=width, height=1000)
    page.emulate_media(media="print")
    expect(page.locator(".receipt")).to_be_visible()
    for hidden in ("body > header", "body > footer", "[data-print]"):
        expect(page.locator(hidden)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if paper == "A4":
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
