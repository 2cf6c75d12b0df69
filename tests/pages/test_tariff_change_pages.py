"""The staff pages of announced changes: who may see and do what, and what is told of each."""

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from unittest.mock import Mock

import openpyxl
import pytest
from announced_changes import OTHER_PLAN, awaiting, ending, in_effect, on, telling, withdrawn
from desk_forms import faults, fields_of, send
from subscribing import REGION, City, in_city

from tracker.notices.record_call import record_call
from tracker.pages import changes
from tracker.problems import Fault, Refusal
from tracker.tariff_changes import export
from tracker.tariff_changes.read_change import read_change
from tracker.tariff_changes.upkeep import keep_change
from tracker.tariff_changes.withdraw_change import withdraw_change
from tracker.tariffs.withdraw_plan import withdraw_plan

NEW = "/tariff-changes/new"


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """2026-11-24, a Tuesday: what is announced now can be told today."""
    with on(2026, 11, 24, 9):
        yield


def announcement(city: City) -> dict[str, str]:
    """The form of a change of price, as it is sent at last."""
    return {
        "kind": "price",
        "plan": str(city.plan_id),
        "effective_on": "2027-01-20",
        "monthly_fee": "149",
        "reason": "粤电信〔2026〕88号",
        "step": "announce",
    }


def stored(city: City) -> list:
    return city.rows("SELECT * FROM tariff_changes ORDER BY id")


def milestone(page: str) -> tuple[str, str]:
    """How far the first texts are, and their day, as the key dates of a change show them."""
    found = re.search(
        r'<li data-state="(\w+)"(?:(?!<li).)*?首批告知发出(?:(?!<li).)*?datetime="([\d-]+)', page, re.DOTALL
    )
    assert found
    return found[1], found[2]


# The list.


def test_the_list_puts_first_what_is_to_come(desk, city) -> None:
    done = in_effect(city)
    told = telling(city)
    gone = withdrawn(city)
    later = awaiting(city)
    page = desk.get("/tariff-changes").text
    order = re.findall(r'class="reference place"><a href="/tariff-changes/(\d+)"', page)
    assert order == [str(one) for one in (told, later, done, gone)]
    for words in (
        "告知中",
        "待告知",
        "已生效",
        "已撤回",
        "129 → 139 元/月",
        "38 天后",
        "4 天前",
        "72%",
        "18 / 25",
    ):
        assert words in page
    assert 'aria-current="page">资费变动' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("standing=telling", ["told"]),
        ("standing=awaiting&kind=terms", ["later"]),
        ("standing=awaiting&kind=price", []),
        ("kind=price", ["told", "gone"]),
        ("standing=withdrawn", ["gone"]),
        ("standing=nonsense&kind=%00&page=x", ["told", "later", "gone"]),
        ("page=99999999", ["told", "later", "gone"]),
        ("page=7", []),
    ],
)
def test_the_list_is_filtered_by_its_address(desk, city, query, found) -> None:
    ids = {"told": telling(city), "gone": withdrawn(city), "later": awaiting(city)}
    page = desk.get(f"/tariff-changes?{query}").text
    order = re.findall(r'class="reference place"><a href="/tariff-changes/(\d+)"', page)
    assert order == [str(ids[name]) for name in found]
    assert ("没有符合条件的资费变动" in page) == (not found)


def test_the_list_goes_on_with_its_filter(desk, city) -> None:
    for number in range(22):
        city.announce(effective_on=f"2027-03-{number + 1:02d}", monthly_fen=13000 + number * 100)
    first = desk.get("/tariff-changes?kind=price").text
    assert first.count('class="reference place"') == 20
    following = re.search(r'href="(/tariff-changes\?page=2[^"]*)"', first)
    assert following
    second = desk.get(unescape(following[1])).text
    assert second.count('class="reference place"') == 2
    assert "2027年3月22日" in second
    assert 'href="/tariff-changes?kind=price"' in second, "back to the first page"


def test_an_empty_list_says_what_it_is_for(as_, city) -> None:
    page = as_("manager").get("/tariff-changes").text
    assert "还没有公告过资费变动" in page
    assert "公告第一项变动" in page
    assert "公告第一项变动" not in as_("counter").get("/tariff-changes").text


def test_agreed_prices_that_end_unannounced_stand_above_the_list(desk, as_, city) -> None:
    ending(city, 3, date(2026, 12, 10))
    ending(city, 2, date(2027, 1, 1))
    ending(city, 12, date(2027, 3, 3))
    page = unescape(desk.get("/tariff-changes").text)
    for words in (
        "2026年12月有 3 位用户约定价格到期。",
        "已不足一个月",
        "2027年1月有 2 位用户约定价格到期。",
        "请尽快",
        "2027年3月有 12 位用户约定价格到期。",
    ):
        assert words in page
    assert page.count("请尽快") == 1
    link = re.search(r'href="(/tariff-changes/new\?kind=term_end[^"]*2027-01-01[^"]*)"', page)
    assert link
    prefilled = fields_of(desk.get(link[1]).text)
    assert (prefilled["ends_from"], prefilled["ends_to"]) == ("2027-01-01", "2027-01-01")
    reader = as_("counter").get("/tariff-changes").text
    assert "2027年1月有 2 位" in unescape(reader)
    assert "公告到期" not in reader


def test_a_plan_that_is_sold_no_more_can_be_announced_for(desk, city) -> None:
    ending(city)
    with on(2026, 11, 20, 9):
        withdraw_plan(city.run.db, 1, city.plan_id, "停售", "staff:x", last_day=date(2026, 11, 20))
    with on(2026, 11, 21, 9):
        page = unescape(desk.get("/tariff-changes").text)
        link = re.search(r'href="(/tariff-changes/new\?kind=term_end[^"]*)"', page)
        assert link
        assert fields_of(desk.get(link[1]).text)["ends_from"] == "2027-01-15"
        choice = desk.get("/tariff-changes/new?choose=1").text
    assert "已停售，仅在网用户" in choice


# Who may do what.

READ = (
    "/tariff-changes",
    "/tariff-changes/{id}",
    "/tariff-changes/{id}/subscribers",
    "/tariff-changes/{id}/proof.csv",
)
WRITE = (NEW, "/tariff-changes/{id}/withdraw")


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("manager", 200, 200),
        ("counter", 200, 403),
        ("dispatcher", 200, 403),
        ("stranger", 404, 404),
        ("regulator", 403, 403),
        ("administrator", 403, 403),
    ],
)
def test_managers_write_their_staff_reads_and_others_see_nothing(as_, city, who, reads, writes) -> None:
    change = telling(city)
    client = as_(who)
    for path, expected in [*((path, reads) for path in READ), *((path, writes) for path in WRITE)]:
        answer = client.get(path.format(id=change))
        own = who == "stranger" and "{id}" not in path
        assert answer.status_code == (200 if own else expected), path
        if who not in ("manager", "counter", "dispatcher"):
            assert "KD0000" not in answer.text
    if who in ("counter", "dispatcher"):
        assert "撤回这项变动" not in client.get(f"/tariff-changes/{change}").text


def test_without_signing_in_there_is_nothing(desk, city) -> None:
    visitor = desk.application.test_client()
    for path in (*READ, *WRITE, "/subscribers/price"):
        assert visitor.get(path.format(id=1)).headers["Location"].startswith("/sign-in"), path


def test_a_reader_cannot_write_by_hand_either(as_, city) -> None:
    change = telling(city)
    client = as_("counter")
    assert send(client, NEW, announcement(city), page="/tariff-changes").status_code == 403
    answer = send(client, f"/tariff-changes/{change}/withdraw", {"reason": "x"}, page="/tariff-changes")
    assert answer.status_code == 403
    assert [row.state for row in stored(city)] == ["announced"]


def test_another_operators_manager_can_neither_change_nor_announce(as_, city) -> None:
    change = telling(city)
    client = as_("stranger")
    answer = send(client, f"/tariff-changes/{change}/withdraw", {"reason": "x"}, page=NEW)
    assert answer.status_code == 404
    answer = send(client, NEW, announcement(city))
    assert "哪一类变动" in answer.text, "the plan is none of theirs, so another is asked for"
    assert f'value="{city.plan_id}"' not in client.get(f"{NEW}?plan={city.plan_id}").text
    assert [row.state for row in stored(city)] == ["announced"]


def test_a_form_without_its_token_changes_nothing(desk, city) -> None:
    change = telling(city)
    assert desk.post(NEW, data=announcement(city)).status_code == 400
    assert desk.post(f"/tariff-changes/{change}/withdraw", data={"reason": "x"}).status_code == 400
    assert [row.state for row in stored(city)] == ["announced"]


@pytest.mark.parametrize("wrong", [10**6, 2**31, 2**70])
def test_what_does_not_exist_is_not_found(desk, city, wrong) -> None:
    for path in (*READ[1:], WRITE[1], "/tariff-changes/{id}/proof.xlsx"):
        assert desk.get(path.format(id=wrong)).status_code == 404, path
    assert desk.get(f"/tariff-changes/{wrong}/proof.pdf").status_code == 404


# One change.


def figures(page: str) -> dict[str, str]:
    """What stands in the table of those who were told."""
    rows = re.findall(r"<tr role=\"row\"><th role=\"rowheader\".*?</tr>", page)
    told = {}
    for row in rows:
        name = re.search(r'data-told="([a-z_]+)"', row)
        count = re.search(r'class="number"[^>]*>([\d,]+)<', row)
        assert name
        assert count
        told[name[1]] = count[1]
    return told


def test_a_change_shows_who_was_told_and_leads_to_them(desk, city) -> None:
    change = telling(city)
    city.subscribe(2)
    page = desk.get(f"/tariff-changes/{change}").text
    assert figures(page) == {
        "on_time": "18",
        "late": "0",
        "waiting": "7",
        "not_reached": "0",
        "unwarned": "2",
    }
    assert f'href="/tariff-changes/{change}/subscribers?told=on_time"' in page
    assert f'href="/tariff-changes/{change}/subscribers?told=late"' not in page
    for words in (
        "66.7%",
        "统计于",
        "最晚告知日 11月30日（周一），6 天后",
        "网络升级",
        "您的千兆家庭套餐（24GD100001）自2027年1月1日起",
    ):
        assert words in page
    assert re.search(r"待电话</dt><dd>2<", page)
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', page)]
    assert sum(widths) == pytest.approx(1000, abs=0.1)


def test_late_and_never_is_told_apart(desk, city) -> None:
    change = in_effect(city)
    page = desk.get(f"/tariff-changes/{change}").text
    assert figures(page) == {"on_time": "3", "late": "1", "waiting": "0", "not_reached": "1", "unwarned": "0"}
    assert "撤回这项变动" not in page
    assert "已于 2026年11月20日 生效" in page


def test_a_large_change_is_counted_when_asked(desk, city, monkeypatch) -> None:
    change = telling(city)
    monkeypatch.setattr(changes, "COUNTED_AT_ONCE", 24)
    page = desk.get(f"/tariff-changes/{change}").text
    assert "统计约需几秒" in page
    assert figures(page) == {}
    assert 'name="count" value="1"' in page
    counted = desk.get(f"/tariff-changes/{change}?count=1").text
    assert figures(counted)["on_time"] == "18"
    assert "统计于 " in counted
    listed = desk.get("/tariff-changes").text
    assert "18 / 25" not in listed
    assert "尚未发出的告知全部取消。" in desk.get(f"/tariff-changes/{change}/withdraw").text


def test_a_change_of_many_subscribers_is_large_before_anybody_is_warned(desk, city, monkeypatch) -> None:
    city.subscribe(4)
    change = awaiting(city)
    monkeypatch.setattr(changes, "COUNTED_AT_ONCE", 3)
    assert "统计约需几秒" in desk.get(f"/tariff-changes/{change}").text
    monkeypatch.setattr(changes, "COUNTED_AT_ONCE", 4)
    assert figures(desk.get(f"/tariff-changes/{change}").text)["unwarned"] == "4"


def test_everybody_is_listed_with_the_proof(desk, as_, city) -> None:
    change = telling(city)
    first = desk.get(f"/tariff-changes/{change}/subscribers").text
    assert first.count('class="reference"') == 20
    following = re.search(r'href="([^"]+after=\d+)"', first)
    assert following
    second = desk.get(unescape(following[1])).text
    assert second.count('class="reference"') == 5
    assert "回到开头" in second
    told = desk.get(f"/tariff-changes/{change}/subscribers?told=on_time").text
    assert told.count('class="reference"') == 18
    assert re.search(r'短信 <span class="evidence">SM[0-9a-f]{32}</span>', told)
    assert "11月18日 10:30" in told
    assert 'href="/subscribers/price?reference=KD00000001&amp;on=2027-01-01"' in told
    waiting = desk.get(f"/tariff-changes/{change}/subscribers?told=waiting").text
    assert waiting.count('class="reference"') == 7
    assert "告知满一个月后" in waiting
    assert "没有这样的用户" in desk.get(f"/tariff-changes/{change}/subscribers?told=late").text
    assert desk.get(f"/tariff-changes/{change}/subscribers?told=x&after={'9' * 30}").status_code == 200
    assert "/subscribers/price" not in as_("dispatcher").get(f"/tariff-changes/{change}/subscribers").text


def test_a_late_one_begins_a_month_after_they_were_told(desk, city) -> None:
    change = in_effect(city)
    late = desk.get(f"/tariff-changes/{change}/subscribers?told=late").text
    assert "2026年12月3日" in late


def test_a_call_is_proof_with_the_callers_name(desk, city) -> None:
    change = telling(city)
    (row,) = city.rows("SELECT id FROM call_tasks ORDER BY id LIMIT 1")
    request = {"outcome": "reached", "called_at": None, "call_back_at": None}
    with on(2026, 11, 19, 10):
        record_call(city.run, city.operator_id, "staff:li.hua", row.id, request)
    page = desk.get(f"/tariff-changes/{change}/subscribers?told=on_time").text
    assert '电话 <span class="evidence">li.hua</span>' in page


def test_the_proofs_are_taken_home(desk, city) -> None:
    change = telling(city)
    answer = desk.get(f"/tariff-changes/{change}/proof.csv")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=tariff-change-{change}.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.decode("utf-8-sig").count("KD0000") == 25
    waiting = desk.get(f"/tariff-changes/{change}/proof.csv?told=waiting")
    assert waiting.headers["Content-Disposition"].endswith(f"tariff-change-{change}-waiting.csv")
    assert waiting.data.decode("utf-8-sig").count("KD0000") == 7
    sheet = openpyxl.load_workbook(
        io.BytesIO(desk.get(f"/tariff-changes/{change}/proof.xlsx?told=on_time").data)
    )
    assert sheet.active.max_row == 19


def test_too_many_rows_for_a_workbook_are_told(desk, city, monkeypatch) -> None:
    change = telling(city)
    refusal = Refusal(Fault("tariff_change.too_many_rows", "", {"limit": 24}))
    monkeypatch.setattr(export, "xlsx", Mock(side_effect=refusal))
    answer = desk.get(f"/tariff-changes/{change}/proof.xlsx")
    assert answer.headers["Location"] == f"/tariff-changes/{change}"
    assert "超过 24 行，请下载 CSV" in desk.get(answer.headers["Location"]).text
    assert desk.get(f"/tariff-changes/{change}/proof.csv").data.decode().count("KD0000") == 25


# Withdrawing.


def test_withdrawing_says_what_follows_and_asks_why(desk, city) -> None:
    change = telling(city)
    path = f"/tariff-changes/{change}/withdraw"
    page = desk.get(path).text
    assert "尚未发出的 5 条告知全部取消。" in page
    assert "已告知或可能已告知的 18 位用户会收到更正短信。" in page
    refused = send(desk, path, {"reason": " "})
    assert (refused.status_code, faults(refused.text)) == (422, {"reason": "必填"})
    assert [row.state for row in stored(city)] == ["announced"]
    answer = send(desk, path, {"reason": "总部通知暂缓"})
    assert answer.headers["Location"] == f"/tariff-changes/{change}"
    (row,) = stored(city)
    assert (row.state, row.withdrawal_reason, row.withdrawn_by) == (
        "withdrawn",
        "总部通知暂缓",
        "staff:manager",
    )
    shown = desk.get(answer.headers["Location"]).text
    for words in ("已撤回。已告知的用户会收到更正短信。", "总部通知暂缓", "更正短信正在生成。"):
        assert words in shown
    assert desk.get(path).status_code == 302
    again = send(desk, path, {"reason": "总部通知暂缓"}, page=NEW)
    assert (again.status_code, "该变动已撤回" in again.text) == (409, True)
    assert 'value="总部通知暂缓"' in again.text


def test_a_withdrawn_change_tells_how_far_its_corrections_are(desk, city) -> None:
    telling(city)
    change = withdrawn(city)
    page = desk.get(f"/tariff-changes/{change}").text
    assert re.search(r"更正短信</dt><dd>4<", page)
    assert re.search(r"已更正</dt><dd>0<", page)
    assert re.search(r"撤回前已告知</dt><dd>4<", page)
    assert re.search(r"未告知即取消</dt><dd>21<", page)
    assert "此前通知您的千兆家庭套餐（24GD100001）自2027年1月5日起的资费变动已取消" in page
    (row, *_) = city.rows(
        "SELECT notice_id FROM tariff_warnings WHERE kind = 'correction' ORDER BY notice_id"
    )
    city.arrive(row.notice_id, in_city(2026, 11, 23, 9))
    assert re.search(r"已更正</dt><dd>1<", desk.get(f"/tariff-changes/{change}").text)
    listed = desk.get(f"/tariff-changes/{change}/subscribers").text
    assert listed.count("已告知</span>") == 4
    assert "待告知" not in listed


def test_a_change_withdrawn_before_anybody_was_told_needs_no_correction(desk, city) -> None:
    city.subscribe(2)
    change = awaiting(city)
    page = desk.get(f"/tariff-changes/{change}/withdraw").text
    assert "没有等待发出的告知。" in page
    assert "还没有用户被告知，不需要更正。" in page
    send(desk, f"/tariff-changes/{change}/withdraw", {"reason": "x"})
    assert "撤回前没有用户被告知，不需要更正。" in desk.get(f"/tariff-changes/{change}").text


def test_what_has_taken_effect_cannot_be_withdrawn(desk, city) -> None:
    change = in_effect(city)
    assert desk.get(f"/tariff-changes/{change}/withdraw").headers["Location"] == f"/tariff-changes/{change}"
    answer = send(desk, f"/tariff-changes/{change}/withdraw", {"reason": "x"}, page=NEW)
    assert (answer.status_code, "该变动已生效，只能另行公告" in answer.text) == (409, True)


# What a subscriber pays.


def price(client, reference: str, on: str = "2027-01-20"):
    return client.get("/subscribers/price", query_string={"reference": reference, "on": on})


@pytest.mark.parametrize(
    ("who", "status"),
    [("manager", 200), ("counter", 200), ("dispatcher", 403), ("regulator", 403), ("stranger", 422)],
)
def test_the_price_of_a_subscriber_is_for_managers_and_counters(as_, city, who, status) -> None:
    telling(city)
    client = as_(who)
    answer = price(client, "KD00000001")
    assert answer.status_code == status
    assert ("139 元/月" in answer.text) == (status == 200)
    if who == "stranger":
        assert faults(answer.text) == {"reference": "没有这个在网用户"}
    assert ("查用户价格" in client.get("/tariff-changes").text) == (who in ("manager", "counter", "stranger"))


def test_a_price_is_explained_day_by_day(desk, city) -> None:
    change = in_effect(city)
    agreed = price(desk, "KD00000004", "2026-11-25").text
    assert re.search(r'class="figure">59 元/月<', agreed)
    assert "才告知，自2026年12月3日起执行" in agreed
    assert re.search(rf'data-state="held">.*?href="/tariff-changes/{change}"', agreed, re.DOTALL)
    changed = price(desk, "KD00000004", "2026-12-03").text
    assert re.search(r'class="figure">64 元/月<', changed)
    assert re.search(r'data-state="now">.*?64 元/月', changed, re.DOTALL)
    never = price(desk, "KD00000005", "2027-06-01").text
    assert re.search(r'class="figure">59 元/月<', never)
    assert "尚未告知到：告知满一个月后才执行" in never
    before = price(desk, "KD00000001", "2026-10-20").text
    assert re.search(r'data-state="next">.*?64 元/月', before, re.DOTALL)


@pytest.mark.parametrize(
    ("reference", "on", "told"),
    [
        ("", "2027-01-20", {"reference"}),
        ("KD99999999", "2027-01-20", {"reference"}),
        ("KD00000001", "", {"on"}),
        ("KD00000001", "20270120x", {"on"}),
        ("x" * 100, "never", {"reference", "on"}),
        ("KD\0", "2027-01-20", {"reference"}),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_beside_its_field(desk, city, reference, on, told) -> None:
    telling(city)
    answer = price(desk, reference, on)
    assert answer.status_code == 422
    assert set(faults(answer.text)) == told
    kept = fields_of(answer.text)
    assert kept["reference"] == reference.replace("\0", "")


def test_the_empty_question_asks_for_today(desk, city) -> None:
    page = desk.get("/subscribers/price").text
    assert fields_of(page) == {"reference": "", "on": "2026-11-24"}
    assert faults(page) == {}


# What holds of every page.


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_needs_inline_style_or_script(desk, city, language) -> None:
    change, gone = telling(city), withdrawn(city)
    pages = [
        "/tariff-changes",
        NEW,
        f"{NEW}?kind=price&plan={city.plan_id}",
        f"{NEW}?kind=terms&plan={city.plan_id}",
        f"{NEW}?kind=term_end&plan={city.plan_id}",
        f"/tariff-changes/{change}",
        f"/tariff-changes/{gone}",
        f"/tariff-changes/{change}/withdraw",
        f"/tariff-changes/{change}/subscribers",
        "/subscribers/price?reference=KD00000001",
    ]
    desk.get(f"/tariff-changes?lang={language}")
    answers = [desk.get(page) for page in pages]
    answers.append(send(desk, NEW, announcement(city) | {"step": "preview"}))
    for answer in answers:
        assert answer.status_code == 200
        assert "style=" not in answer.text
        assert "<script" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert "+86138" not in answer.text


def test_a_change_of_another_plan_is_its_own(desk, city) -> None:
    """Of two plans each change shows only those who have it."""
    change = in_effect(city)
    telling(city)
    with city.run.db.reading() as connection:
        found = read_change(connection, change, 1)
    assert found
    assert (found.line.filing_number, found.line.region) == (OTHER_PLAN, REGION)
    page = desk.get(f"/tariff-changes/{change}/subscribers").text
    assert page.count('class="reference"') == 5
    assert found.row.effective_on + timedelta(days=4) == date(2026, 11, 24)


def test_the_first_texts_have_left_once_one_has(desk, city) -> None:
    city.subscribe(3)
    with on(2026, 11, 23, 21):
        change = city.announce()
        page = f"/tariff-changes/{change}"
        assert milestone(desk.get(page).text) == ("next", "2026-11-24"), "nothing leaves at night"
        keep_change(city.run, change)
        assert milestone(desk.get(page).text) == ("next", "2026-11-24")
    with on(2026, 11, 24, 7):
        assert milestone(desk.get(page).text) == ("next", "2026-11-24"), "of today, and still to come"
    first = city.notices()[0]
    city.arrive(first.id, in_city(2026, 11, 24, 8, 1))
    with on(2026, 11, 24, 9):
        assert milestone(desk.get(page).text) == ("done", "2026-11-24")


def test_texts_that_wait_for_longer_than_they_should_are_still_to_come(desk, city) -> None:
    city.subscribe(3)
    with on(2026, 11, 20, 9):
        change = city.announce()
        keep_change(city.run, change)
    assert milestone(desk.get(f"/tariff-changes/{change}").text) == ("next", "2026-11-24")


def test_where_no_text_leaves_no_day_is_promised(desk, city) -> None:
    city.subscribe(2, takes_texts=False)
    with on(2026, 11, 20, 9):
        called = city.announce()
        keep_change(city.run, called)
    assert "首批告知发出" not in desk.get(f"/tariff-changes/{called}").text
    withdraw_change(city.run, city.operator_id, called, "总部通知暂缓", "staff:wang.min")
    assert "首批告知发出" not in desk.get(f"/tariff-changes/{called}").text
