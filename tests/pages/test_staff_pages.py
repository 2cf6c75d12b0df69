"""The staff pages: who gets in, what they see, and that it is theirs only."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.serving import app_of
from tests.staff_sessions import PHONE_SECRET, give_phone
from tracker import clock
from tracker.notices.deliver import deliver
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.rules import current_code

PASSWORD = "correct horse battery"


@pytest.fixture
def visitor(runtime: Runtime) -> Iterator[FlaskClient]:
    accounts = [("wang.min", "manager", 1), ("li.hua", "manager", 2), ("chen.ju", "regulator", None)]
    for username, role, operator_id in accounts:
        create_account(
            runtime.db,
            username=username,
            password=PASSWORD,
            role=role,
            display_name=username,
            operator_id=operator_id,
        )
        give_phone(runtime, username)
    with app_of(runtime).test_client() as client:
        yield client


def token(client: FlaskClient, path: str = "/sign-in") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def enter(client: FlaskClient, username: str = "wang.min", password: str = PASSWORD):
    first = client.post(
        "/sign-in", data={"username": username, "password": password, "csrf_token": token(client)}
    )
    if first.status_code != 302:
        return first
    code = current_code(PHONE_SECRET, clock.now())
    return client.post("/sign-in/code", data={"code": code, "csrf_token": token(client, "/sign-in/code")})


def test_without_signing_in_there_is_nothing_to_see(visitor) -> None:
    answer = visitor.get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


def test_signing_in_shows_the_operators_orders_and_signing_out_ends_it(visitor, place) -> None:
    number = place().number
    assert enter(visitor).status_code == 302
    page = visitor.get("/")
    assert number in page.text
    assert "清城区" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    for personal in ("13800001234", "张三", "测试路"):
        assert personal not in page.text
    assert visitor.post("/sign-out", data={"csrf_token": token(visitor, "/")}).status_code == 302
    assert visitor.get("/").status_code == 302


def test_another_operators_orders_are_not_there(visitor, place) -> None:
    number = place().number
    enter(visitor, "li.hua")
    page = visitor.get("/")
    assert page.status_code == 200
    assert number not in page.text


def test_the_promise_of_an_order_is_explained_to_its_own_staff_only(visitor, place) -> None:
    number = place().number
    path = f"/orders/{number}/promise"
    assert visitor.get(path).status_code == 302, "not without signing in"
    enter(visitor)
    page = visitor.get(path)
    assert page.status_code == 200
    assert "受理后48小时内" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "style=" not in page.text, "the content policy allows no inline style"
    for personal in ("13800001234", "张三", "测试路"):
        assert personal not in page.text
    assert visitor.get(f"/orders/{number.lower()}/promise").status_code == 200
    for unknown in ("QY261123K7M4QZX", "nonsense", "%00"):
        assert visitor.get(f"/orders/{unknown}/promise").status_code == 404


@pytest.mark.parametrize(("username", "status"), [("li.hua", 404), ("chen.ju", 403)])
def test_another_operators_promise_is_not_there(visitor, place, username, status) -> None:
    number = place().number
    enter(visitor, username)
    page = visitor.get(f"/orders/{number}/promise")
    assert page.status_code == status
    assert "受理后48小时内" not in page.text


def test_a_regulator_sees_no_orders(visitor, place) -> None:
    number = place().number
    enter(visitor, "chen.ju")
    answer = visitor.get("/")
    assert answer.location == "/regulator"
    page = visitor.get(answer.location)
    assert number not in page.text
    assert "报送材料" in visitor.get("/account").text
    assert "退出" in page.text, "there is a way out"


@pytest.mark.parametrize(("username", "password"), [("wang.min", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_is_told_alike(visitor, username, password) -> None:
    answer = enter(visitor, username, password)
    assert answer.status_code == 401
    assert "用户名或密码不正确" in answer.text
    assert visitor.get("/").status_code == 302


def test_a_form_without_its_token_is_refused(visitor) -> None:
    answer = visitor.post("/sign-in", data={"username": "wang.min", "password": PASSWORD})
    assert answer.status_code == 400
    assert "页面已过期" in answer.text
    assert visitor.get("/").status_code == 302


def test_what_was_typed_into_a_form_that_came_too_late_stands_there_by_its_fields(visitor) -> None:
    """Labels where the page has them, names elsewhere; every answer; nothing that nobody typed."""
    typed = {
        "csrf_token": "gone",
        "token": "counter-AAAAAAAAAAAAAAAAAAAAAA",
        "stamp": "0123456789abcdef",
        "community_code": "441802006001",
        "searched": "凤城",
        "version": "3",
        "client_id": "8d4c",
        "name": "张三",
        "detail": "北江路1号\n2栋",
        "dealer": "",
        "plan": "7",
        "100%window": ["0900-1100", "1400-1600"],
        "": "x",
        "step": "save",
    }
    answer = visitor.post("/counter", data=typed)
    assert answer.status_code in (400, 401)
    listed = re.search(r'<dl class="facts long">(.*?)</dl>', answer.text, re.DOTALL)
    assert listed
    found = [
        (label.strip(), re.findall(r'<pre class="typed">([^<]*)</pre>', answers))
        for label, answers in re.findall(r"<dt>([^<]+)</dt>(.*?)</div>", listed[1], re.DOTALL)
    ]
    assert found == [
        ("客户姓名或单位名称", ["张三"]),
        ("详细地址", ["北江路1号\n2栋"]),
        ("资费方案", ["7"]),
        ("100%window", ["0900-1100", "1400-1600"]),
    ]
    assert "counter-AAAA" not in answer.text


def test_signing_in_works_over_tls(runtime) -> None:
    """Browsers send no more of where they come from than our own header lets them."""
    create_account(
        runtime.db, username="lan", password=PASSWORD, role="manager", display_name="lan", operator_id=1
    )
    client = app_of(runtime).test_client()
    there = "https://desk.example"
    page = client.get("/sign-in", base_url=there)
    assert page.headers["Referrer-Policy"] == "same-origin"
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    answer = client.post(
        "/sign-in",
        base_url=there,
        headers={"Referer": f"{there}/sign-in"},
        data={"username": "lan", "password": PASSWORD, "csrf_token": found[1]},
    )
    assert answer.status_code == 302


def test_what_the_database_has_no_place_for_is_no_failure(visitor) -> None:
    assert enter(visitor, "wang\0min").status_code == 401
    assert enter(visitor).status_code == 302


def test_the_stage_filter_and_older_pages(visitor, place, runtime) -> None:
    numbers = [place().number for _ in range(23)]
    enter(visitor)
    first = visitor.get("/").text
    assert all(number in first for number in numbers[3:])
    assert numbers[2] not in first
    older = re.search(r"behind=(\d+)", first)
    assert older
    second = visitor.get(f"/?behind={older[1]}").text
    assert all(number in second for number in numbers[:3])
    assert "没有符合条件的工单" in visitor.get("/?stage=completed").text
    assert visitor.get("/?stage=nonsense&behind=x").status_code == 200


def test_english_is_chosen_and_remembered(visitor) -> None:
    assert "<h1>Sign in</h1>" in visitor.get("/sign-in?lang=en").text
    assert "<h1>Sign in</h1>" in visitor.get("/sign-in").text
    assert "<h1>登录</h1>" in visitor.get("/sign-in?lang=zh").text


def test_the_texts_are_shown_in_the_demonstration_only(runtime, visitor, place) -> None:
    number = place().number
    deliver(runtime, "progress")
    assert visitor.get("/demo/texts").status_code == 404
    demo = app_of(replace(runtime, config=replace(runtime.config, demo=True))).test_client()
    page = demo.get("/demo/texts").text
    assert number in page
    assert "138****1234" in page
    assert "没有短信" in demo.get("/demo/texts?q=nothing").text


def test_a_page_that_does_not_exist_is_a_page(visitor) -> None:
    answer = visitor.get("/nowhere")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_without_its_database_the_service_says_so_quickly(runtime, visitor) -> None:
    enter(visitor)
    broken = replace(runtime)
    broken.__dict__["db"] = type(runtime.db)("postgresql+psycopg://tracker_app@/tracker?host=/nowhere")
    visitor.application.extensions["tracker"] = broken
    began = time.monotonic()
    page = visitor.get("/")
    assert page.status_code == 503
    assert "系统暂时不可用" in page.text
    assert visitor.get("/readyz").status_code == 503
    assert visitor.get("/healthz").status_code == 200
    assert time.monotonic() - began < 10
