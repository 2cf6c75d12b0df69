"""Webhooks as a manager works with them in a browser: on a phone, by keyboard, in both languages."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import Page, expect
from sqlalchemy import text
from stories import NOW
from visiting import Clerk

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.webhooks.change_webhook import create_webhook, pause_webhook
from tracker.webhooks.deliver import deliver

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("TRACKER_WEBHOOK_ALLOW", "127.0.0.0/8")
    return settings | {"TRACKER_WEBHOOK_ALLOW": "127.0.0.0/8"}


@pytest.fixture
def hooks(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> list[int]:
    """One that does well, one in trouble, one paused by itself, one paused by hand."""
    monkeypatch.setattr(clock, "now", lambda: NOW - timedelta(minutes=30))
    actor = Actor.of_channel(channel)

    def make(path: str, events: list[str] | None = None) -> int:
        url = f"https://127.0.0.1:59997/{path}"
        return create_webhook(runtime, actor, channel.id, {"url": url, "events": events})[0]

    made = [
        make("broadband/orders/events?system=app"),
        make("crm/inbound/telecom/qingyuan/installation-orders/v2/notify-order-status-changed-callback"),
        make("archive", ["order.accepted", "order.stage"]),
        make("pilot", ["order.hold"]),
    ]
    pause_webhook(runtime, actor, made[3], if_version=None)
    for _ in range(6):
        place()
    deliver(runtime)
    with runtime.db.transaction() as connection:
        connection.execute(text("UPDATE webhooks SET failures = 0, failing_since = NULL, rests_until = NULL"))
        connection.execute(
            text("UPDATE webhooks SET delivered_at = changed_at, failures = :n WHERE id = :id"),
            {"id": made[0], "n": 0},
        )
        connection.execute(
            text("UPDATE webhooks SET failures = 14, failing_since = changed_at WHERE id = :id"),
            {"id": made[1]},
        )
        connection.execute(
            text(
                "UPDATE webhooks SET state = 'paused', paused_why = 'failing', paused_at = changed_at,"
                " failures = 30 WHERE id = :id"
            ),
            {"id": made[2]},
        )
        connection.execute(
            text(
                "UPDATE webhook_deliveries SET state = 'delivered', ended_at = tried_at, status = 204,"
                " error = NULL, next_at = NULL, took_ms = 38 WHERE webhook_id = :id AND id % 4 <> 0"
            ),
            {"id": made[0]},
        )
        connection.execute(
            text(
                "UPDATE webhook_deliveries SET state = 'given_up', ended_at = tried_at, status = 500,"
                " error = 'http_500', next_at = NULL, attempts = 14 WHERE webhook_id = :id AND id % 3 = 0"
            ),
            {"id": made[1]},
        )
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return made


@pytest.fixture
def every_page(hooks: list[int]) -> Callable[[Page], Iterator[str]]:
    """Goes from page to page, in every state that they have."""

    def walk(page: Page) -> Iterator[str]:
        addresses = {
            "list": "/webhooks",
            "well": f"/webhooks/{hooks[0]}",
            "failing": f"/webhooks/{hooks[1]}?state=given_up",
            "paused": f"/webhooks/{hooks[2]}",
            "none": f"/webhooks/{hooks[3]}",
            "new": "/webhooks/new",
            "edit": f"/webhooks/{hooks[2]}/edit",
            "rotate": f"/webhooks/{hooks[0]}/rotate",
            "delete": f"/webhooks/{hooks[1]}/delete",
        }
        for name, address in addresses.items():
            page.goto(address)
            yield name
        page.goto("/webhooks/new")
        page.locator("main button[type=submit]").click()
        yield "refused"
        page.goto(f"/webhooks/{hooks[0]}/rotate")
        page.locator("main button[type=submit]").click()
        yield "secret"

    return walk


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_for_everybody(
    language: str, clerk: Clerk, every_page: Callable[[Page], Iterator[str]]
) -> None:
    page = clerk.enter(width=390, language=language)
    for _ in every_page(page):
        assert_for_everybody(page, language)


def test_set_up_and_deleted_by_hand(clerk: Clerk, channel: ChannelFacts) -> None:
    page = clerk.enter(width=1280)
    page.goto("/webhooks")
    page.get_by_role("link", name="新建回调").click()
    page.get_by_label("渠道").select_option(label=channel.name)
    page.get_by_label("接收地址").fill("https://127.0.0.1:59997/hooks")
    page.get_by_label("只通知以下几种").check()
    page.get_by_label("环节推进").check()
    page.get_by_role("button", name="新建").click()
    assert page.locator(".secret code").inner_text().startswith("whsec_")
    page.get_by_role("link", name="已复制，去看回调").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("https://127.0.0.1:59997/hooks")
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_text("已手动暂停")).to_be_visible()
    page.get_by_role("button", name="恢复投递").click()
    page.get_by_role("link", name="删除").click()
    page.get_by_role("button", name="删除").click()
    expect(page.get_by_text("还没有回调")).to_be_visible()
