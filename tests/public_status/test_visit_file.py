"""What a holder takes away: the visit as a calendar file, read back as a calendar does, and paper."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from markupsafe import escape

from public_status import create_app
from public_status.runtime import start
from tests.holding import Holder, plain
from tests.visiting_slots import dispatched
from tracker import clock
from tracker.config import Config
from tracker.orders.actor import Actor
from tracker.orders.record_progress import record_progress
from tracker.pages.qr import qr_picture
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

STARTS = datetime(2026, 11, 26, 9, tzinfo=clock.CITY_ZONE)


@pytest.fixture
def appoint(
    morning: datetime, runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]
) -> Callable[..., str]:
    """An order with a visit; its number."""

    def make(starts_at: datetime = STARTS) -> str:
        number = dispatched(runtime, channel, place, accepted_at="2026-11-23T09:30:00+08:00")
        slot = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2)}
        record_progress(
            runtime, Actor.of_channel(channel), number, {"stage": "appointed", "appointment": slot}
        )
        return number

    return make


def event_in(data: bytes) -> Any:
    calendar = Calendar.from_ical(data)
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["VERSION"] == "2.0"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    (event,) = calendar.walk("VEVENT")
    return event


def test_the_file_says_when_and_who(
    client: FlaskClient, runtime: Runtime, appoint: Callable[..., str]
) -> None:
    number = appoint()
    holder = Holder(client, runtime, number)
    holder.sign_in()
    page = plain(holder.page())
    assert "11月26日（周四）上午9–11时" in page
    assert "李师傅（工号0321）" in page
    answer = client.get("/order/visit.ics")
    assert answer.mimetype == "text/calendar"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    event = event_in(answer.data)
    assert event["DTSTART"].dt == STARTS
    assert event["DTEND"].dt == STARTS + timedelta(hours=2)
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert event["DTSTAMP"].dt == datetime(2026, 11, 24, 0, 40, tzinfo=UTC)
    assert "清远电信" in event["SUMMARY"]
    for words in (number, "李师傅（工号0321）", "10000"):
        assert words in event["DESCRIPTION"]
    for personal in ("138", "张", "凤城"):
        assert personal not in answer.text
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == -timedelta(hours=2)


def test_another_visit_takes_the_place_of_the_first_in_a_calendar(
    client: FlaskClient, runtime: Runtime, channel: ChannelFacts, appoint: Callable[..., str]
) -> None:
    number = appoint()
    holder = Holder(client, runtime, number)
    holder.sign_in()
    first = event_in(client.get("/order/visit.ics").data)
    actor = Actor.of_channel(channel)
    record_progress(runtime, actor, number, {"stage": "dispatched"})
    assert client.get("/order/visit.ics").status_code == 404
    assert "visit.ics" not in holder.page()
    later = STARTS + timedelta(days=1, minutes=30)
    slot = {"starts_at": later, "ends_at": later + timedelta(hours=1)}
    record_progress(runtime, actor, number, {"stage": "appointed", "appointment": slot})
    second = event_in(client.get("/order/visit.ics").data)
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert "11月27日（周五）上午9:30–10:30" in plain(holder.page())


def test_it_speaks_english(client: FlaskClient, runtime: Runtime, appoint: Callable[..., str]) -> None:
    holder = Holder(client, runtime, appoint())
    holder.sign_in()
    assert "Thursday 26 November 09:00–11:00" in plain(holder.page("/order?lang=en"))
    event = event_in(client.get("/order/visit.ics").data)
    assert event["SUMMARY"] == "Broadband installation (Qingyuan Telecom)"
    assert "installer no. 0321" in event["DESCRIPTION"]


def test_paper_leads_to_the_site_and_to_nobodys_order(
    config: Config, runtime: Runtime, appoint: Callable[..., str]
) -> None:
    run = start(dataclasses.replace(config, public_site_url="http://status.example"))
    holder = Holder(create_app(run).test_client(), runtime, appoint())
    holder.sign_in()
    page = holder.page()
    run.close()
    paper = page[page.index('<div class="paper-only">') :]
    assert f'<img src="{escape(qr_picture("http://status.example"))}" alt=""' in paper
    assert "http://status.example" in plain(paper)
    assert holder.number not in paper
