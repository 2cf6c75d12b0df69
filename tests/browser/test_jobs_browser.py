"""An installer's day on a phone in a real browser: with signal, without it, and with it coming and going."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from looking import assert_accessible, assert_no_sideways_scrolling
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError
from sqlalchemy import func, select
from stories import NOW

from tests.on_site import GOOD_TEST, PASSWORD, Crew, crew_of, photo
from tests.visiting_slots import Diary
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.site_work.models import InstallerAction, LineTest, SitePhoto, SiteVisit
from tracker.site_work.record_action import Installer
from tracker.staff.sessions import end_sessions


@pytest.fixture
def crew(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> Crew:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return crew_of(runtime, channel, place)


@pytest.fixture
def li(crew: Crew) -> Installer:
    return crew.hire()


class Phone:
    """A phone whose owner signs in."""

    def __init__(self, browser: Browser, desk: str, **how: Any) -> None:
        settings = {
            "base_url": desk,
            "viewport": {"width": 390, "height": 844},
            "has_touch": True,
            "is_mobile": True,
            "locale": "zh-CN",
            **how,
        }
        self.context: BrowserContext = browser.new_context(**settings)
        self.page: Page = self.context.new_page()

    def enter(self, username: str = "li.shifu") -> Page:
        self.page.goto("/sign-in")
        self.page.locator("#username").fill(username)
        self.page.locator("#password").fill(PASSWORD)
        with self.page.expect_navigation():
            self.page.locator("main form button").click()
        return self.page

    def kept(self, *paths: str) -> None:
        """Wait until these pages are kept for when there is no signal."""
        self.page.evaluate(
            """async paths => {
                const missing = async () => {
                    for (const path of paths) if (!await caches.match(location.origin + path)) return path;
                };
                for (let tries = 0; await missing(); tries++) {
                    if (tries > 200) throw new Error(await missing());
                    await new Promise(resolve => setTimeout(resolve, 100));
                }
            }""",
            list(paths),
        )


@pytest.fixture
def phones(browser: Browser, desk: str, li: Installer) -> Iterator[Callable[..., Phone]]:
    """Makes phones, which are put away at the end once nothing of theirs is under way any more."""
    made: list[Phone] = []

    def make(**how: Any) -> Phone:
        made.append(Phone(browser, desk, **how))
        return made[-1]

    yield make
    for one in made:
        # The server does not wait for what is under way when it ends.
        one.page.goto("about:blank")
        one.page.wait_for_timeout(300)
        one.context.close()


@pytest.fixture
def phone(phones: Callable[..., Phone]) -> Phone:
    return phones()


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_job_on_hold_and_one_of_a_later_day_say_what_to_do(
    crew: Crew, li: Installer, phones: Callable[..., Phone], locale: str
) -> None:
    held, later = crew.job(li, visit_in=None), crew.job(li, visit_in=timedelta(days=2))
    crew.hold(held)
    crew.hold(crew.job(None, visit_in=None))
    Diary(crew.runtime, crew.channel.operator_id).fill(clock.today() + timedelta(days=n) for n in (1, 6))
    page = phones(locale=locale, color_scheme="dark" if locale == "en" else "light").enter()
    arrived = "到达现场" if locale == "zh-CN" else "Arrived on site"
    for path in ("/jobs", f"/jobs/{held}", f"/jobs/{later}"):
        page.goto(path)
        expect(page.get_by_role("button", name=arrived)).to_have_count(0)
        assert_accessible(page)
        assert_no_sideways_scrolling(page)
    page.goto(f"/jobs/{held}")
    expect(page.locator("#reappoint input[name=reason_code]")).to_have_count(0)


def say(page: Page, words: str) -> None:
    expect(page.locator("#signal p")).to_contain_text(words, timeout=15_000)


def measure(page: Page) -> None:
    for name, value in GOOD_TEST.items():
        page.locator(f"#{name}").fill(str(value))
    page.get_by_role("button", name="保存测试结果").tap()


def press(page: Page, name: str) -> None:
    """A button, with signal: the page comes anew once what was done is sent."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).tap()
    page.wait_for_load_state()


def give_up(page: Page) -> None:
    """The first step that is stuck, which one tap alone does not delete."""
    steps = page.locator("#unsent li")
    expect(steps.first).to_be_visible()
    before = steps.count()
    steps.first.get_by_text("放弃这一步").tap()
    # What is shown of the signal meanwhile closes nothing.
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(steps).to_have_count(before)
    assert_accessible(page)
    steps.first.get_by_role("button", name="确认放弃").tap()


def stages(crew: Crew, number: str) -> list[str]:
    return [event.stage for event in crew.events(number) if event.kind in ("accepted", "stage")]


def count(crew: Crew, table: type) -> int:
    with crew.runtime.db.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_job_is_done_by_touch(crew: Crew, li: Installer, phone: Phone, tmp_path: Path) -> None:
    number = crew.job(li)
    page = phone.enter()
    page.locator(f".job[data-number='{number}'] a").tap()
    press(page, "到达现场")
    expect(page.locator("#stage")).to_have_text("上门施工")
    expect(page.get_by_role("button", name="装通", exact=True)).to_be_hidden()
    with page.expect_navigation():
        measure(page)
    expect(page.get_by_role("button", name="装通", exact=True)).to_be_visible()
    (tmp_path / "a.jpg").write_bytes(photo((2400, 1200)))
    page.locator("#photo").set_input_files(tmp_path / "a.jpg")
    press(page, "保存照片")
    expect(page.locator(".photos img")).to_have_count(1)
    press(page, "装通")
    expect(page.locator("#stage")).to_have_text("已装通")
    page.get_by_label("宽带已装好并能上网").check()
    page.locator("#last4").fill("9999")
    press(page, "客户确认，竣工")
    expect(page.locator("#unsent")).to_contain_text("后四位不符")
    expect(page.locator("#unsent")).to_contain_text("联系电话后四位 9999")
    give_up(page)
    page.get_by_label("宽带已装好并能上网").check()
    page.locator("#last4").fill("1234")
    press(page, "客户确认，竣工")
    expect(page.locator("#stage")).to_have_text("已竣工")
    assert stages(crew, number)[-3:] == ["on_site", "activated", "completed"]


def test_a_page_loaded_past_the_worker_keeps_the_day_all_the_same(
    crew: Crew, li: Installer, phone: Phone
) -> None:
    number = crew.job(li)
    page = phone.enter()
    phone.kept("/jobs", f"/jobs/{number}")
    page.evaluate("caches.keys().then(names => Promise.all(names.map(name => caches.delete(name))))")
    with page.expect_navigation():
        phone.context.new_cdp_session(page).send("Page.reload", {"ignoreCache": True})
    phone.kept("/jobs", f"/jobs/{number}")


def test_a_photo_that_nobody_can_open_is_told_of_at_once_and_not_kept(
    crew: Crew, li: Installer, phone: Phone, tmp_path: Path
) -> None:
    number = crew.at_stage(li, "arrive")
    page = phone.enter()
    page.goto(f"/jobs/{number}")
    phone.kept(f"/jobs/{number}")
    phone.context.set_offline(True)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    page.locator("#photo").set_input_files(tmp_path / "a.heic")
    page.get_by_role("button", name="保存照片").tap()
    told = page.get_by_role("alert").filter(has_text="HEIC")
    expect(told).to_contain_text("兼容性最佳")
    (tmp_path / "a.jpg").write_bytes(photo())
    page.locator("#photo").set_input_files(tmp_path / "a.jpg")
    page.get_by_role("button", name="保存照片").tap()
    say(page, "离线 · 1 项待发送")
    expect(told).to_have_count(0)


def test_a_step_that_the_phone_cannot_store_is_told_of_and_keeps_its_typing(
    crew: Crew, li: Installer, phone: Phone
) -> None:
    number = crew.at_stage(li, "arrive")
    page = phone.enter()
    phone.kept(f"/jobs/{number}")
    page.goto(f"/jobs/{number}")
    phone.context.set_offline(True)
    say(page, "离线")
    page.evaluate(
        """() => {
            window.add = IDBObjectStore.prototype.add;
            IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError"); };
            navigator.storage.persist = async () => { window.asked = (window.asked ?? 0) + 1; };
        }"""
    )
    measure(page)
    told = page.locator("#act-test").get_by_role("alert").filter(has_text="没有保存")
    expect(told).to_contain_text("请再按一次")
    expect(page.locator("#down_mbps")).to_have_value(str(GOOD_TEST["down_mbps"]))
    expect(page.locator("#pending")).to_be_hidden()
    # There is room again, but the browser has closed the database meanwhile.
    page.evaluate(
        """() => {
            IDBObjectStore.prototype.add = window.add;
            const real = IDBDatabase.prototype.transaction;
            IDBDatabase.prototype.transaction = function (...how) {
                IDBDatabase.prototype.transaction = real;
                this.close();
                return real.apply(this, how);
            };
        }"""
    )
    page.get_by_role("button", name="保存测试结果").tap()
    say(page, "离线 · 1 项待发送")
    expect(told).to_have_count(0)
    expect(page.locator("#down_mbps")).to_have_value("")
    page.get_by_role("button", name="装通", exact=True).tap()
    say(page, "离线 · 2 项待发送")
    assert page.evaluate("window.asked") == 1


def test_the_signal_goes_in_the_middle_of_a_job_and_nothing_is_lost_or_doubled(
    crew: Crew, li: Installer, phone: Phone, tmp_path: Path
) -> None:
    number, other = crew.job(li), crew.job(li, visit_in=timedelta(hours=4))
    page = phone.enter()
    phone.kept("/jobs", f"/jobs/{number}", f"/jobs/{other}")
    phone.context.set_offline(True)
    page.locator(f".job[data-number='{number}'] a").tap()
    expect(page.get_by_role("button", name="到达现场")).to_be_visible()
    page.get_by_role("button", name="到达现场").tap()
    say(page, "离线 · 1 项待发送")
    expect(page.locator("#stage")).to_have_text("上门施工")
    measure(page)
    say(page, "离线 · 2 项待发送")
    (tmp_path / "a.jpg").write_bytes(photo((900, 600)))
    page.locator("#photo").set_input_files(tmp_path / "a.jpg")
    page.get_by_role("button", name="保存照片").tap()
    say(page, "离线 · 3 项待发送")
    # The phone is put away and taken out again.
    page.reload()
    say(page, "离线 · 3 项待发送")
    expect(page.locator("#pending li")).to_have_count(3)
    page.get_by_role("button", name="装通", exact=True).tap()
    say(page, "离线 · 4 项待发送")
    page.goto("/jobs")
    expect(page.locator(f".job[data-number='{number}'] .pending")).to_have_text("4 项待发送")
    assert stages(crew, number)[-1] == "appointed"
    phone.context.set_offline(False)
    say(page, "4 项已全部发送")
    assert stages(crew, number)[-3:] == ["appointed", "on_site", "activated"]
    with crew.runtime.db.reading() as connection:
        kinds = connection.scalars(select(InstallerAction.kind).order_by(InstallerAction.id)).all()
    assert kinds == ["arrive", "test", "photo", "activate"]
    assert [count(crew, table) for table in (SiteVisit, LineTest, SitePhoto)] == [1, 1, 1]


def test_an_answer_that_is_lost_on_its_way_doubles_nothing(crew: Crew, li: Installer, phone: Phone) -> None:
    number = crew.job(li)
    page = phone.enter()
    page.clock.install()
    phone.kept(f"/jobs/{number}")
    page.goto(f"/jobs/{number}")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    phone.context.route("**/jobs/actions", lose, times=1)
    with phone.context.expect_event("requestfailed", lambda request: request.url.endswith("/jobs/actions")):
        page.get_by_role("button", name="到达现场").tap()
    say(page, "1 项待发送")
    # Sent again as soon as something stirs, at the latest by the page's own clock.
    page.clock.fast_forward("00:30")
    say(page, "1 项已全部发送")
    assert stages(crew, number).count("on_site") == 1
    assert [count(crew, table) for table in (SiteVisit, InstallerAction)] == [1, 1]


def test_what_somebody_else_changed_meanwhile_is_told_and_nothing_is_dropped(
    crew: Crew, li: Installer, phone: Phone
) -> None:
    number, other = crew.job(li), crew.job(li, visit_in=timedelta(hours=4))
    page = phone.enter()
    phone.kept(f"/jobs/{number}", f"/jobs/{other}")
    phone.context.set_offline(True)
    for waiting, one in enumerate((number, other), start=1):
        page.goto(f"/jobs/{one}")
        page.get_by_role("button", name="到达现场").tap()
        say(page, f"离线 · {waiting} 项待发送")
    page.goto(f"/jobs/{number}")
    measure(page)
    say(page, "离线 · 3 项待发送")
    desk = Actor(li.actor.operator_id, "staff:wang.min")
    record_progress(crew.runtime, desk, number, {"stage": "withdrawn", "reason_code": "no_longer_wanted"})
    phone.context.set_offline(False)
    say(page, "2 项需要处理")
    stuck = page.locator("#unsent")
    expect(stuck).to_contain_text("有人改动了这个工单")
    expect(stuck).to_contain_text("wang.min · 已撤单 · 客户不再需要")
    expect(stuck).to_contain_text("前一步没有成功")
    assert stages(crew, other)[-1] == "on_site"
    assert stages(crew, number)[-1] == "withdrawn"
    press(page, "重新发送")
    say(page, "2 项需要处理")
    # Since the steps were done, not since the order was accepted.
    expect(stuck).to_contain_text("wang.min · 已撤单 · 客户不再需要")
    expect(stuck).not_to_contain_text("已派单")
    expect(stuck.locator("li")).to_have_count(2)
    expect(stuck).to_contain_text("光功率 dBm -19.25")
    assert_no_sideways_scrolling(page)
    for left in (1, 0):
        give_up(page)
        expect(stuck.locator("li")).to_have_count(left)


def go(page: Page, path: str) -> None:
    """Open a page as somebody who presses again: on a busy machine Chromium now and then drops a navigation
    that a service worker answers.
    """
    try:
        page.goto(path)
    except PlaywrightError as error:
        if "ERR_ABORTED" not in str(error):
            raise
        page.goto(path)


def leave_unsent(phone: Phone, number: str) -> None:
    """Arrive at a job, which cannot be sent, and sign out."""
    page = phone.page
    phone.kept("/jobs", f"/jobs/{number}")
    page.goto(f"/jobs/{number}")
    phone.context.route("**/jobs/day.json", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="到达现场").tap()
    say(page, "1 项待发送")
    go(page, "/jobs/leave")
    expect(page.locator("#leaving")).to_contain_text("本机还有 1 项没有发送")
    with page.expect_navigation(url="**/sign-in"):
        page.get_by_role("button", name="退出登录").tap()
    phone.context.unroute("**/jobs/day.json")


KEPT = "caches.keys().then(names => names.filter(name => name.startsWith('jobs-')))"


def test_without_signal_a_page_that_is_not_kept_takes_nobodys_day_away(
    crew: Crew, li: Installer, phone: Phone
) -> None:
    lis, number = crew.job(li), crew.job(crew.hire("chen.shifu"))
    page = phone.enter()
    leave_unsent(phone, lis)
    phone.enter("chen.shifu")
    phone.kept("/jobs", f"/jobs/{number}")
    phone.context.set_offline(True)
    page.goto(f"/jobs/{lis}")
    expect(page.get_by_role("heading", name="没有信号")).to_be_visible()
    expect(page.get_by_text("待发送")).to_have_count(0)
    page.wait_for_timeout(300)
    page.get_by_role("main").get_by_role("link", name="今日任务").tap()
    page.locator(f".job[data-number='{number}'] a").tap()
    expect(page.get_by_role("button", name="到达现场")).to_be_visible()


def test_signing_out_clears_the_phone_and_the_queue_is_its_owners(
    crew: Crew, li: Installer, phone: Phone
) -> None:
    number = crew.job(li)
    crew.hire("chen.shifu")
    page = phone.enter()
    # The session ends without signal: what is done stays, and is nobody else's to send.
    leave_unsent(phone, number)
    assert page.evaluate(KEPT) == []
    phone.enter("chen.shifu")
    say(page, "在线")
    assert stages(crew, number)[-1] == "appointed"
    page.goto("/jobs/leave")
    # Nothing of chen's is unsent: but clearing everything would take li's step.
    with page.expect_navigation(url="**/sign-in"):
        page.get_by_role("button", name="退出登录").tap()
    phone.enter()
    say(page, "1 项已全部发送")
    assert stages(crew, number)[-1] == "on_site"
    page.goto("/jobs/leave")
    with page.expect_navigation(url="**/sign-in"):
        page.get_by_role("button", name="退出登录").tap()
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("indexedDB.databases().then(some => some.filter(one => one.name === 'jobs'))") == []


def test_a_session_that_ended_elsewhere_leaves_no_address_on_the_phone_and_every_step(
    crew: Crew, li: Installer, phone: Phone
) -> None:
    number = crew.job(li)
    page = phone.enter()
    phone.kept("/jobs", f"/jobs/{number}")
    page.goto(f"/jobs/{number}", wait_until="networkidle")
    with crew.runtime.db.transaction() as connection:
        end_sessions(connection, li.account_id, NOW)
    page.get_by_role("button", name="到达现场").tap()
    say(page, "请登录后发送 · 1 项待发送")
    assert page.evaluate(KEPT) == []
    phone.enter()
    say(page, "1 项已全部发送")
    assert stages(crew, number)[-1] == "on_site"
    phone.kept("/jobs", f"/jobs/{number}")
    page.goto("/account")
    page.get_by_role("button", name="在所有设备上退出").tap()
    expect(page.get_by_role("main")).to_contain_text("本机上存的客户地址和任务会删除")
    with page.expect_navigation(url="**/sign-in"):
        page.get_by_role("button", name="在所有设备上退出").tap()
    assert page.evaluate(KEPT) == []


@pytest.mark.parametrize(
    ("how", "looks_only"),
    [
        ({"viewport": {"width": 390, "height": 844}}, False),
        ({"viewport": {"width": 320, "height": 640}, "locale": "en", "color_scheme": "dark"}, True),
        ({"viewport": {"width": 1280, "height": 800}, "is_mobile": False}, True),
    ],
    ids=["phone", "small-en-dark", "desktop"],
)
def test_every_page_of_jobs_is_accessible(
    crew: Crew, li: Installer, phones: Callable[..., Phone], how: dict[str, Any], looks_only: bool
) -> None:
    numbers = [
        crew.job(li),
        crew.at_stage(li, "arrive", "test"),
        crew.at_stage(li, "arrive", "test", "activate"),
    ]
    crew.job(None)
    crew.job(li, visit_in=None)
    page = phones(**how).enter()
    for path in ("/jobs", *(f"/jobs/{number}" for number in numbers), "/jobs/leave", "/jobs/offline"):
        page.goto(path)
        for details in page.locator("main details:visible").all():
            details.evaluate("one => one.open = true")
        assert_no_sideways_scrolling(page)
        # At the end nothing lies behind the bar.
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        assert_accessible(page, looks_only=looks_only)


def test_by_keyboard_and_without_a_script(crew: Crew, li: Installer, phones: Callable[..., Phone]) -> None:
    number = crew.job(li)
    page = phones(java_script_enabled=False).enter()
    page.locator(f".job[data-number='{number}'] a").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="到达现场").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("已记录到达")
    for name, value in GOOD_TEST.items():
        page.locator(f"#{name}").fill(str(value))
    page.locator("#optical_dbm").press("Enter")
    expect(page.get_by_role("button", name="装通", exact=True)).to_be_visible()
    assert stages(crew, number)[-1] == "on_site"
