"""The staff pages of plans: who may read and write, what is kept of what was typed, what a file comes to."""

import base64
import io
import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import openpyxl
import pytest
import time_machine
from desk_forms import faults, send
from flask.testing import FlaskClient
from plan_samples import BY, MORNING, plan_fields

from tracker.files import sheets
from tracker.pages import plan_imports
from tracker.tariffs.file_columns import COLUMNS
from tracker.tariffs.publish_plan import publish_plan
from tracker.tariffs.queries import Wanted, plan_page, plan_row
from tracker.tariffs.save_plan import draft_plan, edit_draft
from tracker.tariffs.written import write

TODAY = date(2026, 11, 25)

pytestmark = pytest.mark.usefixtures("plans")


@pytest.fixture(autouse=True)
def morning() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def draft(runtime):
    return lambda **changes: draft_plan(runtime.db, 1, plan_fields(**changes), BY)


@pytest.fixture
def published(runtime, draft):
    def make(**changes) -> int:
        plan_id = draft(**changes)
        publish_plan(runtime.db, 1, plan_id, "x", BY)
        return plan_id

    return make


@pytest.fixture
def stored(runtime):
    def of(plan_id: int) -> dict:
        with runtime.db.reading() as connection:
            found = plan_row(connection, 1, plan_id, TODAY)
        assert found
        return found

    return of


def typed(**changes) -> dict[str, str]:
    """The form of a plan as a person fills it."""
    return {**write(plan_fields()), **changes}


def new_id(answer) -> int:
    assert answer.status_code == 302, answer.text
    return int(answer.headers["Location"].split("/")[2])


def test_the_list_shows_every_version_and_how_it_stands(desk, draft, published) -> None:
    draft(name="草稿甲")
    published(filing_number="26GD900002", name="待上线乙")
    page = desk.get("/plans").text
    for words in (
        "草稿甲",
        "待上线乙",
        "169 元/月",
        "千兆家庭套餐",
        "2026年11月26日",
        'aria-current="page">资费',
    ):
        assert words in page
    assert desk.get("/plans?standing=draft").text.count('class="reference') == 1
    assert "草稿甲" not in desk.get("/plans?standing=on_sale").text
    assert "待上线乙" in desk.get("/plans?q=900002&audience=home").text
    assert "没有符合条件的资费" in desk.get("/plans?q=nothing").text
    assert desk.get("/plans?standing=x&audience=y&before=z&q=%00").status_code == 200


def test_the_list_goes_on_with_its_filters(desk, draft) -> None:
    for number in range(23):
        draft(filing_number=f"26GD9100{number:02d}")
    first = desk.get("/plans?standing=draft").text
    assert first.count('class="reference') == 20
    older = re.search(r'href="(/plans\?before=[^"]+)"', first)
    assert older
    second = desk.get(unescape(older[1])).text
    assert second.count('class="reference') == 3
    assert "26GD910000" in second


PAGES = [
    "",
    "/new",
    "/import",
    "/import/template.xlsx",
    "/{id}",
    "/{id}/edit",
    "/{id}/publish",
    "/{id}/withdraw",
    "/{id}/resume",
]
FOR_READERS = {"", "/{id}"}


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [("manager", 200, 200), ("counter", 200, 403), ("stranger", 404, 404), ("regulator", 403, 403)],
)
def test_managers_write_their_staff_reads_and_others_see_nothing(as_, draft, who, reads, writes) -> None:
    client, plan_id = as_(who), draft(name="独一份")
    for page in PAGES:
        answer = client.get("/plans" + page.format(id=plan_id))
        expected = reads if page in FOR_READERS else writes
        if who == "stranger" and "{id}" not in page:
            expected = 200
        assert answer.status_code == expected, page
        if who in ("stranger", "regulator"):
            assert "独一份".encode() not in answer.data
    shown = client.get(f"/plans/{plan_id}").text
    assert ("预览并发布" in shown) == (who == "manager")


@pytest.mark.parametrize("act", ["copy", "edit", "publish", "withdraw", "resume"])
def test_a_reader_cannot_write_by_hand_either(as_, draft, stored, act) -> None:
    client, plan_id = as_("counter"), draft()
    answer = send(client, f"/plans/{plan_id}/{act}", typed(reason="x", revision="1"), page="/plans")
    assert (answer.status_code, stored(plan_id)["revision"]) == (403, 1)
    assert send(client, "/plans/new", typed(), page="/plans").status_code == 403
    assert send(client, "/plans/import", {}, page="/plans").status_code == 403


def test_a_form_without_its_token_changes_nothing(desk, draft, stored) -> None:
    plan_id = draft()
    for act in ("edit", "publish", "withdraw", "copy"):
        assert desk.post(f"/plans/{plan_id}/{act}", data={"reason": "x", "revision": "1"}).status_code == 400
    assert stored(plan_id)["revision"] == 1


def test_a_plan_is_written_previewed_and_published(desk, stored) -> None:
    plan_id = new_id(send(desk, "/plans/new", typed(monthly_fee="169.50", services="2000M宽带\r\nIPTV 2路")))
    plan = stored(plan_id)
    assert (plan["monthly_fen"], plan["services"]) == (16950, "2000M宽带；IPTV 2路")
    assert plan["events"][0]["actor"] == "staff:manager"
    assert "草稿已保存。" in desk.get(f"/plans/{plan_id}").text
    preview = desk.get(f"/plans/{plan_id}/publish").text
    for words in (
        "客户将看到",
        "169.50 元/月",
        "<li>2000M宽带</li>",
        "2026年11月26日 起在售",
        "第一个在售版本",
    ):
        assert words in preview
    answer = send(desk, f"/plans/{plan_id}/publish", {"reason": "粤电信〔2026〕88号", "revision": "1"})
    assert new_id(answer) == plan_id
    assert stored(plan_id)["standing"] == "upcoming"
    page = desk.get(f"/plans/{plan_id}").text
    assert "粤电信〔2026〕88号" in page
    assert "编辑" not in re.sub(r"<title>.*?</title>", "", page)
    assert desk.get(f"/plans/{plan_id}/edit").status_code == 302, "what was published is not edited"
    assert desk.get(f"/plans/{plan_id}/publish").status_code == 302


def test_every_fault_stands_beside_its_field_and_nothing_typed_is_lost(desk) -> None:
    wrong = typed(
        monthly_fee="12.345", name="", region="440100", on_sale_from="明天", restrictions="<b>无</b>"
    )
    answer = send(desk, "/plans/new", wrong)
    assert answer.status_code == 422
    assert faults(answer.text) == {
        "monthly_fee": "须为 0 至 1,000,000 元，最多两位小数，如 129 或 129.50",
        "name": "必填",
        "region": "没有这个地区，须为本市或所辖县（市、区）",
        "on_sale_from": "须为日期，如 2026-11-25",
    }
    assert "有 4 处需要改正" in answer.text
    assert '<a href="#monthly_fee">' in answer.text
    assert 'value="12.345"' in answer.text
    assert "&lt;b&gt;无&lt;/b&gt;" in answer.text
    english = send(desk, "/plans/new?lang=en", wrong).text
    assert "This field is required." in english


def test_who_comes_second_sees_what_was_changed_and_keeps_what_was_typed(
    desk, runtime, draft, stored
) -> None:
    plan_id = draft()
    edit_draft(runtime.db, 1, plan_id, plan_fields(monthly_fen=15900), "staff:li.na")
    answer = send(desk, f"/plans/{plan_id}/edit", typed(name="我的名字", revision="1"))
    assert answer.status_code == 412
    assert "有人改动了这份草稿" in answer.text
    assert "li.na" in answer.text
    assert "<del>169 元/月</del> → <ins>159 元/月</ins>" in answer.text
    assert 'value="我的名字"' in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert stored(plan_id)["monthly_fen"] == 15900, "nothing was stored over it"
    assert new_id(send(desk, f"/plans/{plan_id}/edit", typed(name="我的名字", revision="2"))) == plan_id
    assert stored(plan_id)["name"] == "我的名字"


def test_what_was_published_meanwhile_is_told_with_what_was_typed(desk, runtime, draft, stored) -> None:
    plan_id = draft()
    publish_plan(runtime.db, 1, plan_id, "x", BY)
    answer = send(desk, f"/plans/{plan_id}/edit", typed(name="我的名字", revision="2"), page="/plans/new")
    assert answer.status_code == 409
    assert "已发布或已作废的版本不能修改" in answer.text
    assert 'value="我的名字"' in answer.text
    assert stored(plan_id)["name"] == "两千兆家庭套餐"


def test_what_a_draft_lacks_is_told_before_publishing(desk, draft, stored, runtime) -> None:
    plan_id = draft(restrictions="", filing_number="七", on_sale_from="2026-11-20")
    page = desk.get(f"/plans/{plan_id}/publish").text
    for words in ("还不能发布", "须用通俗的话写明限制条件", "上线日期不得早于今天", "请再核对", "去修改"):
        assert words in page
    assert f'href="/plans/{plan_id}/edit#restrictions"' in page
    assert 'name="reason"' not in page
    answer = send(desk, f"/plans/{plan_id}/publish", {"reason": "x", "revision": "1"})
    assert (answer.status_code, stored(plan_id)["state"]) == (422, "draft")


def test_publishing_needs_a_reason_and_the_draft_that_was_previewed(desk, runtime, draft, stored) -> None:
    plan_id = draft()
    answer = send(desk, f"/plans/{plan_id}/publish", {"reason": " ", "revision": "1"})
    assert (answer.status_code, faults(answer.text)) == (422, {"reason": "必填"})
    edit_draft(runtime.db, 1, plan_id, plan_fields(monthly_fen=1), "staff:li.na")
    answer = send(desk, f"/plans/{plan_id}/publish", {"reason": "x", "revision": "1"})
    assert (answer.status_code, stored(plan_id)["state"]) == (412, "draft")
    assert "已被他人更新" in answer.text
    assert "0.01 元/月" in answer.text, "the preview is of the draft as it is now"


def test_a_new_version_begins_as_a_copy_and_says_what_it_follows(desk, published, stored) -> None:
    first = published(on_sale_from="2026-11-25")
    copied = new_id(send(desk, f"/plans/{first}/copy"))
    form = desk.get(f"/plans/{copied}/edit").text
    assert "已复制为新的草稿" in form
    assert 'type="date" value="2026-11-26"' in form
    send(desk, f"/plans/{copied}/edit", typed(monthly_fee="179", on_sale_from="2027-01-01", revision="1"))
    page = desk.get(f"/plans/{copied}/publish").text
    assert "月费 169 元/月 → 179 元/月。" in page
    assert "在网用户仍按原来的版本" in page
    send(desk, f"/plans/{copied}/publish", {"reason": "x", "revision": "2"})
    shown = desk.get(f"/plans/{first}").text
    assert "2026年12月31日" in shown, "sold until the day before the next version"
    assert f'href="/plans/{copied}"' in shown


def test_a_plan_is_taken_off_sale_and_put_back(desk, published, stored) -> None:
    plan_id = published(on_sale_from="2026-11-25")
    path = f"/plans/{plan_id}/withdraw"
    answer = send(desk, path, {"last_day": "2026-11-01", "reason": "x", "revision": "2"})
    assert (answer.status_code, faults(answer.text)) == (422, {"last_day": "最后在售日不得早于今天"})
    assert 'value="2026-11-01"' in answer.text
    assert send(desk, path, {"last_day": "2026-11-30", "reason": "停售", "revision": "1"}).status_code == 412
    assert new_id(send(desk, path, {"last_day": "2026-11-30", "reason": "停售", "revision": "2"})) == plan_id
    assert stored(plan_id)["on_sale_to"] == date(2026, 11, 30)
    page = desk.get(f"/plans/{plan_id}").text
    assert "最后在售日 2026年11月30日" in page
    assert "已定下线" in page
    assert new_id(send(desk, f"/plans/{plan_id}/resume", {"reason": "误操作", "revision": "3"})) == plan_id
    assert stored(plan_id)["on_sale_to"] is None
    again = send(desk, f"/plans/{plan_id}/resume", {"reason": "误操作", "revision": "4"})
    assert (again.status_code, "没有被撤下" in again.text) == (409, True)


def test_a_draft_is_discarded(desk, draft, stored) -> None:
    plan_id = draft()
    assert "最后在售日" not in desk.get(f"/plans/{plan_id}/withdraw").text
    send(desk, f"/plans/{plan_id}/withdraw", {"reason": "录入错误", "revision": "1"})
    assert stored(plan_id)["standing"] == "discarded"
    assert "复制为新版本" in desk.get(f"/plans/{plan_id}").text


def test_a_tampered_revision_is_a_stale_one(desk, draft) -> None:
    plan_id = draft()
    for revision in ("", "x", "-1", "9" * 30):
        answer = send(desk, f"/plans/{plan_id}/edit", typed(revision=revision))
        assert answer.status_code == 412


def test_what_does_not_exist_is_not_found(desk) -> None:
    for page in PAGES[4:]:
        for wrong in (10**6, 2**40):
            assert desk.get("/plans" + page.format(id=wrong)).status_code == 404
    assert send(desk, f"/plans/{10**6}/copy", page="/plans").status_code == 404


def upload(client: FlaskClient, content: bytes, name: str = "资费2027.xlsx", **more: str):
    return send(client, "/plans/import", {"file": (io.BytesIO(content), name), **more})


def sheet(*rows: dict) -> bytes:
    book = openpyxl.Workbook()
    book.active.append([column.zh for column in COLUMNS.values()])
    for row in rows:
        texts = {**write(plan_fields()), **row}
        book.active.append([texts[name] for name in COLUMNS])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def drafts(runtime):
    def count() -> int:
        with runtime.db.reading() as connection:
            return len(plan_page(connection, 1, Wanted(state="draft"), TODAY, limit=100)[0])

    return count


def test_a_file_is_brought_in_and_its_bad_rows_come_back(desk, drafts) -> None:
    content = sheet({}, {"filing_number": "26GD900002", "monthly_fee": "-5"}, {"filing_number": "=cmd|1"})
    answer = upload(desk, content)
    assert answer.status_code == 200
    assert drafts() == 1
    page = unescape(answer.text)
    assert "导入完成，2 行没有导入" in page
    assert "第 3 行" in page
    assert "H 资费标准" in page
    assert "A 方案编号" in page
    link = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)" download="未导入的行.csv"', page)
    assert link
    refused = base64.b64decode(link[1]).decode("utf-8-sig")
    assert "H 资费标准 须为 0 至 1,000,000 元" in refused
    assert "'=cmd|1" in refused
    assert not re.search(r"(^|,)[=+@-]", refused.replace("\r\n", "\n"), re.MULTILINE)
    assert "与已有内容相同" in upload(desk, content).text
    assert drafts() == 1


def test_a_file_may_be_published_at_once(desk, drafts, runtime) -> None:
    answer = upload(desk, sheet({}), publish="on")
    assert "新增已发布版本" in answer.text
    assert drafts() == 0
    facts = runtime.reference.current()
    assert (1, "26GD900001") in facts.plans


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04", "不是可读取的表格"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 .xls"),
        (sheet(), "表头之下没有数据"),
        ("方案编号,价钱\n1,2\n".encode(), "未知的列：价钱"),
    ],
)
def test_a_file_that_is_none_is_told_why(desk, drafts, content, told) -> None:
    answer = upload(desk, content)
    assert (answer.status_code, drafts()) == (422, 0)
    assert told in answer.text
    assert "资费2027.xlsx" in answer.text


def test_no_file_is_told(desk) -> None:
    answer = send(desk, "/plans/import", {})
    assert (answer.status_code, "请选择文件" in answer.text) == (422, True)


def test_a_file_may_be_larger_than_other_forms_but_not_without_end(desk, monkeypatch) -> None:
    # The real limits would have the test's own client leave files behind.
    desk.application.config["MAX_CONTENT_LENGTH"] = 100_000
    monkeypatch.setattr(sheets, "MOST_BYTES", 200_000)
    monkeypatch.setattr(plan_imports, "_LARGEST_REQUEST", 300_000)
    assert "缺少列" in upload(desk, b"x" * 150_000).text
    assert "文件过大（上限" in upload(desk, b"x" * 250_000).text
    beyond = upload(desk, b"x" * 350_000)
    assert (beyond.status_code, "请把文件分成几个再上传" in beyond.text) == (413, True)
    assert send(desk, "/plans/new", {"file": (io.BytesIO(b"x" * 150_000), "a")}).status_code == 413


def test_the_template_is_a_workbook(desk) -> None:
    answer = desk.get("/plans/import/template.xlsx")
    assert answer.headers["Content-Disposition"] == "attachment; filename=plans.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["资费", "说明"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_needs_inline_style_or_script(desk, draft, published, language) -> None:
    plan_id, done = draft(), published(filing_number="26GD900002")
    for page in PAGES:
        for which in (plan_id, done):
            answer = desk.get("/plans" + page.format(id=which) + f"?lang={language}")
            if answer.mimetype == "text/html":
                assert "style=" not in answer.text
                assert "<script" not in answer.text
                assert answer.headers["Cache-Control"] == "no-store" or answer.status_code == 302
