"""The staff pages of orders at risk: the list and what is done from it, the call, the rules, the files."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from desk_forms import send
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.desk_work import Book, plain
from tests.teaming import TOWN, Crew
from tests.watching import Watch
from tracker import clock
from tracker.at_risk.escalate import escalate
from tracker.orders.place_orders import Placed
from tracker.orders.rules import Stage
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def watch(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> Watch:
    made = Watch(runtime, channel.operator_id, Book(runtime, channel, place))
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def crew(watch: Watch) -> Crew:
    return Crew(watch.run, watch.operator_id)


def numbers(page: str) -> list[str]:
    return re.findall(r'<tr role="row" id="order-(\w+)"', page)


def counts(page: str) -> dict[str, int]:
    nav = page[page.index('<nav class="work-kinds"') :]
    nav = nav[: nav.index("</nav>")]
    return {word: int(n) for word, n in re.findall(r'>([^<>]+) <span class="number">(\d+)</span>', nav)}


def ticks(page: str) -> dict[str, str]:
    values = re.findall(r'<input type="checkbox" name="order" value="([^"]+)"', page)
    return {value.partition(":")[0]: value for value in values}


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("manager", 200),
        ("dispatcher", 200),
        ("counter", 403),
        ("installer", 403),
        ("regulator", 403),
        ("administrator", 403),
    ],
)
def test_whose_page_it_is(as_: Callable[[str], FlaskClient], who: str, status: int) -> None:
    client = as_(who)
    assert client.get("/at-risk").status_code == status
    assert client.get("/at-risk.csv").status_code == status
    assert client.get("/at-risk/steps").status_code == (200 if who == "manager" else 403)


def test_nothing_at_risk_is_good_news(desk: FlaskClient, watch: Watch) -> None:
    watch.book.order()
    said = plain(desk.get("/at-risk").text)
    assert "没有工单有超时风险" in said
    assert "期限前 24 小时" in said
    assert "截至 11月25日 10:00" in said
    assert "这里没有这样的工单" in plain(desk.get("/at-risk?kind=enterprise").text)


def test_the_list_says_why_and_how_long(desk: FlaskClient, watch: Watch) -> None:
    late = watch.book.order(Stage.RESOURCE_CHECKED)
    watch.pass_hours(26)
    due = watch.book.order()
    watch.pass_hours(25)
    page = desk.get("/at-risk").text
    assert numbers(page) == [late, due]
    said = plain(page)
    assert "11月27日（周五）10:00 已超过 3 小时 已超时 未派人" in said
    assert "11月28日（周六）12:00 还有 23 小时 临近未上门 未派人、待核查" in said
    assert "清城区 东城街道" in said
    assert counts(page) == {"全部": 2, "已超时": 1, "临近未上门": 1, "未派人": 2, "待核查": 1}
    assert numbers(desk.get("/at-risk?risk=overdue").text) == [late]
    assert counts(desk.get("/at-risk?risk=overdue").text)["未派人"] == 2
    assert numbers(desk.get(f"/at-risk?place={TOWN}").text) == [late, due]
    assert numbers(desk.get("/at-risk?place=441881").text) == []
    of_homes = desk.get("/at-risk?kind=home").text
    assert numbers(of_homes) == [late, due]
    assert 'href="/at-risk.csv?kind=home"' in of_homes
    english = plain(desk.get("/at-risk?lang=en").text)
    assert "3 hours overdue Overdue Nobody assigned" in english


@pytest.mark.parametrize(
    "query",
    [
        "risk=nonsense&team=x&channel=999&kind=y&place=1",
        "behind=x",
        "behind=2026-11-25T10:00:00~0~1",
        "behind=2026-11-25T10:00:00Z~99~1",
        "behind=2026-11-25T10:00:00Z~0~" + "9" * 30,
        "behind=~~",
        "team=99999999999999999",
        "done=" + "9" * 30,
    ],
)
def test_an_address_that_makes_no_sense_is_passed_over(desk: FlaskClient, watch: Watch, query: str) -> None:
    watch.book.order()
    watch.pass_hours(49)
    answer = desk.get(f"/at-risk?{query}")
    assert answer.status_code == 200
    assert len(numbers(answer.text)) == 1


def test_it_is_read_on_and_comes_to_an_end(
    desk: FlaskClient, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.pages.at_risk.ROWS", 2)
    placed = [watch.book.order() for _ in range(5)]
    watch.pass_hours(49)
    found, address = [], "/at-risk?risk=overdue"
    while address:
        page = desk.get(address).text
        found += numbers(page)
        onward = re.search(r'<a href="([^"]+)">后面的工单</a>', page)
        address = unescape(onward[1]) if onward else ""
    assert found == placed


def test_assigned_from_the_list_back_to_the_same_place_and_undone(
    desk: FlaskClient, watch: Watch, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.pages.at_risk.ROWS", 2)
    team = crew.team()
    placed = [watch.book.order(Stage.RESOURCE_CHECKED) for _ in range(5)]
    watch.pass_hours(49)
    first = desk.get("/at-risk?team=0").text
    onward = unescape(re.search(r'<a href="([^"]+)">后面的工单</a>', first)[1])  # type: ignore[index]
    shown = ticks(desk.get(onward).text)
    assert list(shown) == placed[2:4]
    done = send(desk, onward, {"order": list(shown.values()), "target": str(team)})
    assert done.status_code == 302
    back, here = (parse_qs(urlsplit(one).query) for one in (done.headers["Location"], onward))
    assert {name: back[name] for name in here} == here
    page = desk.get(done.headers["Location"]).text
    assert "已派给 东城班：2 张" in plain(page)
    assert numbers(page) == placed[4:]
    assert watch.book.row(placed[2]).team_id == team
    undo = unescape(re.search(r'action="(/at-risk/undo/[^"]+)"', page)[1])  # type: ignore[index]
    undone = send(desk, undo, page=onward)
    assert parse_qs(urlsplit(undone.headers["Location"]).query) == here
    assert "已撤回 2 张" in plain(desk.get(undone.headers["Location"]).text)
    assert watch.book.row(placed[2]).team_id is None


def test_nothing_ticked_or_nobody_chosen_is_said(desk: FlaskClient, watch: Watch, crew: Crew) -> None:
    crew.team()
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    watch.pass_hours(49)
    nothing = send(desk, "/at-risk", {"target": "1"})
    assert nothing.status_code == 422
    nobody = send(desk, "/at-risk", {"order": ticks(desk.get("/at-risk").text)[number], "target": "x"})
    assert nobody.status_code == 422
    assert f'value="{number}:' in nobody.text
    assert "checked" in nobody.text


def test_a_customer_is_called_and_it_is_written_down(as_: Callable[[str], FlaskClient], watch: Watch) -> None:
    desk = as_("dispatcher")
    number = watch.book.order(customer__phone="13900007777", customer__name="欧阳静")
    watch.pass_hours(49)
    here = f"/at-risk?risk=overdue#order-{number}"
    called = send(desk, f"/at-risk/call/{number}?risk=overdue", page="/at-risk")
    assert called.status_code == 302
    page = desk.get(called.headers["Location"]).text
    assert 'href="tel:+8613900007777"' in page
    assert "欧阳静" in page
    assert "确认上门安排" in page
    entry = watch.book.trail()[-1]
    assert (entry.actor, entry.action) == ("staff:dispatcher", "saw")
    back = re.search(r'<a href="([^"]+)">返回超时预警', page)
    assert back
    assert unescape(back[1]) == here
    # Asked for once more it is the same call, and somebody else sees who makes it.
    again = send(desk, f"/at-risk/call/{number}?risk=overdue", page="/at-risk")
    assert again.headers["Location"] == called.headers["Location"]
    manager = as_("manager")
    others = send(manager, f"/at-risk/call/{number}", page="/at-risk")
    seen = manager.get(others.headers["Location"]).text
    assert "dispatcher 正在拨打" in seen
    assert "tel:" not in seen
    typed = {"outcome": "no_answer", "version": "1", "seen": "0", "then": "list"}
    saved = send(desk, called.headers["Location"], typed)
    assert saved.headers["Location"] == here
    assert "无人接听" in plain(desk.get(here).text)
    assert "联系不上客户" in plain(desk.get(here).text)


def test_a_call_about_nothing_at_risk_is_refused(desk: FlaskClient, watch: Watch) -> None:
    number = watch.book.order()
    watch.pass_hours(49)
    watch.book.move(number, Stage.WITHDRAWN)
    over = send(desk, f"/at-risk/call/{number}", page="/at-risk")
    assert over.headers["Location"] == f"/at-risk#order-{number}"
    assert "无需致电" in plain(desk.get("/at-risk").text)
    assert send(desk, "/at-risk/call/QY000000000000", page="/at-risk").status_code == 404


def test_taken_over_and_seen_by_others(as_: Callable[[str], FlaskClient], watch: Watch) -> None:
    desk = as_("manager")
    number = watch.book.order()
    watch.pass_hours(49)
    taken = send(desk, f"/at-risk/take/{number}?risk=overdue", page="/at-risk")
    assert taken.headers["Location"] == f"/at-risk?risk=overdue#order-{number}"
    said = plain(desk.get("/at-risk").text)
    assert "已记下：由您跟进。" in said
    assert "manager 跟进" in said
    again = send(desk, f"/at-risk/take/{number}", page="/at-risk")
    assert "这个工单已由您跟进。" in plain(desk.get(again.headers["Location"]).text)
    history = plain(desk.get(f"/orders/{number}/history?kind=escalation").text)
    assert "接手跟进" in history
    watch.book.move(number, Stage.WITHDRAWN)
    over = send(desk, f"/at-risk/take/{number}", page="/at-risk")
    assert "无需跟进" in plain(desk.get(over.headers["Location"]).text)


def test_promised_anew_one_returns_to_the_list(desk: FlaskClient, watch: Watch) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    watch.pass_hours(30)
    page = desk.get("/at-risk?risk=due").text
    link = unescape(re.search(r'href="(/orders/\w+/repromise[^"]+)"', page)[1])  # type: ignore[index]
    form = desk.get(link).text
    assert "返回超时预警" in form
    later = clock.local(watch.now + timedelta(days=4))
    asked = {
        "basis": "date",
        "deadline": f"{later:%Y-%m-%dT%H:%M}",
        "contact": "王敏",
        "reason_code": "estate_unfinished",
        "version": str(watch.book.row(number).version),
        "step": "do",
    }
    done = send(desk, link, asked)
    assert done.headers["Location"] == "/at-risk?risk=due"
    assert numbers(desk.get("/at-risk").text) == []


def test_escalations_stand_in_the_history_and_mark_the_order(
    as_: Callable[[str], FlaskClient], watch: Watch
) -> None:
    desk = as_("manager")
    number = watch.book.order()
    watch.pass_hours(48.1)
    escalate(watch.run)
    assert "督办" not in plain(desk.get("/at-risk").text).replace("预警与督办规则", "")
    watch.pass_hours(48)
    escalate(watch.run)
    assert "督办" in plain(desk.get("/at-risk").text).replace("预警与督办规则", "")
    for address in (f"/orders/{number}", f"/orders/{number}/history"):
        page = desk.get(address).text
        assert '<span class="badge" data-tone="danger">' in page
    history = plain(page)
    assert "二级督办 呈报 manager 已超时、未派人、待核查 系统" in history
    assert "三级督办" in history
    file = desk.get(f"/orders/{number}/history.csv?kind=escalation").text
    assert file.count("督办") == 2


def test_files_hold_what_the_list_shows(desk: FlaskClient, watch: Watch) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED, customer__phone="13900007777")
    watch.book.order()
    watch.pass_hours(49)
    lines = desk.get("/at-risk.csv?risk=check").text.strip().splitlines()
    assert len(lines) == 2
    csv = desk.get("/at-risk.csv")
    assert number in csv.text
    assert "7777" not in csv.text
    assert csv.headers["Content-Disposition"] == "attachment; filename=at-risk.csv"
    book = openpyxl.load_workbook(io.BytesIO(desk.get("/at-risk.xlsx").data))
    rows = list(book.active.values)
    assert rows[0][:4] == ("订单号", "承诺期限", "剩余小时", "原因")
    assert rows[1][:4] == (number, "2026-11-27 10:00:00", -1, "已超时、未派人")
    english = desk.get("/at-risk.csv?lang=en").text
    assert not re.search("[\u4e00-\u9fff]", english.splitlines()[0])


def rules(**changes: str) -> dict[str, Any]:
    return {
        "due_hours": "24",
        "team_hours": "24",
        "waiting_hours": "36",
        "warn_hours": "12",
        "late_hours": "0",
        "chase_days": "2",
        "digest_at": "9:00, 15:00",
        "reason": "试行",
        "version": "0",
        "step": "preview",
    } | changes


def versions(watch: Watch) -> int:
    with watch.run.db.reading() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM risk_rules")) or 0)


def test_rules_are_looked_at_before_they_hold(desk: FlaskClient, watch: Watch) -> None:
    watch.book.order()
    watch.pass_hours(30)
    shown = send(desk, "/at-risk/steps", rules(warn_hours="20", digest_at="9：30 16:00"))
    said = plain(shown.text)
    assert "一级督办 1 张 dispatcher（未登记手机，只在网页上看到）" in said
    assert "有超时风险的在途工单：1 张" in said
    assert versions(watch) == 0
    saved = send(desk, "/at-risk/steps", rules(warn_hours="20", digest_at="9：30 16:00", step="do"))
    assert saved.status_code == 302
    page = plain(desk.get("/at-risk/steps").text)
    assert "规则已保存" in page
    assert "第 1 版" in page
    assert 'value="9:30, 16:00"' in desk.get("/at-risk/steps").text
    back = send(desk, "/at-risk/steps", rules(due_hours="48", version="1", step="edit"))
    assert 'value="48"' in back.text
    assert versions(watch) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"due_hours": "x"}, "1 至 240"),
        ({"due_hours": ""}, "1 至 240"),
        ({"due_hours": "0"}, "1 至 240"),
        ({"late_hours": "-1"}, "0 至 240"),
        ({"chase_days": "61"}, "1 至 60"),
        ({"chase_days": "many"}, "1 至 60"),
        ({"late_hours": "72", "chase_days": "2"}, "三级督办须晚于二级"),
        ({"digest_at": "half past nine"}, "时间写作"),
        ({"digest_at": "25:00"}, "时间写作"),
        ({"digest_at": "7:00"}, "08:00"),
        ({"digest_at": "8:00 9:00 10:00 11:00 12:00"}, "最多 4 个时间"),
        ({"reason": ""}, "必填"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "do"])
def test_bad_rules_are_refused_and_stay_typed(
    desk: FlaskClient, watch: Watch, changes: dict[str, str], told: str, step: str
) -> None:
    answer = send(desk, "/at-risk/steps", rules(**changes, step=step))
    assert answer.status_code == 422
    assert told in plain(answer.text)
    name, value = next(iter(changes.items()))
    assert f'value="{value}"' in answer.text, name
    assert versions(watch) == 0


def test_whoever_was_slower_sees_it_and_keeps_what_was_typed(desk: FlaskClient, watch: Watch) -> None:
    send(desk, "/at-risk/steps", rules(due_hours="12", step="do"))
    late = send(desk, "/at-risk/steps", rules(due_hours="6", step="do"))
    assert late.status_code == 409
    assert "有人先一步改了规则" in plain(late.text)
    assert 'value="6"' in late.text
    assert 'name="version" value="1"' in late.text
    assert versions(watch) == 1


def test_a_manager_switches_texts_off_and_on(desk: FlaskClient, watch: Watch) -> None:
    assert "已开启" in plain(desk.get("/at-risk/steps").text)
    send(desk, "/at-risk/digest", {"wanted": "0"}, page="/at-risk/steps")
    page = plain(desk.get("/at-risk/steps").text)
    assert "已关闭短信提醒，三级督办仍会通知。" in page
    assert "开启短信提醒" in page
    send(desk, "/at-risk/digest", {"wanted": "1"}, page="/at-risk/steps")
    assert "关闭短信提醒" in plain(desk.get("/at-risk/steps").text)
