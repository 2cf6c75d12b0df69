"""What the regulator gets of an operator's report: the page and every file, without anybody's account."""

import io
import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.desk_work import plain
from tests.reporting import NOW, Office
from tracker import clock
from tracker.embedded import Servers
from tracker.orders.place_orders import Placed
from tracker.reports.for_regulator import for_regulator
from tracker.reports.pdf import pdf_of
from tracker.reports.shown import shown_report
from tracker.runtime import Runtime


@pytest.fixture
def office(runtime: Runtime, stores: Servers, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Office(runtime, stores.owner_url)


def test_no_account_of_staff_reaches_the_regulator(
    office: Office, as_: Callable[[str], FlaskClient], place: Callable[..., Placed]
) -> None:
    office.orders(place().number, 80)
    accounts = ("li.hua", "wang.min")
    office.execute(
        "UPDATE promise_entries SET actor = (CAST(:by AS text[]))[1 + order_id % 2] WHERE kind = 'excuse'",
        by=[f"staff:{one}" for one in accounts],
    )
    report_id = office.submitted()
    before = office.row(report_id)
    assert all(one in before.content for one in accounts)
    client, address = as_("regulator"), f"/regulator/reports/{report_id}"
    taken = client.get(f"{address}.json").json
    book = load_workbook(io.BytesIO(client.get(f"{address}.xlsx").data))
    sheets = "\n".join(
        str(cell) for sheet in book for line in sheet.iter_rows(values_only=True) for cell in line
    )
    page = client.get(address).text
    for told in (page, sheets, client.get(f"{address}.json").text):
        assert not [one for one in accounts if one in told]
        assert "经理 1" in told
        assert "经理 2" in told
        assert before.digest in told
    assert "经理 3" not in page
    # What the PDF is set from, as its letters are packed.
    for language, manager in (("zh", "经理 1"), ("en", "Manager 1")):
        data = json.dumps(shown_report(for_regulator(before), language).as_data(), ensure_ascii=False)
        assert not [one for one in accounts if one in data]
        assert manager in data
        assert pdf_of(before, language, for_regulator) != pdf_of(before, language)
    assert client.get(f"{address}.pdf").data == pdf_of(before, "zh", for_regulator)
    assert {one["code"] for one in taken["sections"]} == {
        one["code"] for one in json.loads(before.content)["sections"]
    }
    assert office.row(report_id) == before
    assert as_("manager").get(f"/reports/{report_id}.json").text == before.content


def test_the_page_promises_no_more_than_the_reports_keep(
    office: Office, as_: Callable[[str], FlaskClient], place: Callable[..., Placed]
) -> None:
    pattern = place().number
    office.orders(pattern, 60)
    office.orders(pattern, 7, seed=3, community_code="441881001001")
    report_id = office.submitted()
    client = as_("regulator")
    page = plain(client.get("/regulator?half=2026H1").text)
    assert "英德市 毛： 不公布，7单" in page
    assert "推算" not in page
    assert "半年报告依要求列出各县（市、区）的数量，少于30单的同样列出" in page
    assert re.search(r"英德市 7 \d 样本不足", plain(client.get(f"/regulator/reports/{report_id}").text))
