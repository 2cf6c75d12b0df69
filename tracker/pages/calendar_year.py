"""The working-day calendar of a year, for staff: twelve months, what differs from the plain week, files."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.pages import calendar_words as words
from tracker.pages.access import AT_DESK, language, open_to, runtime
from tracker.pages.list_files import list_file
from tracker.pages.order_event_words import People
from tracker.pages.order_frame import people_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import day_typed
from tracker.promises.calendar import WorkingCalendar
from tracker.promises.calendar_queries import calendar_changes, standing_days
from tracker.promises.calendars import Calendars
from tracker.promises.seed import YEARS_AHEAD
from tracker.staff.sign_in import Person

_CHANGES = 10
_WIDTHS = (12, 8, 12, 24, 10, 40)


def calendars() -> Calendars:
    """The city's calendars. Raises NotFound while none was imported."""
    found = runtime().reference.current().calendars
    if found is None:
        raise NotFound
    return found


def calendar_of(person: Person, county: str = "") -> WorkingCalendar:
    """The calendar by which the person's operator counts; an administrator sees what holds for all."""
    if person.operator_id is None:
        return calendars().general()
    return calendars().of(person.operator_id, county)


def authors(person: Person) -> People:
    """Who may stand in the calendar's history."""
    return People({}, {}) if person.operator_id is None else people_of(person)


def render(template: str, person: Person, **more: Any) -> str:
    """A page about the calendar."""
    facts = runtime().reference.current()
    operator = facts.operators[person.operator_id] if person.operator_id is not None else None
    counties = facts.counties
    return render_template(
        template,
        person=person,
        operator=operator,
        may_change=person.role == "manager",
        may_announce=person.role == "administrator",
        words=words,
        counties=counties,
        scope_said=lambda row: words.scope_said(row, counties),
        today=clock.today(),
        **more,
    )


def _year_asked(found: Calendars) -> int:
    """The year in the address, if the calendar has it; else this one."""
    given = request.args.get("year", "")
    year = int(given) if given.isdecimal() and len(given) == 4 else clock.today().year
    first, last = min(found.announced), max(found.announced) + YEARS_AHEAD
    return min(max(year, first), last)


def _county_asked() -> str:
    given = request.args.get("county", "")
    return given if given in runtime().reference.current().counties else ""


@blueprint.get("/calendar")
@open_to(*AT_DESK, "administrator")
def calendar_year() -> Any:
    """A year as the person's operator counts it, in all counties or in one; and the latest changes.

    With a day in the address, the way to that day.
    """
    person, found = signed_in(), calendars()
    day = day_typed(request.args.get("day", ""))
    if day is not None and person.operator_id is not None:
        return redirect(url_for("staff.calendar_day", day=day.isoformat()))
    year, county = _year_asked(found), _county_asked()
    before = request.args.get("before", "")
    with runtime().db.reading() as connection:
        days = standing_days(connection, person.operator_id, date(year, 1, 1), date(year, 12, 31))
        changes = calendar_changes(
            connection,
            person.operator_id,
            before=int(before) if before.isdecimal() and len(before) < 10 else None,
            limit=_CHANGES + 1,
        )
    counted = calendar_of(person, county)
    by_hand = {row.day: row for row in days if row.override and row.county_code in (None, county or None)}
    months = words.year_of(counted, year, by_hand, language())
    people, spoken = authors(person), language()
    counties = runtime().reference.current().counties
    return render(
        "staff/calendar.html",
        person,
        year=year,
        years=(min(found.announced), max(found.announced) + YEARS_AHEAD),
        county=county,
        months=months,
        days=words.stretches([row for row in days if row.override or row.name]),
        worked=sum(
            cell.kind in ("working", "make_up")
            for month in months
            for week in month.weeks
            for cell in week
            if cell
        ),
        announced=found.announced.get(year),
        certain_until=counted.certain_until,
        people=people,
        changes=[
            words.change_line(change, its, people, counties, spoken) for change, its in changes[:_CHANGES]
        ],
        older=changes[_CHANGES - 1][0].revision if len(changes) > _CHANGES else None,
    )


@blueprint.get("/calendar.<any(csv, xlsx):form>")
@open_to(*AT_DESK, "administrator")
def calendar_file(form: str) -> Any:
    """Every day of a year: what it is, why, and what says so."""
    person, found = signed_in(), calendars()
    year, county = _year_asked(found), _county_asked()
    with runtime().db.reading() as connection:
        days = standing_days(connection, person.operator_id, date(year, 1, 1), date(year, 12, 31))
    by_hand = {row.day: row for row in days if row.override and row.county_code in (None, county or None)}
    sources = {row.day: row.source for row in days if not row.override}
    sources |= {day: row.source for day, row in by_hand.items()}
    months = words.year_of(calendar_of(person, county), year, by_hand, language())
    rows: list[list[str | int | float]] = [
        [
            cell.day.isoformat(),
            gettext(words.WEEKDAYS[cell.day.weekday()]),
            gettext(words.KIND_WORDS[cell.kind]),
            cell.name,
            gettext("暂定") if cell.provisional else "",
            sources.get(cell.day, ""),
        ]
        for month in months
        for week in month.weeks
        for cell in week
        if cell is not None
    ]
    head = (
        gettext("日期"),
        gettext("星期"),
        gettext("工作日或休息日"),
        gettext("名称"),
        gettext("是否暂定"),
        gettext("依据"),
    )
    return list_file(
        form,
        f"calendar-{year}",
        f"{year}",
        head,
        _WIDTHS,
        [rows],
        too_many="file.too_many_rows",
        back=url_for("staff.calendar_year"),
    )
