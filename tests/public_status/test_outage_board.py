"""The public board of outages: what it shows when, for whom, and as open data."""

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from test_open_data import faults_in

from public_status.runtime import PublicRuntime
from tests.announced_outages import (
    DAY,
    FENGCHENG,
    GAOJILI,
    HOUR,
    NOW,
    QINGCHENG,
    QINGXIN,
    Announcer,
    on,
)
from tests.published_plans import becomes
from tracker import clock
from tracker.db import Database
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

LATER = datetime(2039, 12, 31, 9, tzinfo=clock.CITY_ZONE)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock, which stands at the morning of 24 November 2026."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(NOW)
    return set_to


@pytest.fixture
def outages(database: Database, channel: ChannelFacts, at: object) -> Announcer:
    return Announcer(database, channel.operator_id)


@pytest.fixture
def others(runtime: Runtime, at: object) -> Announcer:
    """Another operator's."""
    operators = runtime.reference.current().operators.values()
    return Announcer(runtime.db, next(one.id for one in operators if one.code == "mobile"))


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", main)))


def sections(page: str) -> dict[str, str]:
    """The text below each of the page's headings."""
    parts = re.split(r'<h2 id="(now|coming|past|about)">', page)
    return {name: plain(f"<main>{body}</main>") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def board(client: FlaskClient, query: str = "") -> dict[str, str]:
    return sections(client.get(f"/outages{query}").text)


def test_an_empty_board_says_so_and_whom_to_call(client: FlaskClient, at: object) -> None:
    page = plain(client.get("/outages").text)
    assert "没有已公告的网络中断" in page
    for hotline in ("10000", "10086", "10010"):
        assert hotline in page
    assert "10086" not in plain(client.get("/outages?operator=telecom").text)


def test_what_is_announced_is_told_in_peoples_words(client: FlaskClient, outages: Announcer) -> None:
    outages.announce(area=[GAOJILI, QINGXIN], starts_at=on(27, 22), ends_at=on(28, 6), minutes=90)
    assert becomes(lambda: "coming" in board(client))
    coming = board(client)["coming"]
    for words in (
        "11月27日（周五） 3 天后",
        "22时至次日6时",
        "计划中断",
        "清城区：凤城街道（高基里社区）",
        "清新区全境",
        "宽带、IPTV 电视",
        "约1 小时 30 分钟",
        "光缆割接",
        "清远电信",
        "10000",
        "11月24日 08:40公告",
    ):
        assert words in coming
    assert "现在没有已公告的中断。未来90天有1次已公告的中断。" in plain(client.get("/outages").text)
    english = plain(client.get("/outages?lang=en").text)
    for words in ("Friday 27 November", "22:00 to 06:00 the next day", "fibre works", "Planned"):
        assert words in english


def test_it_moves_through_the_board_with_nobody_doing_anything(
    client: FlaskClient, outages: Announcer, at: Callable[[datetime], None]
) -> None:
    """A page that is kept is another once an outage begins or is to end."""
    outages.announce()
    fault = outages.fault(area=[QINGXIN], ends_at=on(24, 12))
    assert becomes(lambda: set(board(client)) == {"now", "coming", "about"})
    assert "预计12时恢复" in board(client)["now"]
    assert "尚未恢复" not in board(client)["now"]
    at(on(24, 12))
    # A fault is not over because its time is.
    assert "已过预计恢复时间，仍在抢修" in board(client)["now"]
    outages.restore(fault, on(24, 12))
    assert becomes(lambda: "past" in board(client))
    assert "7:40至12时" in board(client)["past"]
    at(on(27, 23, 59))
    assert "now" not in board(client)
    at(on(28, 0))
    assert "正在中断" in board(client)["now"]
    assert "coming" not in board(client)
    at(on(28, 6))
    assert "now" not in board(client)
    assert "已结束" in board(client)["past"]
    at(on(28, 6) + 30 * DAY)
    assert "光缆割接" in board(client)["past"]
    assert "光缆被挖断" not in board(client)["past"]
    at(on(28, 6) + 31 * DAY)
    assert "past" not in board(client)


def test_the_page_bears_the_moment_of_its_last_turn(
    client: FlaskClient, outages: Announcer, at: Callable[[datetime], None]
) -> None:
    # Later than anything that was seeded, whenever this runs.
    at(LATER)
    outages.announce(starts_at=LATER + 4 * DAY, ends_at=LATER + 4 * DAY + 6 * HOUR)
    assert becomes(lambda: "coming" in board(client))
    at(LATER + 4 * DAY + 5 * HOUR)
    first = client.get("/outages")
    assert first.headers["Last-Modified"] == "Wed, 04 Jan 2040 01:00:00 GMT"
    seen = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/outages", headers=seen).status_code == 304
    at(LATER + 4 * DAY + 6 * HOUR)
    assert client.get("/outages", headers=seen).status_code == 200


def test_a_change_is_marked_with_what_was_said_before(client: FlaskClient, outages: Announcer) -> None:
    one = outages.announce()
    outages.change(one, starts_at=on(29, 0), ends_at=on(29, 4), area=[QINGCHENG])
    assert becomes(lambda: "时间有变" in client.get("/outages").text)
    coming = board(client)["coming"]
    assert "时间有变：原公告为 11月28日（周六）0时至6时" in coming
    assert "范围有变" in coming
    # Back to the first window, nothing of it is left to tell.
    outages.change(one, starts_at=on(28, 0), ends_at=on(28, 6))
    assert becomes(lambda: "时间有变" not in client.get("/outages").text)


def test_one_that_is_withdrawn_stays_until_its_time_is_over(
    client: FlaskClient, outages: Announcer, at: Callable[[datetime], None]
) -> None:
    outages.withdraw(outages.announce())
    assert becomes(lambda: "已取消" in client.get("/outages").text)
    page = client.get("/outages").text
    assert "<s>0时至6时</s>" in page
    assert "不做了" not in page
    assert "未来90天没有已公告的中断" in plain(page)
    at(on(28, 5))
    assert "已取消" in board(client)["coming"]
    at(on(28, 6))
    assert "没有已公告的网络中断" in plain(client.get("/outages").text)


def test_it_can_be_narrowed_in_the_address(
    client: FlaskClient, outages: Announcer, others: Announcer
) -> None:
    outages.announce(reason="电信割接")
    others.announce(reason="移动割接", area=[QINGXIN])
    assert becomes(lambda: "移动割接" in client.get("/outages").text)

    def shown(query: str) -> set[str]:
        return set(re.findall("(?:电信|移动)割接", client.get(f"/outages?{query}").text))

    assert shown("county=441802") == {"电信割接"}
    assert shown("county=441803") == {"移动割接"}
    assert shown("operator=mobile") == {"移动割接"}
    assert shown("operator=mobile&county=441802") == set()
    assert shown("operator=nobody&county=1") == {"电信割接", "移动割接"}
    assert "只看：清城区" in plain(client.get("/outages?county=441802").text)


def test_nothing_of_the_staffs_own_is_there_to_be_read(
    client: FlaskClient, outages: Announcer, public_runtime: PublicRuntime
) -> None:
    outages.announce(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR, override_reason="供电局停电")
    assert becomes(lambda: "光缆割接" in client.get("/outages").text)
    for path in ("/outages", "/outages.json"):
        page = client.get(path).text
        assert "供电局停电" not in page
        assert "wang.min" not in page
    with public_runtime.db.reading() as connection:
        for column in ("override_reason", "announced_by", "withdrawn_by", "withdrawal_reason", "restored_by"):
            allowed = text(f"SELECT has_column_privilege('outages', '{column}', 'SELECT')")
            assert connection.scalar(allowed) is False
        assert connection.scalar(text("SELECT has_table_privilege('outage_events', 'SELECT')")) is False


def test_markup_in_a_reason_is_text(client: FlaskClient, outages: Announcer) -> None:
    outages.announce(reason="<b>割接</b>")
    assert becomes(lambda: "&lt;b&gt;割接" in client.get("/outages").text)


def test_the_board_is_linked_from_every_page(client: FlaskClient, at: object) -> None:
    for path in ("/", "/fees", "/process"):
        assert 'href="/outages"' in client.get(path).text


def test_the_open_data_is_as_its_schema_says(
    client: FlaskClient, outages: Announcer, others: Announcer, at: Callable[[datetime], None]
) -> None:
    one = outages.announce(area=[FENGCHENG, QINGXIN])
    outages.change(one, ends_at=on(28, 5))
    outages.withdraw(one)
    others.fault()
    assert becomes(lambda: len(client.get("/outages.json").json["outages"]) == 2)
    schema = client.get("/outages/schema.json").json
    data = client.get("/outages.json")
    good, bad = faults_in(schema, data.json, data.json | {"outages": [{"id": 1}]})
    assert good == []
    assert bad
    assert data.headers["Access-Control-Allow-Origin"] == "*"
    fault, planned = data.json["outages"]
    assert planned["area"] == [
        {"code": "441802006", "level": "town", "name": "凤城街道"},
        {"code": "441803", "level": "county", "name": "清新区"},
    ]
    assert planned["starts_at"] == "2026-11-28T00:00:00+08:00"
    assert (planned["ends_at"], planned["first_ends_at"]) == (
        "2026-11-28T05:00:00+08:00",
        "2026-11-28T06:00:00+08:00",
    )
    assert planned["withdrawn_at"] == "2026-11-24T08:40:00+08:00"
    assert (fault["kind"], fault["ends_at"], fault["communities"]) == ("emergency", None, 1)
    # It does not depend on the moment of reading.
    at(on(28, 5))
    assert client.get("/outages.json").json == data.json


def test_the_latest_word_is_when_the_data_was_last_modified(
    client: FlaskClient, outages: Announcer, at: Callable[[datetime], None]
) -> None:
    at(LATER)
    one = outages.fault(starts_at=LATER - HOUR)
    at(LATER + HOUR)
    outages.restore(one, LATER)
    assert becomes(lambda: client.get("/outages.json").json["outages"][0]["restored_at"] is not None)
    assert client.get("/outages.json").headers["Last-Modified"] == "Sat, 31 Dec 2039 02:00:00 GMT"
