"""Complaints and ratings: their words, days and numbers; pure decisions."""

import re
import secrets
import unicodedata
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from tracker import clock
from tracker.orders.rules import CLOCK_SKEW, Stage
from tracker.problems import Fault
from tracker.templates.rules import unsuitable


class Source(StrEnum):
    """Where a complaint came in."""

    OUTLET = "outlet"  # 营业厅
    HOTLINE = "hotline"
    CITY_LINE = "12345"
    GOVERNMENT_SITE = "government_site"  # 政府网站
    LETTERS = "letters"  # 信访
    CONSUMER_LINE = "12315"
    APPEAL_LINE = "12300"
    WEBSITE = "website"  # the customers' site of this service


class Topic(StrEnum):
    """What a complaint is about."""

    OVERDUE = "overdue"  # 安装超期
    ATTITUDE = "attitude"  # 服务态度
    FEES = "fees"  # 收费
    WORKMANSHIP = "workmanship"  # 施工质量
    SPEED = "speed"  # 网速
    OTHER = "other"


class State(StrEnum):
    """How far a complaint has come."""

    OPEN = "open"
    CLOSED = "closed"  # 已办结: the customer has the result
    RETRACTED = "retracted"  # the customer took it back


class Satisfaction(StrEnum):
    """What the customer says of the result."""

    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"


class Standing(StrEnum):
    """How a complaint stands against its due day."""

    ON_TIME = "on_time"
    NEAR = "near"
    OVERDUE = "overdue"
    CLOSED = "closed"
    CLOSED_LATE = "closed_late"
    RETRACTED = "retracted"


# [law] 电信用户申诉处理办法 (工信部令第35号, 2016) and 电信服务规范: the customer is answered within fifteen
# days from the day on which the complaint was received; that day itself does not count (民法典 201).
_ANSWER_WITHIN = timedelta(days=15)
# [ours] So many days before the due day it is called near.
NEAR_DAYS = 3
# [ours] The customer is spoken to on the next day.
_FIRST_FOLLOW_UP = timedelta(days=1)
# [ours] One that is overdue is looked after at least so often.
_OVERDUE_FOLLOW_UP = timedelta(days=3)
# [ours] What was received longer ago belongs into another record.
OLDEST = timedelta(days=180)

SCORES = range(1, 6)
# [ours] Whoever gives so few stars is called back by the next day.
LOW_SCORE = 2
CALL_BACK_WITHIN = timedelta(days=1)
# [ours] An installation is fresh in mind for so long.
RATE_WITHIN = timedelta(days=30)
RETRACT_WITHIN = timedelta(minutes=10)

_PREFIX = "TS"
_DIGITS = 5
_SHAPE = re.compile(rf"{_PREFIX}[0-9]{{{6 + _DIGITS + 1}}}")
# A mobile number, or an ID number.
_PERSONAL = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx])(?![0-9])")


class Complaint(Protocol):
    """As much of a complaint as its standing depends on."""

    @property
    def state(self) -> str: ...
    @property
    def due_on(self) -> date: ...
    @property
    def ended_at(self) -> datetime | None: ...


def due_on(received_at: datetime) -> date:
    """The last day on which the customer is to be answered, until 24:00."""
    return clock.local_date(received_at) + _ANSWER_WITHIN


def first_follow_up(now: datetime, due: date) -> date:
    """By when somebody first speaks to the customer."""
    today = clock.local_date(now)
    return min(today + _FIRST_FOLLOW_UP, max(due, today))


def follow_up_faults(on: date, today: date, due: date) -> list[Fault]:
    """What is wrong with the day of the next follow-up: not past, and no later than the answer is due."""
    last = due if due >= today else today + _OVERDUE_FOLLOW_UP
    if today <= on <= last:
        return []
    return [Fault("complaint.follow_up_day", "/next_on", {"month": last.month, "day": last.day})]


def standing_of(complaint: Complaint, today: date) -> Standing:
    """How it stands on a day."""
    if complaint.state == State.RETRACTED:
        return Standing.RETRACTED
    if complaint.ended_at is not None:
        late = clock.local_date(complaint.ended_at) > complaint.due_on
        return Standing.CLOSED_LATE if late else Standing.CLOSED
    left = (complaint.due_on - today).days
    if left < 0:
        return Standing.OVERDUE
    return Standing.NEAR if left <= NEAR_DAYS else Standing.ON_TIME


def received_faults(received_at: datetime, now: datetime) -> list[Fault]:
    """What is wrong with when it was received."""
    if received_at > now + CLOCK_SKEW:
        return [Fault("complaint.received_ahead", "/received_at")]
    if received_at < now - OLDEST:
        return [Fault("complaint.too_old", "/received_at", {"days": OLDEST.days})]
    return []


def result_faults(result: str) -> list[Fault]:
    """What of a result no text to the customer, and no page, may hold."""
    faults = []
    words = unsuitable(result)
    if words:
        faults.append(Fault("complaint.words", "/result", {"words": ", ".join(words)}))
    if _PERSONAL.search(result):
        faults.append(Fault("complaint.personal", "/result"))
    return faults


def new_number(on: date) -> str:
    """A fresh number like TS261124480715: day, five random digits, and a check digit (Luhn).

    Digits alone, since it is told on the phone. One of a hundred thousand a day: ask again where it is taken.
    """
    body = f"{on:%y%m%d}{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    return f"{_PREFIX}{body}{_check_digit(body)}"


def normalise_number(typed: str) -> str | None:
    """The number that somebody typed, or None if it cannot be one; blanks, dashes and case are forgiven."""
    folded = unicodedata.normalize("NFKC", typed[:64]).upper()
    number = re.sub(r"[\s_-]", "", folded)
    if not _SHAPE.fullmatch(number):
        return None
    body = number[len(_PREFIX) : -1]
    return number if _check_digit(body) == number[-1] else None


def _check_digit(body: str) -> str:
    total = 0
    for index, char in enumerate(reversed(body)):
        doubled = int(char) * (2 - index % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def rating_faults(stage: str, closed_at: datetime | None, asked_at: datetime) -> list[Fault]:
    """Whether an order may be rated: once it is completed, while it is fresh in mind."""
    if stage != Stage.COMPLETED or closed_at is None:
        return [Fault("rating.not_completed")]
    if asked_at > closed_at + RATE_WITHIN:
        return [Fault("rating.too_late", "", {"days": RATE_WITHIN.days})]
    return []
