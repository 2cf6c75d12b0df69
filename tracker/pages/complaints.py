"""Complaints of an operator, for its staff: the list, one of them with its history, who gets new ones.

A manager sees them all; others see what is in their hands.
"""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.complaints import queries
from tracker.complaints.history import NAME, NOTE, PHONE, TEXT
from tracker.complaints.persons import name_person, names, people, person_in_charge
from tracker.complaints.queries import SHOWN, Wanted
from tracker.complaints.rules import Source, State, Topic, standing_of
from tracker.masks import mask_name, mask_phone
from tracker.orders.standing import N_
from tracker.pages import complaint_words, wording
from tracker.pages.access import AT_DESK, acting, note_shown, open_to, runtime
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import page_number, whole
from tracker.problems import Refusal
from tracker.staff.sign_in import Person

ROWS = 20
_LARGEST_ID = 2**63 - 1


def render(template: str, person: Person, **more: Any) -> str:
    """A page about complaints."""
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[person.operator_id or 0],
        words=complaint_words,
        is_manager=person.role == "manager",
        today=clock.today(),
        standing_on=standing_of,
        **more,
    )


def found(person: Person, complaint_id: int) -> Any:
    """A complaint that is the person's to deal with. Raises NotFound."""
    row = None
    if complaint_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.complaint_row(connection, person.operator_id or 0, complaint_id)
    if row is None or not is_for(person, row):
        raise NotFound
    return row


def is_for(person: Person, row: Any) -> bool:
    """Whether a complaint of the person's operator is theirs to look at: it may be about a colleague."""
    return person.role == "manager" or bool(row.owner_id == person.id)


def wanted_of(person: Person) -> tuple[Wanted, dict[str, str]]:
    """What the list is narrowed to by its address, and the part of the address that says so."""
    known = {"shown": SHOWN, "topic": set(Topic), "source": set(Source), "mine": ("1",)}
    asked = {name: request.args[name] for name, among in known.items() if request.args.get(name, "") in among}
    mine = person.role != "manager" or "mine" in asked
    return (
        Wanted(asked.get("shown"), asked.get("topic"), asked.get("source"), person.id if mine else None),
        asked,
    )


def contact_of(row: Any) -> tuple[str, str]:
    """The masked name and phone of whoever complained about no order; empty where none was given."""
    keys = runtime().keys
    name = "" if row.contact_name is None else mask_name(keys.open(bytes(row.contact_name), NAME))
    phone = "" if row.contact_phone is None else mask_phone(keys.open(bytes(row.contact_phone), PHONE))
    return name, phone


def names_of_channels() -> dict[str, str]:
    """The names of channels as actors."""
    return {f"channel:{one.code}": one.name for one in runtime().reference.current().channels.values()}


@blueprint.get("/complaints")
@open_to(*AT_DESK)
def complaints() -> str:
    """Open ones first, the first due first; the filters stand in the address."""
    person = signed_in()
    wanted, asked = wanted_of(person)
    page = page_number()
    operator_id, today = person.operator_id or 0, clock.today()
    with runtime().db.reading() as connection:
        rows, more = queries.complaint_page(
            connection, operator_id, wanted, today, limit=ROWS, skip=(page - 1) * ROWS
        )
        staff = people(connection, operator_id)
        in_charge = person_in_charge(connection, operator_id)
        presses = queries.pressing(connection, today, operator_id)
    return render(
        "staff/complaints.html",
        person,
        rows=rows,
        more=more,
        page=page,
        asked=asked,
        staff=staff,
        in_charge=in_charge,
        presses=presses,
    )


@blueprint.get("/complaints/<int:complaint_id>")
@open_to(*AT_DESK)
def complaint(complaint_id: int) -> str:
    """One of them: what was said, who follows it up, and all that was done."""
    person = signed_in()
    row = found(person, complaint_id)
    with runtime().db.reading() as connection:
        events = queries.history(connection, complaint_id)
        by_id, by_name = names(connection, person.operator_id or 0)
    fields = ("text", "notes") if any(event.note is not None for event in events) else ("text",)
    note_shown(person, [f"complaint:{complaint_id}"], fields, "complaint shown")
    channels = names_of_channels()
    return render(
        "staff/complaint.html",
        person,
        row=row,
        text=runtime().keys.open(bytes(row.text), TEXT),
        contact=contact_of(row),
        filed_by=complaint_words.who_did(row.filed_by, channels, by_name),
        is_open=row.state == State.OPEN,
        history=[_told(event, by_id, by_name, channels) for event in events],
    )


@blueprint.post("/complaints/person")
@open_to("manager")
def complaints_person() -> Any:
    """Let new complaints go to somebody."""
    person = signed_in()
    try:
        name_person(runtime(), acting(person), whole(request.form.get("owner", "")) or 0)
        flash(N_("已更改。今后的投诉由此人负责。"))
    except Refusal as refusal:
        flash(said(refusal.faults)[0][1])
    return redirect(url_for("staff.complaints"))


def _told(
    event: Any, by_id: Mapping[int, str], by_name: Mapping[str, str], channels: Mapping[str, str]
) -> dict[str, Any]:
    """A line of the history."""
    detail = event.detail
    return {
        "word": complaint_words.EVENT_WORDS[event.kind],
        "at": event.at,
        "who": complaint_words.who_did(event.actor, channels, by_name),
        "owner": by_id.get(detail.get("owner")),
        "next_on": wording.as_day(detail["next_on"]) if detail.get("next_on") else None,
        "result": detail.get("result"),
        "settled": detail.get("settled_at_outlet"),
        "satisfaction": complaint_words.SATISFACTION_WORDS.get(detail.get("satisfaction") or ""),
        "note": "" if event.note is None else runtime().keys.open(bytes(event.note), NOTE),
    }
