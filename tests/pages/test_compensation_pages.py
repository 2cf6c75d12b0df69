"""The compensation ledger on pages: totals, the working, payments marked and taken back, files."""

import io
import re
from datetime import timedelta
from html import unescape

import openpyxl
import pytest
from desk_forms import faults, send

from tests.compensation.conftest import HOUR, PROMISED, Late
from tests.desk_work import plain
from tracker import clock
from tracker.pages import compensation as ledger_page

LATE = timedelta(days=2, hours=1)
AGO = PROMISED + LATE + HOUR


@pytest.fixture
def book(runtime, channel, place):
    made = Late(runtime, channel, place)
    made.keep()
    return made


@pytest.fixture
def late(book) -> str:
    number: str = book.accepted(AGO)
    book.connect(number, LATE)
    book.keep()
    return number


@pytest.fixture
def running(book) -> str:
    """Late, and not connected yet."""
    number: str = book.accepted(PROMISED + HOUR)
    return number


def ticks(page: str) -> list[str]:
    return re.findall(r'name="chosen" value="(\d+-\d+)"', page)


def payment(page: str, **changes) -> dict:
    today = f"{clock.today():%Y-%m-%d}"
    return {"chosen": ticks(page), "method": "transfer", "reference": "BC-9", "paid_on": today} | changes


def test_totals_and_working_are_shown_and_many_are_paid_at_once(desk, book, late, running) -> None:
    other = book.accepted(AGO)
    book.connect(other, LATE)
    book.keep()
    page = desk.get("/compensation").text
    said = plain(page)
    fee = book.row(late).price["installation_fen"] / 100
    assert said.count(f"3 天 × 1 % × ¥{fee:.2f} = ¥{fee * 0.03:.2f}") == 2
    assert "超过 2 天 1 小时" in said
    assert f"待付 ¥{fee * 0.06:.2f}" in said
    assert f"1 天 × 1 % × ¥{fee:.2f} = ¥{fee * 0.01:.2f}" in said
    assert "1 单未装通" in said
    assert len(ticks(page)) == 2
    assert send(desk, "/compensation", payment(page)).status_code == 302
    said = plain(desk.get("/compensation").text)
    assert "待付 ¥0.00" in said
    assert f"已付 ¥{fee * 0.06:.2f}" in said
    assert "BC-9" in said
    assert len(book.texts("compensation_paid")) == 2


def test_nothing_ticked_and_what_is_wrong_stands_beside_its_field(desk, book, late) -> None:
    page = desk.get("/compensation").text
    answer = send(desk, "/compensation", payment(page, chosen=[]))
    assert answer.status_code == 422
    assert "请先勾选" in answer.text
    assert 'value="BC-9"' in answer.text
    answer = send(desk, "/compensation", payment(page, method="", reference="", paid_on=""))
    assert set(faults(answer.text)) == {"method", "reference", "paid_on"}
    assert f'value="{ticks(page)[0]}" checked' in answer.text
    for bad in ("2999-01-01", "2001-01-01", "today"):
        answer = send(desk, "/compensation", payment(page, paid_on=bad))
        assert set(faults(answer.text)) == {"paid_on"}, bad
    answer = send(desk, "/compensation", payment(page, method="barter"))
    assert set(faults(answer.text)) == {"method"}
    assert len(book.lines(late)) == 1


@pytest.mark.parametrize("chosen", [["x"], ["1-"], ["-1"], ["9" * 30 + "-1"], ["1-1-1"], ["1-999999999"]])
def test_what_cannot_have_been_ticked_pays_nothing(desk, book, late, chosen) -> None:
    page = desk.get("/compensation").text
    answer = send(desk, "/compensation", payment(page, chosen=chosen))
    assert answer.status_code in (404, 422)
    assert len(book.lines(late)) == 1


def test_whoever_was_slower_pays_nothing_twice(desk, book, late) -> None:
    page = desk.get("/compensation").text
    assert send(desk, "/compensation", payment(page)).status_code == 302
    answer = send(desk, "/compensation", payment(page))
    assert answer.status_code == 409
    assert f"工单 {late} 的补偿已有变化" in answer.text
    assert [line.kind for line in book.lines(late)] == ["fixed", "paid"]


def test_the_order_shows_it_and_a_wrong_mark_is_taken_back(desk, as_, book, late, running) -> None:
    assert "违约金" in plain(desk.get(f"/orders/{late}").text)
    assert "正在累计" in plain(desk.get(f"/orders/{running}").text)
    assert "装通后核定" in desk.get(f"/orders/{running}/compensation").text
    send(desk, "/compensation", payment(desk.get("/compensation").text))
    path = f"/orders/{late}/compensation"
    page = desk.get(path).text
    assert "登记付款" in plain(page)
    answer = send(desk, path, {"line": "2"})
    assert set(faults(answer.text)) == {"reason"}
    answer = send(desk, path, {"line": "1", "reason": "看的是旧页面"})
    assert answer.status_code == 409
    assert send(desk, path, {"line": "2", "reason": "登记错了"}).status_code == 302
    said = plain(desk.get(path).text)
    assert "撤销付款登记" in said
    assert "登记错了" in said
    counter = as_("counter")
    assert counter.get(path).status_code == 200
    taken_back = {"line": "3", "reason": "x"}
    assert send(counter, path, taken_back, page=f"/orders/{late}/contact").status_code == 403


def test_what_was_connected_just_now_is_told_before_it_is_written_down(desk, book) -> None:
    number = book.accepted(AGO)
    book.connect(number, LATE)
    for path in (f"/orders/{number}", f"/orders/{number}/compensation"):
        said = plain(desk.get(path).text)
        assert "3 天 × 1 % ×" in said
        assert "待核定" in said
    assert "几分钟内自动核定" in said
    assert "尚未装通" not in said


def test_a_payment_that_is_refused_leaves_one_where_one_was(desk, book, late, monkeypatch) -> None:
    monkeypatch.setattr(ledger_page, "ROWS", 1)
    other = book.accepted(AGO)
    book.connect(other, LATE)
    book.keep()
    first = desk.get("/compensation").text
    assert late not in first
    (older,) = set(re.findall(r'href="(/compensation\?before=\d+)"', first))
    page = desk.get(older).text
    (action,) = re.findall(r'<form method="post" action="([^"]+)" novalidate', page)
    answer = send(desk, unescape(action), payment(page, reference=""))
    assert answer.status_code == 422
    assert f'value="{ticks(page)[0]}" checked' in answer.text
    assert other not in answer.text


def test_an_order_in_time_says_so(desk, book) -> None:
    number = book.accepted(HOUR)
    assert "没有违约金" in desk.get(f"/orders/{number}/compensation").text


@pytest.mark.parametrize("who", ["counter", "dispatcher", "installer", "regulator"])
def test_only_managers_see_the_ledger(as_, who) -> None:
    for path in ("/compensation", "/compensation.csv"):
        assert as_(who).get(path).status_code == 403


def test_the_list_is_narrowed_by_its_address_and_given_out_with_definitions(desk, book, late) -> None:
    today = f"{clock.today():%Y-%m-%d}"
    county = book.row(late).community_code[:6]
    for query, shown in (
        ("state=owed", True),
        ("state=paid", False),
        (f"county={county}", True),
        ("county=441881", county == "441881"),
        ("last=2001-01-01", False),
        ("state=x&county=y&first=z", True),
        (f"first=2001-01-01&last={today}", True),
    ):
        assert (late in desk.get(f"/compensation?{query}").text) is shown, query
    lines = desk.get("/compensation.csv").data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert late in lines[1]
    assert ",49.0,0.0,3," in lines[1] or ",49,0,3," in lines[1]
    found = openpyxl.load_workbook(io.BytesIO(desk.get("/compensation.xlsx").data))
    assert found.sheetnames == ["补偿台账", "正在累计", "指标定义"]
    sheet = found["补偿台账"]
    head = [cell.value for cell in sheet[1]]
    row = dict(zip(head, [cell.value for cell in sheet[2]], strict=True))
    fee = book.row(late).price["installation_fen"] / 100
    told = (row["违约天数"], row["收取的安装、调测费用（元）"], row["违约金（元）"])
    assert told == (3, fee, round(fee * 0.03, 2))
    assert "第三十一条" in str(found["指标定义"].cell(1, 2).value)


def test_what_is_running_up_is_given_out_whole(desk, book, late, monkeypatch) -> None:
    monkeypatch.setattr(ledger_page, "RUNNING_SHOWN", 1)
    numbers = [book.accepted(PROMISED + more * HOUR) for more in (30, 1)]
    page = desk.get("/compensation").text
    assert "这里是超时最久的 1 单，共 2 单" in plain(page)
    assert numbers[0] in page
    assert numbers[1] not in page
    assert 'href="/compensation/running.csv"' in page
    lines = desk.get("/compensation/running.csv").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == numbers
    fee = book.row(numbers[0]).price["installation_fen"] / 100
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (row["违约天数"], float(row["到现在（元）"])) == ("2", round(fee * 0.02, 2))
    for path in ("/compensation.xlsx?state=paid", "/compensation/running.xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(desk.get(path).data))["正在累计"]
        assert [cell.value for cell in sheet["A"]][1:] == numbers, path
    elsewhere = "441881" if book.row(numbers[0]).community_code[:6] != "441881" else "441882"
    assert len(desk.get(f"/compensation/running.csv?county={elsewhere}").data.splitlines()) == 1
