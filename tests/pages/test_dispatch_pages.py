"""The staff pages of open work: counted by town, listed by urgency, assigned, and undone."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from desk_forms import fields_of, send
from sqlalchemy import text

from tests.teaming import COUNTY, ELSEWHERE, TOWN, Crew, appointed, checked, row_of
from tests.visiting_slots import Diary
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders
from tracker.orders.place_hold import place_hold
from tracker.orders.record_progress import record_progress

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=clock.CITY_ZONE)
FAR = "441881001001"
HOLD = {
    "reason_code": "undecided",
    "reason_text": None,
    "evidence": None,
    "starts_at": None,
    "ends_at": datetime(2026, 11, 27, tzinfo=clock.CITY_ZONE),
}


@pytest.fixture(autouse=True)
def at(monkeypatch) -> list[datetime]:
    """What the time is; a test lets it pass by setting it."""
    moment = [NOW]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment


@pytest.fixture
def crew(runtime, channel) -> Crew:
    return Crew(runtime, channel.operator_id)


@pytest.fixture
def strangers(runtime, channel) -> Crew:
    return Crew(
        runtime, next(one for one in runtime.reference.current().operators if one != channel.operator_id)
    )


@pytest.fixture
def ready(runtime, channel, place):
    return lambda **changes: checked(runtime, channel, place, **changes)


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", main)))


def ticks(page: str) -> dict[str, str]:
    """The value of each order's tick, by its number, in the order of the list."""
    values = re.findall(r'<input type="checkbox" name="order" value="([^"]+)"', page)
    return {value.partition(":")[0]: value for value in values}


def assign(client, numbers: list[str], target: Any, path: str = "/dispatch", **more: str) -> Any:
    """Tick these in the list of all open work, and send the form."""
    shown = ticks(client.get(f"{path}?show=all").text)
    return send(client, path, {"order": [shown[n] for n in numbers], "target": str(target), **more})


def figures(page: str) -> dict[str, int]:
    nav = page[page.index('<nav class="work-kinds"') :]
    nav = nav[: nav.index("</nav>")]
    return {word: int(n) for word, n in re.findall(r'>([^<>]+) <span class="number">(\d+)</span>', nav)}


def deadline_of(runtime, number: str) -> datetime:
    with runtime.db.reading() as connection:
        return connection.scalar(
            text("SELECT p.deadline FROM promises p JOIN orders o ON o.id = p.order_id WHERE o.number = :n"),
            {"n": number},
        )


@pytest.mark.parametrize(
    ("who", "status"),
    [("dispatcher", 200), ("manager", 200), ("counter", 403), ("regulator", 403), ("administrator", 403)],
)
def test_dispatchers_and_managers_dispatch(as_, who, status):
    client = as_(who)
    for path in ("/dispatch", "/dispatch/installers", "/teams", "/teams/new"):
        assert client.get(path).status_code == status, path


def test_open_work_is_counted_where_it_belongs(runtime, channel, crew, ready, place, at, desk):
    team = crew.team("县城班", COUNTY)
    place()
    ready()
    going, visited, tomorrow = ready(), ready(), ready()
    assign_orders(runtime, crew.actor, [going, visited, tomorrow], team_id=team)
    appointed(runtime, channel, visited, hours=3)
    appointed(runtime, channel, tomorrow, hours=24)
    ended = ready()
    record_progress(runtime, Actor.of_channel(channel), ended, {"stage": "withdrawn"})
    page = desk.get("/dispatch").text
    found = figures(page)
    assert [found[one] for one in ("待派", "未约上门", "今日上门", "明日上门")] == [1, 1, 1, 1]
    assert [found[one] for one in ("已超时", "临近", "未到派单", "全部在途")] == [0, 0, 1, 5]
    assert "待派 1 · 在途 5" in plain(page)
    deadline = deadline_of(runtime, going)
    at[0] = deadline - timedelta(hours=12)
    assert figures(desk.get("/dispatch").text)["临近"] == 5
    at[0] = deadline + timedelta(seconds=1)
    late = figures(desk.get("/dispatch").text)
    assert (late["已超时"], late["临近"]) == (5, 0)
    assert "已超时 5" in plain(desk.get(f"/dispatch?place={COUNTY}").text)


@pytest.mark.parametrize("how", ["disabled", "another role"])
def test_what_a_former_installer_had_is_to_dispatch_and_his_page_says_so(
    runtime, channel, crew, ready, desk, how
):
    team = crew.team()
    leaving, staying = crew.installer(team), crew.installer(team)
    going, kept = ready(), ready()
    assign_orders(runtime, crew.actor, [going], team_id=team, installer_id=leaving)
    assign_orders(runtime, crew.actor, [kept], team_id=team, installer_id=staying)
    person = f"/staff/{leaving}"
    before = desk.get(person).text
    assert "手上有 1 张未完工的工单停用或改换角色后，其中 1 张待施工的转入“待派”" in plain(before)
    assert set(ticks(desk.get("/dispatch").text)) == set()
    if how == "disabled":
        send(desk, f"{person}/act", {"step": "disable"}, page=person)
    else:
        send(desk, person, {**fields_of(before), "role": "counter"})
    after = desk.get(person).text
    assert "此人已不再上门：其中 1 张待施工的列在“待派”，请改派" in plain(after)
    assert 'href="/dispatch"' in after[after.index("<main") :]
    listed = desk.get("/dispatch").text
    assert (set(ticks(listed)), figures(listed)["待派"], figures(listed)["未约上门"]) == ({going}, 1, 1)
    assert "已不再上门" in plain(listed)
    assign(desk, [going], f"{team}-{staying}")
    assert set(ticks(desk.get("/dispatch").text)) == set()
    assert "未完工的工单" not in plain(desk.get(person).text)


def test_the_list_follows_the_place_and_the_kind_and_shows_the_most_urgent_first(
    runtime, channel, crew, ready, at, desk
):
    at[0] = NOW - timedelta(days=2)
    older = ready()
    at[0] = NOW
    newer, far = ready(), ready(address__community_code=FAR)
    assert next(iter(ticks(desk.get("/dispatch").text))) == older
    assert set(ticks(desk.get(f"/dispatch?place={TOWN}").text)) == {older, newer}
    assert list(ticks(desk.get(f"/dispatch?place={ELSEWHERE}").text)) == [far]
    assert ticks(desk.get("/dispatch?show=today").text) == {}
    assert len(ticks(desk.get("/dispatch?place=nowhere&show=nothing&view=upside&skip=x&team=y").text)) == 3
    table = desk.get("/dispatch?view=table").text
    assert "东城街道" in plain(table) or "凤城街道" in plain(table)


def test_what_is_ticked_goes_to_the_chosen_one_and_is_put_back(runtime, crew, ready, desk, at):
    team = crew.team("县城班", COUNTY)
    lee = crew.installer(team)
    first, second, third = ready(), ready(), ready()
    answer = assign(desk, [first, third], f"{team}-{lee}", reason="就近")
    assert answer.status_code == 302
    page = desk.get(answer.location).text
    assert "已派给 县城班 · 李师傅" in plain(page)
    assert (row_of(runtime, first).installer_id, row_of(runtime, second).team_id) == (lee, None)
    undo = re.search(r'action="(/dispatch/undo/\d+[^"]*)"', page)
    assert undo
    answer = send(desk, unescape(undo[1]), page="/dispatch")
    assert "已撤回 2 张" in plain(desk.get(answer.location).text)
    assert row_of(runtime, first).team_id is None
    assert "次派单已撤回" in plain(desk.get(f"/dispatch?done={undo[1].split('/')[-1].split('?')[0]}").text)


def test_undo_is_offered_for_ten_minutes(crew, ready, desk, at):
    number = ready()
    answer = assign(desk, [number], crew.team())
    at[0] = NOW + timedelta(minutes=10)
    page = desk.get(answer.location).text
    assert "撤回这次派单" in page
    at[0] = NOW + timedelta(minutes=10, seconds=1)
    assert "撤回这次派单" not in desk.get(answer.location).text
    undo = re.search(r'action="(/dispatch/undo/\d+[^"]*)"', page)
    assert undo
    answer = send(desk, unescape(undo[1]), page="/dispatch")
    assert "已超过可撤回的时间" in plain(desk.get(answer.location).text)


def test_what_somebody_changed_meanwhile_is_told_with_who_what_and_when(runtime, crew, ready, desk):
    number, other, _, team = ready(), ready(), ready(), crew.team()
    shown = ticks(desk.get("/dispatch").text)
    wanted = [shown[number], shown[other]]
    assign_orders(runtime, crew.actor, [number], team_id=team)
    answer = send(desk, "/dispatch", {"order": wanted, "target": str(team), "reason": "就近"})
    page = desk.get(answer.location).text
    assert "dispatcher 于 11月24日 09:30 改动过：已派单" in plain(page)
    assert "已派给 东城班：1 张" in plain(page)
    assert row_of(runtime, other).team_id == team
    # What was chosen and typed stays.
    assert f'<option value="{team}" selected>' in page
    assert 'value="就近"' in page


def test_an_address_outside_the_area_wants_a_tick(runtime, crew, ready, desk):
    number, team = ready(address__community_code=FAR), crew.team()
    answer = assign(desk, [number], team)
    page = desk.get(answer.location).text
    assert "地址不在该班组的范围内" in plain(page)
    assert row_of(runtime, number).team_id is None
    again = re.search(r'<input type="hidden" name="order" value="([^"]+)">', page)
    assert again
    send(desk, "/dispatch", {"order": again[1], "target": str(team), "outside": "1"})
    assert row_of(runtime, number).team_id == team


def test_bad_forms_are_refused_and_lose_no_typing(runtime, crew, strangers, ready, desk):
    number, team = ready(), crew.team()
    tick = ticks(desk.get("/dispatch").text)[number]
    for order, target, status, words in (
        ([], str(team), 422, "请先勾选工单"),
        ([tick], "", 422, "请选择班组或装维人员"),
        ([tick], "x", 422, "请选择班组或装维人员"),
        ([tick], "9" * 30, 422, "请选择班组或装维人员"),
        ([tick], str(strangers.team()), 404, "没有这个班组"),
        ([tick], f"{team}-{strangers.installer()}", 409, "该装维人员不在这个班组"),
        (["\0:1", "QY:2", "x"], str(team), 422, "请先勾选工单"),
    ):
        answer = send(desk, "/dispatch", {"order": order, "target": target, "reason": "我的原因"})
        assert (answer.status_code, words in plain(answer.text)) == (status, True), (order, target)
        assert 'value="我的原因"' in answer.text
        if order == [tick]:
            assert re.search(rf'value="{re.escape(tick)}" checked', answer.text)
    assert row_of(runtime, number).stage == "resource_checked"


def test_a_tampered_version_changes_nothing(runtime, crew, ready, desk):
    number, team = ready(), crew.team()
    for version in ("", "x", "999", "1" * 40):
        answer = send(desk, "/dispatch", {"order": f"{number}:{version}", "target": str(team)})
        assert "改动过" in plain(desk.get(answer.location).text)
    assert row_of(runtime, number).team_id is None


def test_the_team_of_the_place_with_the_least_to_do_is_suggested_first(runtime, crew, ready, desk):
    busy, idle = crew.team("县城一班", COUNTY), crew.team("县城二班", COUNTY)
    own = crew.team("东城班", TOWN)
    crew.team("英德班", ELSEWHERE)
    assign_orders(runtime, crew.actor, [ready()], team_id=busy)
    ready()
    page = desk.get(f"/dispatch?place={TOWN}").text
    labels = [unescape(one) for one in re.findall(r'<optgroup label="([^"]+)"', page)]
    assert [re.sub("（.*", "", one) for one in labels] == [
        "建议：东城班", "建议：县城二班", "建议：县城一班", "英德班",
    ]  # fmt: skip
    assert "在途 1 · 今日上门 0" in labels[2]
    assert own != idle


def test_the_free_places_of_today_and_tomorrow_are_those_that_can_still_be_booked(
    runtime, channel, crew, ready, desk
):
    diary = Diary(runtime, channel.operator_id)
    today, tomorrow = NOW.replace(hour=14, minute=0), NOW.replace(hour=9, minute=0) + timedelta(days=1)
    diary.slot(area_code=COUNTY, starts_at=today, capacity=5, booked=2)
    diary.slot(area_code=COUNTY, starts_at=NOW + timedelta(hours=1), capacity=9)
    diary.slot(area_code=TOWN, starts_at=tomorrow, capacity=4)
    diary.slot(area_code=TOWN, starts_at=tomorrow + timedelta(hours=5), capacity=9, closed_at=NOW)
    assert "余位：今天 3，明天 4" in plain(desk.get(f"/dispatch?place={COUNTY}").text)


def test_nothing_of_another_operator_is_shown(runtime, crew, strangers, ready, as_):
    number = ready()
    team = crew.team("县城班", COUNTY)
    came = assign_orders(runtime, crew.actor, [number], team_id=team)
    client = as_("stranger")
    for path in (
        "/dispatch?show=all", f"/dispatch?team={team}&show=all", f"/dispatch?done={came.id}",
        "/dispatch/installers", f"/dispatch/installers?team={team}", "/teams",
    ):  # fmt: skip
        page = client.get(path).text
        assert number not in page, path
        assert "县城班" not in page, path
    for path in (f"/teams/{team}", f"/teams/{team}/edit", f"/teams/{team}/close"):
        assert client.get(path).status_code == 404
    answer = send(client, f"/dispatch/undo/{came.id}", page="/dispatch")
    assert "没有这次派单" in plain(client.get(answer.location).text)
    assert row_of(runtime, number).team_id == team


def test_what_is_on_hold_is_marked_in_the_list_and_on_the_day(runtime, channel, crew, ready, desk):
    held, other = ready(), ready()
    place_hold(runtime, crew.actor, held, HOLD)
    page = desk.get("/dispatch").text
    rows = {number: plain(f"<main{row}</main") for number, row in rows_of(page).items()}
    assert "缓装至 11月26日（周四）" in rows[held]
    assert "按时" not in rows[held]
    assert "缓装" not in rows[other]
    team = crew.team("县城班", COUNTY)
    assign_orders(runtime, crew.actor, [held, other], team_id=team)
    for number in (held, other):
        appointed(runtime, channel, number, hours=3)
    assert plain(desk.get(f"/dispatch/installers?team={team}").text).count("缓装至 11月26日（周四）") == 1


def rows_of(page: str) -> dict[str, str]:
    """The rows of the list by the number of their order."""
    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", page[page.index("dispatch-list") :], re.DOTALL)
    return {found[1]: row for row in rows if (found := re.search(r'name="order" value="(\w+):', row))}


def test_a_day_of_installers_shows_who_goes_when_and_what_clashes(runtime, channel, crew, ready, desk):
    team = crew.team("县城班", COUNTY)
    lee = crew.installer(team)
    numbers = [ready(), ready(), ready()]
    assign_orders(runtime, crew.actor, numbers, team_id=team)
    for number, hours in zip(numbers, (3, 4, 8), strict=True):
        appointed(runtime, channel, number, hours=hours)
    path = f"/dispatch/installers?team={team}"
    page = desk.get(path).text
    assert "还没有指定人的上门 3" in plain(page)
    shown = ticks(page)
    wanted = {"order": [shown[n] for n in numbers], "target": f"{team}-{lee}"}
    answer = send(desk, path, wanted)
    page = desk.get(answer.location).text
    assert "上门时间重叠" in plain(page)
    assert "还没有指定人的上门 0" in plain(page)
    assert plain(page).count(" 重叠") == 2
    assert re.search(r'<td role="cell" colspan="3" class="busy">', page)
    undo = re.search(r'action="(/dispatch/undo/\d+[^"]*)"', page)
    assert undo
    answer = send(desk, unescape(undo[1]), page="/dispatch")
    assert answer.location.startswith("/dispatch/installers?")
    assert "3 次上门" not in plain(desk.get(answer.location).text)
    assert ticks(desk.get("/dispatch/installers?day=2026-11-20&team=nobody").text) == {}
