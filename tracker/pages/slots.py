"""Slots for visits of an operator, for its staff: a week, and one day of an area to change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.complaints.persons import names
from tracker.orders.standing import N_
from tracker.orders.visit_queries import booked_orders
from tracker.outages.areas import Division, Places
from tracker.outages.queries import read_places
from tracker.pages import slot_words
from tracker.pages.access import OF_OPERATOR, label_of, language, only, open_to, runtime
from tracker.pages.order_event_words import People
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import long_id, whole
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person
from tracker.visits import queries
from tracker.visits.change_slots import change_capacity
from tracker.visits.close_slots import close_slots, reopen_slots
from tracker.visits.schemas import CapacitySchema, ClosingSchema

_WEEK = timedelta(days=7)
_CHANGES_SHOWN = 20
_MOST_CHOSEN = 100
_capacity, _closing = CapacitySchema(), ClosingSchema()

Hours = tuple[time, time]


@dataclass(frozen=True)
class Area:
    """The week of one area: a line a day, in it the slot of each of its windows, None where there is none."""

    place: Division
    windows: Sequence[str]
    days: Mapping[date, Sequence[Any]]


def render(template: str, person: Person, **more: Any) -> str:
    """A page about slots."""
    facts = runtime().reference.current().operators[person.operator_id or 0]
    return render_template(
        template,
        person=person,
        operator=facts,
        may_change=person.role == "manager",
        words=slot_words,
        hours=lambda slot: slot_words.hours(slot.starts_at, slot.ends_at, language()),
        hours_of=lambda window: slot_words.hours_of(window, language()),
        now=clock.now(),
        **more,
    )


def all_places() -> Places:
    """Every division of the city."""
    with runtime().db.reading() as connection:
        return read_places(connection)


def midnight(day: date) -> datetime:
    """When a day of the city begins."""
    return datetime.combine(day, time(0), clock.CITY_ZONE)


def day_typed(text: str) -> date | None:
    """A day of an address or a form; None for what is none, or too far from here to count from."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day <= date(9000, 1, 1) else None


def whole_typed(text: str) -> int | str:
    """A whole number that was typed; what is none as it was typed, for its schema to refuse."""
    found = whole(text.strip(), 5)
    return text.strip() if found is None else found


@blueprint.get("/slots")
@open_to(*OF_OPERATOR)
def slots() -> str:
    """A week of the areas of one county; week and county stand in the address."""
    person = signed_in()
    asked = day_typed(request.args.get("week", "")) or clock.today()
    monday = asked - timedelta(days=asked.weekday())
    begin, end = midnight(monday), midnight(monday + _WEEK)
    places = all_places()
    counties = places.of_level("county")
    with runtime().db.reading() as connection:
        found = queries.areas_with_slots(connection, person.operator_id or 0, begin, end)
        with_slots = {places.county_of(code).code for code in found if code in places.by_code}
        county = request.args.get("county", "")
        if county not in {one.code for one in counties}:
            county = next((one.code for one in counties if one.code in with_slots), counties[0].code)
        codes = [code for code in found if code in places.by_code and places.county_of(code).code == county]
        rows = queries.slots_between(connection, person.operator_id or 0, codes, begin, end)
    return render(
        "staff/slots.html",
        person,
        areas=[_area(places.by_code[code], [row for row in rows if row.area_code == code]) for code in codes],
        counties={one.code: one.name for one in counties},
        county=county,
        county_name=places.by_code[county].name,
        elsewhere=[one for one in counties if one.code in with_slots and one.code != county],
        monday=monday,
        this_week=monday <= clock.today() < monday + _WEEK,
        week=timedelta(days=7),
    )


@blueprint.route("/slots/<area_code>/<day>", methods=["GET", "POST"])
@open_to(*OF_OPERATOR)
def slots_day(area_code: str, day: str) -> Any:
    """The slots of one day of an area; what is ticked gets another capacity, is closed or opened again."""
    person, on, places = signed_in(), day_typed(day), all_places()
    if on is None or area_code not in places.by_code:
        raise NotFound
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        person = only("manager")
        try:
            flash(_done(person))
            return redirect(url_for("staff.slots_day", area_code=area_code, day=on.isoformat()))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    begin = midnight(on)
    with runtime().db.reading() as connection:
        rows = queries.slots_between(
            connection, person.operator_id or 0, [area_code], begin, begin + timedelta(days=1)
        )
        ids = [row.id for row in rows]
        orders = queries.order_ids_of(connection, ids)
        booked = booked_orders(connection, {one for some in orders.values() for one in some}, clock.now())
        changes = queries.changes_of(connection, person.operator_id or 0, ids, _CHANGES_SHOWN)
        _, by_username = names(connection, person.operator_id or 0)
    people = People({}, by_username)
    page = render(
        "staff/slots_day.html",
        person,
        rows=[(row, [booked[one] for one in orders[row.id]]) for row in rows],
        place=places.by_code[area_code],
        county=places.county_of(area_code),
        day=on,
        monday=on - timedelta(days=on.weekday()),
        changes=[(one, people.name(one.actor)) for one in changes],
        chosen=_chosen(),
        typed=request.form,
        faults=faults,
        fault_of=dict(reversed(faults)),
    )
    return page, status


def _done(person: Person) -> str:
    """Do to the ticked slots what the button says; what was done, in words. Raises Refusal."""
    chosen = _chosen()
    if not chosen:
        raise Refusal(Fault("field.required", "/slot"))
    db, operator_id, actor = runtime().db, person.operator_id or 0, label_of(person)

    def capacity() -> str:
        wanted = _loaded(_capacity, {"capacity": whole_typed(request.form.get("capacity", ""))})
        change_capacity(db, operator_id, chosen, wanted["capacity"], actor)
        return N_("容量已改。")

    def close() -> str:
        reason = request.form.get("reason", "")
        _, booked = close_slots(
            db, operator_id, chosen, _loaded(_closing, {"reason": reason})["reason"], actor
        )
        if booked:
            return N_("已停止预约。已约的客户仍按原时间上门；不能上门的请逐单改约。")
        return N_("已停止预约。可随时恢复。")

    def reopen() -> str:
        reopen_slots(db, operator_id, chosen, actor)
        return N_("已恢复预约。")

    acts: dict[str, Callable[[], str]] = {"capacity": capacity, "close": close, "reopen": reopen}
    act = acts.get(request.form.get("step", ""))
    if act is None:
        raise NotFound
    return act()


def _chosen() -> list[int]:
    """The ids that were ticked; what cannot be one is left out."""
    given = request.form.getlist("slot")[:_MOST_CHOSEN]
    return [id for one in dict.fromkeys(given) if (id := long_id(one)) is not None]


def _loaded(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load({name: value for name, value in given.items() if value != ""})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def _area(place: Division, rows: Sequence[Any]) -> Area:
    def hours_of(row: Any) -> Hours:
        return clock.local(row.starts_at).time(), clock.local(row.ends_at).time()

    windows = sorted({hours_of(row) for row in rows})
    by_day: dict[date, dict[Hours, Any]] = {}
    for row in rows:
        by_day.setdefault(clock.local_date(row.starts_at), {})[hours_of(row)] = row
    first = {hours_of(row): slot_words.hours(row.starts_at, row.ends_at, language()) for row in rows}
    return Area(
        place,
        [first[window] for window in windows],
        {day: [found.get(window) for window in windows] for day, found in sorted(by_day.items())},
    )
