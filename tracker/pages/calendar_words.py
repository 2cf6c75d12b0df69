"""The working-day calendar in words, and laid out as a year of months."""

import calendar as months_of
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row

from tracker.orders.standing import N_
from tracker.pages import wording
from tracker.pages.order_event_words import Line, People
from tracker.pages.outage_request import Asked
from tracker.promises.calendar import WorkingCalendar

CHANGE_WORDS = {
    "announcement": N_("公布节假日安排"),
    "override": N_("调整某日"),
    "withdrawal": N_("撤回调整"),
}
KIND_WORDS = {
    "working": N_("工作日"),
    "rest": N_("休息日"),
    "holiday": N_("放假"),
    "make_up": N_("调休上班"),
}
# What stands beside the number of the day, so that colour says nothing by itself.
SIGNS = {"holiday": N_("休"), "make_up": N_("班")}
WEEKDAYS = (N_("一"), N_("二"), N_("三"), N_("四"), N_("五"), N_("六"), N_("日"))

# By the names that faults give them, in the order of the form.
FIELDS = {
    "day": Asked("day", N_("日期")),
    "county_code": Asked("county_code", N_("范围")),
    "working": Asked("working", N_("改为")),
    "name": Asked("name", N_("事由")),
    "name_en": Asked("name_en", N_("事由（英文）")),
    "source": Asked("source", N_("依据")),
    "reason": Asked("reason", N_("原因")),
}
_DAYS_TOLD = 6


@dataclass(frozen=True)
class Cell:
    """A day as it stands in a month: what it is, its holiday, and whether somebody set it by hand."""

    day: date
    kind: str
    name: str
    by_hand: bool
    provisional: bool


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday; None where a week reaches into another month."""

    first: date
    weeks: Sequence[Sequence[Cell | None]]


def year_of(counted: WorkingCalendar, year: int, by_hand: Mapping[date, Any], spoken: str) -> list[Month]:
    """The twelve months of a year. Raises CalendarRangeError where the calendar does not reach."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    names = {
        span.first + timedelta(days=offset): span.name_en if spoken == "en" else span.name
        for span in counted.rest_spans(first, last)
        for offset in range((span.last - span.first).days + 1)
    }

    def cell(day: date) -> Cell:
        own = by_hand.get(day)
        name = names.get(day, "")
        if own is not None:
            name = own.name_en if spoken == "en" else own.name
        return Cell(day, kind_of(counted, day, name), name, own is not None, counted.is_provisional(day))

    weeks = months_of.Calendar()
    return [
        Month(
            date(year, month, 1),
            [
                [cell(date(year, month, number)) if number else None for number in week]
                for week in weeks.monthdayscalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]


@dataclass(frozen=True)
class Stretch:
    """Days in a row of which the same was said."""

    first: date
    last: date
    row: Row[Any]


def stretches(rows: Sequence[Row[Any]]) -> list[Stretch]:
    """Special days, those in a row that belong together as one."""
    found: list[Stretch] = []
    for row in rows:
        before = next((one for one in reversed(found) if _is_alike(one.row, row)), None)
        if before is not None and before.last + timedelta(days=1) == row.day:
            found[found.index(before)] = Stretch(before.first, row.day, before.row)
        else:
            found.append(Stretch(row.day, row.day, row))
    return found


def _is_alike(one: Row[Any], other: Row[Any]) -> bool:
    said = ("override", "operator_id", "county_code", "working", "name", "source", "since_revision")
    return all(getattr(one, name) == getattr(other, name) for name in said)


def kind_of(counted: WorkingCalendar, day: date, name: str) -> str:
    """What a day is: working, rest, holiday (a named day off) or make_up (a weekend day that is worked)."""
    if counted.is_working(day):
        return "make_up" if day.weekday() >= 5 else "working"
    return "holiday" if name or day.weekday() < 5 else "rest"


def scope_said(row: Any, counties: Mapping[str, str]) -> str:
    """For whom a day was set: "本单位 · 连南瑶族自治县"."""
    whom = gettext("全市各运营商") if row.operator_id is None else gettext("本单位")
    return f"{whom} · {counties[row.county_code]}" if row.county_code else whom


def change_line(
    change: Row[Any], days: Sequence[Row[Any]], people: People, counties: Mapping[str, str], spoken: str
) -> Line:
    """A change of the calendar as one line."""
    details = [_day_said(day, counties, spoken) for day in days[:_DAYS_TOLD]]
    if len(days) > _DAYS_TOLD:
        details.append(gettext("共 %(count)s 天", count=len(days)))
    return Line(
        kind=change.kind,
        word=gettext(CHANGE_WORDS[change.kind]),
        at=change.at,
        who=people.name(change.actor),
        why=change.source,
        details=tuple(details),
    )


def _day_said(row: Row[Any], counties: Mapping[str, str], spoken: str) -> str:
    what = gettext("上班") if row.working else gettext("休息")
    said = f"{wording.long_day(row.day, spoken)} {what} {row.name_en if spoken == 'en' else row.name}"
    return f"{said}（{scope_said(row, counties)}）" if row.override and spoken == "zh" else said
