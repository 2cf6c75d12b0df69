"""What a customer reads of an order that comes later than promised, or stands still."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.test import TestResponse

from public_status.delays import Contact, Line, Pause, excuse_in, new_promise_in, pause_at
from tests.excusing import excuse_delay
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import place_hold
from tracker.orders.place_orders import Placed
from tracker.orders.promise_anew import promise_anew
from tracker.orders.record_progress import record_progress
from tracker.promises.ledger import Kind
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

LookUp = Callable[..., TestResponse]
Write = Callable[..., None]

START = datetime(2026, 11, 23, 9, tzinfo=clock.CITY_ZONE)
COMPANY = {"customer__kind": "enterprise", "plan": "24GD110002"}


def there(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=clock.CITY_ZONE)


def line(number: int, kind: Kind, **says: Any) -> Line:
    says.setdefault("reason_code", None)
    return Line(number, kind, START, contact=None, **says)


@pytest.fixture
def number(morning: datetime, place: Callable[..., Placed]) -> str:
    """Three working days from Friday 20 November: Wednesday 25 November, 18:00."""
    return place(accepted_at="2026-11-20T16:05:00+08:00", **COMPANY).number


@pytest.fixture
def write(runtime: Runtime, channel: ChannelFacts, number: str) -> Write:
    """Writes to the order's ledger through the use case."""

    def act(use_case: Callable[..., Any], *named: int, **says: Any) -> None:
        whole = {"reason_text": None, "evidence": None, "resource": None, "deadline": None, "contact": None}
        use_case(runtime, Actor.of_channel(channel), number, *named, whole | says)

    return act


def in_words(answer: TestResponse) -> str:
    """The text of the page, without its markup, as it is read out."""
    reader = HTMLParser()
    said: list[str] = []
    reader.handle_data = said.append
    reader.feed(answer.text)
    return "".join(said)


DELAY = {"reason_code": "estate_unfinished", "deadline": there(30, 18)}


def test_a_delay_names_the_new_date_the_old_one_the_reason_and_the_person(
    write: Write, look_up: LookUp, number: str
) -> None:
    write(promise_anew, contact={"name": "王敏", "extension": "8"}, **DELAY)
    page = in_words(look_up(number))
    assert "承诺 11月30日（周一）18:00 前装通" in page
    assert "原承诺 11月25日（周三）18:00" in page
    assert "因小区工程未竣工，新期限11月30日（周一）18:00。" in page
    assert "王敏，电话 10000 转 8" in page
    assert "已延期" in page
    assert "按时" not in page
    english = in_words(look_up(number, accept="en"))
    assert "Delayed: the estate is still being built. The new date is 18:00 on Monday 30 November." in english
    assert "王敏, phone 10000, extension 8" in english
    assert "Postponed" in english
    assert "First promised by 18:00 on Wednesday 25 November" in english


def test_a_person_without_an_extension_and_a_reason_without_words(
    write: Write, look_up: LookUp, number: str
) -> None:
    given = {**DELAY, "reason_code": "other", "reason_text": "内部说明"}
    write(promise_anew, contact={"name": "王敏", "extension": None}, **given)
    page = in_words(look_up(number))
    assert "王敏，电话 10000\n" in page
    assert "期限变更" not in page
    assert "内部说明" not in page
    assert "承诺 11月30日（周一）18:00 前装通" in page


def test_the_person_named_last_stands_there(write: Write, look_up: LookUp, number: str) -> None:
    write(promise_anew, contact={"name": "王敏", "extension": "8"}, **DELAY)
    later = {"reason_code": "supply_short", "deadline": there(30, 20)}
    write(promise_anew, contact={"name": "李强", "extension": "12"}, **later)
    page = in_words(look_up(number))
    assert "因材料或设备供应，新期限11月30日（周一）20:00。" in page
    assert "李强，电话 10000 转 12" in page
    assert "王敏" not in page
    assert "原承诺 11月25日（周三）18:00" in page


def test_a_line_that_must_be_built_needs_no_person_and_names_the_days_that_do_not_count(
    write: Write, look_up: LookUp, number: str
) -> None:
    write(promise_anew, reason_code="line_missing", resource="needs_building")
    page = in_words(look_up(number))
    assert "因线路没到，新期限12月4日（周五）18:00。" in page
    assert "跟进人" not in page
    assert "10个工作日，受理当日不计；跳过11月21–22日（周六、周日）、11月28–29日（周六、周日）" in page


def test_a_hold_says_until_when_and_why(write: Write, look_up: LookUp, number: str) -> None:
    write(place_hold, reason_code="not_decorated", starts_at=None, ends_at=there(28))
    page = in_words(look_up(number))
    assert "暂停办理，至11月27日（周五）24:00" in page
    assert "未装修。暂停期间不计入承诺时限。" in page
    assert "要提前恢复，请拨打 10000" in page
    assert "暂停结束后继续办理：核验实名信息" in page
    assert "还有" not in page
    english = in_words(look_up(number, accept="en"))
    assert "On hold until 24:00 on Friday 27 November" in english
    assert "On hold: the home is not decorated yet. This time is not counted." in english


def test_a_hold_that_was_lifted_or_has_not_begun_says_nothing(
    write: Write, look_up: LookUp, number: str
) -> None:
    write(place_hold, reason_code="not_decorated", starts_at=None, ends_at=there(28))
    write(lift_hold, 1, resumes_at=None)
    write(place_hold, reason_code="undecided", starts_at=there(26), ends_at=there(28))
    page = in_words(look_up(number))
    assert "暂停办理" not in page
    assert "暂停原因" not in page


def test_late_with_nothing_recorded_says_so_and_whom_to_call(
    look_up: LookUp, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: there(27, 18))
    page = in_words(look_up(number))
    assert "已超过 2 天，很抱歉让您久等。" in page
    assert "还没有登记原因和新的期限。" in page
    assert "请拨打清远电信客服热线 10000" in page
    english = in_words(look_up(number, accept="en"))
    assert "No reason and no new date have been recorded yet." in english
    assert "Call Qingyuan Telecom on 10000" in english


def test_late_through_a_third_party_says_why(
    runtime: Runtime,
    channel: ChannelFacts,
    look_up: LookUp,
    number: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    excuse = {"starts_at": there(21), "ends_at": there(23), "evidence": "函2026-118", "reason_text": None}
    excuse_delay(runtime, Actor.of_channel(channel), number, excuse | {"reason_code": "property_manager"})
    assert "物业协商" not in in_words(look_up(number)), "it is not late yet"
    monkeypatch.setattr(clock, "now", lambda: there(27, 18))
    page = in_words(look_up(number))
    assert "因物业协商耽误，新的期限还没有登记。" in page
    assert "还没有登记原因" not in page
    assert "函2026-118" not in page


def test_late_again_keeps_the_person_and_claims_no_silence(
    write: Write, look_up: LookUp, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(promise_anew, contact={"name": "王敏", "extension": "8"}, **DELAY)
    monkeypatch.setattr(clock, "now", lambda: there(30, 19))
    page = in_words(look_up(number))
    assert "已超过 1 小时" in page
    assert "已超时" in page
    assert "王敏，电话 10000 转 8" in page
    assert "还没有登记" not in page
    assert "催办或投诉" in page


def test_what_is_connected_or_withdrawn_is_not_excused_any_more(
    write: Write, look_up: LookUp, number: str, runtime: Runtime, channel: ChannelFacts
) -> None:
    write(promise_anew, contact={"name": "王敏", "extension": "8"}, **DELAY)
    record_progress(
        runtime,
        Actor.of_channel(channel),
        number,
        {"stage": "withdrawn", "occurred_at": None, "reason_code": "no_longer_wanted"},
    )
    page = in_words(look_up(number))
    assert "王敏" not in page
    assert "已延期" not in page


def test_of_two_holds_the_one_that_ends_last_is_told() -> None:
    lines = [
        line(1, Kind.HOLD, starts_at=START, ends_at=START + timedelta(days=3), reason_code="weather"),
        line(2, Kind.HOLD, starts_at=START, ends_at=START + timedelta(days=2), reason_code="undecided"),
    ]
    assert pause_at(lines, START) == Pause(START + timedelta(days=3), "weather")
    lifted = [*lines, line(3, Kind.RESUME, lifts=1, starts_at=START + timedelta(days=1))]
    assert pause_at(lifted, START + timedelta(days=1)) == Pause(START + timedelta(days=2), "undecided")
    assert pause_at(lifted, START + timedelta(days=2)) is None
    assert pause_at([], START) is None


def test_an_excuse_is_forgotten_once_the_date_is_given_anew() -> None:
    excuse = line(1, Kind.EXCUSE, starts_at=START, ends_at=START, reason_code="roadworks")
    anew = Line(
        2, Kind.REPROMISE, START, agreed_at=START, reason_code="weather", contact=Contact("王敏", "8")
    )
    hold = line(3, Kind.HOLD, starts_at=START, ends_at=START)
    assert excuse_in([excuse, hold]) == excuse
    assert new_promise_in([excuse, hold]) is None
    assert excuse_in([excuse, anew, hold]) is None
    assert new_promise_in([excuse, anew, hold]) == anew
    assert excuse_in([]) is new_promise_in([]) is None
