"""The installers' pages as forms, and what their app sends: who sees what, done once, told why."""

import io
import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from desk_forms import faults, send
from flask import render_template
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.on_site import GOOD_TEST, Crew, crew_of, photo
from tests.serving import app_of
from tests.staff_sessions import sign_in
from tests.visiting_slots import Diary
from tracker import clock
from tracker.audit.models import AuditEntry
from tracker.clock import CITY_ZONE
from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders
from tracker.orders.place_orders import Placed
from tracker.orders.record_progress import record_progress
from tracker.pages.site_photos import site_work_of
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.site_work.models import InstallerAction
from tracker.site_work.record_action import Installer

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=CITY_ZONE)
DETAIL = "测试路1号2栋301房"


@pytest.fixture
def crew(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> Crew:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return crew_of(runtime, channel, place)


@pytest.fixture
def li(crew: Crew) -> Installer:
    return crew.hire()


@pytest.fixture
def enter(runtime: Runtime) -> Callable[[str], FlaskClient]:
    app = app_of(runtime)

    def signed_in(username: str) -> FlaskClient:
        client = app.test_client()
        sign_in(client, runtime, username)
        return client

    return signed_in


@pytest.fixture
def phone(li: Installer, enter: Callable[[str], FlaskClient]) -> FlaskClient:
    """李师傅's."""
    return enter("li.shifu")


def step(client: FlaskClient, number: str, act: str, data: dict[str, Any] | None = None) -> Any:
    """Send a step's form as the page shows it."""
    page = client.get(f"/jobs/{number}").text
    form = re.search(rf'<form [^>]*action="/jobs/{number}/{act}".*?</form>', page, re.DOTALL)
    assert form, act
    hidden = dict(re.findall(r'name="(csrf_token|version|client_id)" value="([^"]+)"', form[0]))
    return client.post(f"/jobs/{number}/{act}", data={**hidden, **(data or {})})


def sent(client: FlaskClient, *actions: dict[str, Any], **more: Any) -> Any:
    """Send a batch as the app does."""
    token = client.get("/jobs/day.json").json["token"]
    body = {"now": clock.now().isoformat(), "actions": list(actions), **more}
    return client.post("/jobs/actions", json=body, headers={"X-CSRFToken": token})


def action(
    crew: Crew, number: str, kind: str, data: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "number": number,
        "version": crew.order(number).version,
        "after": None,
        "done_at": clock.now().isoformat(),
        "data": data or {},
        **more,
    }


def seen(crew: Crew) -> list[tuple[str, list[str], str]]:
    with crew.runtime.db.reading() as connection:
        rows = connection.execute(
            select(AuditEntry.subject, AuditEntry.fields, AuditEntry.why).order_by(AuditEntry.id)
        )
        return [(row.subject, row.fields, row.why) for row in rows]


# ---- the list ----------------------------------------------------------------------------------------------


def test_the_most_urgent_promise_of_today_comes_first(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    later = crew.job(li, accepted_at=(NOON - timedelta(hours=10)).isoformat())
    sooner = crew.job(li, visit_in=timedelta(hours=3), accepted_at=(NOON - timedelta(hours=40)).isoformat())
    coming = crew.job(li, visit_in=timedelta(days=2))
    page = phone.get("/jobs").text
    positions = [page.index(f'data-number="{number}"') for number in (sooner, later, coming)]
    assert positions == sorted(positions)


def test_a_card_names_nobody_and_tells_the_address_on_the_day_only(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    today, coming = crew.job(li), crew.job(li, visit_in=timedelta(days=2))
    unseen = crew.job(None)
    page = phone.get("/jobs").text
    cards = dict(re.findall(r'<li class="card job" data-number="(\w+)"(.*?)</li>', page, re.DOTALL))
    assert DETAIL in cards[today]
    assert DETAIL not in cards[coming] + cards[unseen]
    assert "张*" in cards[coming]
    assert "张三" not in page
    assert "13800001234" not in page
    assert "接单" in cards[unseen]


def test_what_is_on_hold_is_marked_and_not_offered(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    mine, nobodys, free = crew.job(li, visit_in=None), crew.job(None, visit_in=None), crew.job(None)
    for number in (mine, nobodys):
        crew.hold(number)
    diary = Diary(crew.runtime, crew.channel.operator_id)
    diary.slot(starts_at=NOON + timedelta(days=2))
    after = diary.slot(starts_at=NOON + timedelta(days=3))
    page = phone.get("/jobs").text
    cards = dict(re.findall(r'<li class="card job" data-number="(\w+)"(.*?)</li>', page, re.DOTALL))
    assert ["缓装至 11月27日（周五）" in cards[number] for number in (mine, nobodys, free)] == [
        True,
        True,
        False,
    ]
    assert "按时" not in cards[mine] + cards[nobodys]
    assert ["接单" in cards[number] for number in (nobodys, free)] == [False, True]
    shown = phone.get(f"/jobs/{mine}").text
    assert "缓装至 11月27日（周五）" in shown
    assert "请客服或调度先恢复办理" in shown
    assert "act-arrive" not in shown
    assert re.findall(r'name="slot" value="(\d+)"', shown) == [str(after)]
    told = sent(phone, action(crew, nobodys, "take")).json["results"][0]
    assert (told["rule"], told["outcome"]) == ("job.on_hold", "refused")
    assert told["told"] == ["工单缓装至11月27日，请先由客服或调度恢复办理"]


def test_a_job_of_a_later_day_is_not_arrived_at(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li, visit_in=timedelta(days=2))
    page = phone.get(f"/jobs/{number}").text
    assert "act-arrive" not in page
    assert "要今天上门，请先改约" in page
    told = sent(phone, action(crew, number, "arrive")).json["results"][0]
    assert told["told"] == ["约的是11月26日；今天上门请先改约"]
    assert DETAIL not in phone.get(f"/jobs/{number}").text


def test_slots_after_the_promise_are_marked(
    crew: Crew, li: Installer, phone: FlaskClient, as_: Callable[[str], FlaskClient]
) -> None:
    """Accepted at noon of 24 November, promised for 26 November, noon."""
    number = crew.job(li, visit_in=None, accepted_at=NOON.isoformat())
    diary = Diary(crew.runtime, crew.channel.operator_id)
    noon = NOON + timedelta(days=2)
    early, late = (diary.slot(starts_at=at) for at in (noon - timedelta(hours=2), noon))
    for page in (phone.get(f"/jobs/{number}").text, as_("dispatcher").get(f"/orders/{number}/visit").text):
        labels = dict(re.findall(r'name="slot" value="(\d+)".*?<span>(.*?)</label>', page))
        assert ["晚于承诺" in labels[str(slot)] for slot in (early, late)] == [False, True]


def test_a_first_visit_is_agreed_without_a_reason(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li, visit_in=None)
    diary = Diary(crew.runtime, crew.channel.operator_id)
    first, second = diary.slot(), diary.slot(starts_at=NOON + timedelta(days=1))
    assert step(phone, number, "reappoint", {"slot": str(first)}).status_code == 302
    assert "已约定，并已通知客户" in phone.get(f"/jobs/{number}").text
    answer = step(phone, number, "reappoint", {"slot": str(second)})
    assert answer.status_code == 422
    assert 'id="reappoint-reason-fault"' in answer.text
    assert f'value="{second}" required checked' in answer.text
    more = {"slot": str(second), "reason_code": "undecided"}
    assert step(phone, number, "reappoint", more).status_code == 302


def test_without_a_visit_a_return_is_asked_for_and_none_is_booked_for_it(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    for number, steps in ((crew.job(li, visit_in=None), ["return"]), (crew.job(li), ["cannot"])):
        page = phone.get(f"/jobs/{number}").text
        form = r'<details [^>]*data-step="(return|cannot)"([^>]*)>(.*?)</details>'
        offered = re.findall(form, page, re.DOTALL)
        assert [step for step, how, _ in offered if "hidden" not in how] == steps
        assert all(f'href="/orders/{number}/return"' in inside for _, _, inside in offered)
        assert phone.get(f"/orders/{number}/return").status_code == 200


def test_that_an_address_was_seen_is_noted_once_a_day(
    crew: Crew, li: Installer, phone: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = crew.job(li)
    subject = f"order:{crew.order(number).id}"
    for path in ("/jobs", f"/jobs/{number}", "/jobs", "/jobs/day.json"):
        assert phone.get(path).status_code == 200
    assert seen(crew) == [(subject, ["address_detail"], "上门施工")]
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=13))
    phone.get("/jobs")
    assert len(seen(crew)) == 2


def test_there_is_a_word_for_a_day_without_jobs(li: Installer, phone: FlaskClient) -> None:
    assert "今天没有待办的任务" in phone.get("/jobs").text


def test_whoever_is_no_installer_has_no_jobs(as_: Callable[[str], FlaskClient]) -> None:
    for person in ("manager", "counter", "dispatcher", "regulator", "administrator"):
        client = as_(person)
        for path in ("/jobs", "/jobs/day.json", "/jobs/worker.js", "/jobs/leave", "/jobs/offline"):
            assert client.get(path).status_code == 403, (person, path)


def test_an_installer_begins_at_his_jobs(li: Installer, enter: Callable[[str], FlaskClient]) -> None:
    client = enter("li.shifu")
    assert client.get("/sign-in").headers["Location"] == "/jobs"


@pytest.mark.parametrize("username", ["chen.shifu", "wu.shifu"])
def test_anothers_job_is_not_found(
    crew: Crew, li: Installer, enter: Callable[[str], FlaskClient], username: str
) -> None:
    number = crew.job(li)
    crew.hire(username, operator_id=2 if username == "wu.shifu" else None, in_team=username != "wu.shifu")
    other = enter(username)
    assert other.get(f"/jobs/{number}").status_code == 404
    assert number not in other.get("/jobs").text
    assert number not in other.get("/jobs/day.json").text
    told = sent(other, action(crew, number, "arrive")).json["results"][0]
    assert told["rule"] == ("order.not_found" if username == "wu.shifu" else "job.not_yours")
    assert crew.order(number).stage == "appointed"


def test_the_way_is_told_by_the_words_of_the_address(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    page = phone.get(f"/jobs/{crew.job(li)}").text
    ways = re.findall(
        r'href="(geo:0,0\?q=|https://uri\.amap\.com/search\?keyword=)([^"]+)"( rel="noreferrer")?', page
    )
    assert len(ways) == 2
    assert all(unquote(words).endswith(DETAIL) for _, words, _ in ways)


# ---- steps as forms ----------------------------------------------------------------------------------------


def test_a_job_is_done_by_forms_alone(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li)
    assert step(phone, number, "arrive").status_code == 302
    assert (
        step(phone, number, "test", {name: str(value) for name, value in GOOD_TEST.items()}).status_code
        == 302
    )
    kept = step(phone, number, "photo", {"kind": "site", "photo": (io.BytesIO(photo()), "a.jpg")})
    assert kept.status_code == 302
    assert step(phone, number, "activate").status_code == 302
    done = step(phone, number, "complete", {"confirmed": "1", "last4": "1234"})
    assert done.status_code == 302
    page = phone.get(f"/jobs/{number}").text
    assert "已竣工" in page
    assert DETAIL not in page


def test_a_form_that_is_sent_twice_is_done_once(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li)
    page = phone.get(f"/jobs/{number}").text
    form = re.search(rf'action="/jobs/{number}/arrive".*?</form>', page, re.DOTALL)
    assert form
    hidden = dict(re.findall(r'name="(csrf_token|version|client_id)" value="([^"]+)"', form[0]))
    answers = [phone.post(f"/jobs/{number}/arrive", data=hidden).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert [event.stage for event in crew.events(number)].count("on_site") == 1


def test_a_stale_form_tells_who_changed_what_and_loses_no_typing(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number = crew.at_stage(li, "arrive")
    page = phone.get(f"/jobs/{number}").text
    form = re.search(rf'action="/jobs/{number}/cannot".*?</form>', page, re.DOTALL)
    assert form
    hidden = dict(re.findall(r'name="(csrf_token|version|client_id)" value="([^"]+)"', form[0]))
    desk = Actor(li.actor.operator_id, "staff:wang.min")
    record_progress(
        crew.runtime, desk, number, {"stage": "dispatched", "reason_code": "weather", "reason_text": "暴雨"}
    )
    typed = {"reason_code": "no_power", "reason_text": "楼道停电"}
    answer = phone.post(f"/jobs/{number}/cannot", data={**hidden, **typed})
    assert answer.status_code == 409
    assert "有人改动了这个工单" in answer.text
    assert re.search(r"<li>[^<]*wang\.min · 已派单 · 天气 · 暴雨</li>", answer.text)


def test_a_wrong_reading_stands_beside_its_field_with_what_was_typed(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number = crew.at_stage(li, "arrive")
    answer = step(
        phone, number, "test", {"down_mbps": "942", "up_mbps": "x", "latency_ms": "4", "optical_dbm": "19"}
    )
    assert answer.status_code == 422
    assert set(faults(answer.text)) == {"up_mbps", "optical_dbm"}
    assert 'value="942"' in answer.text


def test_a_job_that_went_to_somebody_else_leads_back_to_the_list(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number = crew.job(None)
    chen = crew.hire("chen.shifu")
    page = phone.get(f"/jobs/{number}").text
    hidden = dict(re.findall(r'name="(csrf_token|version|client_id)" value="([^"]+)"', page))
    crew.do(chen, number, "take")
    assert phone.post(f"/jobs/{number}/take", data=hidden).status_code == 404
    assert crew.order(number).installer_id == chen.account_id


def test_confirming_needs_the_tick_and_the_digits(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.at_stage(li, "arrive", "test", "activate")
    assert step(phone, number, "complete", {"last4": "1234"}).status_code == 422
    assert step(phone, number, "complete", {"confirmed": "1", "last4": "9999"}).status_code == 422
    assert step(phone, number, "complete", {"confirmed": "1"}).status_code == 422
    assert crew.order(number).stage == "activated"


def test_words_of_installers_are_text(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.at_stage(li, "arrive")
    evil = "<script>alert(1)</script>"
    answer = step(
        phone, number, "test", {name: str(value) for name, value in GOOD_TEST.items()} | {"up_mbps": evil}
    )
    assert evil not in answer.text
    readings = {name: str(value) for name, value in GOOD_TEST.items()} | {"down_mbps": "9", "reason": evil}
    assert step(phone, number, "test", readings).status_code == 302
    page = phone.get(f"/jobs/{number}").text
    assert evil not in page
    assert "&lt;script&gt;" in page


# ---- calling -----------------------------------------------------------------------------------------------


def test_the_number_is_shown_when_it_is_asked_for_and_that_is_noted(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number = crew.job(li)
    answer = send(phone, f"/jobs/{number}/phone", page=f"/jobs/{number}")
    assert 'href="tel:+8613800001234"' in answer.text
    assert seen(crew)[-1] == (f"order:{crew.order(number).id}", ["contact_phone"], "致电客户")
    token = phone.get("/jobs/day.json").json["token"]
    headers = {"Accept": "application/json", "X-CSRFToken": token}
    told = phone.post(f"/jobs/{number}/phone", headers=headers)
    assert told.json == {"tel": "tel:+8613800001234"}
    assert told.headers["Cache-Control"] == "no-store"
    assert len([why for _, _, why in seen(crew) if why == "致电客户"]) == 2


def test_nobody_calls_the_customer_of_a_job_that_he_does_not_have(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    ended = crew.at_stage(li, "arrive", "test", "activate", "complete")
    of_nobody = crew.job(None)
    token = phone.get("/jobs/day.json").json["token"]
    headers = {"Accept": "application/json", "X-CSRFToken": token}
    for number in (ended, of_nobody):
        assert phone.post(f"/jobs/{number}/phone", headers=headers).status_code == 409
    assert all(why != "致电客户" for _, _, why in seen(crew))


# ---- what the app asks for and sends -----------------------------------------------------------------------


def test_the_day_holds_no_personal_data(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    today, coming = crew.job(li), crew.job(li, visit_in=timedelta(days=2))
    answer = phone.get("/jobs/day.json")
    day = answer.json
    assert day["pages"] == ["/jobs", f"/jobs/{today}"]
    assert day["jobs"][coming] == {"version": crew.order(coming).version, "stage": "appointed"}
    assert answer.headers["Cache-Control"] == "no-store"
    for secret in ("张", "1380000", DETAIL, "测试路"):
        assert secret not in answer.text


def test_a_batch_is_done_in_its_order_and_each_is_told_of(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number, other = crew.job(li), crew.job(li)
    arrive = action(crew, number, "arrive")
    early = action(crew, number, "activate", after=arrive["id"])
    held = action(crew, number, "complete", {"last4": "1234"}, after=early["id"])
    broken = {"id": "x", "kind": "fly"}
    beside = action(crew, other, "arrive")
    results = sent(phone, arrive, early, held, broken, beside).json["results"]
    assert [one["outcome"] for one in results] == ["ok", "refused", "held", "refused", "ok"]
    assert [one.get("rule") for one in results][1:3] == ["job.test_first", "job.kept_back"]
    assert results[0]["version"] == crew.order(number).version
    # The same again, as after an answer that was lost on its way.
    assert sent(phone, arrive, early, held, broken, beside).json["results"] == results
    assert crew.order(number).stage == "on_site"


def test_a_conflict_tells_who_did_what(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li)
    arrive = action(crew, number, "arrive")
    desk = Actor(li.actor.operator_id, "staff:wang.min")
    record_progress(crew.runtime, desk, number, {"stage": "withdrawn", "reason_code": "no_longer_wanted"})
    told = sent(phone, arrive).json["results"][0]
    assert told["rule"] == "job.changed"
    assert told["changes"] == ["11月24日 12:00 · wang.min · 已撤单 · 客户不再需要"]


def test_what_happened_to_an_order_is_told_to_whose_it_is_or_was(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    chen = crew.hire("chen.shifu")
    never, former = crew.job(chen), crew.job(li)
    for kind in ("arrive", "take"):
        told = sent(phone, action(crew, never, kind, version=0)).json["results"][0]
        assert told["outcome"] == "refused"
        assert told.get("changes", []) == [], kind
    assert told["told"]
    arrive = action(crew, former, "arrive")
    desk = Actor(li.actor.operator_id, "staff:wang.min")
    assign_orders(crew.runtime, desk, [former], team_id=crew.team_id, installer_id=chen.account_id)
    told = sent(phone, arrive).json["results"][0]
    assert told["rule"] == "job.not_yours"
    assert told["changes"] == ["11月24日 12:00 · wang.min · 派给班组或装维员"]


def test_what_is_no_batch_is_refused(phone: FlaskClient) -> None:
    token = phone.get("/jobs/day.json").json["token"]
    now = "2026-11-24T12:00:00Z"
    for body in (
        None,
        [],
        {"actions": []},
        {"actions": [{}]},
        {"now": "yesterday", "actions": [{}]},
        {"now": "2026-11-24T12:00:00", "actions": [{}]},
        {"now": now, "actions": {}},
        {"now": now, "actions": [{}] * 51},
    ):
        answer = phone.post("/jobs/actions", json=body, headers={"X-CSRFToken": token})
        assert answer.status_code == 400, body


def test_actions_that_make_no_sense_are_told_of_and_hold_nothing_up(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number, other = crew.job(li), crew.job(li)
    senseless: list[Any] = [
        action(crew, number, "arrive") | changed
        for changed in (
            {"id": "not an id"},
            {"id": None},
            {"kind": "explode"},
            {"number": ""},
            {"number": 7},
            {"done_at": "now"},
            {"version": -1},
            {"version": "3"},
            {"after": "x"},
            {"data": []},
            {"data": {"more": 1}},
            {"data": {"position": {"latitude": 91, "longitude": 0}}},
            {"data": {"position": {"latitude": "23.6", "longitude": 113}}},
            {"data": {"position": {"latitude": 23.6}}},
            {"surprise": 1},
        )
    ]
    senseless += [None, 7, "arrive", []]
    results = sent(phone, *senseless, action(crew, other, "arrive")).json["results"]
    assert [one["outcome"] for one in results] == ["refused"] * len(senseless) + ["ok"]
    assert all(one["told"] for one in results[:-1])
    assert crew.order(number).stage == "appointed"
    assert crew.order(other).stage == "on_site"


def test_nothing_is_sent_without_the_token_or_by_who_is_not_signed_in(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number = crew.job(li)
    body = {"now": clock.now().isoformat(), "actions": [action(crew, number, "arrive")]}
    assert phone.post("/jobs/actions", json=body).status_code == 400
    token = phone.get("/jobs/day.json").json["token"]
    phone.post("/sign-out", data={"csrf_token": token, "leaving": "1"})
    answer = phone.post("/jobs/actions", json=body, headers={"X-CSRFToken": token})
    assert answer.status_code in (302, 400)
    assert crew.order(number).stage == "appointed"


def test_the_service_answers_what_was_typed_nowhere(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.at_stage(li, "arrive", "test", "activate")
    sent(phone, action(crew, number, "complete", {"last4": "4321"}))
    with crew.runtime.db.reading() as connection:
        rows = connection.execute(select(InstallerAction.__table__)).all()
    assert "4321" not in str([row.faults for row in rows])


# ---- photos ------------------------------------------------------------------------------------------------


def upload(client: FlaskClient, given: Any, content: bytes | None = None) -> Any:
    token = client.get("/jobs/day.json").json["token"]
    data: dict[str, Any] = {"action": given if isinstance(given, str) else json.dumps(given)}
    data["now"] = clock.now().isoformat()
    if content is not None:
        data["photo"] = FileStorage(io.BytesIO(content), "p.jpg")
    # Made in memory: the client's own way leaves a file open.
    boundary, body = encode_multipart(data)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post("/jobs/photos", data=body, content_type=kind, headers={"X-CSRFToken": token})


def test_a_photo_is_seen_by_the_operators_own_staff_only(
    crew: Crew,
    li: Installer,
    phone: FlaskClient,
    as_: Callable[[str], FlaskClient],
    enter: Callable[[str], FlaskClient],
) -> None:
    number = crew.at_stage(li, "arrive")
    assert (
        upload(phone, action(crew, number, "photo", {"kind": "site"}), photo()).json["results"][0]["outcome"]
        == "ok"
    )
    page = phone.get(f"/jobs/{number}").text
    address = re.search(r'src="(/site-photos/\d+)"', page)
    assert address
    answer = phone.get(address[1])
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xff\xd8")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    crew.hire("chen.shifu")
    assert enter("chen.shifu").get(address[1]).status_code == 404
    for person, status in (
        ("manager", 200),
        ("counter", 200),
        ("dispatcher", 200),
        ("stranger", 404),
        ("regulator", 403),
        ("administrator", 403),
    ):
        assert as_(person).get(address[1]).status_code == status, person
    assert phone.get("/site-photos/99999999999999999999").status_code == 404
    # Whoever saw it is on record, and whoever was refused has seen nothing.
    with crew.runtime.db.reading() as connection:
        wanted = select(AuditEntry.actor, AuditEntry.subject).where(AuditEntry.fields == ["site_photo"])
        noted = [tuple(row) for row in connection.execute(wanted.order_by(AuditEntry.id))]
    assert noted == [
        (f"staff:{who}", f"order:{crew.order(number).id}")
        for who in ("li.shifu", "manager", "counter", "dispatcher")
    ]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", photo()[:100]], ids=["nothing", "pdf", "half"])
def test_what_is_no_photo_is_told_of(crew: Crew, li: Installer, phone: FlaskClient, content: bytes) -> None:
    number = crew.at_stage(li, "arrive")
    told = upload(phone, action(crew, number, "photo", {"kind": "site"}), content).json["results"][0]
    assert told["outcome"] == "refused"
    assert told["rule"].startswith("photo.")
    answer = step(phone, number, "photo", {"kind": "site", "photo": (io.BytesIO(content), "a.jpg")})
    assert answer.status_code == 422
    assert "photo" in faults(answer.text)


def test_a_photo_of_eight_megabytes_comes_through_and_no_larger_request(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    number = crew.at_stage(li, "arrive")
    given = action(crew, number, "photo", {"kind": "site"})
    # Bytes after a JPEG's end are no part of it.
    answer = upload(phone, given, photo() + bytes(7_900_000))
    assert answer.json["results"][0]["outcome"] == "ok"
    answer = upload(phone, action(crew, number, "photo", {"kind": "site"}), bytes(9_000_000))
    assert answer.status_code == 413


def test_a_photo_without_its_action_is_refused(crew: Crew, phone: FlaskClient) -> None:
    for given in ("", "{", "[]", "7", '{"id": 3}', "[" * 3000):
        answer = upload(phone, given, photo())
        assert answer.status_code == 422 or answer.json["results"][0]["outcome"] == "refused", given


def test_only_photos_are_sent_as_photos(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li)
    told = upload(phone, action(crew, number, "arrive"), photo()).json["results"][0]
    assert told["outcome"] == "refused"
    assert crew.order(number).stage == "appointed"


def test_the_desk_reads_what_was_recorded_on_site(crew: Crew, li: Installer, phone: FlaskClient) -> None:
    number = crew.job(li)
    crew.do(li, number, "arrive", {"position": {"latitude": 23.681764, "longitude": 113.050929}})
    crew.do(li, number, "test", GOOD_TEST | {"down_mbps": 90, "reason": "百兆网卡"})
    crew.do(li, number, "photo", {"kind": "equipment"}, photo=photo())
    order, app = crew.order(number), phone.application
    with app.test_request_context("/?lang=zh"), crew.runtime.db.reading() as connection:
        own = site_work_of(connection, order.operator_id, order.id)
        page = render_template("staff/order_site_work.html", site_work=own)
        others = site_work_of(connection, 2, order.id)
        nothing = render_template("staff/order_site_work.html", site_work=others)
    for told in (
        "李师傅",
        "23.682, 113.051",
        "↓ 90 · ↑ 88.1 Mbit/s",
        "−19.25 dBm",
        "九成",
        "百兆网卡",
        "设备标签",
    ):
        assert told in page, told
    assert others.is_empty
    assert "还没有到现场" in nothing


# ---- the app itself ----------------------------------------------------------------------------------------


def test_the_app_may_be_installed_and_look_after_its_own_pages_only(
    li: Installer, phone: FlaskClient
) -> None:
    page = phone.get("/jobs")
    assert '<link rel="manifest" href="/static/jobs.webmanifest">' in page.text
    policy = page.headers["Content-Security-Policy"]
    for part in ("worker-src 'self'", "manifest-src 'self'", "connect-src 'self'", "script-src 'self'"):
        assert part in policy
    with phone.get("/static/jobs.webmanifest") as manifest:
        assert manifest.mimetype == "application/manifest+json"
        told = json.loads(manifest.data)
    for icon in told["icons"]:
        with phone.get(icon["src"]) as answer:
            assert answer.status_code == 200
    worker = phone.get(told["scope"] + "/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == told["scope"]
    assert worker.mimetype == "text/javascript"
    assert "connect-src" not in phone.get("/account-of-nobody").headers["Content-Security-Policy"]


def test_signing_out_first_tells_what_the_phone_keeps_and_then_clears_it(
    li: Installer, phone: FlaskClient
) -> None:
    page = phone.get("/jobs/leave").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    # From a page that knows nothing of the app.
    elsewhere = phone.post("/sign-out", data={"csrf_token": token[1]})
    assert elsewhere.headers["Location"] == "/jobs/leave"
    kept = phone.post("/sign-out", data={"csrf_token": token[1], "leaving": "1", "forget": "1"})
    assert kept.headers["Location"] == "/sign-in"
    assert kept.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "/sign-in" in phone.get("/jobs").headers["Location"]


def test_every_page_leads_to_ones_own_account_but_the_one_that_is_nobodys(
    crew: Crew, li: Installer, phone: FlaskClient
) -> None:
    for path in ("/jobs", f"/jobs/{crew.job(li)}", "/jobs/leave"):
        assert '<a href="/account">李师傅</a>' in phone.get(path).text
    assert '<a href="/jobs"' in phone.get("/account").text
    offline = phone.get("/jobs/offline").text
    assert 'data-jobs=""' in offline
    assert "李师傅" not in offline


def test_signing_out_everywhere_clears_the_phone_too(li: Installer, phone: FlaskClient) -> None:
    answer = send(phone, "/account/sign-out-everywhere", page="/account")
    page = phone.get(answer.headers["Location"]).text
    assert "本机上存的客户地址和任务会删除" in page
    form = re.search(r'action="/account/sign-out-everywhere".*?</form>', page, re.DOTALL)
    assert form
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]+)"', form[0]))
    left = phone.post("/account/sign-out-everywhere", data=hidden)
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "已在所有设备上退出" in phone.get(left.headers["Location"]).text
    assert "/sign-in" in phone.get("/jobs").headers["Location"]
