"""Proving that a phone is one's own, what that opens, and what it does not."""

import dataclasses
import io
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import PublicRuntime, start
from tests.holding import CODE, Holder, Worker, done, hidden, refused, store_code
from tracker import clock
from tracker.config import Config
from tracker.customer_requests.models import CustomerRequest
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

Place = Callable[..., Placed]
LookUp = Callable[..., TestResponse]

pytestmark = pytest.mark.usefixtures("morning")


@pytest.fixture
def number(place: Place) -> str:
    return place(accepted_at="2026-11-23T09:30:00+08:00").number


@pytest.fixture
def holder(client: FlaskClient, runtime: Runtime, number: str) -> Holder:
    made = Holder(client, runtime, number)
    assert made.sign_in().status_code == 303
    return made


@pytest.fixture
def ticket(look_up: LookUp, number: str) -> str:
    return hidden(look_up(number).text, "ticket")


@pytest.fixture
def codes_go_out(runtime: Runtime) -> Iterator[None]:
    """A worker who sends each code that is asked for."""

    def send(row: Any) -> dict[str, Any]:
        store_code(runtime, number_of(runtime, row.order_id))
        return dict(done())

    with Worker(runtime, send):
        yield


def number_of(runtime: Runtime, order_id: int) -> str:
    with runtime.db.reading() as connection:
        return connection.execute(select(Order.number).where(Order.id == order_id)).scalar_one()


def kinds(runtime: Runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(select(CustomerRequest.kind).order_by(CustomerRequest.id)))


@pytest.mark.usefixtures("codes_go_out")
def test_a_code_is_sent_typed_and_opens_the_order(
    client: FlaskClient, look_up: LookUp, number: str, runtime: Runtime
) -> None:
    page = look_up(number).text
    data = {"ticket": hidden(page, "ticket"), "once": hidden(page, "once"), "send": "1"}
    answer = client.post("/code", data=data)
    assert answer.status_code == 200
    for words in (
        "验证码已发到报装时留下的手机，",
        "08:50 前有效",
        "08:41 以后可以重新发送",
        "还可以试5次",
    ):
        assert words in answer.text.replace(
            '<time class="whole" datetime="2026-11-24T08:50+08:00">', ""
        ).replace('<time class="whole" datetime="2026-11-24T08:41+08:00">', "").replace("</time>", "")
    for field in ('inputmode="numeric"', 'autocomplete="one-time-code"'):
        assert field in answer.text
    assert kinds(runtime) == ["code"]
    opened = client.post("/code/check", data={"ticket": hidden(answer.text, "ticket"), "code": " ３８４ 921"})
    assert (opened.status_code, opened.headers["Location"]) == (303, "/order")
    cookie = opened.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/order", "Max-Age=1800"):
        assert part in cookie
    assert "Secure" not in cookie
    shown = client.get("/order")
    assert shown.status_code == 200
    for words in (number, "已受理", "张*", "138****1234", "清城区凤城街道***", "本页", "09:10"):
        assert words in shown.text
    for answer in (opened, shown):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_a_second_click_asks_for_no_second_code(client: FlaskClient, ticket: str, runtime: Runtime) -> None:
    for _ in range(2):
        client.post("/code", data={"ticket": ticket, "once": "f" * 32, "send": "1"})
    assert kinds(runtime) == ["code"]


def test_the_switches_of_the_page_send_nothing(client: FlaskClient, ticket: str, runtime: Runtime) -> None:
    answer = client.post("/code", data={"ticket": ticket, "elder": "1", "lang": "en"})
    assert 'lang="en" data-elder' in answer.text
    assert "Get a code" in answer.text
    assert kinds(runtime) == []


def test_the_cookie_is_secure_where_the_site_is(config: Config, runtime: Runtime, number: str) -> None:
    run = start(dataclasses.replace(config, secure_cookies=True))
    answer = Holder(create_app(run).test_client(), runtime, number).sign_in()
    run.close()
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("rule", "params", "words", "form"),
    [
        ("code.too_often", {"at": "08:41"}, "08:41", False),
        ("code.no_texts", {"hotline": "10000"}, "10000", False),
    ],
)
def test_why_no_code_was_sent_is_said(
    client: FlaskClient,
    ticket: str,
    runtime: Runtime,
    rule: str,
    params: dict[str, str],
    words: str,
    form: bool,
) -> None:
    with Worker(runtime, lambda _row: refused(rule, **params)):
        answer = client.post("/code", data={"ticket": ticket, "once": "1", "send": "1"})
    assert answer.status_code == 409
    assert words in answer.text
    assert ('id="code"' in answer.text) is form


def test_too_soon_still_shows_the_field_for_the_code_of_before(
    client: FlaskClient, ticket: str, runtime: Runtime, number: str
) -> None:
    store_code(runtime, number)
    with Worker(runtime, lambda _row: refused("code.too_often", at="08:41")):
        answer = client.post("/code", data={"ticket": ticket, "once": "1", "send": "1"})
    assert answer.status_code == 409
    assert 'id="code"' in answer.text


def test_nobody_waits_for_a_worker_that_cannot_be_rung(config: Config, runtime: Runtime, number: str) -> None:
    run = start(dataclasses.replace(config, redis_url=None))
    client = create_app(run).test_client()
    page = client.post("/status", data={"number": number, "last4": "1234"}).text
    began = time.monotonic()
    answer = client.post("/code", data={"ticket": hidden(page, "ticket"), "once": "1", "send": "1"})
    assert time.monotonic() - began < 2
    run.close()
    assert "验证码正在发往报装时留下的手机" in answer.text
    assert 'id="code"' in answer.text
    assert kinds(runtime) == ["code"]


def test_five_wrong_codes_and_the_right_one_is_worth_nothing(
    client: FlaskClient, ticket: str, runtime: Runtime, number: str
) -> None:
    store_code(runtime, number)
    said = []
    for wrong in range(5):
        answer = client.post("/code/check", data={"ticket": ticket, "code": f"00000{wrong}"})
        assert answer.status_code == 422
        said.append(answer.text)
    for left, page in zip((4, 3, 2, 1), said, strict=False):
        assert f"验证码不对，还可以试{left}次" in page
    assert "验证码已失效" in said[-1]
    answer = client.post("/code/check", data={"ticket": ticket, "code": CODE})
    assert answer.status_code == 422
    assert "验证码已失效" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "38492１x", "\x00", "3" * 5000])
def test_what_cannot_be_a_code_uses_up_no_try(
    client: FlaskClient, ticket: str, runtime: Runtime, number: str, typed: str
) -> None:
    store_code(runtime, number)
    answer = client.post("/code/check", data={"ticket": ticket, "code": typed})
    assert answer.status_code == 422
    assert "请输入短信里的6位数字" in answer.text
    assert "还可以试5次" in answer.text


def test_a_code_opens_once_and_only_its_order(
    client: FlaskClient, look_up: LookUp, ticket: str, runtime: Runtime, number: str, place: Place
) -> None:
    other = place().number
    store_code(runtime, number)
    others_ticket = hidden(look_up(other).text, "ticket")
    assert client.post("/code/check", data={"ticket": others_ticket, "code": CODE}).status_code == 422
    assert client.post("/code/check", data={"ticket": ticket, "code": CODE}).status_code == 303
    assert client.post("/code/check", data={"ticket": ticket, "code": CODE}).status_code == 422


def test_an_old_code_is_worth_nothing(
    client: FlaskClient, ticket: str, runtime: Runtime, number: str
) -> None:
    store_code(runtime, number, ago=timedelta(minutes=10))
    answer = client.post("/code/check", data={"ticket": ticket, "code": CODE})
    assert answer.status_code == 422
    assert "验证码已失效" in answer.text


@pytest.mark.parametrize("path", ["/code", "/code/check"])
@pytest.mark.parametrize("forged", ["", "QY261123K7M4QZX", "QY261123K7M4QZX.9999999999.00", "\x00" * 200])
def test_without_a_ticket_there_is_no_code(
    client: FlaskClient, runtime: Runtime, path: str, forged: str
) -> None:
    answer = client.post(path, data={"ticket": forged, "send": "1", "code": CODE})
    assert answer.status_code == 410
    assert "请重新输入订单号" in answer.text
    assert kinds(runtime) == []
    assert client.get(path).headers["Location"] == "/"


PAGES = [
    "/order",
    "/order/visit.ics",
    "/order/appointment",
    "/order/hold",
    "/order/withdrawal",
    "/order/complaint",
    "/order/rating",
    "/order/requests/1",
]


def test_without_a_session_there_is_the_lookup(client: FlaskClient) -> None:
    for cookie in (None, "", "forged", "x" * 3000, "é\x01"):
        if cookie is not None:
            client.set_cookie("order_session", cookie, path="/order")
        for path in PAGES:
            answer = client.get(path)
            assert answer.status_code == 403
            assert "请重新验证" in answer.text
            assert 'id="number"' in answer.text
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_session_ends_after_half_an_hour(
    holder: Holder, morning: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: morning + timedelta(minutes=29, seconds=59))
    assert holder.client.get("/order").status_code == 200
    monkeypatch.setattr(clock, "now", lambda: morning + timedelta(minutes=30))
    for path in PAGES:
        answer = holder.client.get(path)
        assert answer.status_code == 403
        assert "请重新验证" in answer.text
    # Its cookie went with the first of them.
    assert holder.client.get_cookie("order_session", path="/order") is None


def test_leaving_ends_the_session_for_everybody(holder: Holder, client: FlaskClient) -> None:
    token = client.get_cookie("order_session", path="/order")
    assert token is not None
    answer = holder.send("/order/leave")
    assert answer.status_code == 303
    assert client.get_cookie("order_session", path="/order") is None
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "已退出" in page.text
    client.set_cookie("order_session", token.value, path="/order")
    assert client.get("/order").status_code == 403


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/order/appointment", {"slot": "1"}),
        ("/order/hold", {"reason_code": "undecided", "until": "2026-11-30"}),
        ("/order/withdrawal", {"reason_code": "no_longer_wanted"}),
        ("/order/complaint", {"topic": "fees", "text": "多收了费"}),
        ("/order/rating", {"score": "5"}),
        ("/order/undo", {"request": "1"}),
        ("/order/leave", {}),
    ],
)
def test_a_form_from_elsewhere_does_nothing(
    holder: Holder, client: FlaskClient, runtime: Runtime, place: Place, path: str, typed: dict[str, str]
) -> None:
    stranger = Holder(client.application.test_client(), runtime, place().number)
    stranger.sign_in()
    theirs = hidden(stranger.page("/order"), "form")
    for word in ("", "0" * 64, "é", theirs):
        answer = client.post(path, data={"form": word, "once": "1", **typed})
        assert answer.status_code == 403
        assert "刚才的操作没有提交" in answer.text
    assert client.post(path, data=typed).status_code == 403
    assert kinds(runtime) == []
    assert client.get("/order").status_code == 200


def test_nobody_asks_for_anything_without_a_session(client: FlaskClient, runtime: Runtime) -> None:
    for path in ("hold", "complaint", "undo", "leave"):
        assert client.post(f"/order/{path}", data={"form": "0", "once": "1"}).status_code == 403
    assert kinds(runtime) == []


def test_each_order_has_a_session_of_its_own(
    holder: Holder, client: FlaskClient, runtime: Runtime, place: Place
) -> None:
    other = Holder(client.application.test_client(), runtime, place().number)
    other.sign_in()
    assert other.number in other.page()
    assert holder.number not in other.page()
    with Worker(runtime, lambda _row: done()):
        holder.send("/order/complaint", topic="fees", text="多收了费")
    asked = holder.asked()[0].id
    assert holder.client.get(f"/order/requests/{asked}").status_code == 303
    assert other.client.get(f"/order/requests/{asked}").status_code == 404
    for nobodys in (asked + 1, 2**63 - 1, 2**63, "x"):
        assert other.client.get(f"/order/requests/{nobodys}").status_code == 404


def test_what_has_been_done_is_said_from_a_list_only(holder: Holder) -> None:
    assert "已开始缓装" in holder.page("/order?said=hold")
    page = holder.page("/order?said=<b>请汇款</b>")
    assert "请汇款" not in page


def test_the_switches_lead_back_to_the_same_page(holder: Holder, client: FlaskClient) -> None:
    page = client.get("/order/hold?elder=1&lang=en").text
    assert 'lang="en" data-elder' in page
    assert "/order/hold?elder=0" in page
    faulty = holder.send("/order/hold", lang="zh").text
    assert "/order/hold?lang=en" in faulty


def test_addresses_are_slowed_down(config: Config, runtime: Runtime, number: str) -> None:
    run = start(dataclasses.replace(config, lookup_limit="3 per minute"))
    client = create_app(run).test_client()
    for path in ("/code", "/code/check", "/lost-number", "/order/hold", "/order/undo"):
        answers = [client.post(path, data={}).status_code for _ in range(4)]
        assert answers[-1] == 429, path
        assert 429 not in answers[:3], path
    run.close()


def test_nothing_of_a_session_reaches_the_log(
    public_runtime: PublicRuntime, runtime: Runtime, number: str
) -> None:
    client = create_app(public_runtime).test_client()
    written = io.StringIO()
    logging.getLogger().handlers[0].setStream(written)  # type: ignore[attr-defined] - a StreamHandler
    holder = Holder(client, runtime, number)
    holder.sign_in()
    token = client.get_cookie("order_session", path="/order")
    word = hidden(holder.page(), "form")
    with Worker(runtime, lambda _row: done()):
        holder.send("/order/complaint", topic="fees", text="我是张三，13800001234")
    client.post("/lost-number", data={"phone": "13800001234"})
    holder.send("/order/leave")
    log = written.getvalue()
    assert log.count('"event": "request"') >= 8
    assert token is not None
    for secret in (number, CODE, token.value, word, "13800001234", "张三", "127.0.0.1"):
        assert secret not in log
