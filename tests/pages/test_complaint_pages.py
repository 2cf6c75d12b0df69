"""The staff pages of complaints and ratings: the list, one of them, what is done about it, and who may."""

import csv
import io
import re
from html import unescape

import openpyxl
import pytest
from desk_forms import faults, send
from sqlalchemy import update

from tests.complaining import DAY, NOW, Desk
from tracker import clock
from tracker.complaints.models import Complaint
from tracker.complaints.retract_rating import retract_rating
from tracker.files import giving
from tracker.orders.actor import Actor

NEW = "/complaints/new"
TYPED = {
    "source": "12345",
    "received_at": "2026-11-23T16:30",
    "number": "",
    "topic": "attitude",
    "text": "前台说话不客气",
    "contact_phone": "13712345678",
    "contact_name": "欧阳春",
}


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def office(runtime, channel, place):
    return Desk(runtime, channel.operator_id, place)


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def received(office: Desk, days_ago: int, **more) -> int:
    return office.file(office.order(), source="hotline", received_at=NOW - days_ago * DAY, **more)


def test_open_ones_stand_first_and_the_first_due_first(desk, office) -> None:
    near, late, calm = received(office, 13), received(office, 16), received(office, 1)
    closed = received(office, 14)
    office.close(closed)
    page = desk.get("/complaints").text
    numbers = [office.row(one).number for one in (late, near, calm, closed)]
    rows = re.findall(r'<td role="cell" class="reference"><a href="[^"]+">(TS\d+)</a>', page)
    assert rows == numbers
    words = plain(page)
    for said in ("已超期", "临近到期", "处理中", "已办结", "11月23日（周一）", "昨天", "2 天后"):
        assert said in words
    assert "3 未办结" in words
    assert "1 临近到期" in words
    assert "1 已超期" in words


def test_the_list_is_narrowed_by_its_address(desk, office) -> None:
    near, late = received(office, 13, topic="fees"), received(office, 16)
    mine = received(office, 1)
    office.hand(mine, office.hire("second"))
    office.close(late)

    def listed(query: str) -> set[str]:
        return set(re.findall(r">(TS\d+)</a>", desk.get(f"/complaints{query}").text))

    of = {name: office.row(one).number for name, one in (("near", near), ("late", late), ("mine", mine))}
    assert listed("") == set(of.values())
    assert listed("?shown=near") == {of["near"]}
    assert listed("?shown=overdue") == set()
    assert listed("?shown=closed") == {of["late"]}
    assert listed("?topic=fees&source=hotline") == {of["near"]}
    assert listed("?source=website") == set()
    assert listed("?mine=1") == {of["near"], of["late"]}
    # What no filter knows is no filter.
    assert listed("?shown=all&topic=x&page=x") == set(of.values())
    assert "没有符合条件的投诉" in desk.get("/complaints?page=3").text


def test_twenty_a_page(desk, office) -> None:
    number = office.order()
    for index in range(21):
        office.file(number, text=f"第{index}件")
    first = desk.get("/complaints?topic=overdue").text
    assert len(re.findall(r'class="reference"', first)) == 20
    assert "topic=overdue" in re.search(r'<a href="([^"]+)">下一页', first)[1]
    assert len(re.findall(r'class="reference"', desk.get("/complaints?page=2").text)) == 1


def test_one_complaint_shows_all_that_was_done(desk, office) -> None:
    one = received(office, 3, text="约好了没有来\n也没有电话")
    office.follow(one, NOW + DAY, note="已致歉，约明天上门")
    office.hand(one, office.hire("黄丽"), note="片区经理更熟悉")
    words = plain(desk.get(f"/complaints/{one}").text)
    for said in (
        "安装超期",
        "约好了没有来 也没有电话",
        "最迟 12月6日（周日） 答复 · 12 天后",
        "负责人 黄丽",
        "片区经理更熟悉",
        "下次跟进 11月25日（周三）",
        "已致歉，约明天上门",
        "客户（官网）",
    ):
        assert said in words
    english = plain(desk.get(f"/complaints/{one}?lang=en").text)
    for said in ("Late installation", "in charge: 黄丽", "Customer (website)", "Answer by Sunday 6 December"):
        assert said in english


def test_one_that_came_by_phone_is_written_down(desk, office) -> None:
    answer = send(desk, NEW, TYPED)
    assert answer.status_code == 302
    page = desk.get(answer.headers["Location"])
    words = plain(page.text)
    for said in ("已登记，时限和负责人已确定", "12345热线", "服务态度", "欧** 137****5678", "不涉及订单"):
        assert said in words
    assert "13712345678" not in page.text
    row = office.row(int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert f"{row.received_at:%Y-%m-%dT%H:%M}" == "2026-11-23T08:30"
    assert row.filed_by == "staff:manager"


def test_one_about_an_order_knows_it(desk, office) -> None:
    number = office.order()
    assert f'value="{number}"' in desk.get(f"{NEW}?number={number}").text
    blank = {"contact_phone": "", "contact_name": ""}
    answer = send(desk, NEW, TYPED | blank | {"number": number.lower()})
    assert number in plain(desk.get(answer.headers["Location"]).text)
    again = send(desk, NEW, TYPED | blank | {"number": number})
    assert again.status_code == 409
    assert "同样的投诉正在处理" in plain(again.text)


def test_all_that_is_wrong_is_told_where_it_is(desk, office) -> None:
    wrong = dict.fromkeys(TYPED, "") | {"number": "QY1", "contact_phone": "12"}
    answer = send(desk, NEW, wrong)
    assert answer.status_code == 422
    assert faults(answer.text) == {
        "source": "必填",
        "received_at": "必填",
        "number": "没有这个工单",
        "topic": "必填",
        "text": "必填",
    }
    assert "5 处需要改正" in plain(answer.text)
    for typed, field in (
        ({"received_at": "2026-11-24T09:30"}, "received_at"),
        ({"received_at": "soon"}, "received_at"),
        ({"received_at": "2025-11-24T09:30"}, "received_at"),
        ({"contact_phone": "12"}, "contact_phone"),
        ({"number": "QY261124AAAAAAA"}, "number"),
        ({"text": "好" * 1001}, "text"),
        ({"topic": "weather"}, "topic"),
    ):
        answer = send(desk, NEW, TYPED | typed)
        assert list(faults(answer.text)) == [field], typed
        assert "前台说话不客气" in answer.text or field == "text"


def act(client, one: int, what: str, **typed):
    path = f"/complaints/{one}/{what}"
    version = re.search(r'name="version" value="(\d+)"', client.get(path).text)
    return send(client, path, {"version": version[1] if version else "1", **typed}, page=path)


def test_it_is_followed_up_handed_on_closed_and_judged(desk, office) -> None:
    one = received(office, 3)
    second = office.hire("黄丽")
    assert act(desk, one, "follow-up", note="已联系", next_on="2026-11-26").status_code == 302
    assert act(desk, one, "hand-on", owner=str(second), note="更熟悉").status_code == 302
    closing = {"result": "已补装并致歉", "settled_at_outlet": "yes", "satisfaction": "", "note": "内部"}
    assert act(desk, one, "close", **closing).status_code == 302
    row = office.row(one)
    assert (row.state, row.owner_id, row.settled_at_outlet, row.satisfaction) == (
        "closed",
        second,
        True,
        None,
    )
    words = plain(desk.get(f"/complaints/{one}").text)
    assert "已办结，结果以短信告知客户" in words
    assert "已补装并致歉" in words
    assert act(desk, one, "satisfaction", satisfaction="neutral").status_code == 302
    assert "客户：一般" in plain(desk.get(f"/complaints/{one}").text)
    # What is over can only be read.
    for what in ("follow-up", "hand-on", "close"):
        assert desk.get(f"/complaints/{one}/{what}").status_code == 302


@pytest.mark.parametrize(
    ("what", "typed", "field"),
    [
        ("follow-up", {"note": "", "next_on": "2026-11-26"}, "note"),
        ("follow-up", {"note": "x", "next_on": ""}, "next_on"),
        ("follow-up", {"note": "x", "next_on": "2026-12-31"}, "next_on"),
        ("hand-on", {"owner": "", "note": "x"}, "owner"),
        ("hand-on", {"owner": "9999", "note": "x"}, "owner"),
        ("hand-on", {"owner": "１", "note": ""}, "note"),
        ("close", {"result": "", "settled_at_outlet": "yes"}, "result"),
        ("close", {"result": "致电13712345678", "settled_at_outlet": "yes"}, "result"),
        ("close", {"result": "已处理", "settled_at_outlet": ""}, "settled_at_outlet"),
        ("close", {"result": "已处理", "settled_at_outlet": "no", "satisfaction": "x"}, "satisfaction"),
    ],
)
def test_what_is_wrong_stands_at_its_field(desk, office, what, typed, field) -> None:
    one = received(office, 3)
    answer = act(desk, one, what, **typed)
    assert answer.status_code == 422
    assert field in faults(answer.text)
    assert f'href="#{field}"' in answer.text
    assert office.row(one).version == 1


def test_two_who_deal_with_it_at_once(desk, office) -> None:
    """I7."""
    one = received(office, 3)
    path = f"/complaints/{one}/follow-up"
    given = {"version": "1", "note": "已联系", "next_on": "2026-11-26"}
    assert send(desk, path, given).status_code == 302
    answer = send(desk, path, given | {"note": "我也联系了"})
    assert answer.status_code == 409
    assert "已被他人处理" in plain(answer.text)
    assert "我也联系了" in answer.text


def test_a_manager_says_who_gets_new_ones(desk, office) -> None:
    second = office.hire("黄丽", "counter")
    answer = send(desk, "/complaints/person", {"owner": str(second)}, page="/complaints")
    assert "今后的投诉由此人负责" in plain(desk.get(answer.headers["Location"]).text)
    assert office.row(received(office, 1)).owner_id == second
    for nobody in ("", "9999", "x", "1" * 30):
        send(desk, "/complaints/person", {"owner": nobody}, page="/complaints")
        assert "负责人须是本单位在用的账号" in plain(desk.get("/complaints").text)
    assert office.row(received(office, 2)).owner_id == second


def test_without_anybody_in_charge_it_says_so(desk, office) -> None:
    one = office.file(office.order())
    with office.runtime.db.transaction() as connection:
        connection.execute(update(Complaint).values(owner_id=None))
    assert "未指定" in plain(desk.get("/complaints").text)
    page = desk.get(f"/complaints/{one}").text
    assert "指定负责人" in page
    assert "登记跟进" not in page


def test_others_see_what_is_in_their_hands(as_, office) -> None:
    counter = as_("counter")
    theirs, other = received(office, 3), received(office, 2)
    assert counter.get(f"/complaints/{theirs}").status_code == 404
    with office.runtime.db.reading() as connection:
        from tracker.complaints.persons import people

        account = next(one.id for one in people(connection, office.operator_id) if one.role == "counter")
    office.hand(theirs, account)
    page = counter.get("/complaints").text
    assert office.row(theirs).number in page
    assert office.row(other).number not in page
    assert "新投诉的负责人" not in page
    assert act(counter, theirs, "follow-up", note="已联系", next_on="2026-11-26").status_code == 302
    assert counter.get(f"/complaints/{theirs}/hand-on").status_code == 403
    assert send(counter, "/complaints/person", {"owner": "1"}, page="/complaints/new").status_code == 403
    assert counter.get("/ratings").status_code == 403
    given = counter.get("/complaints.csv").text
    assert office.row(other).number not in given
    # What they write down may be somebody else's to follow up.
    assert send(counter, NEW, TYPED).headers["Location"] == "/complaints"


def test_a_number_leads_others_to_the_order(as_, office) -> None:
    order = office.order()
    about, of_none = office.file(order), office.file(None, actor=office.staff, source="hotline")
    counter = as_("counter")

    def search(complaint: int):
        return send(counter, "/orders/find", {"number": office.row(complaint).number}, page="/")

    assert search(about).headers["Location"] == f"/orders/{order}"
    assert "投诉由负责人和经理查看" in counter.get(f"/orders/{order}").text
    assert search(of_none).status_code == 404


@pytest.mark.parametrize("who", ["regulator", "administrator"])
def test_who_has_no_operator_has_no_complaints(as_, office, who) -> None:
    """I6."""
    one = received(office, 1)
    client = as_(who)
    for path in (
        "/complaints",
        NEW,
        f"/complaints/{one}",
        "/complaints.csv",
        "/ratings",
        "/orders/find?number=x",
    ):
        assert client.get(path).status_code == 403, path


def test_another_operators_are_not_there(as_, office) -> None:
    """I6."""
    one = office.file(office.order())
    rating = office.rate(office.completed(), 1)
    stranger = as_("stranger")
    for path in (
        f"/complaints/{one}",
        f"/complaints/{one}/close",
        f"/ratings/{rating}/call-back",
        f"/complaints/{2**70}",
        f"/ratings/{2**70}/call-back",
    ):
        assert stranger.get(path).status_code == 404, path
    number = office.row(one).number
    assert number not in stranger.get("/complaints").text
    assert number not in stranger.get("/complaints.csv").text
    assert send(stranger, "/orders/find", {"number": number}, page="/").status_code == 404
    assert "还没有评价" in stranger.get("/ratings").text


def test_the_list_as_a_file(desk, office) -> None:
    one = received(office, 16)
    office.hand(one, office.hire("=HYPERLINK(1)"), note="秘密")
    office.close(one, result="=1+1", request={"satisfaction": "satisfied"})
    received(office, 1, topic="fees")
    table = list(csv.reader(io.StringIO(desk.get("/complaints.csv").text.lstrip("\ufeff"))))
    assert table[0][:4] == ["投诉编号", "订单号", "投诉事项", "来源"]
    assert len(table) == 3
    closed = table[2]
    assert closed[0] == office.row(one).number
    assert closed[5:9] == ["2026-11-23", "超期办结", "'=HYPERLINK(1)", ""]
    assert closed[9:] == ["2026-11-24 08:40:00", "'=1+1", "是", "满意"]
    assert "秘密" not in str(table)
    assert "13712345678" not in str(table)
    assert len(desk.get("/complaints.csv?topic=fees").text.splitlines()) == 2
    answer = desk.get("/complaints.xlsx?shown=closed&lang=en")
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.values)
    assert rows[0][0] == "Complaint"
    assert rows[1][6:8] == ("Closed late", "'=HYPERLINK(1)")
    assert rows[1][10] == "'=1+1"


def test_a_workbook_of_too_many_complaints_is_refused_with_advice(desk, office, monkeypatch) -> None:
    monkeypatch.setattr(giving, "MOST_ROWS", 1)
    received(office, 1)
    received(office, 1, topic="fees")
    assert "请先筛选，或下载 CSV" in desk.get("/complaints.xlsx", follow_redirects=True).text
    assert desk.get("/complaints.xlsx?topic=fees").status_code == 200


def test_what_presses_stands_on_the_first_page(desk, as_, office, monkeypatch) -> None:
    assert "临近到期" not in plain(desk.get("/").text)
    received(office, 13)
    received(office, 16)
    office.rate(office.completed(), 1)
    words = plain(desk.get("/").text)
    for said in ("1 件投诉已超期", "1 件投诉临近到期", "1 条低分评价待回访"):
        assert said in words


def test_ratings_their_mean_and_who_is_to_be_called(desk, office) -> None:
    assert "还没有评价" in plain(desk.get("/ratings").text)
    low = office.rate(office.completed(), 2, "来晚了\n态度一般")
    office.rate(office.completed(), 5, "很好")
    number = office.completed()
    retract_rating(office.runtime, office.customer, number, office.rate(number, 1))
    page = desk.get("/ratings").text
    words = plain(page)
    for said in ("3.5 平均分", "共 2 条评价", "样本不足 30 条，仅供参考", "来晚了 态度一般", "客户已撤回"):
        assert said in words
    assert "1 条低分评价待回访" in words
    only = plain(desk.get("/ratings?call_back=1").text)
    assert "来晚了" in only
    assert "很好" not in only
    assert "来晚了" not in plain(desk.get("/ratings?score=5").text)
    path = f"/ratings/{low}/call-back"
    assert send(desk, path, {"note": " "}).status_code == 422
    assert "不能为空" in plain(send(desk, path, {"note": " "}).text)
    assert send(desk, path, {"note": "已致歉"}).status_code == 302
    words = plain(desk.get("/ratings").text)
    assert "已致歉" in words
    assert "待回访</a>" not in desk.get("/ratings").text
    # Once is enough.
    assert desk.get(path).status_code == 302


def test_a_mean_of_many_says_nothing_of_small_samples(desk, office, monkeypatch) -> None:
    from tracker.complaints import rating_queries

    monkeypatch.setattr(rating_queries, "LEAST_SAMPLE", 2)
    monkeypatch.setattr(rating_queries, "MOST_COUNTED", 2)
    for score in (1, 4, 5):
        office.rate(office.completed(), score)
    words = plain(desk.get("/ratings").text)
    assert "4.5 平均分" in words
    assert "最近 2 条评价的平均" in words
    assert "样本不足" not in words


def test_ratings_go_on_page_by_page(desk, office, monkeypatch) -> None:
    from tracker.pages import ratings

    monkeypatch.setattr(ratings, "ROWS", 2)
    for score in (3, 4, 5):
        office.rate(office.completed(), score)
    first = desk.get("/ratings").text
    older = re.search(r'href="(/ratings\?before=\d+)"', first)
    assert older
    assert "3分" in plain(desk.get(older[1]).text)
    assert "更早的评价" not in desk.get(older[1]).text
    assert desk.get("/ratings?before=x&score=9").status_code == 200


def test_an_actor_of_another_kind_is_shown_as_it_is(desk, office) -> None:
    one = office.file(office.order(), actor=Actor(office.operator_id, "channel:app"))
    assert "官方APP" in plain(desk.get(f"/complaints/{one}").text)
