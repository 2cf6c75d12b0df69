"""Announced outages of an operator, for its staff: the list, one of them, taking it back, its recovery."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import Schema, ValidationError
from sqlalchemy import Connection
from werkzeug.exceptions import Forbidden, NotFound

from tracker import clock
from tracker.complaints.persons import names
from tracker.orders.standing import N_
from tracker.outages import queries
from tracker.outages.areas import Places
from tracker.outages.record_recovery import record_recovery
from tracker.outages.rules import (
    LEAST_NOTICE,
    OPEN,
    PRESENT,
    Kind,
    Standing,
    may_handle,
    standing_of,
)
from tracker.outages.schemas import RecoverySchema, WhySchema
from tracker.outages.withdraw_outage import withdraw_outage
from tracker.pages import outage_words
from tracker.pages.access import OF_OPERATOR, label_of, language, open_to, runtime
from tracker.pages.order_event_words import People
from tracker.pages.outage_request import moment_typed, moment_written
from tracker.pages.outage_words import Told
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried, page_number
from tracker.problems import Refusal, faults_in
from tracker.staff.sign_in import Person

ROWS = 20
_LARGEST_ID = 2**31 - 1
_why, _recovery = WhySchema(), RecoverySchema()

STATE_WORDS = {
    "now": N_("正在中断"),
    "coming": N_("将要中断"),
    "past": N_("已结束"),
    "withdrawn": N_("已取消"),
}
_EVENT_WORDS = {
    "announced": N_("已公告"),
    "changed": N_("修改"),
    "withdrawn": N_("已撤回"),
    "restored": N_("已恢复"),
}
_FIELD_WORDS = {
    "starts_at": N_("开始时间"),
    "ends_at": N_("结束时间"),
    "area_codes": N_("地区"),
    "minutes": N_("预计中断时长"),
    "services": N_("影响业务"),
    "reason": N_("原因"),
    "reason_en": N_("原因（英文）"),
    "override_reason": N_("提前不足72小时的理由"),
}


def render(template: str, person: Person, **more: Any) -> str:
    """A page about outages."""
    facts = runtime().reference.current().operators[person.operator_id or 0]
    return render_template(
        template,
        person=person,
        operator=facts,
        outage_words=outage_words,
        may_announce=may_handle(person.role, Kind.EMERGENCY),
        **more,
    )


def told_of(person: Person, row: Any, places: Places, now: datetime) -> Told:
    """An outage as the public is told of it."""
    facts = runtime().reference.current().operators[person.operator_id or 0]
    name = facts.name_en if language() == "en" else facts.name
    lines = places.lines(row.area_codes)
    return outage_words.tell(row, lines, name, facts.hotline, now, language())


def found(person: Person, outage_id: int) -> Any:
    """An outage of the person's operator. Raises NotFound."""
    row = None
    if outage_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.outage_row(connection, person.operator_id or 0, outage_id)
    if row is None:
        raise NotFound
    return row


def all_places() -> Places:
    """Every division of the city."""
    with runtime().db.reading() as connection:
        return queries.read_places(connection)


@blueprint.get("/outages")
@open_to(*OF_OPERATOR)
def outages() -> str:
    """What is under way first, then what comes, then the rest; the filters stand in the address."""
    person, now = signed_in(), clock.now()
    state, kind = request.args.get("state", ""), request.args.get("kind", "")
    known = (("state", state, set(queries.STATES)), ("kind", kind, set(Kind)))
    asked = {name: value for name, value, among in known if value in among}
    page = page_number()

    def read(connection: Connection) -> Any:
        return queries.outage_page(
            connection,
            person.operator_id or 0,
            now,
            state=asked.get("state"),
            kind=asked.get("kind"),
            limit=ROWS,
            skip=(page - 1) * ROWS,
        )

    with runtime().db.reading() as connection:
        rows, more = read(connection)
        places = queries.read_places(connection)
    return render(
        "staff/outages.html",
        person,
        rows=[(row, told_of(person, row, places, now), _is_late(row)) for row in rows],
        more=more,
        page=page,
        asked=asked,
        state_words=STATE_WORDS,
    )


@blueprint.get("/outages/<int:outage_id>")
@open_to(*OF_OPERATOR)
def outage(outage_id: int) -> str:
    """One of them: as the public sees it, what staff alone know, and its history."""
    person, now = signed_in(), clock.now()
    row = found(person, outage_id)
    with runtime().db.reading() as connection:
        places = queries.read_places(connection)
        events = queries.history(connection, outage_id)
        _, by_username = names(connection, row.operator_id)
    people = People({}, by_username)
    standing = standing_of(row, now)
    handles = may_handle(person.role, row.kind)
    return render(
        "staff/outage.html",
        person,
        row=row,
        one=told_of(person, row, places, now),
        communities=len(places.communities(row.area_codes)),
        lead=row.starts_at - row.announced_at,
        is_late=_is_late(row),
        may_change=handles and standing in OPEN,
        may_restore=handles and row.restored_at is None and standing in (*PRESENT, Standing.ENDED),
        may_withdraw=person.role == "manager" and standing is Standing.COMING,
        history=[_event_told(event, places, people) for event in events],
    )


@blueprint.route("/outages/<int:outage_id>/withdraw", methods=["GET", "POST"])
@open_to("manager")
def outage_withdraw(outage_id: int) -> Any:
    """Ask once why; then withdraw it."""
    person = signed_in()

    def withdraw(row: Any) -> None:
        why = _loaded(_why, {"why": request.form.get("reason", "")})["why"]
        withdraw_outage(
            runtime().db, person.operator_id or 0, row.id, carried("revision"), why, label_of(person)
        )
        flash(N_("已撤回。公告上注明已取消。"))

    allowed = (Standing.COMING,)
    return _ask(person, outage_id, "staff/outage_withdraw.html", allowed, withdraw, {"why": "reason"})


@blueprint.route("/outages/<int:outage_id>/restore", methods=["GET", "POST"])
@open_to(*OF_OPERATOR)
def outage_restore(outage_id: int) -> Any:
    """Ask when service came back; then record it."""
    person = signed_in()
    if not may_handle(person.role, found(person, outage_id).kind):
        raise Forbidden

    def restore(row: Any) -> None:
        given = moment_typed(request.form.get("restored_at", ""))
        at = _loaded(_recovery, {"restored_at": given})["restored_at"]
        record_recovery(
            runtime().db, person.operator_id or 0, row.id, carried("revision"), at, label_of(person)
        )
        flash(N_("已登记恢复，公告上注明恢复时间。"))

    allowed = (*PRESENT, Standing.ENDED)
    return _ask(person, outage_id, "staff/outage_restore.html", allowed, restore, {})


def _ask(
    person: Person,
    outage_id: int,
    template: str,
    allowed: tuple[Standing, ...],
    act: Callable[[Any], None],
    fields: dict[str, str],
) -> Any:
    """A page that asks once, and what it leads to. `fields`: faults that the page names otherwise."""
    row, now = found(person, outage_id), clock.now()
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            act(row)
            return redirect(url_for("staff.outage", outage_id=outage_id))
        except Refusal as refusal:
            faults = [(fields.get(name, name), words) for name, words in said(refusal.faults)]
            status = refusal.status
    elif standing_of(row, now) not in allowed:
        return redirect(url_for("staff.outage", outage_id=outage_id))
    page = render(
        template,
        person,
        row=row,
        one=told_of(person, row, all_places(), now),
        faults=faults,
        typed=request.form,
        now_written=moment_written(now),
    )
    return page, status


def _loaded(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load({name: text for name, text in given.items() if text})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def _is_late(row: Any) -> bool:
    """Whether planned work was announced later than it may be."""
    return row.kind == Kind.PLANNED and row.first_starts_at - row.announced_at < LEAST_NOTICE


def _event_told(event: Any, places: Places, people: People) -> dict[str, Any]:
    """A line of the history; of a change, each altered field with its value before and after."""
    altered = []
    if event.kind == "changed":
        altered = [
            (_FIELD_WORDS[name], _value(name, before, places), _value(name, after, places))
            for name, (before, after) in event.detail.items()
        ]
    who = people.name(event.actor)
    return {"word": _EVENT_WORDS[event.kind], "event": event, "who": who, "altered": altered}


def _value(name: str, value: Any, places: Places) -> Any:
    """A kept value as the page can show it."""
    if name.endswith("_at"):
        return value and datetime.fromisoformat(value)
    if name == "area_codes":
        return "、".join(places.by_code[code].name for code in value)
    if name == "services":
        return [outage_words.SERVICE_WORDS[one] for one in value]
    return value
