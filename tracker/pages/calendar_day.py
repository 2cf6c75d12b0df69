"""One day of the calendar: what it is and why; set otherwise by a manager, and set back."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request, url_for
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.foresee_calendar import Effect, effect_of_day
from tracker.orders.standing import N_
from tracker.pages import calendar_words as words
from tracker.pages.access import AT_DESK, label_of, language, only, open_to, operator_of, runtime
from tracker.pages.calendar_year import authors, calendar_of, calendars, render
from tracker.pages.order_event_words import Line
from tracker.pages.preview_flow import Shown, Typed, form_then_preview_then_act
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import day_typed
from tracker.pages.typed_numbers import carried
from tracker.problems import Fault, Refusal, faults_in
from tracker.promises.calendar import CalendarRangeError, SpecialDay
from tracker.promises.calendar_queries import calendar_changes, latest_change, standing_days
from tracker.promises.calendars import Calendars, Override
from tracker.promises.deadline import Deadline, deadline
from tracker.promises.override_day import override_day, override_faults, withdraw_override
from tracker.promises.rules import NoRuleError, choose
from tracker.promises.schemas import OverrideRequestSchema, ReasonSchema
from tracker.staff.sign_in import Person

_SET = ("county_code", "working", "name", "name_en", "source")
_WORKING = {"work": True, "rest": False}
_TEN = time(10)
_LARGEST_ID = 2**31 - 1
_schema, _why = OverrideRequestSchema(), ReasonSchema()


@dataclass(frozen=True)
class Foreseen:
    """What setting a day would come to: open promises that stay, and what new orders would be promised.

    `accepted_at`, `before` and `after`: a company's order as an example; None where no rule covers it.
    """

    asked: dict[str, Any]
    effect: Effect
    accepted_at: datetime
    before: Deadline | None
    after: Deadline | None


@blueprint.route("/calendar/<day>", methods=["GET", "POST"])
@open_to(*AT_DESK)
def calendar_day(day: str) -> Any:
    """What holds of the day; for a manager the form, what it comes to, and doing it."""
    person, on = signed_in(), day_typed(day)
    if on is None:
        raise NotFound
    counted = calendar_of(person)
    try:
        working = counted.is_working(on)
    except CalendarRangeError:
        raise NotFound from None
    if request.method == "POST":
        person = only("manager")

    def do(typed: Typed) -> tuple[str, str]:
        override_day(
            runtime().db,
            _asked(person, on, typed),
            label_of(person),
            operator_id=operator_of(person),
            counties=runtime().reference.current().counties,
            seen=_seen(),
        )
        return N_("日历已改，今后受理的工单按它计算。"), url_for("staff.calendar_day", day=day)

    shown = form_then_preview_then_act(
        _SET,
        words.FIELDS,
        begin=lambda: {"working": "rest" if working else "work"},
        foresee=lambda typed: _foresee(person, _asked(person, on, typed)),
        do=do,
        since=lambda: _since(person),
    )
    if not isinstance(shown, Shown):
        return shown
    with runtime().db.reading() as connection:
        rows = standing_days(connection, operator_of(person), on, on)
        seen = latest_change(connection, operator_of(person))
    names = [row.name for row in rows if row.county_code is None]
    page = render(
        "staff/calendar_day.html",
        person,
        day=on,
        working=working,
        kind=words.kind_of(counted, on, names[-1] if names else ""),
        provisional=counted.is_provisional(on),
        rows=rows,
        people=authors(person),
        fields=words.FIELDS,
        seen=seen,
        **shown.page,
    )
    return page, shown.form.status


@blueprint.route("/calendar/overrides/<int:override_id>/withdraw", methods=["GET", "POST"])
@open_to("manager")
def calendar_withdraw(override_id: int) -> Any:
    """Ask once why; then let the announced day stand again. The history keeps both."""
    person = signed_in()
    row = _own(person, override_id)
    override = Override(
        SpecialDay(row.day, row.working, row.name, row.name_en), row.operator_id, row.county_code
    )

    def do(typed: Typed) -> tuple[str, str]:
        try:
            why = _why.load({name: value for name, value in typed.items() if value})["reason"]
        except ValidationError as error:
            raise Refusal(*faults_in(error.messages)) from None
        withdraw_override(
            runtime().db,
            override_id,
            why,
            label_of(person),
            operator_id=operator_of(person),
            seen=_seen(),
        )
        return N_("已撤回调整，恢复公布的安排。"), url_for("staff.calendar_day", day=row.day.isoformat())

    shown = form_then_preview_then_act(
        ("reason",),
        words.FIELDS,
        begin=dict,
        foresee=lambda typed: None,
        do=do,
        since=lambda: _since(person),
    )
    if not isinstance(shown, Shown):
        return shown
    changed = calendars().without_override(override)
    with runtime().db.reading() as connection:
        seen = latest_change(connection, operator_of(person))
    page = render(
        "staff/calendar_withdraw.html",
        person,
        row=row,
        effect=_effect(person, changed, row.day, row.county_code),
        fields=words.FIELDS,
        seen=seen,
        **shown.page,
    )
    return page, shown.form.status


def _own(person: Person, override_id: int) -> Any:
    """An override of the person's operator that stands. Raises NotFound."""
    if override_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            for row in standing_days(connection, operator_of(person), date.min, date.max):
                if row.id == override_id and row.override and row.operator_id is not None:
                    return row
    raise NotFound


def _asked(person: Person, on: date, typed: Typed) -> dict[str, Any]:
    """What was asked for. Raises Refusal with all that is wrong with the form."""
    given: dict[str, Any] = {name: typed[name] for name in _SET if typed[name] and name != "working"}
    given["day"] = on.isoformat()
    if typed["working"] in _WORKING:
        given["working"] = _WORKING[typed["working"]]
    try:
        asked: dict[str, Any] = _schema.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    if calendar_of(person, asked["county_code"] or "").is_working(on) == asked["working"]:
        raise Refusal(Fault("calendar.as_it_is", "/working"))
    return asked


def _foresee(person: Person, asked: dict[str, Any]) -> Foreseen:
    counties = runtime().reference.current().counties
    with runtime().db.reading() as connection:
        faults = override_faults(connection, asked, operator_of(person), counties)
    if faults:
        raise Refusal(*faults)
    day, county = asked["day"], asked["county_code"]
    special = SpecialDay(day, asked["working"], asked["name"], asked["name_en"] or asked["name"])
    changed = calendars().with_override(Override(special, operator_of(person), county))
    accepted_at = datetime.combine(day - timedelta(days=1), _TEN, clock.CITY_ZONE)
    return Foreseen(
        asked,
        _effect(person, changed, day, county),
        accepted_at,
        _company_order(person, calendars(), accepted_at, county),
        _company_order(person, changed, accepted_at, county),
    )


def _effect(person: Person, changed: Calendars, day: date, county: str | None) -> Effect:
    reference = runtime().reference.current()
    with runtime().db.reading() as connection:
        return effect_of_day(connection, reference, changed, day, operator_of(person), county)


def _company_order(
    person: Person, by: Calendars, accepted_at: datetime, county: str | None
) -> Deadline | None:
    """What a company's order would be promised, by these calendars."""
    rules = runtime().reference.current().rules.get(operator_of(person), ())
    try:
        rule = choose(
            rules,
            customer_kind="enterprise",
            product="broadband",
            area="urban",
            resource="ready",
            on=clock.local_date(accepted_at),
        )
        return deadline(rule, accepted_at, by.of(operator_of(person), county or ""))
    except (NoRuleError, CalendarRangeError):
        return None


def _since(person: Person) -> list[Line]:
    """What became of the calendar since the form was shown."""
    counties = runtime().reference.current().counties
    people = authors(person)
    with runtime().db.reading() as connection:
        changes = calendar_changes(connection, operator_of(person), after=max(_seen(), 0))
    return [words.change_line(change, days, people, counties, language()) for change, days in changes]


def _seen() -> int:
    """The last revision that the form was shown after; one that never was where it was tampered with."""
    return carried("seen")
