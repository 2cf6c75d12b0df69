"""A year's official notice as a file: read, looked at, and taken in for all operators."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from tracker import clock
from tracker.orders.foresee_calendar import Effect, effect_of_year
from tracker.orders.standing import N_
from tracker.pages import calendar_words as words
from tracker.pages.access import label_of, language, only, open_to, over_operators, runtime
from tracker.pages.calendar_year import authors, calendars, render
from tracker.pages.order_event_words import Line
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried
from tracker.problems import Fault, Refusal
from tracker.promises.announce_year import announce_year, require_no_gap
from tracker.promises.calendar import SpecialDay
from tracker.promises.calendar_queries import calendar_changes, latest_change
from tracker.promises.calendars import Calendars
from tracker.promises.change_calendar import Author
from tracker.promises.read_calendar_file import read_calendar
from tracker.queueing import UPKEEP
from tracker.staff.sign_in import Person

# A year's notice has some forty days.
_LARGEST = 20_000
_MOST_FAULTS = 50
_LONGEST_SOURCE = 120
_RECOUNT = "workers.jobs.recount_promises"

FIELDS = {
    "year": Asked("year", N_("年份")),
    "source": Asked("source", N_("通知的名称和文号")),
    "csv": Asked("csv", N_("日期（CSV）")),
}


@dataclass(frozen=True)
class Notice:
    """A year's arrangement as it was sent."""

    year: int
    source: str
    days: list[SpecialDay]


@dataclass(frozen=True)
class Foreseen:
    """What taking it in would come to: days that would stand and did not, the reverse, and the promises."""

    notice: Notice
    new: list[SpecialDay]
    gone: list[SpecialDay]
    effect: Effect


@blueprint.route("/calendar/import", methods=["GET", "POST"])
@open_to("manager", "administrator")
@over_operators
def calendar_import() -> Any:
    """The form, then what it would come to; an administrator takes it in, for it holds for all operators."""
    person = signed_in()
    typed = _typed() if request.method == "POST" else {"year": str(clock.today().year + 1)}
    step = request.form.get("step", "")
    faults: list[Fault] = []
    foreseen: Foreseen | None = None
    stale: list[Line] = []
    if request.method == "POST" and step != "edit":
        try:
            notice = _read(typed)
            if step == "do":
                person = only("administrator")
                return _take_in(person, notice)
        except Refusal as refusal:
            faults = list(refusal.faults)
            if any(fault.rule == "calendar.stale" for fault in faults):
                faults, stale = [], _since(person)
        if not faults:
            try:
                foreseen = _foresee(person, notice)
            except Refusal as refusal:
                faults = list(refusal.faults)
    with runtime().db.reading() as connection:
        seen = latest_change(connection, None)
    page = render(
        "staff/calendar_import.html",
        person,
        # What is no text cannot be shown again.
        typed={name: value.encode("utf-8", "replace").decode() for name, value in typed.items()},
        told=[_told(fault) for fault in faults[:_MOST_FAULTS]],
        untold=max(len(faults) - _MOST_FAULTS, 0),
        fields=FIELDS,
        foreseen=foreseen,
        stale=stale,
        seen=seen,
    )
    return page, 409 if stale else 422 if faults else 200


def _take_in(person: Person, notice: Notice) -> Any:
    announced = announce_year(
        runtime().db,
        notice.year,
        notice.days,
        Author(label_of(person), notice.source),
        seen=carried("seen"),
    )
    if announced is None:
        flash(N_("日历本来如此，没有变化。"))
    else:
        runtime().bell.ring(UPKEEP, _RECOUNT, one_is_enough=True)
        flash(N_("已收录。暂定的承诺正在重新计算，日期有变的客户会收到短信。"))
    return redirect(url_for("staff.calendar_year", year=notice.year))


def _typed() -> dict[str, str]:
    """What was sent; a file goes before what stands in the box."""
    given = {name: request.form.get(name, "")[:_LONGEST_SOURCE].replace("\0", "").strip() for name in FIELDS}
    given["csv"] = request.form.get("csv", "")
    file = request.files.get("file")
    if file is not None and file.filename:
        # Bytes that are no text are kept as such, for their reader to refuse.
        given["csv"] = file.stream.read(_LARGEST + 1).decode("utf-8", "surrogateescape")
    return given


def _read(typed: dict[str, str]) -> Notice:
    """Raises Refusal with all that is wrong with the form, or with the lines of the file."""
    year, source = typed["year"], typed["source"]
    faults = [Fault("field.required", f"/{name}") for name in FIELDS if not typed[name].strip()]
    if year and not (year.isdecimal() and len(year) == 4):
        faults.append(Fault("field.invalid", "/year"))
    if source and not source.isprintable():
        faults.append(Fault("field.control_characters", "/source"))
    if len(typed["csv"]) > _LARGEST:
        faults.append(Fault("request.too_large", "/csv"))
    if faults:
        raise Refusal(*faults)
    require_no_gap(int(year), calendars().announced)
    days = read_calendar(typed["csv"].encode("utf-8", "surrogateescape"), int(year))
    return Notice(int(year), source, days)


def _foresee(person: Person, notice: Notice) -> Foreseen:
    present = calendars()
    changed = present.with_year(notice.year, notice.days, notice.source)
    with runtime().db.reading() as connection:
        effect = effect_of_year(connection, runtime().reference.current(), changed, person.operator_id)
    return Foreseen(notice, _only(changed, present), _only(present, changed), effect)


def _only(one: Calendars, other: Calendars) -> list[SpecialDay]:
    """Special days of one that the other has not."""
    return sorted(set(one.days) - set(other.days))


def _told(fault: Fault) -> tuple[str, str, str]:
    """Field, place in the file and words of a fault: those of lines begin with a number."""
    line, _, column = fault.pointer.strip("/").partition("/")
    if line.isdecimal():
        place = gettext("第 %(line)s 行", line=line) + (f" · {column}" if column else "")
        return "csv", place, fault.words(language())
    return line or "csv", "", fault.words(language())


def _since(person: Person) -> list[Line]:
    counties = runtime().reference.current().counties
    with runtime().db.reading() as connection:
        changes = calendar_changes(connection, None, after=max(carried("seen"), 0))
    people = authors(person)
    return [words.change_line(change, days, people, counties, language()) for change, days in changes]
