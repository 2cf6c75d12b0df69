"""Opening slots by a pattern: the form, what it comes to, and doing it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from tracker import clock
from tracker.orders.standing import N_
from tracker.pages.access import label_of, language, open_to, runtime
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import all_places, render, whole_typed
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person
from tracker.visits.open_slots import Opening, open_slots, preview_slots
from tracker.visits.rules import FARTHEST_DAYS, MOST_CAPACITY, USUAL_WINDOWS, Pattern
from tracker.visits.schemas import OpeningSchema

_schema = OpeningSchema()
_FORTNIGHT = timedelta(days=13)
_LONGEST_TEXT = 200
_MOST_TICKED = 201
_LINES = ("first_on", "last_on", "other", "capacity")

# By the names that faults give them, in the order of the form.
FIELDS = {
    "areas": Asked("area", N_("地区")),
    "first_on": Asked("first_on", N_("第一天")),
    "last_on": Asked("last_on", N_("最后一天")),
    "weekdays": Asked("weekdays", N_("星期")),
    "windows": Asked("windows", N_("时段")),
    "capacity": Asked("capacity", N_("每个时段上门户数")),
}


@dataclass(frozen=True)
class Typed:
    """The form as it stands: one line each, and what is ticked."""

    lines: Mapping[str, str]
    area: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = tuple("1234567")
    windows: tuple[str, ...] = field(default_factory=lambda: tuple(one.code for one in USUAL_WINDOWS[:4]))


@blueprint.route("/slots/new", methods=["GET", "POST"])
@open_to("manager")
def slots_new() -> Any:
    """The form, then how many slots it comes to, then opening them; only the form keeps anything."""
    person = signed_in()
    if request.method == "GET":
        first = clock.today() + timedelta(days=1)
        lines = {"first_on": first.isoformat(), "last_on": (first + _FORTNIGHT).isoformat()}
        return _form(person, Typed(dict.fromkeys(_LINES, "") | lines, _asked_county()), [])
    typed, step = _typed_in(request.form), request.form.get("step", "")
    if step == "edit":
        return _form(person, typed, [])
    try:
        pattern = _read(typed)
        if step != "open":
            coming = preview_slots(runtime().db, person.operator_id or 0, pattern)
            return _preview(person, typed, pattern, coming)
        opening = open_slots(runtime().db, person.operator_id or 0, pattern, label_of(person))
    except Refusal as refusal:
        return _form(person, typed, _told(refusal.faults)), refusal.status
    flash(N_("已开放，客户即时可约。") if opening.alters else N_("这些时段已经开放，没有变化。"))
    county = all_places().county_of(pattern.areas[0]).code
    return redirect(url_for("staff.slots", week=pattern.first_on.isoformat(), county=county))


def _asked_county() -> tuple[str, ...]:
    """The county that the week was shown of."""
    county = request.args.get("county", "")
    return (county,) if county.isdecimal() and len(county) == 6 else ()


def _form(person: Person, typed: Typed, faults: list[tuple[str, str]]) -> str:
    return render(
        "staff/slot_form.html",
        person,
        places=all_places(),
        typed=typed,
        faults=faults,
        fault_of=dict(reversed(faults)),
        fields=FIELDS,
        usual=USUAL_WINDOWS,
        farthest=FARTHEST_DAYS,
        most=MOST_CAPACITY,
        today=clock.today(),
    )


def _preview(person: Person, typed: Typed, pattern: Pattern, coming: Opening) -> str:
    places = all_places()
    return render(
        "staff/slot_preview.html",
        person,
        typed=typed,
        pattern=pattern,
        coming=coming,
        names=[places.by_code[code].name for code in pattern.areas],
        days=len(pattern.days()),
        every_day=len(pattern.weekdays) == 7,
    )


def _typed_in(form: MultiDict[str, str]) -> Typed:
    def ticked(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one[:20] for one in form.getlist(name)))[:_MOST_TICKED]

    lines = {name: form.get(name, "")[:_LONGEST_TEXT].replace("\0", "").strip() for name in _LINES}
    return Typed(lines, ticked("area"), ticked("weekdays"), ticked("windows"))


def _read(typed: Typed) -> Pattern:
    """The pattern that was asked for. Raises Refusal with all that is wrong with the form."""
    others = [one for one in re.split("[,，、;；]", typed.lines["other"]) if one.strip()]
    given: dict[str, Any] = {
        "areas": list(typed.area),
        "weekdays": list(typed.weekdays),
        "windows": [*typed.windows, *others],
        "first_on": typed.lines["first_on"],
        "last_on": typed.lines["last_on"],
        "capacity": whole_typed(typed.lines["capacity"]),
    }
    missing = [Fault("field.required", f"/{name}") for name, value in given.items() if value in ("", [])]
    given = {name: value for name, value in given.items() if value not in ("", [])}
    try:
        loaded: Pattern = _schema.load(given)
    except ValidationError as error:
        told = {fault.pointer for fault in missing}
        wrong = [fault for fault in faults_in(error.messages) if fault.pointer not in told]
        raise Refusal(*missing, *wrong) from None
    return loaded


def _told(faults: tuple[Fault, ...]) -> list[tuple[str, str]]:
    """Each fault's field and words, in the order of the form; one line of each for a list."""
    pairs = dict.fromkeys(
        (fault.pointer.strip("/").split("/")[0], fault.words(language())) for fault in faults
    )
    order = list(FIELDS)
    return sorted(pairs, key=lambda one: order.index(one[0]) if one[0] in order else -1)
