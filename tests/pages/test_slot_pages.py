"""The staff pages of slots: a week, opening by a pattern, a day's changes; and an order's visit."""

import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from desk_forms import faults, fields_of, send

from tests.visiting_slots import COUNTY, TOWN, Diary, dispatched
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment
from tracker.orders.place_hold import place_hold

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=clock.CITY_ZONE)
NEW = "/slots/new"
PATTERN: dict[str, Any] = {
    "first_on": "2026-11-25",
    "last_on": "2026-12-01",
    "weekdays": ["1", "2", "3", "4", "5"],
    "windows": ["0900-1100", "1400-1600"],
    "other": "8:30-9:00",
    "capacity": "3",
    "area": [COUNTY, TOWN],
}


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def diary(runtime, channel) -> Diary:
    return Diary(runtime, channel.operator_id)


@pytest.fixture
def order(runtime, channel, place) -> str:
    return dispatched(runtime, channel, place)


@pytest.fixture
def tomorrow(diary) -> int:
    """Wednesday 25 November, 9 to 11, two places."""
    return diary.slot(starts_at=datetime(2026, 11, 25, 9, tzinfo=clock.CITY_ZONE), capacity=2)


DAY = f"/slots/{TOWN}/2026-11-25"


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", main)))


def carried(page: str) -> dict[str, Any]:
    """What the form of a preview carries."""
    main = page[page.index("<main") :]
    values: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(?!csrf)([a-z_]+)" value="([^"]*)"', main):
        values.setdefault(name, []).append(unescape(value))
    return values


def test_a_pattern_is_previewed_then_opened_and_shown(desk, diary) -> None:
    preview = send(desk, NEW, PATTERN | {"step": "preview"})
    words = plain(preview.text)
    # Wednesday to Tuesday without the weekend.
    assert "新开放 30 个时段" in words
    assert "2 个地区 × 5 天 × 每天 3 个时段，每个上门 3 户。" in words
    assert "11月25日（周三） 至 12月1日（周二），周一、周二、周三、周四、周五" in words
    assert "没有开放的时段" in plain(desk.get("/slots?county=441802&week=2026-11-24").text)
    answer = send(desk, NEW, carried(preview.text) | {"step": "open"})
    assert answer.status_code == 302
    page = plain(desk.get(answer.location).text)
    assert "已开放，客户即时可约。" in page
    assert "清城区全境" in page.replace(" ", "")
    assert page.count("0 / 3") == 2 * 3 * 3
    assert "11月25日（周三）" in page


def test_a_repeat_changes_nothing_and_another_capacity_only_that(desk, diary, tomorrow) -> None:
    pattern = PATTERN | {"area": [TOWN], "other": ""}
    send(desk, NEW, pattern | {"step": "open"})
    assert diary.row(tomorrow).capacity == 3
    words = plain(send(desk, NEW, pattern | {"step": "preview"}).text)
    assert "没有变化" in words
    assert "10 个已按此开放，不变。" in words
    words = plain(send(desk, NEW, pattern | {"capacity": "5", "step": "preview"}).text)
    assert "没有新时段，只改容量" in words
    assert "10 个已开放，容量改为 5。" in words


def test_back_from_the_preview_everything_is_still_there(desk) -> None:
    preview = send(desk, NEW, PATTERN | {"step": "preview"})
    page = send(desk, NEW, carried(preview.text) | {"step": "edit"}).text
    assert fields_of(page)["other"] == "8:30-9:00"
    assert re.findall(r'name="area" value="(\d+)" checked', page) == [COUNTY, TOWN]
    assert re.findall(r'name="weekdays" value="(\d)" checked', page) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"area": []}, "area", "必填"),
        ({"area": ["441802006001"]}, "area", None),
        ({"area": ["999999"]}, "area", "没有这个县区或镇街：999999"),
        ({"area": ["4418"]}, "area", None),
        ({"first_on": ""}, "first_on", "必填"),
        ({"first_on": "2026-02-30"}, "first_on", None),
        ({"first_on": "2026-11-23"}, "first_on", "不能早于今天"),
        ({"last_on": "2026-11-24"}, "last_on", "最后一天不能早于第一天"),
        ({"last_on": "2027-06-01"}, "last_on", "须在 62 天之内"),
        ({"weekdays": []}, "weekdays", "必填"),
        ({"weekdays": ["8"]}, "weekdays", None),
        ({"first_on": "2026-11-25", "last_on": "2026-11-25", "weekdays": ["7"]}, "weekdays", "没有这些星期"),
        ({"windows": [], "other": ""}, "windows", "必填"),
        ({"other": "早上"}, "windows", "看不懂时段“早上”"),
        ({"other": "25:00-26:00"}, "windows", "看不懂"),
        ({"other": "11:00-9:00"}, "windows", "时段须在"),
        ({"other": "5-7"}, "windows", "时段须在"),
        ({"other": "10-12"}, "windows", "互相重叠"),
        ({"capacity": ""}, "capacity", "必填"),
        ({"capacity": "0"}, "capacity", "200"),
        ({"capacity": "201"}, "capacity", "200"),
        ({"capacity": "许多"}, "capacity", None),
    ],
)
def test_a_wrong_pattern_says_what_is_wrong_and_keeps_the_rest(desk, change, field, words) -> None:
    answer = send(desk, NEW, PATTERN | change | {"step": "open"})
    assert answer.status_code == 422
    told = faults(answer.text)
    assert list(told) == [field]
    assert words is None or words in told[field]
    if "capacity" not in change:
        assert fields_of(answer.text)["capacity"] == "3"
    assert "没有开放的时段" in plain(desk.get("/slots?county=441802").text)


def test_capacity_is_changed_but_never_below_what_is_booked(desk, diary, tomorrow) -> None:
    with diary.run.db.transaction() as connection:
        connection.exec_driver_sql("UPDATE visit_slots SET booked = 2")
    answer = send(desk, DAY, {"slot": tomorrow, "capacity": "1", "step": "capacity"})
    assert (answer.status_code, faults(answer.text)) == (409, {"capacity": "已约 2 户，容量不能更少"})
    assert f'value="{tomorrow}" checked' in answer.text
    assert send(desk, DAY, {"slot": tomorrow, "capacity": "4", "step": "capacity"}).status_code == 302
    assert diary.row(tomorrow).capacity == 4
    assert "改容量" in plain(desk.get(DAY).text)
    # A pattern with less brings it down to what is booked, and no further.
    pattern = PATTERN | {"area": [TOWN], "windows": ["0900-1100"], "other": "", "last_on": "2026-11-25"}
    preview = send(desk, NEW, pattern | {"capacity": "1", "step": "preview"})
    assert "1 个已约的多于 1 户，容量只降到已约的户数。" in plain(preview.text)
    send(desk, NEW, pattern | {"capacity": "1", "step": "open"})
    assert diary.row(tomorrow).capacity == 2


def test_a_booked_order_that_is_on_hold_is_marked(desk, diary, tomorrow, runtime, channel, place) -> None:
    held, other = (dispatched(runtime, channel, place, customer__phone=f"1380000567{n}") for n in (1, 2))
    hold = {"reason_code": "undecided", "reason_text": None, "evidence": None, "starts_at": None}
    staff = Actor(channel.operator_id, "staff:manager")
    place_hold(runtime, staff, held, hold | {"ends_at": datetime(2026, 11, 28, tzinfo=clock.CITY_ZONE)})
    # Booked after it was held, as its channel may tell.
    for number in (held, other):
        change_appointment(runtime, Actor.of_channel(channel), number, tomorrow)
    assert f"{held} 缓装至 11月27日（周五） {other}" in plain(desk.get(DAY).text)


def test_closing_needs_a_reason_and_is_undone(desk, diary, tomorrow) -> None:
    answer = send(desk, DAY, {"slot": tomorrow, "reason": " ", "step": "close"})
    assert (answer.status_code, list(faults(answer.text))) == (422, ["reason"])
    assert diary.row(tomorrow).closed_at is None
    send(desk, DAY, {"slot": tomorrow, "reason": "台风", "step": "close"})
    assert diary.row(tomorrow).closed_at == NOW
    words = plain(desk.get(DAY).text)
    for said in ("已停止预约。可随时恢复。", "已停止", "停止预约", "原因：台风", "manager"):
        assert said in words
    again = send(desk, DAY, {"slot": tomorrow, "reason": "台风", "step": "close"})
    assert (again.status_code, "所选时段都已停止预约" in plain(again.text)) == (409, True)
    send(desk, DAY, {"slot": tomorrow, "step": "reopen"})
    assert diary.row(tomorrow).closed_at is None
    again = send(desk, DAY, {"slot": tomorrow, "step": "reopen"})
    assert (again.status_code, "所选时段都在开放" in plain(again.text)) == (409, True)


@pytest.mark.parametrize("chosen", [[], ["x"], ["-1"], ["9" * 30]])
def test_nothing_is_done_where_nothing_is_ticked(desk, diary, tomorrow, chosen) -> None:
    answer = send(desk, DAY, {"slot": chosen, "reason": "台风", "step": "close"})
    assert answer.status_code == 422
    assert "请先勾选时段。" in plain(answer.text)
    assert diary.row(tomorrow).closed_at is None


def test_another_operators_slots_are_neither_shown_nor_changed(as_, diary, tomorrow) -> None:
    stranger = as_("stranger")
    assert "没有开放的时段" in plain(stranger.get(DAY).text)
    send(stranger, NEW, PATTERN | {"area": [TOWN], "step": "open"})
    answer = send(stranger, DAY, {"slot": tomorrow, "reason": "台风", "step": "close"})
    assert answer.status_code == 404
    assert diary.row(tomorrow).closed_at is None


@pytest.mark.parametrize(
    ("who", "reads"), [("counter", 200), ("dispatcher", 200), ("regulator", 403), ("administrator", 403)]
)
def test_only_managers_change_slots(as_, diary, tomorrow, who, reads) -> None:
    client = as_(who)
    assert [client.get(path).status_code for path in ("/slots", DAY)] == [reads, reads]
    assert client.get(NEW).status_code == 403
    page = client.get("/slots").text
    assert 'href="/slots/new' not in page
    answer = send(client, DAY, {"slot": tomorrow, "reason": "台风", "step": "close"}, page="/")
    assert answer.status_code == 403
    assert diary.row(tomorrow).closed_at is None


@pytest.mark.parametrize(
    "path",
    ["/slots/441802006/2026-02-30", "/slots/999/2026-11-25", "/slots/441802006/0001-01-01", "/slots/x/y"],
)
def test_what_is_no_day_of_an_area_is_no_page(desk, path) -> None:
    assert desk.get(path).status_code == 404


@pytest.mark.parametrize("query", ["week=x", "week=9999-12-31", "week=0001-01-01", "county=0", "county=%00"])
def test_a_strange_address_shows_this_week(desk, tomorrow, query) -> None:
    page = desk.get(f"/slots?{query}")
    assert page.status_code == 200
    assert "0 / 2" in plain(page.text)


def test_a_visit_is_agreed_changed_and_had_back(desk, diary, order, tomorrow) -> None:
    afternoon = diary.slot(starts_at=datetime(2026, 11, 25, 14, tzinfo=clock.CITY_ZONE))
    path = f"/orders/{order}/visit"
    words = plain(desk.get(path).text)
    for said in ("还没有约定上门时间", "11月25日（周三）", "9–11时 余 2", "14–16时 余 1"):
        assert said in words
    assert "可以撤回，" not in words
    version = fields_of(desk.get(path).text)["version"]
    answer = send(desk, path, {"slot": tomorrow, "version": version})
    assert answer.location.endswith(path)
    words = plain(desk.get(path).text)
    for said in ("已约定，并已通知客户。", "11月25日（周三） 9–11时", "09:40 前可以撤回"):
        assert said in words
    assert diary.states(tomorrow) == ["booked"]
    assert order in plain(desk.get(DAY).text)
    # Somebody else's form, from before.
    stale = send(desk, path, {"slot": afternoon, "version": version})
    assert (stale.status_code, diary.booked(afternoon)) == (409, 0)
    send(desk, path, {"slot": afternoon, "version": "5", "reason_code": "householder_absent"})
    assert diary.states(tomorrow) == ["kept"]
    send(desk, path, {"version": "6", "step": "undo"})
    words = plain(desk.get(path).text)
    for said in ("已撤回，恢复为原来的安排", "11月25日（周三） 9–11时"):
        assert said in words
    assert (diary.states(tomorrow), diary.states(afternoon)) == (["booked"], ["released"])


def test_a_wrong_choice_says_what_is_wrong(desk, diary, order, tomorrow) -> None:
    path = f"/orders/{order}/visit"
    full = diary.slot(capacity=0)
    for given, status, field in (
        ({}, 422, "slot"),
        ({"slot": "x"}, 422, "slot"),
        ({"slot": full}, 409, "slot"),
        ({"slot": tomorrow, "reason_code": "other"}, 422, "reason_text"),
    ):
        answer = send(desk, path, {"version": "4"} | given)
        assert (answer.status_code, list(faults(answer.text))) == (status, [field])
    assert "没有改动" in plain(send(desk, path, {"version": "4", "step": "undo"}).text)
    assert "还没有约定上门时间" in plain(desk.get(path).text)


def test_no_visit_is_agreed_within_a_hold(desk, diary, order, tomorrow, runtime, channel) -> None:
    """The hold ends with 27 November; a slot after it is offered, and can be had."""
    after = diary.slot(starts_at=datetime(2026, 11, 28, 9, tzinfo=clock.CITY_ZONE))
    hold = {"reason_code": "undecided", "reason_text": None, "evidence": None, "starts_at": None}
    ends_at = datetime(2026, 11, 28, tzinfo=clock.CITY_ZONE)
    place_hold(runtime, Actor.of_channel(channel), order, hold | {"ends_at": ends_at})
    path = f"/orders/{order}/visit"
    page = desk.get(path).text
    assert re.findall(r'name="slot" value="(\d+)"', page) == [str(after)]
    assert "工单缓装至 11月27日（周五）缓装期间不安排上门，这里只列出之外的时段。" in plain(page)
    assert f'href="/orders/{order}/resume"' in page
    version = fields_of(page)["version"]
    answer = send(desk, path, {"slot": tomorrow, "version": version})
    assert answer.status_code == 409
    assert faults(answer.text)["slot"] == "工单缓装至11月27日，期间不安排上门；要更早上门，请先恢复办理"
    assert diary.booked(tomorrow) == 0
    assert send(desk, path, {"slot": after, "version": version}).status_code == 302
    assert diary.booked(after) == 1


def test_a_former_visit_over_which_a_hold_has_come_is_not_had_back(
    desk, diary, order, tomorrow, runtime, channel
) -> None:
    path = f"/orders/{order}/visit"
    later = diary.slot(starts_at=datetime(2026, 11, 30, 9, tzinfo=clock.CITY_ZONE))
    for slot in (tomorrow, later):
        send(desk, path, {"slot": slot, "version": fields_of(desk.get(path).text)["version"]})
    assert "09:40 前可以撤回" in plain(desk.get(path).text)
    hold = {"reason_code": "undecided", "reason_text": None, "evidence": None, "starts_at": None}
    ends_at = datetime(2026, 11, 28, tzinfo=clock.CITY_ZONE)
    place_hold(runtime, Actor.of_channel(channel), order, hold | {"ends_at": ends_at})
    assert "前可以撤回" not in plain(desk.get(path).text)
    answer = send(desk, path, {"version": "7", "step": "undo"})
    assert (answer.status_code, "工单缓装至11月27日" in plain(answer.text)) == (409, True)
    assert diary.booked(later) == 1


def test_without_slots_and_outside_its_stages_the_page_says_so(desk, order, place) -> None:
    assert "今后14天没有可约的时段" in plain(desk.get(f"/orders/{order}/visit").text)
    assert "派单后、上门前才能预约或改约。" in plain(desk.get(f"/orders/{place().number}/visit").text)


def test_only_an_operators_own_people_see_and_change_its_visits(as_, diary, order, tomorrow) -> None:
    path = f"/orders/{order}/visit"
    assert as_("stranger").get(path).status_code == 404


@pytest.mark.parametrize("who", ["regulator", "administrator"])
def test_a_regulator_sees_no_orders_visit(as_, order, who) -> None:
    assert as_(who).get(f"/orders/{order}/visit").status_code == 403


@pytest.mark.parametrize("number", ["QY1", "x", "QY261124AAAAAAA"])
def test_no_order_has_no_visit(desk, number) -> None:
    assert desk.get(f"/orders/{number}/visit").status_code == 404


def test_the_way_there(desk, order, as_) -> None:
    assert 'href="/slots"' in desk.get("/").text
    for page in ("promise", "fees"):
        assert f'href="/orders/{order}/visit"' in desk.get(f"/orders/{order}/{page}").text
