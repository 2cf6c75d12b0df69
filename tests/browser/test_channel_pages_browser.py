"""Channels' keys as a manager looks after them in a browser: on a phone, by keyboard, without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import expect
from stories import NOW
from visiting import Clerk

from tracker import clock
from tracker.channels.create_key import create_key, create_signed_key
from tracker.channels.end_key import revoke_key, rotate_key
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

pytestmark = pytest.mark.browser


@pytest.fixture
def keys_of_all_states(
    runtime: Runtime, channel: ChannelFacts, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Keys that are valid, about to end, expired and revoked."""

    def make() -> None:
        monkeypatch.setattr(clock, "now", lambda: NOW - timedelta(days=100))
        own = channel.operator_id
        create_key(runtime.db, channel, label="测试", expires_at=NOW - timedelta(days=9))
        signing = create_signed_key(
            runtime.db, runtime.keys, channel, label="营业厅受理台（清城、清新、英德、连州、佛冈、阳山）"
        )
        create_key(runtime.db, channel)
        revoke_key(runtime.db, own, 3, "staff:wang.min")
        monkeypatch.setattr(clock, "now", lambda: NOW)
        rotate_key(runtime.db, runtime.keys, own, signing.id, "staff:wang.min")
        runtime.key_uses.note(signing.id, own)

    return make


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(
    clerk: Clerk, channel: ChannelFacts, keys_of_all_states: Callable[[], None], language: str
) -> None:
    keys_of_all_states()
    page = clerk.enter("/channels", language=language)
    new = f"/channels/{channel.id}/keys/new"
    for address in (
        "/channels",
        new,
        "/channels/keys/4",
        "/channels/keys/4/rotate",
        "/channels/keys/2/revoke",
    ):
        page.goto(address)
        if page.locator("details").count():
            page.locator("details summary").first.click()
        assert_for_everybody(page, language)
    page.goto(new)
    page.locator("button.primary").click()
    expect(page.locator("#label-fault")).to_be_visible()
    assert_for_everybody(page, language)
    page.locator("#label").fill("小程序后端")
    page.locator("input[value=signed]").check()
    page.locator("button.primary").click()
    expect(page.locator(".secret code")).to_have_count(2)
    assert_for_everybody(page, language)


@pytest.mark.parametrize("script", [True, False])
def test_a_key_is_made_rotated_and_revoked_by_keyboard(
    clerk: Clerk, channel: ChannelFacts, runtime: Runtime, script: bool
) -> None:
    page = clerk.enter("/channels", width=1280, height=860, script=script)
    page.get_by_role("link", name=f"新建密钥 {channel.name}").press("Enter")
    page.locator("#label").fill("APP 后端")
    with page.expect_navigation():
        page.locator("#label").press("Enter")
    secret = page.locator(".secret code").inner_text()
    assert secret.startswith("trk_")
    page.reload()
    expect(page.locator(".secret")).to_have_count(0)
    page.get_by_role("link", name="返回渠道").press("Enter")
    expect(page.locator("tr", has_text="APP 后端")).to_contain_text("从未使用")
    page.get_by_role("link", name="轮换 APP 后端").press("Enter")
    with page.expect_navigation():
        page.locator("button.primary").press("Enter")
    assert page.locator(".secret code").inner_text() != secret
    page.goto("/channels")
    old = page.locator("tr", has_text=secret[:12])
    expect(old).to_contain_text("即将到期")
    old.get_by_role("link", name="吊销 APP 后端").press("Enter")
    expect(page.locator(".notice")).to_contain_text("不能恢复")
    with page.expect_navigation():
        page.locator("button.primary").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已吊销")
    page.locator("details summary").first.press("Enter")
    expect(page.locator("details tr", has_text=secret[:12])).to_contain_text("由 wang.min 吊销")
