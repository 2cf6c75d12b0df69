"""Excuses on pages: asked for on the order, listed, decided on with what it changes, given out as files."""

import io
import re
from datetime import timedelta
from html import unescape

import openpyxl
import pytest
from desk_forms import faults, send
from PIL import Image
from sqlalchemy import text

from tests.desk_work import Book, plain, version_in
from tracker import clock
from tracker.excuses.ask_excuse import ask_excuse
from tracker.excuses.decide_excuse import decide_excuse
from tracker.orders.actor import Actor
from tracker.orders.rules import Stage
from tracker.staff.create_account import create_account

DAY = timedelta(days=1)
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


@pytest.fixture
def late(book) -> str:
    """Accepted six days ago less an hour, promised within two."""
    number: str = book.order(accepted_at=(clock.now() - 6 * DAY + timedelta(hours=1)).isoformat())
    return number


@pytest.fixture
def second(book) -> Actor:
    """Another manager."""
    create_account(
        book.runtime.db,
        username="second",
        password="correct horse battery",
        role="manager",
        display_name="第二经理",
        operator_id=book.channel.operator_id,
    )
    return Actor(book.channel.operator_id, "staff:second")


def typed(book: Book, number: str, **changes: str) -> dict:
    begin = clock.local(book.row(number).accepted_at + timedelta(minutes=1))
    return {
        "reason_code": "roadworks",
        "starts_at": f"{begin:%Y-%m-%dT%H:%M}",
        "ends_at": f"{begin + 3 * DAY:%Y-%m-%dT%H:%M}",
        "reason_text": "管道被挖断",
        "evidence": "函2026-118",
    } | changes


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "#888").save(file, "JPEG")
    return file.getvalue()


def asked(
    book: Book, number: str, actor: Actor, uploads: tuple[bytes, ...] = (), after: timedelta = timedelta(0)
) -> int:
    begin = book.row(number).accepted_at + after
    request = {
        "reason_code": "roadworks",
        "reason_text": None,
        "starts_at": begin,
        "ends_at": begin + 3 * DAY,
        "evidence": "=函",
    }
    return ask_excuse(book.runtime, actor, number, request, uploads=uploads)


def test_asked_for_with_files_decided_by_another_and_left_out_of_the_net_figure(
    as_, book, second, late
) -> None:
    dispatcher = as_("dispatcher")
    path = f"/orders/{late}/excuse"
    assert "申请免责" in dispatcher.get(f"/orders/{late}").text
    page = dispatcher.get(path).text
    form = typed(book, late, version=version_in(page)) | {
        "files": [(io.BytesIO(photo()), "../../etc/passwd.jpg"), (io.BytesIO(PDF), "函.pdf")]
    }
    answer = send(dispatcher, path, form)
    assert answer.status_code == 302
    shown = plain(dispatcher.get(path).text)
    assert "市政施工" in shown
    assert "附件 2 个" in shown
    assert "有人申请免责" in as_("manager").get(f"/orders/{late}").text

    manager = as_("manager")
    listed = manager.get("/excuses").text
    assert late in plain(listed)
    (decision,) = set(re.findall(r'href="(/excuses/\d+)[?"]', listed))
    page = manager.get(decision).text
    said = plain(page)
    assert "现在按超时计入净按时率" in said
    assert re.search(r"0% 0/1 → 无数据", said)
    assert re.search(r"4 天 × 1 % × ¥[\d.]+ = ¥[\d.]+ → 3 天 × 1 %", said)
    for address, kind, how in zip(
        re.findall(r'href="(/excuse-files/\d+)"', page),
        ("image/jpeg", "application/pdf"),
        ("inline", "attachment"),
        strict=True,
    ):
        file = manager.get(address)
        assert file.content_type == kind
        assert file.headers["Content-Disposition"].startswith(how)
        assert "passwd" not in file.headers["Content-Disposition"]
        assert "sandbox" in file.headers["Content-Security-Policy"]
        assert (file.headers["Cache-Control"], file.headers["X-Content-Type-Options"]) == (
            "no-store",
            "nosniff",
        )
    assert [one.actor for one in book.trail() if one.why == "evidence shown"] == ["staff:manager"]
    assert send(manager, decision, {"step": "approve", "version": version_in(page)}).status_code == 302
    assert book.events(late)[-1].actor == "staff:manager"
    after = plain(manager.get("/excuses").text)
    assert "已同意" in after
    assert "没有待审批的免责申请" in after
    history = plain(manager.get(f"/orders/{late}/history?kind=excuse").text)
    assert "申请免责" in history
    assert "同意免责" in history


def test_who_asked_sees_no_buttons_and_is_refused_all_the_same(as_, book, second, late) -> None:
    manager = as_("manager")
    request = asked(book, late, Actor(book.channel.operator_id, "staff:manager"))
    page = manager.get(f"/excuses/{request}").text
    assert "这是您自己的申请" in page
    assert 'value="approve"' not in page
    answer = send(
        manager, f"/excuses/{request}", {"step": "approve", "version": "1"}, page=f"/orders/{late}/excuse"
    )
    assert answer.status_code == 409
    assert "不能审批自己的申请" in answer.text
    assert book.events(late)[-1].kind == "accepted"


@pytest.mark.parametrize("who", ["counter", "installer", "regulator", "dispatcher"])
def test_only_managers_decide(as_, book, second, late, who) -> None:
    request = asked(book, late, second)
    client = as_(who)
    for path in ("/excuses", f"/excuses/{request}", "/excuses.csv"):
        assert client.get(path).status_code == 403
    if who != "dispatcher":
        assert client.get(f"/orders/{late}/excuse").status_code in (403, 404)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"reason_code": ""}, {"reason_code"}),
        ({"starts_at": "", "ends_at": ""}, {"starts_at", "ends_at"}),
        ({"starts_at": "yesterday"}, {"starts_at"}),
        ({"ends_at": "2999-01-01T00:00"}, {"ends_at"}),
        ({"starts_at": "2001-01-01T00:00"}, {"starts_at"}),
        ({"evidence": ""}, {"evidence"}),
        ({"reason_code": "supply_short"}, {"reason_code"}),
        ({"reason_text": "长" * 201}, {"reason_text"}),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    as_, book, late, changes, wrong
) -> None:
    client = as_("dispatcher")
    path = f"/orders/{late}/excuse"
    form = typed(book, late, version="1", **changes)
    answer = send(client, path, form)
    assert answer.status_code in (409, 422)
    assert set(faults(answer.text)) == wrong
    for name in ("starts_at", "evidence"):
        if form[name]:
            assert f'value="{form[name]}"' in answer.text
    assert book.ask("SELECT count(*) FROM excuse_requests") == 0


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"%PDF-1.7 half", b"GIF89a"])
def test_a_file_that_is_none_of_ours_is_refused_beside_its_field(as_, book, late, content) -> None:
    client = as_("dispatcher")
    form = typed(book, late, version="1") | {"files": [(io.BytesIO(content), "x.pdf")]}
    answer = send(client, f"/orders/{late}/excuse", form)
    assert answer.status_code == 422
    assert set(faults(answer.text)) == {"files"}
    assert "请重新选择" in answer.text


def test_one_takes_back_ones_own(as_, book, late) -> None:
    client = as_("dispatcher")
    request = asked(book, late, Actor(book.channel.operator_id, "staff:dispatcher"))
    data = {"step": "retract", "request": str(request)}
    assert send(client, f"/orders/{late}/excuse", data).status_code == 302
    assert "申请人已撤回" in client.get(f"/orders/{late}/excuse").text


def test_a_refusal_needs_words_and_keeps_them(as_, book, second, late) -> None:
    request = asked(book, late, second)
    manager = as_("manager")
    version = version_in(manager.get(f"/excuses/{request}").text)
    answer = send(manager, f"/excuses/{request}", {"step": "refuse", "version": version})
    assert (answer.status_code, set(faults(answer.text))) == (422, {"words"})
    answer = send(manager, f"/excuses/{request}", {"step": "refuse", "version": version, "words": "函未盖章"})
    assert answer.status_code == 302
    assert "函未盖章" in manager.get("/excuses").text


def test_whoever_was_slower_is_told_what_happened(as_, book, second, late) -> None:
    request = asked(book, late, second)
    manager = as_("manager")
    page = manager.get(f"/excuses/{request}").text
    book.move(late, Stage.VERIFIED)
    form = {"step": "approve", "version": version_in(page), "words": "已核对函件"}
    answer = send(manager, f"/excuses/{request}", form)
    assert answer.status_code == 409
    assert "有人先一步改动了这个工单" in answer.text
    assert "实名核验通过" in plain(answer.text)
    assert "已核对函件" in answer.text
    again = form | {"version": version_in(answer.text)}
    assert send(manager, f"/excuses/{request}", again).status_code == 302


def test_the_list_is_narrowed_by_its_address_and_given_out_with_definitions(as_, book, second, late) -> None:
    first = asked(book, late, second, uploads=(PDF,))
    third = Actor(book.channel.operator_id, "staff:manager")
    manager = as_("manager")
    decide_excuse(book.runtime, third, first, approve=False, words="未盖章")
    other = book.order(accepted_at=(clock.now() - 6 * DAY).isoformat())
    asked(book, other, second)
    today = f"{clock.today():%Y-%m-%d}"
    county = book.row(late).community_code[:6]
    elsewhere = "441881" if county != "441881" else "441882"
    for query, shown in (
        ("state=refused", {late}),
        ("state=open", {other}),
        ("by=manager", {late}),
        ("by=second", set()),
        ("reason=weather", set()),
        (f"first={today}&last={today}", {late, other}),
        ("last=2001-01-01", set()),
        (f"county={county}", {late, other}),
        (f"county={elsewhere}", set()),
        (f"channel={book.channel.id}&customer=home", {late, other}),
        ("customer=enterprise", set()),
        ("state=nonsense&by=nobody&first=xyz", {late, other}),
    ):
        page = manager.get(f"/excuses?{query}").text
        assert page.count("</main>") == 1
        below = page[page.index('id="all"') :]
        assert {number for number in (late, other) if number in below} == shown, query
    page = plain(manager.get("/excuses").text)
    assert re.search(r"按审批人 .* manager 0 1 0 0 剔除工单", page)
    assert "按审批人" not in plain(manager.get(f"/excuses?county={elsewhere}").text)
    assert len(manager.get(f"/excuses.csv?county={elsewhere}").data.splitlines()) == 1
    lines = manager.get("/excuses.csv?state=refused").data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "'=函" in lines[1]
    assert "第二经理" in lines[1]
    book_of = openpyxl.load_workbook(io.BytesIO(manager.get("/excuses.xlsx").data))
    assert book_of.sheetnames == ["免责审批", "指标定义"]
    sheet = book_of["免责审批"]
    assert sheet.max_row == 3
    assert {sheet.cell(2, 2).value, sheet.cell(3, 2).value} == {late, other}
    assert book_of["指标定义"].cell(1, 1).value == "免责"


def test_each_number_of_an_approver_opens_what_it_counts(as_, book, second, late) -> None:
    manager, own = as_("manager"), Actor(book.channel.operator_id, "staff:manager")
    other = book.order(accepted_at=(clock.now() - 6 * DAY).isoformat())
    for actor, number, approve in ((own, late, True), (own, other, False), (second, other, True)):
        request = asked(book, number, second if actor is own else own)
        decide_excuse(book.runtime, actor, request, approve=approve, words="见意见")
    page = manager.get("/excuses").text
    table = page[page.index('<table class="work excuse-counts"') :]
    rows = re.findall(r'<tr role="row">(.*?)</tr>', table[: table.index("</table>")], re.DOTALL)[1:]
    said = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]
    assert said == ["manager 1 1 1 3 天", "第二经理 1 0 1 3 天", "合计 2 1 2 6 天"]
    expected = [
        [{late}, {other}, {late}, {late}],
        [{other}, {other}, {other}],
        [{late, other}, {other}, {late, other}, {late, other}],
    ]
    for row, counted in zip(rows, expected, strict=True):
        shown = []
        for address in re.findall(r'href="(/excuses[^"]*)"', row):
            below = manager.get(unescape(address).partition("#")[0]).text
            below = below[below.index('id="list"') :]
            shown.append({number for number in (late, other) if number in below})
            narrowed = unescape(address).partition("#")[0].replace("/excuses", "/excuses.csv")
            lines = manager.get(narrowed).data.decode("utf-8-sig").splitlines()[1:]
            assert {number for number in (late, other) if any(number in line for line in lines)} == shown[-1]
        assert shown == counted
    lines = manager.get("/excuses/approvers.csv?reason=roadworks").data.decode("utf-8-sig").splitlines()
    assert lines == [
        "审批人,原因,已同意,已驳回,剔除工单,延误小时",
        "manager,市政施工,1,1,1,72.0",
        "第二经理,市政施工,1,0,1,72.0",
    ]
    found = openpyxl.load_workbook(io.BytesIO(manager.get("/excuses/approvers.xlsx").data))
    assert found.sheetnames == ["按审批人", "指标定义"]
    assert manager.get("/excuses/approvers.csv?reason=weather").data.decode("utf-8-sig").count("\n") == 1
    assert as_("dispatcher").get("/excuses/approvers.csv").status_code == 403


def test_the_decider_is_told_that_a_submitted_report_stays_as_it_is(as_, book, second, late) -> None:
    request = asked(book, late, second)
    manager = as_("manager")
    said = "该半年度的报告已报送，报告中的数字不变"
    assert said not in manager.get(f"/excuses/{request}").text
    due = clock.local_date(book.row(late).accepted_at + 2 * DAY)
    with book.runtime.db.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO half_year_reports (operator_id, starts_on, revision, state, version, content,"
                " content_version, digest, as_of, created_by, created_at, offered_by, reviewed_by,"
                " submitted_at) VALUES (1, :half, 1, 'submitted', 4, '{}', 1, 'x', now(), 'staff:a', now(),"
                " 'staff:a', 'staff:b', now())"
            ),
            {"half": due.replace(month=1 if due.month < 7 else 7, day=1)},
        )
    assert said in manager.get(f"/excuses/{request}").text


def test_the_decider_is_told_that_a_delay_after_the_deadline_excuses_no_lateness(
    as_, book, second, late
) -> None:
    page = as_("manager").get(f"/excuses/{asked(book, late, second, after=2 * DAY)}").text
    assert "期限已过：净按时率不变，只减少违约金" in page
    assert "从分母中剔除" not in page


def test_what_the_console_decided_is_found(as_, book, late) -> None:
    manager = as_("manager")
    request = asked(book, late, Actor(book.channel.operator_id, "staff:manager"))
    decide_excuse(book.runtime, Actor(book.channel.operator_id, "console:excuses"), request, approve=True)
    assert "控制台 1 0 1 3 天" in plain(manager.get("/excuses").text)
    assert late in manager.get("/excuses?by=console:excuses&state=removing").text
    assert late not in manager.get("/excuses?by=manager").text


def test_a_figure_opens_the_excuses_that_it_leaves_out(as_, book, second, late) -> None:
    manager, own = as_("manager"), Actor(book.channel.operator_id, "staff:manager")
    decide_excuse(book.runtime, own, asked(book, late, second), approve=True)
    (address,) = re.findall(r'href="(/excuses[?][^"]*)"', manager.get("/figures").text)
    page = manager.get(unescape(address)).text
    assert late in page[page.index('id="list"') :]
    assert "按审批人" in page


@pytest.mark.parametrize("words", ["长" * 201, "长" * 399])
def test_words_that_are_too_long_are_refused_and_not_cut(as_, book, second, late, words) -> None:
    request = asked(book, late, second)
    manager = as_("manager")
    form = {"step": "refuse", "words": words, "version": "1"}
    answer = send(manager, f"/excuses/{request}", form)
    assert (answer.status_code, set(faults(answer.text))) == (422, {"words"})
    assert words in answer.text
    # What was typed in several lines is kept as one.
    send(manager, f"/excuses/{request}", form | {"words": "函未盖章\r\n请补"})
    assert book.ask("SELECT words FROM excuse_requests") == "函未盖章 请补"


def test_an_order_that_ended_early_takes_none(as_, book) -> None:
    number = book.order()
    book.move(number, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    client = as_("dispatcher")
    assert "当前环节不能申请免责" in client.get(f"/orders/{number}/excuse").text
    assert "申请免责" not in plain(client.get(f"/orders/{number}").text)
