"""On-time figures as the public reads them: the page, the open data, small samples and revisions."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from test_fee_plans import plain
from test_open_data import faults_in

from public_status.figure_board import PublishedFigure, lines_of, told_at
from tests.published_plans import becomes
from tracker import clock
from tracker.figures.models import PublishedFigure as Row
from tracker.figures.rules import Counts, Period, PeriodKind
from tracker.runtime import Runtime

pytestmark = pytest.mark.usefixtures("morning")

OCTOBER = date(2026, 10, 1)
PUBLISHED = datetime(2026, 11, 4, tzinfo=clock.CITY_ZONE)


@pytest.fixture
def tell(runtime: Runtime) -> Callable[..., None]:
    """Publishes figures of an operator: due, on time, both again net, and what was left out."""
    operators = {one.code: one.id for one in runtime.reference.current().operators.values()}

    def publish(
        code: str,
        *counts: int,
        removed: dict[str, int] | None = None,
        starts_on: date = OCTOBER,
        kind: str = "month",
        revision: int = 1,
    ) -> None:
        due, on_time, net_due, net_on_time = counts
        values = {
            "operator_id": operators[code],
            "kind": kind,
            "starts_on": starts_on,
            "revision": revision,
            "due": due,
            "on_time": on_time,
            "net_due": net_due,
            "net_on_time": net_on_time,
            "removed": removed or {},
            "published_at": PUBLISHED.replace(day=3 + revision),
        }
        with runtime.db.transaction() as connection:
            connection.execute(insert(Row), values)

    return publish


def rows_of(page: str) -> list[str]:
    rows = [row.partition("</tr>")[0] for row in page.split('<tr role="row">')[1:]]
    return [plain(f"<main>{row}</main>").removeprefix(">").strip() for row in rows]


def test_before_anything_is_published_the_page_says_when(client: FlaskClient) -> None:
    page = plain(client.get("/figures").text)
    assert "还没有可以公布的数字" in page
    assert "每月结束3天后公布" in page
    assert client.get("/figures.json").json["figures"] == []


def test_rates_stand_beside_their_samples(client: FlaskClient, tell: Any) -> None:
    tell("telecom", 100, 93, 96, 92, removed={"roadworks": 3, "withdrawn": 1})
    tell("mobile", 50, 50, 50, 50)
    tell("unicom", 0, 0, 0, 0)
    assert becomes(lambda: "2026年10月" in client.get("/figures").text)
    page = client.get("/figures").text
    city, telecom, mobile, unicom = rows_of(page)[1:5]
    assert city == "全市合计 95.3% 150单中143单按时 97.3% 146单中142单按时 市政施工 3、用户撤单 1"
    assert telecom == "清远电信 93% 100单中93单按时 95.8% 96单中92单按时 市政施工 3、用户撤单 1"
    assert mobile == "清远移动 100% 50单中50单按时 100% 50单中50单按时 无"
    assert unicom == "清远联通 没有数据 没有数据 –"
    for words in ("不论装没装通", "首次承诺", "另行告知的日期不算", "样本不足30单"):
        assert words in plain(page)
    english = plain(client.get("/figures?lang=en").text)
    for words in ("93 of 100 orders on time", "municipal works 3", "withdrawn by the customer 1"):
        assert words in english


@pytest.mark.parametrize(("sample", "told"), [(29, False), (30, True)])
def test_a_small_sample_has_no_rate_anywhere(client: FlaskClient, tell: Any, sample: int, told: bool) -> None:
    tell("telecom", sample, 17, sample, 17, removed={"weather": 8})
    assert becomes(lambda: client.get("/figures.json").json["figures"])
    share = f"{17 / sample:.1%}"
    page, line = client.get("/figures").text, client.get("/figures.json").json["figures"][0]
    assert (share in page) is told
    assert (f"样本 {sample}，不足 30，不公布" in page) is not told
    assert line["gross"]["due"] == line["net"]["due"] == sample
    for rate in (line["gross"], line["net"]):
        assert (rate["on_time"], rate["rate"]) == ((17, round(1700 / sample, 1)) if told else (None, None))
    assert (line["net"]["removed"] is not None) is told
    assert ("天气 8" in page) is told


def test_a_revision_is_dated_and_what_stood_before_stays_in_the_data(client: FlaskClient, tell: Any) -> None:
    tell("telecom", 40, 30, 40, 30)
    tell("telecom", 40, 36, 40, 36, revision=2)
    assert becomes(lambda: len(client.get("/figures.json").json["figures"]) == 2)
    page = client.get("/figures?operator=telecom").text
    assert "2026年11月5日修订" in page
    assert "90%" in page
    assert "75%" not in page
    told = client.get("/figures.json").json["figures"]
    assert [(one["revision"], one["current"], one["gross"]["rate"]) for one in told] == [
        (1, False, 75.0),
        (2, True, 90.0),
    ]


def test_twelve_months_and_two_half_years_are_told_of_whom_one_asks_for(
    client: FlaskClient, tell: Any
) -> None:
    for month in range(14):
        year, index = divmod(2025 * 12 + 8 + month, 12)
        tell("mobile", 30 + month, 30, 30, 30, starts_on=date(year, index + 1, 1))
    for starts_on in (date(2025, 1, 1), date(2025, 7, 1), date(2026, 1, 1)):
        tell("mobile", 200, 190, 200, 198, kind="half", starts_on=starts_on)
    assert becomes(lambda: len(client.get("/figures.json").json["figures"]) == 17)
    page = client.get("/figures?operator=mobile").text
    periods = [row.split()[0] for row in rows_of(page) if row.startswith("20")]
    assert periods[:2] == ["2026年上半年", "2025年下半年"]
    assert (periods[2], periods[-1], len(periods)) == ("2026年10月", "2025年11月", 14)
    assert 'href="/figures?operator=mobile#periods" aria-current="true"' in page
    for other in ("/figures?operator=nobody", "/figures?operator="):
        assert plain(client.get(other).text) == plain(client.get("/figures").text)
    telecom = plain(client.get("/figures?operator=telecom").text)
    assert "没有数据" in telecom


def test_the_data_keeps_to_its_schema(client: FlaskClient, tell: Any) -> None:
    tell("telecom", 100, 93, 96, 92, removed={"roadworks": 4})
    tell("mobile", 3, 1, 2, 1, removed={"withdrawn": 1})
    tell("unicom", 200, 150, 190, 150, kind="half", starts_on=date(2026, 1, 1))
    assert becomes(lambda: len(client.get("/figures.json").json["figures"]) == 3)
    answer = client.get("/figures.json", headers={"Accept-Language": "en"})
    schema = client.get("/figures/schema.json")
    assert schema.mimetype == "application/schema+json"
    broken = {**answer.json, "figures": [{**answer.json["figures"][0], "gross": None}]}
    found = faults_in(schema.json, answer.json, broken)
    assert found[0] == []
    assert found[1]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json["figures"][0]["net"]["removed"] == [
        {"reason": "roadworks", "name": "市政施工", "name_en": "municipal works", "count": 4}
    ]
    assert answer.json["least_sample"] == 30


def test_the_table_for_spreadsheets(client: FlaskClient, tell: Any) -> None:
    tell("telecom", 100, 93, 96, 92, removed={"roadworks": 3, "withdrawn": 1})
    tell("mobile", 3, 1, 2, 1)
    assert becomes(lambda: "telecom" in client.get("/figures.csv").text)
    answer = client.get("/figures.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    large, small = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    expected = {
        "operator": "telecom", "period": "month", "first_day": "2026-10-01", "last_day": "2026-10-31",
        "revision": "1", "gross_due": "100", "gross_on_time": "93", "gross_rate": "93.0", "net_due": "96",
        "net_rate": "95.8", "removed": "roadworks 3; withdrawn 1",
    }  # fmt: skip
    assert expected.items() <= large.items()
    assert (small["gross_due"], small["gross_on_time"], small["gross_rate"], small["removed"]) == (
        "3",
        "",
        "",
        "",
    )


def test_the_city_is_the_sum_of_the_latest_of_each() -> None:
    figures = [
        PublishedFigure(1, PeriodKind.MONTH, OCTOBER, 2, 10, 9, 8, 8, {"weather": 1}, PUBLISHED),
        PublishedFigure(1, PeriodKind.MONTH, OCTOBER, 1, 99, 1, 99, 1, {}, PUBLISHED),
        PublishedFigure(2, PeriodKind.MONTH, OCTOBER, 1, 5, 5, 5, 5, {"weather": 2}, PUBLISHED),
    ]
    line = lines_of(figures, None)[Period(PeriodKind.MONTH, OCTOBER)]
    assert line.counts == Counts(15, 14, 13, 13, {"weather": 3})
    assert line.revised_at == PUBLISHED
    assert told_at(lines_of(figures, 3), PUBLISHED) == ([], [])
