"""The counter: what it shows before saving, what it stores, and what it refuses; and the receipt."""

import html
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partialmethod
from typing import Any

import pytest
from desk_forms import faults, send
from flask.testing import FlaskClient
from sqlalchemy import func, select
from subscribing import City

from tests.published_plans import Publisher
from tracker import clock
from tracker.embedded import Servers
from tracker.orders.models import Order, OrderEvent
from tracker.pages import counter as page_of_counter
from tracker.reference import PlanFacts
from tracker.runtime import Runtime
from tracker.tariff_changes.withdraw_change import withdraw_change
from tracker.tariffs.models import Plan

PLACE, LABEL = "441802006001", "清城区 凤城街道 高基里社区居委会"
HOME, COMPANY = "24GD100001", "24GD110002"
CODE = "91350100M000100Y43"


@pytest.fixture
def counter(as_: Callable[[str], FlaskClient]) -> FlaskClient:
    return as_("counter")


@pytest.fixture
def hall(runtime: Runtime) -> int:
    """清远电信's business halls."""
    facts = runtime.reference.current()
    return next(c.id for c in facts.channels.values() if c.operator_id == 1 and c.kind == "business_hall")


@pytest.fixture
def publisher(stores: Servers, clean: None) -> Iterator[Publisher]:
    """Publishes plans, which the test's end takes away with the orders that name them."""
    made = Publisher(stores.owner_url)
    yield made
    made.execute("TRUNCATE orders CASCADE")
    made.take_away()


def plan(runtime: Runtime, filing_number: str, operator_id: int = 1) -> PlanFacts:
    return runtime.reference.current().plans[operator_id, filing_number][-1]


@pytest.fixture
def typed(runtime: Runtime, hall: int) -> dict[str, str]:
    """A good home order, as it is typed."""
    return {
        "channel": str(hall),
        "kind": "home",
        "name": "张三",
        "phone": "138 0000 1234",
        "community_code": PLACE,
        "place": "",
        "detail": "测试路1号2栋301房",
        "plan": str(plan(runtime, HOME).id),
        "resource": "ready",
        "notify_by": "text",
        "language": "zh",
        "dealer": "",
        "acknowledged": "yes",
    }


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def stamp_of(page: str) -> str:
    found = re.search(r'name="stamp" value="([0-9a-f]+)"', page)
    assert found, faults(page)
    return found[1]


def check(client: FlaskClient, typed: dict[str, str]) -> Any:
    return send(client, "/counter", {**typed, "step": "check"})


def save(client: FlaskClient, typed: dict[str, str]) -> Any:
    """Check, then save what is shown."""
    page = check(client, typed)
    return send(
        client,
        "/counter",
        {**typed, "step": "save", "token": token_of(page.text), "stamp": stamp_of(page.text)},
    )


def orders(runtime: Runtime) -> list[Any]:
    with runtime.db.reading() as connection:
        return list(connection.execute(select(Order.__table__).order_by(Order.id)).all())


def text_of(page: str) -> str:
    """What a page says, its tags taken off."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_what_is_shown_before_saving_is_what_is_stored(counter, runtime, typed) -> None:
    page = check(counter, typed)
    sold = plan(runtime, HOME)
    said = text_of(page.text)
    assert page.status_code == 200
    assert re.search(r"承诺 \d+月\d+日（周.）\d\d:\d\d 前装通", said)
    assert "129 元/月" in said
    assert "一次性费用合计 100 元" in said
    assert "提前拆机按剩余月数每月20元收取补偿" in said
    assert orders(runtime) == []
    saved = save(counter, typed)
    assert saved.status_code == 303
    (order,) = orders(runtime)
    assert saved.location.startswith(f"/orders/{order.number}/receipt")
    assert (order.price["monthly_fen"], order.price["installation_fen"]) == (12900, 10000)
    assert (order.plan_id, order.community_code, order.customer_kind) == (sold.id, PLACE, "home")
    receipt = text_of(counter.get(saved.location).text)
    assert order.number in receipt
    assert "129 元/月" in receipt
    assert "现在应缴 100 元" in receipt


@pytest.mark.parametrize("binding", [True, False], ids=["binding terms", "no terms"])
def test_an_announced_change_is_told_acknowledged_and_printed(
    counter, runtime, typed, city, publisher, monkeypatch, binding
) -> None:
    if not binding:
        number = "24GD190001"
        publisher.plan(restrictions="无", restrictions_en="")
        monkeypatch.setattr(City, "announce", partialmethod(City.announce, filing_number=number))
        typed["plan"] = str(plan(runtime, number).id)
    before = check(counter, typed)
    day = clock.today() + timedelta(days=60)
    change = city.announce(effective_on=day.isoformat())
    stale = {**typed, "step": "save", "token": token_of(before.text), "stamp": stamp_of(before.text)}
    answer = send(counter, "/counter", stale)
    assert answer.status_code == 409
    said = f"月费 129 元/月 已公告： {day.year}年{day.month}月{day.day}日 起 139 元/月"
    assert said in text_of(answer.text)
    assert faults(save(counter, {**typed, "acknowledged": ""}).text).keys() == {"acknowledged"}
    saved = save(counter, typed)
    assert saved.status_code == 303
    with runtime.db.reading() as connection:
        event = connection.execute(select(OrderEvent.detail)).one()
    assert event.detail["acknowledged"]["changes"] == [change]
    assert said in text_of(counter.get(saved.location).text)
    english = text_of(counter.get(f"{saved.location}&lang=en").text)
    assert f"Monthly fee ¥129 a month Announced: ¥139 a month from {day.day} {day:%B %Y} " in english
    assert "Promised by " in english
    assert "Connected by " not in english, "as if it were done"
    # Whoever took the plan before it began has it in the receipt afterwards, too; not once it is withdrawn.
    with monkeypatch.context() as patch:
        patch.setattr(clock, "today", lambda: day)
        assert said in text_of(counter.get(f"{saved.location}&lang=zh").text)
    withdraw_change(runtime, city.operator_id, change, "总部通知暂缓", "staff:wang.min")
    for page in (counter.get(saved.location), check(counter, typed)):
        assert "129 元/月" in page.text
        assert "已公告" not in page.text


def test_announced_terms_are_told_in_their_own_words(counter, typed, city) -> None:
    city.announce(
        kind="terms",
        effective_on=(clock.today() + timedelta(days=60)).isoformat(),
        fields={"cancellation": "营业厅或电话办理，次月生效"},
        summary="退订改为次月生效",
    )
    assert re.search(r"已公告： \d+年\d+月\d+日 起 退订改为次月生效", text_of(check(counter, typed).text))
    counter.get("/counter?lang=en")
    assert '<span lang="zh-CN">退订改为次月生效</span>' in check(counter, typed).text


def test_who_took_it_in_and_what_was_acknowledged_stand_in_its_history(counter, runtime, typed, hall) -> None:
    save(counter, typed)
    (order,) = orders(runtime)
    with runtime.db.reading() as connection:
        event = connection.execute(select(OrderEvent.actor, OrderEvent.detail)).one()
        words = connection.execute(select(Plan.restrictions).where(Plan.id == order.plan_id)).one()
    assert order.channel_id == hall
    assert event.actor == "staff:counter"
    assert event.detail["acknowledged"]["plan_id"] == order.plan_id
    assert re.fullmatch("[0-9a-f]{64}", event.detail["acknowledged"]["terms_sha256"])
    assert words.restrictions


def test_without_the_tick_nothing_is_stored(counter, runtime, typed) -> None:
    answer = save(counter, {**typed, "acknowledged": ""})
    assert answer.status_code == 422
    assert faults(answer.text) == {"acknowledged": "请先向客户说明限制与约定，客户知悉后勾选"}
    assert orders(runtime) == []


def test_what_was_not_shown_is_not_stored(counter, runtime, typed) -> None:
    page = check(counter, typed)
    other = {**typed, "plan": str(plan(runtime, "24GD100003").id), "token": token_of(page.text)}
    answer = send(counter, "/counter", {**other, "step": "save", "stamp": stamp_of(page.text)})
    assert answer.status_code == 409
    assert "与刚才显示的不同" in answer.text
    assert "59 元/月" in answer.text
    for stamp in ("", "0" * 32):
        assert send(counter, "/counter", {**typed, "step": "save", "stamp": stamp}).status_code == 409
    assert orders(runtime) == []


def test_a_form_that_is_sent_twice_at_once_makes_one_order(as_, runtime, typed) -> None:
    clients = [as_("counter")]
    page = check(clients[0], typed)
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert csrf
    form = {**typed, "step": "save", "token": token_of(page.text), "stamp": stamp_of(page.text)}
    cookies = clients[0].get_cookie("session")
    assert cookies

    def post(_: int) -> Any:
        client = clients[0].application.test_client()
        client.set_cookie("session", cookies.value)
        return client.post("/counter", data={**form, "csrf_token": csrf[1]})

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(post, range(4)))
    (order,) = orders(runtime)
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.location.split("?")[0] for answer in answers} == {f"/orders/{order.number}/receipt"}
    with runtime.db.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(OrderEvent)) == 1


def test_another_order_over_a_saved_form_is_not_taken_for_it(counter, runtime, typed) -> None:
    page = check(counter, typed)
    form = {**typed, "step": "save", "token": token_of(page.text), "stamp": stamp_of(page.text)}
    send(counter, "/counter", form)
    again = send(counter, "/counter", {**form, "name": "李四"})
    (order,) = orders(runtime)
    assert again.status_code == 409
    assert f'href="/orders/{order.number}/receipt"' in again.text
    assert "李四" in again.text
    assert token_of(again.text) != form["token"]
    send(counter, "/counter", {**form, "name": "李四", "token": token_of(again.text)})
    assert len(orders(runtime)) == 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": " "}, "name", "不能为空"),
        ({"name": "x" * 61}, "name", "60"),
        ({"name": "张\u200b三"}, "name", "字符"),
        ({"phone": ""}, "phone", "不能为空"),
        ({"phone": "12345"}, "phone", "电话"),
        ({"detail": ""}, "detail", "不能为空"),
        ({"community_code": "", "place": ""}, "place", "必填"),
        ({"community_code": "", "place": "没有的村"}, "place", "找不到"),
        ({"community_code": "999999999999"}, "place", "未知的社区"),
        ({"community_code": "x", "place": "东城"}, "place", "选一个"),
        ({"plan": ""}, "plan", "必填"),
        ({"plan": "x"}, "plan", "没有在售"),
        ({"plan": "999999999"}, "plan", "没有在售"),
        ({"kind": "none"}, "kind", ""),
        ({"kind": "enterprise"}, "plan", "不适用"),
        ({"resource": "x"}, "resource", ""),
        ({"notify_by": "pigeon"}, "notify_by", ""),
        ({"language": "fr"}, "language", ""),
        ({"dealer": "x" * 61}, "dealer", "60"),
        ({"channel": "0"}, "channel", "受理渠道"),
        ({"channel": "999"}, "channel", "受理渠道"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(counter, runtime, typed, changes, field, words) -> None:
    page = send(counter, "/counter", {**typed, **changes, "step": "save", "stamp": "0" * 32})
    assert page.status_code == 422
    assert words in faults(page.text)[field]
    assert f'href="#{field}"' in page.text
    assert orders(runtime) == []


def test_every_fault_is_told_at_once_and_nothing_typed_is_lost(counter, typed) -> None:
    page = check(counter, {**typed, "name": "", "phone": "1", "detail": "北江路9号", "place": "没有"}).text
    assert {"name", "phone", "place"} <= faults(page).keys()
    assert 'value="北江路9号"' in page
    assert 'value="没有"' in page
    assert f'value="{typed["plan"]}" checked' in page


@pytest.mark.parametrize("field", ["name", "phone", "detail", "dealer", "place", "credit_code", "token"])
def test_what_is_typed_is_never_markup(counter, typed, field) -> None:
    page = check(counter, {**typed, field: '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["𠮷田", "㛃", "王小明😀", "O'Brien & Söhne", "欧阳·阿依古丽"])
def test_rare_characters_are_stored_as_they_are_written(counter, runtime, typed, name) -> None:
    assert save(counter, {**typed, "name": name}).status_code == 303
    (order,) = orders(runtime)
    assert runtime.keys.open(bytes(order.customer_name), "orders.customer_name") == name


@pytest.mark.parametrize(
    ("written", "meant", "way"),
    [
        ("+86 138 0000 1234", "+8613800001234", "text"),
        ("138-0000-1234", "+8613800001234", "text"),
        ("１３８００００１２３４", "+8613800001234", "text"),
        ("0763-3368888", "+867633368888", "call"),
    ],
)
def test_phones_are_read_as_people_write_them(counter, runtime, typed, written, meant, way) -> None:
    assert save(counter, {**typed, "phone": written}).status_code == 303
    (order,) = orders(runtime)
    assert runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone") == meant
    assert order.notify_by == way


def test_a_company_with_its_code_and_somebody_who_needs_help(counter, runtime, typed) -> None:
    company = {**typed, "kind": "enterprise", "name": "北江五金", "plan": str(plan(runtime, COMPANY).id)}
    assert save(counter, {**company, "credit_code": CODE, "dealer": "新城代理点"}).status_code == 303
    assert save(counter, {**typed, "needs_assistance": "yes"}).status_code == 303
    of_company, of_home = orders(runtime)
    assert of_company.credit_code is not None
    assert (of_company.customer_kind, of_company.dealer) == ("enterprise", "新城代理点")
    assert not of_company.needs_assistance
    assert of_home.needs_assistance
    assert '<option value="新城代理点">' in counter.get("/counter").text


def test_a_code_left_behind_by_a_company_is_not_a_homes(counter, runtime, typed) -> None:
    assert save(counter, {**typed, "credit_code": CODE}).status_code == 303
    assert orders(runtime)[0].credit_code is None


def test_without_script_a_place_is_found_by_its_name_or_letters(counter, runtime, typed) -> None:
    only = check(counter, {**typed, "community_code": "", "place": "lanshui"}).text
    assert "清城区 东城街道 澜水村委会" in only
    many = check(counter, {**typed, "community_code": "", "place": "dcjd"})
    assert many.status_code == 422
    picks = re.findall(r'name="community_pick" value="([0-9]{12})"', many.text)
    assert len(picks) == 19
    chosen = {**typed, "community_code": "", "place": "dcjd", "searched": "dcjd", "community_pick": picks[3]}
    assert save(counter, chosen).status_code == 303
    assert orders(runtime)[0].community_code == picks[3]


def test_typing_over_a_chosen_place_chooses_anew(counter, typed) -> None:
    page = check(counter, {**typed, "place": "澜水"}).text
    assert "清城区 东城街道 澜水村委会" in page
    assert f'name="community_code" value="{PLACE}"' not in page


def test_the_last_channel_is_remembered(counter, runtime, typed, hall) -> None:
    assert f'value="{hall}" checked' not in counter.get("/counter").text
    save(counter, typed)
    assert f'value="{hall}" checked' in counter.get("/counter").text


def test_another_operators_plans_and_channels_are_neither_offered_nor_taken(counter, runtime, typed) -> None:
    facts = runtime.reference.current()
    theirs = plan(runtime, "24GD200001", 2)
    channel = next(c for c in facts.channels.values() if c.operator_id == 2 and c.kind == "business_hall")
    page = counter.get("/counter").text
    assert "24GD200001" not in page
    assert f'name="channel" value="{channel.id}"' not in page
    with_plan = send(counter, "/counter", {**typed, "plan": str(theirs.id), "step": "save"})
    assert faults(with_plan.text)["plan"].startswith("没有在售")
    with_channel = send(counter, "/counter", {**typed, "channel": str(channel.id), "step": "save"})
    assert "channel" in faults(with_channel.text)
    assert orders(runtime) == []


def test_a_plan_that_its_schedule_does_not_sell_here_is_not_taken(counter, runtime, typed) -> None:
    dedicated = plan(runtime, "24GD110009")
    assert "24GD110009" not in counter.get("/counter").text
    page = check(counter, {**typed, "kind": "enterprise", "plan": str(dedicated.id)})
    assert faults(page.text)["plan"] == "按资费公示，该资费不在此受理渠道销售"


def test_a_countys_plan_is_sold_in_that_county_alone(counter, runtime, typed, publisher) -> None:
    of_county = publisher.plan(region="441881")
    assert 'data-region="英德市" data-filing="24GD190001"' in counter.get("/counter").text
    elsewhere = check(counter, {**typed, "plan": str(of_county)})
    assert faults(elsewhere.text)["plan"].startswith("没有在售")
    forged = {**typed, "plan": str(of_county), "step": "save", "stamp": "0" * 32}
    assert send(counter, "/counter", forged).status_code == 422
    assert orders(runtime) == []
    there = {**typed, "plan": str(of_county), "community_code": "", "place": "英德 长岭"}
    assert save(counter, there).status_code == 303
    assert orders(runtime)[0].plan_id == of_county


def test_a_plan_that_binds_nobody_needs_no_tick(counter, runtime, typed, publisher) -> None:
    free = publisher.plan(restrictions="无", restrictions_en="None")
    page = check(counter, {**typed, "plan": str(free)})
    assert 'name="acknowledged"' not in page.text
    assert save(counter, {**typed, "plan": str(free), "acknowledged": ""}).status_code == 303
    with runtime.db.reading() as connection:
        assert connection.scalar(select(OrderEvent.detail)) == {}


def test_a_price_that_was_replaced_while_somebody_typed_is_not_sold(
    counter, runtime, typed, publisher
) -> None:
    old = publisher.plan()
    form = {**typed, "plan": str(old)}
    page = check(counter, form)
    publisher.plan(version=2, monthly_fen=13900, on_sale_from=clock.today())
    sent = {**form, "step": "save", "token": token_of(page.text), "stamp": stamp_of(page.text)}
    answer = send(counter, "/counter", sent)
    assert faults(answer.text)["plan"].startswith("没有在售")
    assert "139 元/月" in answer.text
    assert orders(runtime) == []


def test_an_operator_without_a_counter_is_told_so(counter, monkeypatch) -> None:
    monkeypatch.setattr(page_of_counter, "counter_channels", lambda *_: [])
    page = counter.get("/counter")
    assert page.status_code == 200
    assert "还没有可以受理的渠道" in page.text
    assert send(counter, "/counter", {"step": "save"}).status_code == 422


def test_the_preview_tells_the_promise_and_keeps_nothing(counter, runtime, typed) -> None:
    asked = {name: typed[name] for name in ("channel", "kind", "plan", "community_code", "resource")}
    answer = send(counter, "/counter/preview", asked, page="/counter")
    told = json.loads(answer.text)
    assert "前装通" in told["said"]
    assert stamp_of(told["panel"])
    blank = json.loads(send(counter, "/counter/preview", {**asked, "plan": ""}, page="/counter").text)
    assert 'name="stamp"' not in blank["panel"]
    far = {**asked, "plan": "77777777", "community_code": "x"}
    assert json.loads(send(counter, "/counter/preview", far, page="/counter").text)["said"]
    assert orders(runtime) == []
    assert counter.post("/counter/preview", data=asked).status_code == 400


def test_the_list_of_places_is_kept_by_the_browser(counter) -> None:
    address = re.search(r'data-places="([^"]+)"', counter.get("/counter").text)
    assert address
    answer = counter.get(address[1])
    assert len(json.loads(answer.text)["places"]) == 1235
    assert "immutable" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]
    assert counter.get(address[1], headers={"Accept-Encoding": "gzip"}).content_length < 20_000
    assert counter.get("/counter/places/0000000000000000.json").status_code == 404


@pytest.mark.parametrize(
    ("username", "form", "receipt"),
    [
        ("counter", 200, 200),
        ("manager", 200, 200),
        ("dispatcher", 403, 200),
        ("regulator", 403, 403),
        ("administrator", 403, 403),
        ("stranger", 200, 404),
    ],
)
def test_who_may_enter_orders_and_print_receipts(as_, place, username, form, receipt) -> None:
    number = place().number
    client = as_(username)
    assert client.get("/counter").status_code == form
    assert client.get(f"/orders/{number}/receipt").status_code == receipt


def test_a_receipt_says_nothing_of_who_the_customer_is(counter, runtime, typed) -> None:
    save(counter, {**typed, "name": "欧阳震华"})
    (order,) = orders(runtime)
    page = counter.get(f"/orders/{order.number}/receipt").text
    assert order.number in page
    assert "10000" in page
    assert "12345" in page
    for personal in ("欧阳震华", "欧阳", "13800001234", "1234</", "测试路1号"):
        assert personal not in page
    assert "回执" in counter.get(f"/orders/{order.number.lower()}/receipt").text
    assert counter.get("/orders/QY000000AAAAAAA/receipt").status_code == 404


def test_the_counter_needs_somebody_to_sign_in(as_) -> None:
    client = as_("counter").application.test_client()
    for path in ("/counter", "/counter/places/x.json", "/orders/QY261123K7M4QZX/receipt"):
        assert "/sign-in" in client.get(path).location
