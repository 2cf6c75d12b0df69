"""The board of figures: what it tells equals a plain count, and every number opens just its orders."""

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from html import unescape
from urllib.parse import unquote

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from tests.backdated_orders import Backdated
from tracker import clock
from tracker.embedded import Servers
from tracker.figures.judged_orders import count_orders
from tracker.figures.keep_cells import keep_cells
from tracker.figures.rules import Counts, Period, PeriodKind
from tracker.orders.place_orders import Placed
from tracker.pages.assets import asset_bytes
from tracker.runtime import Runtime

NOW = datetime(2026, 8, 13, 15, 30, tzinfo=clock.CITY_ZONE)
JULY = Period(PeriodKind.MONTH, date(2026, 7, 1))
IN_JULY = "first=2026-07-01&last=2026-07-31"
_ONE_DAY = timedelta(days=1)
_COUNTIES = 8
# Of what a group of columns in a workbook is, and how its remark is called.
_SAMPLES = {"装通": "装通", "首次响应": "首次响应", "到时上门": "履约", "装通或退单": "退单", "竣工": "压单"}


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


@pytest.fixture
def july(
    runtime: Runtime, owner: Engine, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> Counts:
    """Orders due in July of operator 1, some of them not read into sums yet, and one of operator 2."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    pattern = place(dealer="新城代理点").number
    first = JULY.bounds[0]
    with owner.begin() as connection:
        for number in range(24):
            due = first + timedelta(days=number + 0.5)
            order = Backdated(connection, pattern, 1)
            order.promise(due)
            order.event("accepted", "accepted", due - 2 * _ONE_DAY)
            match number % 6:
                case 0:
                    order.event("stage", "withdrawn", due - _ONE_DAY)
                case 1:
                    order.line("excuse", due, "weather")
                    order.event("excuse", "accepted", due)
                    order.event("stage", "activated", due + _ONE_DAY)
                case 2:
                    order.event("stage", "activated", due + _ONE_DAY)
                case _:
                    order.event("stage", "activated", due - timedelta(hours=3))
        other = Backdated(connection, pattern, 2)
        other.promise(first + 9 * _ONE_DAY)
        other.event("accepted", "accepted", first + 8 * _ONE_DAY)
    keep_cells(runtime.db)
    with owner.begin() as connection:
        late = Backdated(connection, pattern, 1)
        late.promise(first + 25.5 * _ONE_DAY)
        late.event("accepted", "accepted", first + 24 * _ONE_DAY)
    with runtime.db.reading() as connection:
        return count_orders(connection, *JULY.bounds)[1]


def rates_of(page: str) -> tuple[str, str]:
    """The two rates on top, as they are read."""
    gross, net = re.findall(r'<p class="dash-rate[^>]*>(?:<a [^>]*>)?([^<]*)', page)[:2]
    return gross, net


def links_of(page: str) -> set[tuple[str, str]]:
    """The addresses of orders, each with the words that lead there."""
    found = re.findall(r'<a href="(/figures/orders\?[^"]*)">([^<]*)</a>', page)
    return {(unescape(href), words) for href, words in found}


def counted(page: str) -> int:
    said = re.search(r'<strong class="number">(\d+) [单次]</strong>', page)
    assert said, page
    return int(said[1])


def listed(desk: FlaskClient, href: str) -> list[str]:
    """The numbers of all orders of a list, page by page."""
    numbers: list[str] = []
    while href:
        page = desk.get(href).text
        numbers += re.findall(r'class="reference"><a href="/orders/(\w+)[?"]', page)
        more = re.search(r'<a href="([^"]*behind=[^"]*)">下一页', page)
        href = unescape(more[1]) if more else ""
    return numbers


def share(part: int, whole: int) -> str:
    return f"{round(part / whole * 100, 1):g}%"


def test_the_board_tells_what_a_plain_count_counts(desk: FlaskClient, july: Counts) -> None:
    page = desk.get(f"/figures?{IN_JULY}").text
    assert july.due == 25
    assert rates_of(page) == (share(july.on_time, july.due), share(july.net_on_time, july.net_due))
    words = {words for _, words in links_of(page)}
    assert {"25 单到期", f"{july.due - july.on_time} 单超时", "8 单", "4 单"} <= words
    assert july.removed == {"withdrawn": 4, "weather": 4}
    assert "用户期限前撤单" in page
    assert "样本不足 30" in page


def test_every_number_opens_just_its_orders(desk: FlaskClient, july: Counts) -> None:
    links: set[tuple[str, str]] = set()
    for more in ("&by=week", "&by=month&split=dealer", "&split=area", "&split=customer", "&split=team"):
        links |= links_of(desk.get(f"/figures?{IN_JULY}{more}").text)
    tried = 0
    for href, words in sorted(links):
        answer = desk.get(href)
        assert answer.status_code == 200
        count = counted(answer.text)
        number = re.fullmatch(r"\D*(\d+)(?: 单| 次)?[^\d%]*", words)
        if number and "小时" not in words and "天" not in words:
            tried += 1
            assert count == int(number[1]), (href, words)
    assert tried > 60
    for of, count in (("due", july.due), ("late", july.due - july.on_time), ("net_due", july.net_due)):
        numbers = listed(desk, f"/figures/orders?of={of}&{IN_JULY}")
        assert len(numbers) == len(set(numbers)) == count
    assert len(listed(desk, f"/figures/orders?of=removed&reason=weather&{IN_JULY}")) == 4


def test_who_approved_is_asked_of_what_the_board_is_narrowed_to(desk: FlaskClient, july: Counts) -> None:
    def approvals(query: str) -> tuple[str, str]:
        page = desk.get(f"/figures?{IN_JULY}{query}").text
        (found,) = re.findall(r'href="(/excuses\?[^"]*)">([^<]*)</a>', page)
        return unescape(found[0]), found[1]

    plainly = f"/excuses?reason=weather&state=removing&days=due&{IN_JULY}"
    (county,) = set(re.findall(r"county=(\d{6})&", desk.get(f"/figures?{IN_JULY}").text))
    (area,) = set(re.findall(r"area=(\w+)&", desk.get(f"/figures?{IN_JULY}&split=area").text))
    assert approvals("") == (plainly, "谁批的")
    narrowed = f"&county={county}&customer=home"
    assert approvals(narrowed) == (f"{plainly}{narrowed}", "谁批的")
    # The list cannot be narrowed by it, and says so.
    assert approvals(f"&area={area}&county={county}") == (plainly, "谁批的（全部范围）")


def test_every_split_adds_up_to_the_whole(desk: FlaskClient, july: Counts) -> None:
    for line in ("county", "channel", "dealer"):
        split = desk.get(f"/figures?{IN_JULY}&split={line}").text
        table = split[split.index('id="split-table"') :]
        dues = re.findall(r'of=due&amp;[^"]*">(\d+) 单到期', table)
        assert sum(map(int, dues)) == july.due, line


def test_every_county_is_there_and_says_so_without_data(desk: FlaskClient, july: Counts) -> None:
    table = desk.get(f"/figures?{IN_JULY}").text.partition('id="split-table"')[2]
    assert table.count('<tr role="row">') == _COUNTIES + 1
    assert table.count("无数据") == 2 * (_COUNTIES - 1)
    empty = desk.get("/figures?first=2024-01-01&last=2024-01-31").text
    assert "这段时间没有到期的承诺" in empty
    assert "无可比数据" in empty


def test_figures_are_compared_with_the_period_before(desk: FlaskClient, july: Counts) -> None:
    page = desk.get("/figures?first=2026-07-16&last=2026-07-31").text
    assert "对比 6月30日 – 7月15日" in page
    change = re.search(r'<strong class="number" data-tone="(\w+)">(\S) ([+\-0-9.]+) 个百分点', page)
    assert change
    late = [n for n in range(24) if n % 6 < 3]
    before = 1 - len([n for n in late if n < 15]) / 15
    now = 1 - (len([n for n in late if n >= 15]) + 1) / 10
    assert float(change[3]) == pytest.approx((now - before) * 100, abs=0.051)
    assert (change[1], change[2]) == (("accent", "▲") if now > before else ("warning", "▼"))
    assert (
        "对比"
        not in desk.get("/figures?first=2026-07-16&last=2026-07-31&compare=none")
        .text.partition("dash-scope")[2]
        .partition("</p>")[0]
    )


NONSENSE = (
    ("first=2026-02-30&last=2026-03-01", "first", "真实的一天"),
    ("first=yesterday&last=2026-03-01", "first", "真实的一天"),
    ("first=20260301&last=2026-03-01", "first", "真实的一天"),
    ("first=2026-03-01", "last", "真实的一天"),
    ("first=2026-03-02&last=2026-03-01", "last", "早于开始"),
    ("first=2026-03-02&last=2999-03-01", "last", "不能晚于今天"),
    ("first=2001-03-02&last=2026-03-01", "first", "最多统计"),
    ("period=decade", "period", "没有这个选项"),
    ("compare=moon", "compare", "没有这个选项"),
    ("by=hour", "by", "没有这个选项"),
    ("split=moon", "split", "没有这个选项"),
    ("county=440100", "county", "没有这个选项"),
    ("channel=x", "channel", "没有这个选项"),
    ("channel=99999", "channel", "没有这个选项"),
    ("customer=cat", "customer", "没有这个选项"),
    ("area=sea", "area", "没有这个选项"),
    ("hand=cat:1", "hand", "没有这个选项"),
    ("hand=team:99999", "hand", "没有这个选项"),
    ("first=0001-01-01&last=0001-01-02", "first", "真实的一天"),
    ("first=2026-02-01&last=2026-08-12&hand=team:&county=441802", "hand", "最多统计 184 天"),
    ("first=2025-02-01&last=2025-08-03&compare=year&hand=team:&county=441802", "hand", "最多统计 184 天"),
    ("first=2026-02-01&last=2026-08-12&hand=dealer:&county=440100", "county", "没有这个选项"),
)


def test_what_makes_no_sense_is_told_at_its_field(desk: FlaskClient, july: Counts) -> None:
    for asked, field, said in NONSENSE:
        answer = desk.get(f"/figures?{asked}")
        assert answer.status_code == 422, asked
        told = re.search(r'<ul id="day-faults">(.*?)</ul>', answer.text, re.S)
        assert told, asked
        assert said in told[1], asked
        if field not in ("period", "by", "split"):
            assert f'href="#{field}"' in told[1]
            assert f'id="{field}"' in answer.text
        assert "dash-rate" not in answer.text, "nothing is counted"
        assert desk.get(f"/figures/orders?of=due&{asked}").status_code == 302
        assert desk.get(f"/figures.csv?{asked}").status_code == 302
    assert desk.get("/figures?hand=dealer:%00").status_code == 200


def test_there_is_no_list_of_a_figure_that_is_none(desk: FlaskClient) -> None:
    for asked in (
        "",
        "of=everything",
        "of=due&reason=weather",
        "of=removed&reason=moon",
        "of=removed&cause=customer",
        "of=returned&cause=moon",
        "of=returned&reason=weather",
        "of=open&cause=customer",
    ):
        assert desk.get(f"/figures/orders?{asked}").status_code == 404, asked
        assert desk.get(f"/figures/orders.csv?{asked}").status_code == 404, asked


def test_a_place_that_is_none_is_the_beginning(desk: FlaskClient, july: Counts) -> None:
    address = f"/figures/orders?of=due&{IN_JULY}"
    whole = listed(desk, address)
    for behind in ("x", "~", "2026~1", "2026-07-01T00:00:00~1", "9" * 40, "1.x", "1.1", "٣.1"):
        assert listed(desk, f"{address}&behind={behind}") == whole


def test_only_managers_see_the_board(as_: Callable[[str], FlaskClient]) -> None:
    for who in ("counter", "dispatcher", "installer", "regulator", "administrator"):
        client = as_(who)
        for path in ("/figures", "/figures.csv", "/figures.xlsx", "/figures/orders?of=due"):
            assert client.get(path).status_code == 403, (who, path)


def test_another_operators_manager_sees_the_own_figures(
    as_: Callable[[str], FlaskClient], july: Counts
) -> None:
    stranger = as_("stranger")
    page = stranger.get(f"/figures?{IN_JULY}").text
    assert rates_of(page) == ("0%", "0%")
    assert len(listed(stranger, f"/figures/orders?of=due&{IN_JULY}")) == 1
    assert "新城代理点" in page, "the other's order came by the dealer, too"


def test_the_board_as_a_workbook(desk: FlaskClient, owner: Engine, july: Counts, runtime: Runtime) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE orders SET dealer = '=1+1' WHERE dealer IS NOT NULL"))
        connection.execute(text("UPDATE figure_hands SET name = '=1+1' WHERE hand = 'dealer' AND name <> ''"))
        connection.execute(text("UPDATE figure_facts SET dealer = '=1+1' WHERE dealer IS NOT NULL"))
    answer = desk.get(f"/figures.xlsx?{IN_JULY}")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == [
        "总览", "走势", "县（市、区）", "渠道", "客户类型", "城乡", "代理商", "班组", "装维员", "指标说明",
    ]  # fmt: skip
    overview = {row[0].value: row for row in book["总览"].iter_rows(min_row=2)}
    told = tuple(f"{overview[name][1].value:g}%" for name in ("按时率（毛）", "按时率（净）"))
    assert told == rates_of(desk.get(f"/figures?{IN_JULY}").text), "to the last digit"
    assert overview["按时率（毛）"][3].value == july.due
    assert overview["按时率（毛）"][6].value == "样本不足"
    assert overview["履约率"][6].value == "无数据"
    assert overview["压单比 · 在途"][1].value == 2
    trend = list(book["走势"].iter_rows(min_row=2, values_only=True))
    assert len(trend) == 31
    assert sum(row[1] for row in trend) == july.due
    counties = list(book["县（市、区）"].iter_rows(min_row=2, values_only=True))
    assert len(counties) == _COUNTIES
    assert sum(row[1] for row in counties) == july.due
    assert sorted((row[4], row[8]) for row in counties) == [
        *[("无数据", "无数据")] * (_COUNTIES - 1),
        ("样本不足", "样本不足"),
    ]
    assert f"{next(row[7] for row in counties if row[5]) * 100:g}%" == told[1]
    for sheet in book.sheetnames[2:-1]:
        head, *lines = book[sheet].iter_rows(values_only=True)
        for line in (dict(zip(head, cells, strict=True)) for cells in lines):
            for sample, group in _SAMPLES.items():
                told = "样本不足" if line[sample] else "无数据"
                assert line[f"{group}：备注"] == told, (sheet, line["项目"], group)
    dealers = {row[0].value: row for row in book["代理商"].iter_rows(min_row=2)}
    assert dealers["'=1+1"][0].data_type == "s"
    said = {row[0]: row[1] for row in book["指标说明"].iter_rows(min_row=2, values_only=True)}
    assert said["运营商"] == "清远电信"
    assert said["统计时期"] == "2026-07-01 – 2026-07-31"
    assert said["截至"] == "2026-08-13 15:30:00"
    assert "首次承诺" in said["按时率（毛）"]
    assert "30" in said["样本规则"]


def test_the_board_as_csv_says_of_each_figure_what_it_means(desk: FlaskClient, july: Counts) -> None:
    answer = desk.get(f"/figures.csv?{IN_JULY}&lang=en")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    total = {row["Figures"]: row for row in rows if row["Item"] == "Total"}
    gross = total["on-time rate, gross"]
    assert f"{float(gross['Value']):g}%" == share(july.on_time, july.due)
    assert (gross["Sample"], gross["First day"], gross["As of"]) == (
        "25",
        "2026-07-01",
        "2026-08-13 15:30:00",
    )
    assert "first promise" in gross["Meaning"]
    counties = [row for row in rows if row["Split"].startswith("County") and row["Sample"] == "25"]
    assert counties
    assert not re.search(r"[\u4e00-\u9fff]", "".join(gross.values()))


def test_files_tell_the_period_compared_with(desk: FlaskClient, july: Counts) -> None:
    asked = "first=2026-07-16&last=2026-07-31"
    page = desk.get(f"/figures?{asked}").text
    told = re.search(r'比 <a href="[^"]*last=2026-07-15[^"]*">([^<]*)</a>（<a [^>]*>(\d+)</a> 单）', page)
    assert told
    rows = list(csv.DictReader(io.StringIO(desk.get(f"/figures.csv?{asked}").text.removeprefix("\ufeff"))))
    past = {row["指标"]: row for row in rows if (row["分项"], row["项目"]) == ("", "对比期")}
    gross = past["按时率（毛）"]
    assert (f"{float(gross['值']):g}%", gross["样本"]) == told.groups()
    assert (gross["统计时期开始"], gross["统计时期结束"]) == ("2026-06-30", "2026-07-15")
    assert not [name for name in past if name.startswith("压单比")], "what is open is open now"
    days = [row for row in rows if row["分项"] == "对比期 · 按日" and row["指标"] == "按时率（毛）"]
    assert sum(int(row["样本"]) for row in days) == int(told[2])
    book = openpyxl.load_workbook(io.BytesIO(desk.get(f"/figures.xlsx?{asked}").data))
    trend = list(book["走势"].iter_rows(min_row=2, values_only=True))
    assert trend[0][-3] == "2026-06-30 – 2026-06-30"
    assert sum(row[-1] for row in trend) == int(told[2])
    alone = openpyxl.load_workbook(io.BytesIO(desk.get(f"/figures.xlsx?{asked}&compare=none").data))
    assert {row[-1] for row in alone["走势"].iter_rows(min_row=2, values_only=True)} == {None}


def test_the_list_as_a_file_is_the_list(desk: FlaskClient, july: Counts) -> None:
    for of in ("late", "net_late", "removed", "connected", "open"):
        address = f"of={of}&{IN_JULY}"
        shown = listed(desk, f"/figures/orders?{address}")
        assert shown, of
        told = desk.get(f"/figures/orders.csv?{address}").text.removeprefix("\ufeff")
        lines = list(csv.DictReader(io.StringIO(told)))
        assert [line["订单号"] for line in lines] == shown
        book = openpyxl.load_workbook(io.BytesIO(desk.get(f"/figures/orders.xlsx?{address}").data))
        assert [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)] == shown
        assert not {"姓名", "电话", "详细地址"} & set(lines[0])


def test_the_other_language_shows_the_same(desk: FlaskClient, july: Counts) -> None:
    address = f"/figures/orders?of=removed&reason=weather&{IN_JULY}"
    switch = re.search(r'<a href="([^"]+)" hreflang="en"', desk.get(address).text)
    assert switch
    page = desk.get("/figures/orders" + unescape(switch[1])).text
    assert '<strong class="number">4 orders</strong>' in page
    assert "Orders that the net figure leaves out" in page


def test_a_list_says_how_late_each_order_was(desk: FlaskClient, july: Counts) -> None:
    page = desk.get(f"/figures/orders?of=late&{IN_JULY}").text
    assert page.count("晚 1 天") == 8, "four excused, four not"
    assert page.count("天气") == 4
    assert page.count('<span class="small soft whole">用户期限前撤单') == 4


@pytest.fixture
def more(owner: Engine, july: Counts) -> Callable[[], Backdated]:
    """Makes another order of operator 1, promised for the first days of July."""

    def make() -> Backdated:
        with owner.begin() as connection:
            pattern = connection.scalar(
                text("SELECT min(number) FROM orders WHERE number NOT LIKE 'QY1000%'")
            )
            order = Backdated(connection, pattern, 1, {"dealer": "新来的代理点"})
            order.promise(JULY.bounds[0] + _ONE_DAY)
            order.event("accepted", "accepted", JULY.bounds[0])
        return order

    return make


def test_a_list_by_the_first_promise_says_so(
    desk: FlaskClient, owner: Engine, more: Callable[[], Backdated]
) -> None:
    order, first = more(), JULY.bounds[0]
    with owner.begin() as connection:
        order.continue_by(connection)
        order.line("repromise", first + 9 * _ONE_DAY, "estate_unfinished")
        order.event("repromise", "accepted", first)
        order.event("stage", "activated", first + 4 * _ONE_DAY)
    page = desk.get(f"/figures/orders?of=late&{IN_JULY}").text
    assert page.count("比首次承诺晚 3 天") == 1, "connected in time by the promise as it stands"
    assert "比首次承诺晚" not in desk.get(f"/figures/orders?of=net_late&{IN_JULY}").text


def test_each_visit_has_a_line(desk: FlaskClient, owner: Engine, more: Callable[[], Backdated]) -> None:
    order, first = more(), JULY.bounds[0]
    with owner.begin() as connection:
        order.continue_by(connection)
        for day in (2, 4):
            begins = first + day * _ONE_DAY
            order.event("stage", "appointed", begins - _ONE_DAY, visit=(begins, begins + _ONE_DAY / 12))
            order.event("stage", "on_site", begins + _ONE_DAY / (8 if day == 2 else 24))
    board = desk.get(f"/figures?{IN_JULY}").text
    assert {"50%", "1 次未履约"} <= {words for _, words in links_of(board)}
    page = desk.get(f"/figures/orders?of=visits_due&{IN_JULY}").text
    assert counted(page) == len(listed(desk, f"/figures/orders?of=visits_due&{IN_JULY}")) == 2
    assert ("7月5日 02:00" in page, "7月3日 02:00" in page) == (True, True)
    assert (page.count("已履约"), page.count("未履约")) == (1, 1)
    told = desk.get(f"/figures/orders.csv?of=visits_missed&{IN_JULY}").text.removeprefix("\ufeff")
    (line,) = csv.DictReader(io.StringIO(told))
    assert (line["约定上门（至）"], line["履约"]) == ("2026-07-03 02:00:00", "未履约")


def test_figures_of_one_dealer(desk: FlaskClient, july: Counts) -> None:
    page = desk.get(f"/figures?{IN_JULY}&hand=dealer:新城代理点").text
    assert rates_of(page)[0] == share(july.on_time, july.due)
    nobody = desk.get(f"/figures?{IN_JULY}&hand=dealer:").text
    assert rates_of(nobody)[0] == ""


def test_figures_of_one_dealer_in_one_county(desk: FlaskClient, july: Counts) -> None:
    both = "hand=dealer:新城代理点&county=441802"
    page = desk.get(f"/figures?{IN_JULY}&{both}&split=team").text
    assert rates_of(page) == (share(july.on_time, july.due), share(july.net_on_time, july.net_due))
    assert "25 单到期" in page.partition('id="split-table"')[2], "those of nobody's team"
    assert rates_of(desk.get(f"/figures?{IN_JULY}&{both}&customer=enterprise").text) == ("", "")
    tried = 0
    for href, words in sorted(links_of(page)):
        if number := re.fullmatch(r"(\d+)(?: 单| 次)\D*", words):
            tried += 1
            assert counted(desk.get(href).text) == int(number[1]), (href, words)
    assert tried > 10


def test_more_days_than_are_counted_one_by_one_say_so(desk: FlaskClient, july: Counts) -> None:
    for narrowed, offered in (("customer=home", "split=area"), ("hand=team:", None)):
        long = desk.get(f"/figures?first=2026-02-01&last=2026-08-12&{narrowed}").text
        assert "超过 184 天时" in long
        assert "split=installer" not in long
        assert offered is None or offered in long
        short = desk.get(f"/figures?first=2026-02-11&last=2026-08-13&{narrowed}").text
        assert "超过 184 天时" not in short
        assert "split=installer" in short
    assert "超过 184 天时" not in desk.get("/figures?first=2026-02-01&last=2026-08-12").text


def test_a_dealer_is_known_at_once(desk: FlaskClient, more: Callable[[], Backdated]) -> None:
    """Before a worker has read the first of its orders."""
    more()
    page = desk.get(f"/figures?{IN_JULY}&split=dealer").text
    href = next(
        href
        for href, words in links_of(page)
        if "dealer:新来的代理点" in unquote(href) and words == "1 单到期"
    )
    assert counted(desk.get(href).text) == 1


def test_compared_numbers_open_their_orders(desk: FlaskClient, july: Counts) -> None:
    page = desk.get("/figures?first=2026-07-16&last=2026-07-31").text
    links = {(href, words) for href, words in links_of(page) if "last=2026-07-15" in href}
    assert {"weather", "withdrawn"} <= {href.partition("reason=")[2].partition("&")[0] for href, _ in links}
    checked = [(href, words) for href, words in links if words.removesuffix(" 单").isdecimal()]
    assert len(checked) >= 5
    for href, words in checked:
        assert counted(desk.get(href).text) == int(words.removesuffix(" 单")), (href, words)


def test_a_trend_has_the_grains_that_can_be_read(desk: FlaskClient, july: Counts) -> None:
    long = desk.get("/figures?first=2026-04-01&last=2026-08-12&by=day").text
    assert "by=day#trend" not in long
    assert re.search(r'by=week#trend" aria-current="true"', long)
    assert "by=day#trend" in desk.get(f"/figures?{IN_JULY}").text


def test_teams_and_installers_are_told_by_name(desk: FlaskClient, july: Counts, runtime: Runtime) -> None:
    with runtime.db.reading() as connection:
        installer = connection.scalar(text("SELECT id FROM accounts WHERE username = 'installer'"))
        stranger = connection.scalar(text("SELECT id FROM accounts WHERE username = 'stranger'"))
    page = desk.get(f"/figures?{IN_JULY}&split=installer").text
    assert f'<option value="installer:{installer}">installer</option>' in page
    table = page.partition('id="split-table"')[2]
    assert "未派装维员" in table
    assert f"hand=installer:{installer}" in table, "also who had no order"
    one = desk.get(f"/figures?{IN_JULY}&hand=installer:{installer}")
    assert one.status_code == 200
    assert "无数据" in one.text
    assert desk.get(f"/figures?{IN_JULY}&hand=installer:{stranger}").status_code == 422


def test_a_named_period_stays_named_when_something_else_changes(desk: FlaskClient, july: Counts) -> None:
    first = (clock.local_date(NOW) - 29 * _ONE_DAY).isoformat()
    page = desk.get(f"/figures?period=last_30&first={first}&last=2026-08-13&customer=home").text
    assert re.search(r'<a href="[^"]*" aria-current="true">近 30 天', page)
    changed = desk.get("/figures?period=last_30&first=2026-08-01&last=2026-08-13").text
    assert not re.search(r'<a href="[^"]*" aria-current="true">近 30 天', changed)
    assert re.search(r'<a href="[^"]*" aria-current="true">本月', desk.get("/figures?period=month").text)


def test_charts_are_light_enough_to_come_along() -> None:
    assert len(gzip.compress(asset_bytes("figures.js"))) < 200_000
