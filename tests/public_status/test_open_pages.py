"""The site's word on itself: accessibility, personal data, the sheet; the ways from the front page."""

import dataclasses
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from test_fee_plans import plain

from public_status import create_app
from public_status.about import CHECKED_ON
from public_status.keeper import Keeper
from public_status.runtime import PublicRuntime
from tracker.db import PUBLIC_ROLE, Database
from tracker.pages.qr import qr_picture

_PAGES = ("/accessibility", "/privacy", "/print")


@pytest.mark.parametrize("path", ["/", "/fees", *_PAGES])
def test_every_page_leads_to_both_statements(client: FlaskClient, path: str) -> None:
    footer = client.get(path).text.split("<footer>")[1]
    for address in _PAGES:
        assert f'href="{address}"' in footer
    for hotline in ("10000", "10086", "10010"):
        assert f"tel:{hotline}" in footer


def test_the_front_page_asks_first_and_leads_everywhere(client: FlaskClient) -> None:
    page = client.get("/").text
    form = page.index('<form class="card"')
    for address in ("/fees", "/process", "/standard", "/figures", "/outages"):
        assert page.index(f'<a href="{address}"><strong>') > form
        assert client.get(address).status_code == 200


def test_the_accessibility_statement_says_what_holds(client: FlaskClient) -> None:
    page = plain(client.get("/accessibility").text)
    for words in (
        "2.2 的 AA 级",
        "长辈版",
        "第三十四条",
        "语音",
        "大字",
        "人工",
        "客服热线",
        "12345",
        "还没做到的",
    ):
        assert words in page
    assert f"最近一次全面检查：{CHECKED_ON.year}年{CHECKED_ON.month}月{CHECKED_ON.day}日" in page
    assert "现在就用长辈版" in page
    assert "换回标准版" in client.get("/accessibility?elder=1").text


def test_the_privacy_notice_names_what_is_kept_and_for_how_long(client: FlaskClient) -> None:
    page = plain(client.get("/privacy").text)
    for words in (
        "第十三条", "联系电话", "安装地址", "停用后两年", "不少于六个月", "第四十四条至第四十八条", "30分钟",
    ):  # fmt: skip
        assert words in page


def test_the_privacy_notice_is_true_of_the_cookies(client: FlaskClient) -> None:
    """It tells of one cookie for the language and one for large type, set by a switch alone."""
    assert "Set-Cookie" not in client.get("/").headers
    switched = client.get("/?lang=en&elder=1").headers.getlist("Set-Cookie")
    assert sorted(one.partition("=")[0] for one in switched) == ["elder", "lang"]
    assert all("Max-Age=31536000" in one and "HttpOnly" in one for one in switched)


def test_the_privacy_notice_is_true_of_what_can_be_read(public_runtime: PublicRuntime) -> None:
    """It says that nobody sees a name, an address or a phone here by an order number."""
    sealed = ("customer_name", "contact_phone", "address_detail")
    with public_runtime.db.reading() as connection:
        for column in sealed:
            privilege = f"SELECT has_column_privilege('orders', '{column}', 'SELECT')"
            assert connection.scalar(text(privilege)) is False


def test_the_sheet_tells_how_to_look_up_and_nothing_of_anybody(public_runtime: PublicRuntime) -> None:
    config = dataclasses.replace(public_runtime.config, public_site_url="https://kd.qingyuan.example")
    page = create_app(dataclasses.replace(public_runtime, config=config)).test_client().get("/print").text
    assert qr_picture("https://kd.qingyuan.example/") in page
    words = plain(page)
    assert "kd.qingyuan.example" in words
    for step in ("打开上面的网址", "共15位", "手机号的后四位", "清远电信 10000", "不上网也能查"):
        assert step in words
    assert not re.search(r"QY[0-9]{6}", words)


@pytest.mark.parametrize("path", ["/", *_PAGES])
def test_they_are_there_without_the_database(public_runtime: PublicRuntime, path: str) -> None:
    gone = Database("postgresql+psycopg:///tracker?host=/nowhere", role=PUBLIC_ROLE)
    blind = dataclasses.replace(public_runtime, db=gone, published=Keeper(gone))
    answer = create_app(blind).test_client().get(path)
    assert answer.status_code == 200
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", ["/", *_PAGES])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_they_are_kept_in_each_language(client: FlaskClient, path: str, language: str) -> None:
    first = client.get(path, headers={"Accept-Language": language})
    again = client.get(path, headers={"Accept-Language": language, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in first.text
    if language == "en":
        main = re.sub(r'<a[^>]* lang="zh-CN".*?</a>', "", first.text)
        assert not re.search(r"[\u4e00-\u9fff]", plain(main))
