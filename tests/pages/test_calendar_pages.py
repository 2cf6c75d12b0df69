"""The staff pages of the calendar: a year read, a day changed and set back, a year's notice taken in."""

import csv
import io
import re
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from desk_forms import faults, send
from sqlalchemy import select

from tracker.clock import CITY_ZONE
from tracker.promises.models import CalendarChange, CalendarDay, CalendarYear, Promise
from tracker.promises.override_day import override_day
from tracker.promises.schemas import OverrideRequestSchema

DAY = "/calendar/2026-12-03"  # a Thursday
IMPORT = "/calendar/import"

pytestmark = pytest.mark.usefixtures("changeable")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE), tick=False) as traveller:
        yield traveller


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()
    return re.sub(r" ?： ?", "：", words)


def carried(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(?!csrf)([a-z_]+)" value="([^"]*)"', page)
    areas = re.findall(r'<textarea name="(csv)" hidden[^>]*>\n?([^<]*)</textarea>', page)
    return {name: unescape(value) for name, value in [*found, *areas]}


STORM = {
    "working": "rest",
    "county_code": "",
    "name": "台风海燕停工",
    "name_en": "Typhoon",
    "source": "清三防〔2026〕19号",
}


def preview(client: Any, path: str = DAY, **typed: str) -> Any:
    seen = carried(client.get(path).text)["seen"]
    return send(client, path, {**STORM, **typed, "seen": seen, "step": "preview"})


def overrides(database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(CalendarDay.__table__).where(CalendarDay.override)).all())


def test_a_year_is_read_as_months_and_as_a_list(as_) -> None:
    for who in ("manager", "dispatcher", "counter", "administrator"):
        page = as_(who).get("/calendar?year=2026").text
        words = plain(page)
        assert page.count('<table class="month">') == 12
        assert "10月1日（周四） 至 10月7日（周三） 休息 国庆节" in words
        assert "上班 调休上班" in words
        assert "全年 2" in words
        assert "2026年12月24日 以后可能因来年的安排再变" in words
    assert as_("installer").get("/calendar").status_code == 403


def test_a_year_that_is_not_announced_says_so(desk) -> None:
    words = plain(desk.get("/calendar?year=2027").text)
    assert "2027 年的安排尚未公布" in words
    assert plain(desk.get("/calendar?year=9999").text).startswith("工作日历 · 2032"), "the last that there is"
    assert plain(desk.get("/calendar?year=x").text).startswith("工作日历 · 2026")


def test_a_day_is_opened_by_its_date(as_) -> None:
    assert as_("counter").get("/calendar?day=2026-12-03").location == DAY
    assert as_("counter").get("/calendar?day=soon").status_code == 200
    assert as_("administrator").get("/calendar?day=2026-12-03").status_code == 200


def test_a_storm_stops_work_for_new_orders_and_leaves_given_promises(
    desk, database, runtime, place, order_body
) -> None:
    given = place(plan="24GD110002", customer__kind="enterprise")
    # Three working days from Wednesday the 25th: Monday the 30th.
    path = "/calendar/2026-11-27"
    asked = preview(desk, path)
    words = plain(asked.text)
    assert asked.status_code == 200
    assert "1 个在途工单的承诺跨过这一天；如果现在才承诺，期限会不同。" in words
    assert f"{given.number} 11月30日（周一）18:00 12月1日（周二）18:00" in words
    assert "例如 11月26日 10:00 受理的企业宽带：12月1日（周二）18:00 → 12月2日（周三）18:00" in words
    assert overrides(database) == []
    with database.reading() as connection:
        before = connection.scalar(select(Promise.deadline))
    done = send(desk, path, carried(asked.text) | {"step": "do"})
    assert done.status_code == 302
    shown = plain(desk.get(done.location).text)
    assert "日历已改" in shown
    assert "本单位 休息 · 台风海燕停工 清三防〔2026〕19号 · manager" in shown
    (row,) = overrides(database)
    assert (row.operator_id, row.working, row.name_en) == (1, False, "Typhoon")
    with database.reading() as connection:
        assert connection.scalar(select(Promise.deadline)) == before
    history = plain(desk.get("/calendar").text)
    assert "调整某日" in history
    again = send(desk, path, carried(asked.text) | {"step": "do"})
    assert again.status_code in (409, 422), "the second press changes nothing"
    assert len(overrides(database)) == 1


def test_a_county_has_days_of_its_own(desk, database) -> None:
    asked = preview(desk, county_code="441826", name="盘王节", name_en="", source="连南府办〔2026〕5号")
    assert "连南瑶族自治县" in plain(asked.text)
    send(desk, DAY, carried(asked.text) | {"step": "do"})
    (row,) = overrides(database)
    assert row.county_code == "441826"
    there = desk.get("/calendar?year=2026&county=441826").text
    assert '2026-12-03">3<small>休</small>' in there
    assert '2026-12-03">3<small>休</small>' not in desk.get("/calendar?year=2026").text


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"working": ""}, "working", "必填"),
        ({"working": "maybe"}, "working", "必填"),
        ({"working": "work"}, "working", "该日本来如此"),
        ({"county_code": "999999"}, "county_code", "未知的县"),
        ({"county_code": "x"}, "county_code", ""),
        ({"name": ""}, "name", "必填"),
        ({"name": "字" * 41}, "name", "40"),
        ({"name_en": "x" * 61}, "name_en", "60"),
        ({"source": ""}, "source", "必填"),
        ({"source": "隐\u200b形"}, "source", ""),
    ],
)
def test_a_wrong_change_of_a_day_is_refused_and_keeps_what_was_typed(
    desk, database, typed, field, said
) -> None:
    answer = preview(desk, **typed)
    assert answer.status_code == 422
    assert said in faults(answer.text)[field]
    if "name" not in typed:
        assert 'value="台风海燕停工"' in answer.text
    assert overrides(database) == []


def test_a_day_that_is_none_or_lies_past_the_calendar_is_not_there(desk) -> None:
    for day in ("2026-02-30", "soon", "2050-01-01", "1990-01-01"):
        assert desk.get(f"/calendar/{day}").status_code == 404


def test_a_day_set_twice_is_refused_and_set_back_by_a_correcting_entry(desk, database) -> None:
    send(desk, DAY, carried(preview(desk).text) | {"step": "do"})
    twice = preview(desk, working="work")
    assert "请先撤销" in plain(twice.text)
    (row,) = overrides(database)
    path = f"/calendar/overrides/{row.id}/withdraw"
    asked = desk.get(path)
    without = send(desk, path, carried(asked.text) | {"step": "do"})
    assert faults(without.text)["reason"]
    done = send(desk, path, carried(asked.text) | {"step": "do", "reason": "台风改道"})
    assert done.status_code == 302
    (row,) = overrides(database)
    assert row.until_revision is not None
    history = plain(desk.get("/calendar").text)
    assert "撤回调整" in history
    assert "台风改道" in history
    assert desk.get(path).status_code == 404


def test_the_deadline_that_was_promised_is_told_whatever_became_of_the_calendar_since(
    desk, database, place
) -> None:
    given = place(plan="24GD110002", customer__kind="enterprise")
    first = preview(desk, "/calendar/2026-11-27")
    send(desk, "/calendar/2026-11-27", carried(first.text) | {"step": "do"})
    # Promised for Monday; with both days off it would be Wednesday.
    words = plain(preview(desk, "/calendar/2026-11-30").text)
    assert f"{given.number} 11月30日（周一）18:00 12月2日（周三）18:00" in words
    (row,) = overrides(database)
    back = plain(desk.get(f"/calendar/overrides/{row.id}/withdraw").text)
    assert "没有在途承诺会因此不同。" in back, "it was promised so"


def test_what_others_changed_meanwhile_is_told(desk, runtime, database) -> None:
    asked = preview(desk)
    other = {**STORM, "day": "2026-12-04", "working": False, "county_code": None, "source": "另一通知"}
    override_day(
        runtime.db,
        OverrideRequestSchema().load(other),
        "staff:counter",
        operator_id=1,
        counties=runtime.reference.current().counties,
    )
    answer = send(desk, DAY, carried(asked.text) | {"step": "do"})
    assert answer.status_code == 409
    words = plain(answer.text)
    assert "有人先一步改动了日历" in words
    assert "另一通知" in words
    assert carried(answer.text)["name"] == "台风海燕停工"
    assert send(desk, DAY, carried(answer.text) | {"step": "do"}).status_code == 302
    assert len(overrides(database)) == 2


def test_only_a_manager_changes_days_and_only_the_own_operators(as_, database) -> None:
    for who in ("counter", "dispatcher"):
        client = as_(who)
        assert "改这一天" not in client.get(DAY).text
        assert send(client, DAY, {**STORM, "step": "do", "seen": "1"}, page="/calendar").status_code == 403
    manager = as_("manager")
    send(manager, DAY, carried(preview(manager).text) | {"step": "do"})
    (row,) = overrides(database)
    stranger = as_("stranger")
    assert stranger.get(f"/calendar/overrides/{row.id}/withdraw").status_code == 404
    assert "台风海燕停工" not in stranger.get(DAY).text
    assert "台风海燕停工" not in stranger.get("/calendar").text
    assert manager.get(f"/calendar/overrides/{2**40}/withdraw").status_code == 404


FILE = "\n".join(
    [
        "day,working,name,name_en",
        "2026-12-26,班,,",
        "2027-01-01,休,元旦,New Year's Day",
        "2027-05-01,休,劳动节,Labour Day",
        "2027-05-02,休,劳动节,Labour Day",
        "2027-10-01,休,国庆节,National Day",
        "2027-10-02,休,国庆节,National Day",
        "2027-10-03,休,国庆节,National Day",
    ]
)
NOTICE = {"year": "2027", "source": "国办发明电〔2026〕7号", "csv": FILE}


def look(client: Any, **typed: str) -> Any:
    seen = carried(client.get(IMPORT).text)["seen"]
    return send(client, IMPORT, {**NOTICE, **typed, "seen": seen, "step": "preview"})


def test_a_years_notice_is_looked_at_by_a_manager_and_taken_in_by_an_administrator(
    as_, database, place, today
) -> None:
    today.move_to(datetime(2026, 12, 23, 9, 0, tzinfo=CITY_ZONE))
    order = place(plan="24GD110002", customer__kind="enterprise")
    manager = as_("manager")
    asked = look(manager)
    words = plain(asked.text)
    assert asked.status_code == 200
    assert "2027 年的安排：8 天" not in words
    assert "2027 年的安排：7 天" in words
    # Thursday, Friday, and the Saturday that is worked instead of Monday.
    assert "1 个暂定的承诺重新计算，其中 1 个期限会变，0 个延后。" in words
    assert f"{order.number} 12月28日（周一）18:00 12月26日（周六）18:00" in words
    assert "由系统管理员收录" in words
    refused = send(manager, IMPORT, carried(asked.text) | {"step": "do"})
    assert refused.status_code == 403

    administrator = as_("administrator")
    asked = look(administrator)
    assert order.number not in asked.text, "an administrator sees no operator's orders (I6)"
    assert "第 1 个 12月28日（周一）18:00 12月26日（周六）18:00" in plain(asked.text)
    done = send(administrator, IMPORT, carried(asked.text) | {"step": "do"})
    assert done.status_code == 302
    shown = plain(administrator.get(done.location).text)
    assert "已收录" in shown
    assert "依据：国办发明电〔2026〕7号" in shown
    with database.reading() as connection:
        assert (
            connection.scalar(select(CalendarYear.source).where(CalendarYear.year == 2027))
            == NOTICE["source"]
        )
        assert (
            connection.scalar(select(CalendarChange.actor).order_by(CalendarChange.revision.desc()).limit(1))
            == "staff:administrator"
        )
    again = look(administrator)
    assert "日历本来如此，没有变化。" in plain(again.text)
    assert send(administrator, IMPORT, carried(again.text) | {"step": "do"}).status_code == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"year": ""}, "年份："),
        ({"year": "27"}, "年份："),
        ({"year": "2029"}, "须先公布 2027 年"),
        ({"source": ""}, "通知的名称和文号："),
        ({"csv": ""}, "日期（CSV）："),
        ({"csv": "x" * 20001}, "日期（CSV）："),
        ({"csv": "day,working\n"}, "name"),
        ({"csv": FILE + "\n2027-13-01,休,x,"}, "第 9 行 · day：不是有效的日期"),
        ({"csv": FILE + "\n2027-10-01,休,x,"}, "第 9 行 · day：日期重复"),
        ({"csv": FILE + "\n2028-10-01,休,x,"}, "第 9 行 · day：日期不属于 2027 年的安排"),
        ({"csv": FILE + "\n2027-09-01,也许,x,"}, "第 9 行 · working：须为 休、班"),
        ({"csv": FILE + "\n2027-09-01,休,隐\u200b形,"}, "第 9 行 · name："),
        ({"csv": FILE + "\n2027-09-01,休"}, "第 9 行："),
        ({"csv": "\n".join(FILE.split("\n")[:-1])}, "缺少法定放假日 2027-10-03"),
    ],
)
def test_a_wrong_notice_is_refused_line_by_line(as_, database, typed, said) -> None:
    administrator = as_("administrator")
    answer = look(administrator, **typed)
    assert answer.status_code == 422
    assert said in plain(answer.text)
    if "source" not in typed:
        assert NOTICE["source"] in answer.text
    with database.reading() as connection:
        assert connection.scalar(select(CalendarYear.year).where(CalendarYear.year == 2027)) is None


def test_a_file_goes_before_the_box_and_one_that_is_no_text_is_refused(as_) -> None:
    administrator = as_("administrator")
    seen = carried(administrator.get(IMPORT).text)["seen"]

    def sent(content: bytes) -> Any:
        data = {**NOTICE, "csv": "", "seen": seen, "step": "preview"}
        return send(administrator, IMPORT, data | {"file": (io.BytesIO(content), "2027.csv")})

    assert "2027 年的安排：7 天" in plain(sent(("\ufeff" + FILE).encode()).text)
    bad = sent(FILE.encode("gbk"))
    assert bad.status_code == 422
    assert "UTF-8" in plain(bad.text)


def test_somebody_else_took_a_notice_in_meanwhile(as_, runtime) -> None:
    administrator = as_("administrator")
    asked = look(administrator)
    day = {**STORM, "day": "2026-12-04", "working": False, "county_code": None}
    override_day(
        runtime.db,
        OverrideRequestSchema().load(day),
        "console:root",
        operator_id=None,
        counties=runtime.reference.current().counties,
    )
    answer = send(administrator, IMPORT, carried(asked.text) | {"step": "do"})
    assert answer.status_code == 409
    assert "有人先一步改动了日历" in plain(answer.text)
    assert send(administrator, IMPORT, carried(answer.text) | {"step": "do"}).status_code == 302


def test_a_year_is_given_out_as_a_file(as_) -> None:
    client = as_("dispatcher")
    answer = client.get("/calendar.csv?year=2026")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 366
    assert rows[1 + date(2026, 10, 1).timetuple().tm_yday - 1][:4] == ["2026-10-01", "四", "放假", "国庆节"]
    assert client.get("/calendar.xlsx").data.startswith(b"PK")
