"""Bringing orders in as a file, as counter staff do it."""

from pathlib import Path

import pytest
from looking import LANGUAGES, assert_for_everybody
from order_file_samples import csv_file, rows_of, xlsx_file
from playwright.sync_api import Page, expect
from sqlalchemy import text
from visiting import Clerk

from tracker.order_files.take_in import take_in_due
from tracker.runtime import Runtime

pytestmark = pytest.mark.browser

MIXED = rows_of(
    {},
    {"联系电话": "12"},
    {"客户姓名": "", "方案编号": "24GD999999"},
    {"社区代码": "441802006999"},
    *({} for _ in range(40)),
)


def send(page: Page, content: bytes, *, name: str = "十一月报装.xlsx", really: bool = True) -> None:
    page.goto("/order-files")
    page.locator("#channel").select_option(label="营业厅")
    page.locator("#file").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": content}])
    if really:
        page.locator("#how-real").check()
    with page.expect_navigation():
        page.locator("main form.upload button").click()


def set_state(runtime: Runtime, assignments: str) -> None:
    with runtime.db.engine.begin() as connection:
        connection.execute(text(f"UPDATE order_files SET {assignments}"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_file_is_checked_watched_mended_and_imported(
    clerk: Clerk, runtime: Runtime, tmp_path: Path, script: bool
) -> None:
    page = clerk.enter("/", width=1280, script=script)
    page.get_by_role("link", name="批量导入").click()
    expect(page.get_by_text("还没有上传过文件")).to_be_visible()
    send(page, xlsx_file(MIXED), really=False)
    expect(page.get_by_text("排队中")).to_be_visible()
    take_in_due(runtime)
    # The page comes again by itself, also where scripts do not run.
    expect(page.get_by_text("没有保存任何内容。", exact=False)).to_be_visible(timeout=15_000)
    expect(page.locator(".faults tbody tr")).to_have_count(3)
    expect(page.locator(".faults")).to_contain_text("D 联系电话")
    send(page, xlsx_file(MIXED))
    take_in_due(runtime)
    page.reload()
    expect(page.get_by_text("正确的行已保存为工单。", exact=False)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载失败行和原因（CSV）").click()
    download.value.save_as(tmp_path / "failed.csv")
    mended = (tmp_path / "failed.csv").read_text(encoding="utf-8-sig")
    mended = mended.replace(",12,", ",13800001234,").replace("'441802006999", "441802006001")
    mended = mended.replace("家庭,,", "家庭,李四,").replace("24GD999999", "24GD100001")
    send(page, mended.encode(), name="改正.csv")
    take_in_due(runtime)
    page.reload()
    expect(page.get_by_text("全部行已保存为工单。")).to_be_visible()
    page.get_by_role("link", name="返回批量导入").click()
    expect(page.locator(".files tbody tr")).to_have_count(3)
    page.get_by_role("navigation", name="本栏目").get_by_role("link", name="工单", exact=True).click()
    with page.expect_download() as download:
        page.locator(".taking").get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "orders.csv")
    assert len((tmp_path / "orders.csv").read_text(encoding="utf-8-sig").splitlines()) == 45


def test_a_file_is_cancelled(clerk: Clerk, runtime: Runtime) -> None:
    page = clerk.enter(width=390, height=844)
    send(page, csv_file(MIXED))
    page.get_by_role("link", name="停止自动更新").click()
    page.get_by_text("取消处理").click()
    page.get_by_role("button", name="确认取消").click()
    expect(page.get_by_text("已取消。此前已导入的工单保留。")).to_be_visible()
    take_in_due(runtime)
    page.goto("/")
    expect(page.get_by_text("没有符合条件的工单")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(clerk: Clerk, runtime: Runtime, language: str) -> None:
    page = clerk.enter("/order-files", language=language)
    assert_for_everybody(page, language)
    first = page.locator("#channel option").nth(1).get_attribute("value")
    for name, content in (
        ("十一月报装.xlsx", xlsx_file(MIXED)),
        ("名单.csv", b"x,y\n1,2\n"),
        ("大文件.csv", b"x"),
    ):
        page.goto("/order-files")
        page.locator("#channel").select_option(first)
        page.locator("#file").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": content}])
        page.locator("#how-real").check()
        with page.expect_navigation():
            page.locator("main form.upload button").click()
        if name != "大文件.csv":
            take_in_due(runtime)
        page.goto(f"{page.url.split('?')[0]}?still=1")
        assert_for_everybody(page, language)
    set_state(
        runtime,
        "state = 'running', size = 100, position = 43, rows_total = 1000000, rows_done = 430000,"
        " stored = 428312, repeated = 1200, bad_rows = 488 WHERE state = 'waiting'",
    )
    page.reload()
    assert_for_everybody(page, language)
    page.goto("/order-files")
    assert_for_everybody(page, language)
    page.goto("/")
    assert_for_everybody(page, language)
