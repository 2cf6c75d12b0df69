"""The staff pages of teams: made, renamed, closed with their orders handed over, and who works in them."""

import re
from html import unescape

import pytest
from desk_forms import faults, send
from sqlalchemy import text

from tests.teaming import COUNTY, ELSEWHERE, TOWN, Crew, checked, events_of, row_of
from tests.visiting_slots import Diary
from tracker.orders.assign_orders import assign_orders


@pytest.fixture
def crew(runtime, channel) -> Crew:
    return Crew(runtime, channel.operator_id)


@pytest.fixture
def strangers(runtime, channel) -> Crew:
    operators = runtime.reference.current().operators
    return Crew(runtime, next(one for one in operators if one != channel.operator_id))


@pytest.fixture
def ready(runtime, channel, place):
    return lambda **changes: checked(runtime, channel, place, **changes)


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", main)))


def members_of(runtime, team_id: int) -> list[int]:
    wanted = text("SELECT account_id FROM team_members WHERE team_id = :team ORDER BY account_id")
    with runtime.db.reading() as connection:
        return list(connection.scalars(wanted, {"team": team_id}))


def kinds_of(runtime, team_id: int) -> list[str]:
    wanted = text("SELECT kind FROM team_changes WHERE team_id = :team ORDER BY id")
    with runtime.db.reading() as connection:
        return list(connection.scalars(wanted, {"team": team_id}))


def test_a_team_is_made_renamed_and_moved(runtime, desk):
    assert "还没有班组" in plain(desk.get("/teams").text)
    answer = send(desk, "/teams/new", {"name": " 城区一班 ", "area": COUNTY})
    assert answer.status_code == 302
    page = plain(desk.get(answer.location).text)
    assert "城区一班" in page
    assert "清城区" in page
    team_id = int(answer.location.rsplit("/", 1)[1])
    assert send(desk, f"/teams/{team_id}/edit", {"name": "东城班", "area": TOWN}).status_code == 302
    page = plain(desk.get(f"/teams/{team_id}").text)
    assert "改名 城区一班 → 东城班" in page
    assert "改范围 清城区 → 清城区" in page
    assert kinds_of(runtime, team_id) == ["made", "renamed", "moved"]
    send(desk, f"/teams/{team_id}/edit", {"name": "东城班", "area": TOWN})
    assert kinds_of(runtime, team_id) == ["made", "renamed", "moved"]
    assert "东城班" in plain(desk.get("/teams").text)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"name": "", "area": COUNTY}, {"name"}),
        ({"name": "新班", "area": ""}, {"area"}),
        ({"name": "长" * 41, "area": COUNTY}, {"name"}),
        ({"name": "新班", "area": "441899"}, {"area"}),
        ({"name": "新班", "area": "4418"}, {"area"}),
        ({"name": "新班", "area": "441802006001"}, {"area"}),
        ({"name": "已有班", "area": COUNTY}, {"name"}),
    ],
)
def test_a_bad_team_is_refused_and_stays_typed(runtime, crew, desk, typed, wrong):
    crew.team("已有班", COUNTY)
    answer = send(desk, "/teams/new", typed)
    assert answer.status_code in (409, 422)
    assert set(faults(answer.text)) == wrong
    assert f'value="{typed["name"]}"' in answer.text
    with runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM teams")) == 1


def test_another_operator_may_use_the_same_name(crew, strangers):
    assert crew.team("一班", COUNTY) != strangers.team("一班", COUNTY)


def test_installers_join_move_and_leave_and_it_stays_written(runtime, crew, strangers, desk):
    first, second = crew.team("一班", COUNTY), crew.team("二班", COUNTY)
    lee, chen = crew.installer(), crew.installer(title="陈师傅")
    path = f"/teams/{first}"
    send(desk, path, {"step": "join", "member": [str(lee), str(chen)]})
    assert members_of(runtime, first) == [lee, chen]
    send(desk, f"/teams/{second}", {"step": "join", "member": str(lee), "reason": "支援"})
    assert (members_of(runtime, first), members_of(runtime, second)) == ([chen], [lee])
    page = plain(desk.get(f"/teams/{second}").text)
    assert "加入 一班 → 李某" in page
    assert "原因：支援" in page
    assert "离开 李某 → 二班" in plain(desk.get(path).text)
    send(desk, path, {"step": "leave", "member": str(chen)})
    assert members_of(runtime, first) == []
    assert kinds_of(runtime, first) == ["made", "joined", "joined", "left", "left"]
    for member in ("", str(strangers.installer()), "x"):
        answer = send(desk, path, {"step": "join", "member": member})
        assert (answer.status_code, "没有改动" in plain(answer.text)) == (422, True)
    assert send(desk, path, {"step": "leave", "member": str(lee)}).status_code == 409
    assert send(desk, path, {"step": "dance", "member": str(lee)}).status_code == 404


def test_the_slots_of_the_area_and_the_load_are_shown(runtime, channel, crew, ready, desk):
    team = crew.team("东城班", TOWN)
    diary = Diary(runtime, channel.operator_id)
    diary.slot(capacity=4, booked=1)
    assign_orders(runtime, crew.actor, [ready()], team_id=team)
    page = plain(desk.get(f"/teams/{team}").text)
    assert "已约 1 / 容量 4" in page
    assert "在途工单1" in page


def test_who_has_nothing_to_do_has_nought(crew, desk):
    lee = crew.installer()
    team = crew.team("一班", TOWN)
    send(desk, f"/teams/{team}", {"step": "join", "member": str(lee)})
    assert "在途 0 · 今日上门 0" in plain(desk.get(f"/teams/{team}").text)
    row = plain(desk.get("/teams").text)
    assert "0 张在途工单 0" in row


def test_a_team_without_orders_is_closed_and_reopened(runtime, crew, desk):
    team = crew.team()
    assert send(desk, f"/teams/{team}/close", {"reason": "撤并"}).status_code == 302
    page = desk.get(f"/teams/{team}").text
    assert "已停用" in plain(page)
    assert "原因：撤并" in plain(page)
    assert desk.get(f"/teams/{team}/close").status_code == 302
    assert send(desk, f"/teams/{team}/edit", {"name": "新名", "area": TOWN}).status_code == 409
    send(desk, f"/teams/{team}", {"step": "reopen"})
    assert kinds_of(runtime, team) == ["made", "closed", "reopened"]
    assert send(desk, f"/teams/{team}", {"step": "reopen"}, page="/teams/new").status_code == 409


def test_a_name_that_was_taken_meanwhile_keeps_a_team_closed(crew, desk):
    team = crew.team("一班", COUNTY)
    send(desk, f"/teams/{team}/close")
    crew.team("一班", COUNTY)
    answer = send(desk, f"/teams/{team}", {"step": "reopen"})
    assert (answer.status_code, "已有同名的在用班组" in plain(answer.text)) == (409, True)


def test_a_closed_team_hands_its_orders_over(runtime, crew, ready, desk):
    closing, heir, closed = crew.team(), crew.team("英德班", ELSEWHERE), crew.team("旧班", COUNTY)
    send(desk, f"/teams/{closed}/close")
    numbers = [ready(), ready()]
    assign_orders(runtime, crew.actor, numbers, team_id=closing)
    path = f"/teams/{closing}/close"
    page = desk.get(path).text
    assert "还有 2 张在途工单，交给谁" in plain(page)
    assert "旧班" not in plain(page)
    for to, status in (("", 409), ("x", 404), (str(closing), 422), (str(closed), 409)):
        assert send(desk, path, {"to": to}).status_code == status, to
    assert row_of(runtime, numbers[0]).team_id == closing
    assert kinds_of(runtime, closing) == ["made"]
    answer = send(desk, path, {"to": str(heir), "reason": "撤并"})
    assert "移交了 2 张在途工单" in plain(desk.get(answer.location).text)
    assert {row_of(runtime, number).team_id for number in numbers} == {heir}
    last = events_of(runtime, numbers[0])[-1]
    assert (last.kind, last.actor, last.reason_text) == ("assigned", "staff:manager", "撤并")


def test_orders_of_a_closed_team_can_wait_for_nobody(runtime, crew, ready, desk):
    team, number = crew.team(), ready()
    assign_orders(runtime, crew.actor, [number], team_id=team, installer_id=crew.installer(team))
    send(desk, f"/teams/{team}/close", {"to": "nobody"})
    order = row_of(runtime, number)
    assert (order.stage, order.team_id, order.installer_id) == ("dispatched", None, None)
    assert number in desk.get("/dispatch").text


def test_the_list_names_who_is_in_no_team(crew, desk):
    crew.installer(crew.team())
    crew.installer(title="何师傅")
    page = plain(desk.get("/teams").text)
    assert "2 名装维人员还不在任何班组：何师傅" in page
