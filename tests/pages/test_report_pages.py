"""Reports on the pages: building, self-checks, review by another, submitting, files; and the regulator's."""

import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from desk_forms import faults, send
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.desk_work import plain, version_in
from tests.reporting import COLLEAGUE, LI, NOW, REGULATOR, SECOND_HALF, STRANGER, Office
from tests.staff_sessions import sign_in
from tracker import clock
from tracker.embedded import Servers
from tracker.figures.keep_cells import keep_cells
from tracker.orders.place_orders import Placed
from tracker.pages import figure_words, wording
from tracker.reports.build_reports import build_reports
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account

PASSWORD = "correct horse battery"


@pytest.fixture
def office(runtime: Runtime, stores: Servers, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Office(runtime, stores.owner_url)


@pytest.fixture
def colleague(office: Office, runtime: Runtime, desk: FlaskClient) -> FlaskClient:
    """Another manager of the same operator."""
    create_account(
        runtime.db, username="li.hua", password=PASSWORD, role="manager", display_name="李华", operator_id=1
    )
    client = desk.application.test_client()
    sign_in(client, runtime, "li.hua")
    return client


def act(client: FlaskClient, report_id: int, step: str, **typed: str) -> str:
    """Press a button of a report's page; what is shown then."""
    path = f"/reports/{report_id}"
    version = typed.pop("version", None) or version_in(client.get(path).text)
    answer = send(client, path, {"step": step, "version": version, **typed})
    return client.get(path).text if answer.status_code == 302 else answer.text


def test_a_manager_makes_a_report_and_another_reviews_it(
    office: Office, desk: FlaskClient, colleague: FlaskClient
) -> None:
    listed = plain(desk.get("/reports").text)
    assert "2026年上半年 未建立 0 / 8 已填报" in listed
    begun = send(desk, "/reports/2026H1/begin", page="/reports")
    report_id = int(begun.headers["Location"].rpartition("/")[2])
    waiting = desk.get(f"/reports/{report_id}")
    assert "正在生成" in waiting.text
    assert waiting.headers["Refresh"] == "3"
    build_reports(office.runtime)
    built = desk.get(f"/reports/{report_id}")
    assert "Refresh" not in built.headers
    assert "还缺 8 个县（市、区）的自查" in built.text
    assert 'value="offer"' not in built.text
    office.check_all()
    act(desk, report_id, "build")
    build_reports(office.runtime)
    own = act(desk, report_id, "offer")
    assert "须由另一位人员审核" in own
    assert 'value="approve"' not in own
    assert "须由送审人以外的另一位人员审核" in act(desk, report_id, "approve")
    empty = act(colleague, report_id, "return")
    assert faults(empty) == {"remarks": "退回时请写明意见"}
    assert "已退回修改" in act(colleague, report_id, "return", remarks="请核对连州")
    assert "请核对连州" in act(desk, report_id, "offer")
    assert 'value="submit"' in act(colleague, report_id, "approve")
    done = act(desk, report_id, "submit")
    assert "内容已冻结" in done
    assert 'name="step"' not in done
    assert "已报送" in plain(desk.get("/reports").text)


def test_who_was_too_slow_is_told_who_did_what_and_loses_no_word(
    office: Office, desk: FlaskClient, colleague: FlaskClient
) -> None:
    office.check_all()
    report_id = office.built()
    office.offer(report_id)
    version = version_in(colleague.get(f"/reports/{report_id}").text)
    office.review(report_id, LI, approve=False, remarks="先改自查")
    office.offer(report_id)
    page = act(colleague, report_id, "return", version=version, remarks="我写了很久的意见")
    said = plain(page)
    assert "报告已被他人处理" in said
    assert "退回修改 · 李华" in said
    assert "先改自查" in said
    assert "我写了很久的意见" in page
    assert act(colleague, report_id, "nonsense").count("没有改动") == 1


def test_a_self_check_is_entered_with_its_faults_told(office: Office, desk: FlaskClient) -> None:
    path = "/reports/2026H1/self-checks/441802"
    empty = send(desk, path, {"number": "0"})
    assert empty.status_code == 422
    assert set(faults(empty.text)) == {"checked_on", "checked_by", "findings", "measures"}
    wrong = {
        "number": "0",
        "checked_on": "2026-12-01",
        "checked_by": "市场部",
        "findings": "王先生13812345678",
        "measures": "无",
    }
    told = send(desk, path, wrong)
    assert set(faults(told.text)) == {"checked_on", "findings"}
    assert "王先生13812345678" in told.text, "nothing typed is lost"
    good = wrong | {"checked_on": "2026-06-20", "findings": "未发现问题"}
    assert send(desk, path, good).status_code == 302
    assert "2026年6月20日" in plain(desk.get("/reports/2026H1/self-checks").text)
    late = send(desk, path, good | {"findings": "我的发现"})
    assert late.status_code == 409
    assert "刚刚被他人更新" in late.text
    assert "我的发现" in late.text
    assert send(desk, path, good | {"number": "1", "findings": "更正"}).status_code == 302
    for missing in (
        "/reports/2026H1/self-checks/999999",
        "/reports/2026/self-checks",
        "/reports/99999999999",
    ):
        assert desk.get(missing).status_code == 404


def test_a_correction_needs_its_reason(office: Office, desk: FlaskClient) -> None:
    office.submitted()
    empty = send(desk, "/reports/2026H1/correct")
    assert empty.status_code == 422
    assert set(faults(empty.text)) == {"reason"}
    long = send(desk, "/reports/2026H1/correct", {"reason": "补" * 201})
    assert faults(long.text) == {"reason": "超过 200 个字符"}, "nothing is cut off unsaid"
    begun = send(desk, "/reports/2026H1/correct", {"reason": "补录漏登记的工单"})
    build_reports(office.runtime)
    page = plain(desk.get(begun.headers["Location"]).text)
    assert "第 2 版" in page
    assert "更正原因：补录漏登记的工单" in page
    again = send(desk, "/reports/2026H1/correct", {"reason": "再来"})
    assert "没有可更正的已报送报告" in again.text
    assert again.status_code == 409


def test_files_are_what_the_page_shows(
    office: Office, desk: FlaskClient, place: Callable[..., Placed]
) -> None:
    office.orders(place().number, 40, dealer="<b>代理</b>")
    report_id = office.submitted()
    page = desk.get(f"/reports/{report_id}").text
    assert "<b>代理</b>" not in page
    assert "&lt;b&gt;代理&lt;/b&gt;" in page
    document = desk.get(f"/reports/{report_id}.json")
    assert hashlib.sha256(document.data).hexdigest() in page
    made = desk.get(f"/reports/{report_id}.pdf")
    assert made.mimetype == "application/pdf"
    assert "report-2026H1-r1.pdf" in made.headers["Content-Disposition"]
    assert made.data.startswith(b"%PDF-")
    book = load_workbook(io.BytesIO(desk.get(f"/reports/{report_id}.xlsx").data))
    assert len(book.sheetnames) == 13
    english = load_workbook(io.BytesIO(desk.get(f"/reports/{report_id}.xlsx?lang=en").data))
    assert "Cover" in english.sheetnames
    waiting = office.built(half=SECOND_HALF)
    office.execute(
        "UPDATE half_year_reports SET content = NULL, content_version = NULL, digest = NULL, as_of = NULL"
        " WHERE id = :id",
        id=waiting,
    )
    assert desk.get(f"/reports/{waiting}.pdf").status_code == 404


def test_the_board_of_figures_tells_what_the_report_tells(
    office: Office, runtime: Runtime, desk: FlaskClient, place: Callable[..., Placed]
) -> None:
    pattern = place().number
    office.orders(pattern, 45)
    office.orders(pattern, 33, seed=2, community_code="441881001001", dealer="英德联营")
    keep_cells(runtime.db)
    office.orders(pattern, 5, seed=3)
    report_id = office.built()
    file = desk.get("/figures.xlsx?first=2026-01-01&last=2026-06-30").data
    book = load_workbook(io.BytesIO(file))

    def board(sheet: str) -> dict[str, dict[str, Any]]:
        head, *lines = book[sheet].iter_rows(values_only=True)
        return {line[0]: dict(zip(head, line, strict=True)) for line in lines}

    def report(section: str, table: str, key: str) -> dict[str, dict[str, Any]]:
        return {row[key]["zh"]: row for row in office.table(report_id, section, table)}

    lines, counties = board("县（市、区）"), report("on_time", "counties", "county")
    times, visits, still_open = (report("durations", name, "part") for name in ("times", "visits", "open"))
    assert len(lines) == 8
    for county in set(counties) - {"合计"}:
        row, line, long, came = counties[county], lines[county], times[county], visits[county]
        told = {
            "毛：到期": row["due"],
            "毛：按时": row["on_time"],
            "净：到期": row["net_due"],
            "净：按时": row["net_on_time"],
            "净值不计入": row["removed"],
            "装通": long["connected"],
            "装机时长平均（小时）": _hours(long["duration_mean"]),
            "装机时长中位数（小时）": _hours(long["duration_median"]),
            "装机时长P90（小时）": _hours(long["duration_p90"]),
            "首次响应中位数（小时）": _hours(long["response_median"]),
            "到时上门": came["visits_due"],
            "履约率": _share(came["visits_kept_rate"]),
            "一次成功率": _share(came["first_visit_rate"]),
            "在途": still_open[county]["open"],
            "压单比（天）": None if (days := still_open[county]["backlog"]) is None else round(days, 1),
        }
        assert told == {name: line[name] for name in told}, county
        remarks = (line["装通：备注"] or "", line["履约：备注"] or "")
        assert remarks == tuple(_remark(count) for count in (long["connected"], came["visits_due"]))
    assert counties["清城区"]["due"] == 50
    returned = sum(line["退单"] for name, line in lines.items() if name in counties)
    assert report("returns", "by_cause", "cause")["合计"]["returned"] == returned
    dealers = report("dealers", "dealers", "dealer")
    line = board("代理商")["英德联营"]
    assert [*dealers["英德联营"]["gross"], *dealers["英德联营"]["net"]] == [
        line["毛：按时"],
        line["毛：到期"],
        line["净：按时"],
        line["净：到期"],
    ]


def _remark(count: int) -> str:
    return "" if count >= 30 else "样本不足" if count else "无数据"


def _hours(value: float | None) -> float | None:
    return None if value is None else figure_words.hours_told(value)


def _share(rate: list[int]) -> float | None:
    part, whole = rate
    return wording.hundredths(part, whole) / 100 if whole else None


def test_what_was_altered_past_the_service_is_neither_shown_nor_submitted(
    office: Office, desk: FlaskClient, colleague: FlaskClient
) -> None:
    office.check_all()
    report_id = office.built()
    office.offer(report_id)
    alter = "UPDATE half_year_reports SET content = replace(content, :these, :those)"
    office.execute(alter, these="市场部", those="别处")
    assert "报告内容与它的摘要不符" in act(colleague, report_id, "approve")
    assert office.row(report_id).state == "offered"
    office.execute(alter, these="别处", those="市场部")
    assert 'value="submit"' in act(colleague, report_id, "approve")
    office.execute(alter, these="市场部", those="别处")
    page = desk.get(f"/reports/{report_id}")
    assert page.status_code == 500
    assert 'value="submit"' not in page.text
    assert "报告内容与它的摘要不符" in page.text
    assert "一、报装受理" not in page.text
    for form in ("pdf", "xlsx", "json"):
        assert desk.get(f"/reports/{report_id}.{form}").status_code == 302, form
    assert "报告内容与它的摘要不符" in act(desk, report_id, "submit")
    assert office.row(report_id).state == "approved"
    act(colleague, report_id, "return", remarks="重新生成")
    act(desk, report_id, "build")
    build_reports(office.runtime)
    assert "一、报装受理" in desk.get(f"/reports/{report_id}").text


def test_what_was_altered_is_not_shown_to_the_regulator_either(
    office: Office, as_: Callable[[str], FlaskClient]
) -> None:
    report_id = office.submitted()
    office.execute("ALTER TABLE half_year_reports DISABLE TRIGGER keep_submitted")
    try:
        office.execute("UPDATE half_year_reports SET content = replace(content, '市场部', '别处')")
    finally:
        office.execute("ALTER TABLE half_year_reports ENABLE TRIGGER keep_submitted")
    client = as_("regulator")
    shown = client.get(f"/regulator/reports/{report_id}", follow_redirects=True)
    assert shown.request.path == "/regulator"
    assert "报告内容与它的摘要不符" in shown.text
    assert client.get(f"/regulator/reports/{report_id}.pdf").status_code == 302


def test_the_pages_are_for_managers_and_the_regulator_alone(
    office: Office, as_: Callable[[str], FlaskClient]
) -> None:
    report_id = office.submitted()
    for role in ("counter", "dispatcher", "installer", "administrator"):
        client = as_(role)
        for path in ("/reports", f"/reports/{report_id}", f"/reports/{report_id}.pdf", "/regulator"):
            assert client.get(path).status_code == 403, (role, path)
    assert as_("manager").get("/regulator").status_code == 403
    assert as_("manager").get(f"/regulator/reports/{report_id}").status_code == 403
    assert as_("stranger").get(f"/reports/{report_id}").status_code == 404
    assert as_("regulator").get("/reports/2026H1/self-checks").status_code == 403


def test_the_regulator_sees_all_operators_and_only_what_was_submitted(
    office: Office, as_: Callable[[str], FlaskClient], place: Callable[..., Placed]
) -> None:
    pattern = place().number
    office.orders(pattern, 60)
    office.orders(pattern, 45, operator_id=2, seed=2)
    office.orders(pattern, 7, seed=3, community_code="441881001001")
    draft = office.built(STRANGER)
    submitted = office.submitted()
    client = as_("regulator")
    assert client.get("/").status_code in (302, 403)
    page = client.get("/regulator?half=2026H1").text
    said = plain(page)
    assert re.search(r"毛按时率 \d+(\.\d)?% 67单 \d+(\.\d)?% 45单 无数据 \d+(\.\d)?% 112单", said)
    assert "英德市 毛： 不公布，7单" in said
    # What is left would tell the seven: of this operator the other county is not told of either.
    assert "清城区 毛： 不公布，60单" in said
    assert "毛：" in said.split("清城区")[1].split("清新区")[0]
    english = plain(client.get("/regulator?half=2026H1&lang=en").text)
    assert "gross: not published (sample 7)" in english
    assert client.get("/regulator?half=2026H1&lang=zh").status_code == 200
    assert f"/regulator/reports/{submitted}" in page
    assert f"/regulator/reports/{draft}" not in page
    assert "未报送" in said
    assert client.get(f"/regulator/reports/{draft}").status_code == 404
    assert client.get(f"/regulator/reports/{draft}.pdf").status_code == 404
    assert "清远电信" in plain(client.get(f"/regulator/reports/{submitted}").text)
    assert client.get(f"/regulator/reports/{submitted}.pdf").data.startswith(b"%PDF-")
    assert client.get(f"/reports/{submitted}").status_code == 404, "it is not the regulator's to work on"


def test_no_person_and_no_order_stands_on_the_regulators_pages(
    office: Office, as_: Callable[[str], FlaskClient], place: Callable[..., Placed]
) -> None:
    placed = place(customer__name="欧阳示例", customer__phone="13711112222", address__detail="北江路1号")
    office.orders(placed.number, 40)
    submitted = office.submitted()
    client = as_("regulator")
    for path in ("/regulator", "/regulator?half=2026H1", f"/regulator/reports/{submitted}"):
        page = client.get(path).text
        for secret in ("欧阳", "1371111", "北江路1号", placed.number, "/orders/"):
            assert secret not in page.replace("/orders/find", ""), (path, secret)


def test_the_regulator_makes_the_citys_report(office: Office, as_: Callable[[str], FlaskClient]) -> None:
    client = as_("regulator")
    begun = send(client, "/reports/2026H1/begin", page="/reports")
    build_reports(office.runtime)
    page = client.get(begun.headers["Location"]).text
    assert "全市汇总" in page
    assert 'value="offer"' in page, "it needs no self-check of its own"
    report_id = int(begun.headers["Location"].rpartition("/")[2])
    office.offer(report_id, REGULATOR)
    office.review(report_id, COLLEAGUE)
    assert "内容已冻结" in act(client, report_id, "submit")
    assert as_("manager").get(f"/reports/{report_id}").status_code == 404
