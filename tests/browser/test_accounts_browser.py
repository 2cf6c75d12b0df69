"""From an invitation to a day's work, and what accounts look like, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from looking import assert_accessible, assert_no_sideways_scrolling
from sqlalchemy import select
from visiting import Clerk

from tests.staff_sessions import PHONE_SECRET, give_phone
from tracker import clock
from tracker.notices.drafts import SECRET
from tracker.notices.models import Notice
from tracker.staff.create_account import create_account
from tracker.staff.models import Account
from tracker.staff.rules import current_code
from tracker.staff.second_factor import SECRET as PHONE

pytestmark = pytest.mark.browser

NEW = "four unrelated words here"


@pytest.fixture
def code(runtime) -> Callable[[], str]:
    """The code of the latest text."""

    def read() -> str:
        with runtime.db.reading() as connection:
            sealed = connection.scalar(
                select(Notice.secret).where(Notice.template == "staff_code").order_by(Notice.id.desc())
            )
        return str(runtime.keys.open(bytes(sealed), SECRET))

    return read


def press(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_a_manager_is_invited_enrols_a_phone_and_is_in(clerk: Clerk, code, runtime) -> None:
    """On a desktop with the keyboard the invitation, on a phone everything else."""
    desk = clerk.enter("/staff/invite", width=1280, height=900)
    desk.locator("#username").focus()
    for typed in ("he.li", "何丽"):
        desk.keyboard.type(typed)
        desk.keyboard.press("Tab")
    desk.locator("#role").select_option("manager")
    desk.keyboard.press("Tab")
    desk.keyboard.type("138 0000 9876")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert desk.get_by_role("status").inner_text().startswith("邀请已发出")
    assert_accessible(desk)

    phone = clerk.open("/sign-in", width=390, height=844)
    assert_accessible(phone)
    phone.get_by_role("link", name="收到了邀请或验证码").click()
    phone.locator("#username").fill("he.li")
    phone.locator("#code").fill(code())
    phone.locator("#password").fill(NEW)
    phone.locator("#again").fill(NEW + "!")
    press(phone, "设置密码并登录")
    assert phone.locator("#again-fault").inner_text() == "两次输入的新密码不一致"
    assert phone.locator("#username").input_value() == "he.li"
    assert_accessible(phone, looks_only=True)
    phone.locator("#code").fill(code())
    phone.locator("#password").fill(NEW)
    phone.locator("#again").fill(NEW)
    press(phone, "设置密码并登录")

    assert phone.get_by_role("heading", level=1).inner_text() == "设置动态码"
    assert_accessible(phone)
    assert_no_sideways_scrolling(phone)
    assert phone.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    secret = phone.locator(".secret").inner_text().replace(" ", "").strip()
    phone.locator("#code").fill(current_code(secret, clock.now()))
    press(phone, "完成设置并登录")
    assert phone.locator(".recovery li").count() == 10
    assert_accessible(phone)
    phone.get_by_role("link", name="已保存，继续").click()
    phone.goto("/account")
    assert phone.get_by_role("heading", level=2).first.inner_text() == "何丽"
    assert phone.locator(".devices li").count() == 1
    assert_accessible(phone)
    assert_no_sideways_scrolling(phone)
    press(phone, "在所有设备上退出")
    assert phone.get_by_role("heading", level=1).inner_text() == "登录"
    with runtime.db.reading() as connection:
        sealed = connection.scalar(select(Account.totp_secret).where(Account.username == "he.li"))
    assert runtime.keys.open(bytes(sealed), PHONE) == secret


def test_signing_in_with_a_code_leads_back_to_where_one_was_going(clerk: Clerk, runtime) -> None:
    give_phone(runtime, "wang.min")
    page = clerk.open("/plans?standing=draft", width=1280, height=900, language="en-US", script=False)
    page.locator("#username").fill("wang.min")
    page.locator("#password").fill("not this one")
    press(page, "Sign in")
    assert "Wrong name or password" in page.get_by_role("alert").inner_text()
    assert_accessible_without_script(page)
    page.locator("#password").fill(clerk.password)
    press(page, "Sign in")
    page.locator("#code").fill(current_code(PHONE_SECRET, clock.now()))
    press(page, "Sign in")
    assert page.url.endswith("/plans?standing=draft")


def assert_accessible_without_script(page: Any) -> None:
    """What can be asked of a page that runs no script."""
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_label("Username").count() == 1
    assert page.get_by_label("Password").get_attribute("autocomplete") == "current-password"


@pytest.mark.parametrize(("width", "language", "dark"), [(390, "zh-CN", True), (1280, "en-US", False)])
def test_people_are_listed_and_kept(clerk: Clerk, runtime, channel, width, language, dark) -> None:
    create_account(
        runtime.db,
        username="li.jun",
        password=NEW,
        role="installer",
        display_name="李军",
        operator_id=channel.operator_id,
        title="李师傅",
        staff_number="0321",
    )
    page = clerk.enter("/staff", width=width, height=844, language=language, dark=dark)
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    page.get_by_role("link", name="李军").click()
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    press(page, "停用" if language == "zh-CN" else "Disable")
    assert page.get_by_role("status").count() == 1
    assert page.get_by_role("button", name="重新启用" if language == "zh-CN" else "Enable").count() == 1
    for path in ("/account", "/account/password", "/staff/invite"):
        page.goto(path)
        assert_accessible(page, looks_only=True)
        assert_no_sideways_scrolling(page)
