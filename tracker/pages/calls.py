"""Calls that are to be made: the list, due ones first, and one of them while somebody makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.calls import queries
from tracker.calls.claim import holds, leave_call, take_call, take_next
from tracker.calls.queries import Position, Wanted
from tracker.calls.see_called import Called, see_called, see_notes
from tracker.calls.take_back import take_back
from tracker.complaints.persons import names
from tracker.crypto import UnreadableError
from tracker.masks import mask_address, mask_phone
from tracker.notices.call_rules import (
    LONGEST_NOTE,
    OF_A_CALL,
    Call,
    Outcome,
    is_claimed,
    may_be_added,
    next_call,
)
from tracker.notices.drafts import RECIPIENT
from tracker.notices.record_call import record_call
from tracker.notices.rules import Why
from tracker.orders.head import head_of
from tracker.orders.standing import N_
from tracker.outages.areas import Places
from tracker.pages import call_words
from tracker.pages.access import AT_DESK, acting, language, open_to, operator_of, runtime
from tracker.pages.call_recorded import just_recorded, may_take_back, said_of
from tracker.pages.order_frame import placed, seen_version, typed_in
from tracker.pages.outage_request import Asked, moment_typed
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import all_places
from tracker.pages.text_names import TEXT_NAMES
from tracker.pages.ways_back import way_back
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

ROWS = 50
LARGEST_ID = 2**63 - 1
FIELDS = {
    "outcome": Asked("outcome-reached", N_("通话结果")),
    "call_back_at": Asked("call_back_at", N_("客户约定的时间")),
    "note": Asked("note", N_("备注")),
}
_STALE = {"version.stale", "call.closed"}
_NOBODY_DUE = N_("到时间的电话都打完了。")


@dataclass(frozen=True)
class _Sent:
    """A form that was sent: what was typed, what is wrong with it, or what others did meanwhile."""

    typed: Mapping[str, str]
    faults: list[tuple[str, str]]
    stale: bool = False
    seen: int = 0
    status: int = 422


def render(template: str, person: Person, **more: Any) -> str:
    """A page about calls."""
    with runtime().db.reading() as connection:
        _, people = names(connection, operator_of(person))
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[operator_of(person)],
        words=call_words,
        template_words=TEXT_NAMES,
        who=lambda actor: call_words.caller(actor, people),
        is_claimed=is_claimed,
        now=clock.now(),
        recorded=just_recorded(person),
        **more,
    )


@blueprint.get("/calls")
@open_to(*AT_DESK)
def calls() -> str:
    """What is due first, then later today, then to come; the filters stand in the address."""
    person, now = signed_in(), clock.now()
    operator_id, places = operator_of(person), all_places()
    wanted, asked = wanted_of(places)
    behind = position_of(request.args.get("after", ""))
    with runtime().db.reading() as connection:
        rows, more = queries.call_page(connection, operator_id, wanted, now, behind=behind, limit=ROWS)
        waiting = queries.counts(connection, operator_id, now)
    groups = [
        (when, [_listed(row, person) for row in rows if queries.when_of(row, now) == when])
        for when in call_words.WHEN_WORDS
    ]
    return render(
        "staff/calls.html",
        person,
        groups=[(when, some) for when, some in groups if some],
        more=None if more is None else position_written(more),
        paged=behind is not None,
        asked=asked,
        waiting=waiting,
        count_limit=queries.COUNT_LIMIT,
        counties=[(county, places.children(county.code)) for county in places.of_level("county")],
    )


@blueprint.post("/calls/next")
@open_to(*AT_DESK)
def calls_next() -> Any:
    """Take what has waited the longest of what the list shows, and go to it."""
    return _on_to_next(signed_in())


@blueprint.route("/calls/<int:task_id>", methods=["GET", "POST"])
@open_to(*AT_DESK)
def call(task_id: int) -> Any:
    """What is to be said to whom; what came of the call is written down here."""
    person = signed_in()
    sent = None
    if request.method == "POST":
        row = _found(person, task_id)
        typed = typed_in(("outcome", "call_back_at", "note"))
        # More than fits is refused and not cut off.
        typed["note"] = request.form.get("note", "")[: 4 * LONGEST_NOTE].replace("\0", "").strip()
        try:
            _record(person, task_id, typed)
        except Refusal as refusal:
            stale = any(fault.rule in _STALE for fault in refusal.faults)
            faults = [] if stale else placed(refusal.faults, FIELDS)
            sent = _Sent(typed, faults, stale, _seen(), 409 if stale else refusal.status)
        else:
            if back := way_back():
                flash(said_of(row, typed["outcome"]))
                return redirect(back.address)
            if request.form.get("then") == "list":
                return redirect(url_for("staff.calls", done=task_id, **wanted_of(all_places())[1]))
            return _on_to_next(person, done=task_id)
    return _page(person, task_id, sent), 200 if sent is None else sent.status


@blueprint.post("/calls/<int:task_id>/take")
@open_to(*AT_DESK)
def call_take(task_id: int) -> Any:
    """Let the others see who is calling; `take_over` takes it from somebody who is."""
    person = signed_in()
    _found(person, task_id)
    try:
        take_call(runtime(), acting(person), task_id, take_over=request.form.get("take_over") == "1")
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    return redirect(url_for("staff.call", task_id=task_id, **_kept()))


@blueprint.post("/calls/<int:task_id>/take-back")
@open_to(*AT_DESK)
def call_take_back(task_id: int) -> Any:
    """Take back what one has just written down of a call, and write down another outcome."""
    person = signed_in()
    _found(person, task_id)
    try:
        take_back(runtime(), acting(person), task_id, if_version=seen_version())
        flash(N_("已撤回登记，可重新填写。"))
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    return redirect(url_for("staff.call", task_id=task_id, **_kept()))


@blueprint.post("/calls/<int:task_id>/leave")
@open_to(*AT_DESK)
def call_leave(task_id: int) -> Any:
    """Go back to the list without having called."""
    person = signed_in()
    _found(person, task_id)
    leave_call(runtime(), acting(person), task_id)
    back = way_back()
    return redirect(back.address if back else url_for("staff.calls", **wanted_of(all_places())[1]))


def wanted_of(places: Places) -> tuple[Wanted, dict[str, str]]:
    """What the list is narrowed to by its address, and the part of the address that says so."""
    known = {"template": call_words.TEMPLATE_WORDS, "reason": set(Why), "overdue": ("1",)}
    asked = {name: request.args[name] for name, among in known.items() if request.args.get(name, "") in among}
    area = request.args.get("area", "")
    if area in places.by_code and places.by_code[area].level in ("county", "town"):
        asked["area"] = area
    # Whatever lies in a division has a code that begins with the division's own.
    return Wanted(asked.get("template"), asked.get("reason"), asked.get("area"), "overdue" in asked), asked


def _kept() -> dict[str, str]:
    """The part of the address by which one gets back to the list from a call."""
    back = way_back()
    return wanted_of(all_places())[1] | ({"back": back.address} if back else {})


def position_written(position: Position) -> str:
    """A place in a list, as an address holds it."""
    at, last_id = position
    return f"{round((at - _EPOCH) / timedelta(microseconds=1))}-{last_id}"


def position_of(text: str) -> Position | None:
    """The place that an address names; None for none."""
    at, _, last_id = text.partition("-")
    if not (at.isdecimal() and last_id.isdecimal() and len(at) < 17 and len(last_id) < 19):
        return None
    return _EPOCH + timedelta(microseconds=int(at)), int(last_id)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def masked_number(sealed: bytes) -> str:
    """A recipient's number behind its mask; empty once it is forgotten or cannot be read."""
    try:
        return mask_phone(runtime().keys.open(bytes(sealed), RECIPIENT)) if sealed else ""
    except UnreadableError:
        return ""


def _found(person: Person, task_id: int) -> Any:
    row = None
    if task_id <= LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.call_row(connection, operator_of(person), task_id)
    if row is None:
        raise NotFound
    return row


def _listed(row: Any, person: Person) -> dict[str, Any]:
    claimed = is_claimed(row.claimed_by, row.claimed_until, clock.now())
    return {
        "row": row,
        "phone": masked_number(row.recipient),
        "place": _place(row),
        "claimed": claimed,
        "mine": claimed and row.claimed_by == acting(person).label,
    }


def _place(row: Any) -> str:
    places = runtime().reference.current().places
    place = places.get(row.community_code) if row.community_code else None
    return "" if place is None else mask_address(place.county, place.town)


def _page(person: Person, task_id: int, sent: _Sent | None) -> str:
    row, actor, now = _found(person, task_id), acting(person), clock.now()
    operator_id = operator_of(person)
    with runtime().db.reading() as connection:
        made = queries.attempts_of(connection, task_id)
        order = head_of(connection, operator_id, row.order_number, now) if row.order_number else None
    is_open = row.closed_at is None
    mine = is_open and holds(row, actor)
    called = _see(actor, task_id) if mine else None
    attempts = list(zip(made, see_notes(runtime(), actor, row, made), strict=True))
    return render(
        "staff/call.html",
        person,
        row=row,
        order=order,
        place=_place(row),
        masked=masked_number(row.recipient),
        is_open=is_open,
        when=queries.when_of(row, now) if is_open else None,
        mine=mine,
        others=is_open and not mine and is_claimed(row.claimed_by, row.claimed_until, now),
        called=called,
        spoken=None if called is None else _spoken(called.phone),
        says=_without_signature(row.body),
        attempts=attempts,
        new_attempts=attempts[: max(len(attempts) - sent.seen, 0)] if sent and sent.stale else [],
        sent=sent,
        typed=sent.typed if sent else {},
        faults=sent.faults if sent else [],
        fault_of=dict(sent.faults) if sent else {},
        fields=FIELDS,
        outcomes=OF_A_CALL,
        may_be_added=may_be_added(row.closed_at, now),
        again_at=_again_at(row.attempts, now),
        longest_note=LONGEST_NOTE,
        may_take_back=may_take_back(person, row, made),
        asked=wanted_of(all_places())[1],
        kept=_kept(),
        way_back=way_back(),
    )


def _see(actor: Any, task_id: int) -> Called | None:
    """Whom to call; None where somebody has taken the call over at this moment, or the number is gone."""
    try:
        return see_called(runtime(), actor, task_id)
    except (Refusal, UnreadableError):
        return None


def _spoken(phone: str) -> str:
    """A number as people here read it out: "138 0000 1234"."""
    try:
        parsed = phonenumbers.parse(phone, "CN")
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def _without_signature(body: str) -> str:
    """What is to be said: who calls says the operator's name first."""
    return body.rpartition("【")[0] if body.endswith("】") else body


def _again_at(attempts: int, now: datetime) -> datetime | None:
    """When the customer would be called again if nobody answers now."""
    following = next_call(Call(Outcome.NO_ANSWER, now), attempts + 1, now)
    return None if following is None else following[0]


def _seen() -> int:
    """How many lines of the task's past the form was shown with; none where it was tampered with."""
    given = request.form.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < 10 else -1


def _record(person: Person, task_id: int, typed: Mapping[str, str]) -> None:
    """Write the call down. Raises Refusal with every field that is wrong."""
    faults = []
    back: datetime | None = None
    if typed["outcome"] not in {outcome.value for outcome in OF_A_CALL}:
        faults.append(Fault("field.required", "/outcome"))
    # What stands in a field that is not asked for is no answer.
    if typed["outcome"] == Outcome.CALL_BACK and typed["call_back_at"]:
        written = moment_typed(typed["call_back_at"])
        back = datetime.fromisoformat(written) if written else None
        if back is None:
            faults.append(Fault("field.invalid", "/call_back_at"))
    if faults:
        raise Refusal(*faults)
    actor = acting(person)
    record_call(
        runtime(),
        actor.operator_id,
        actor.label,
        task_id,
        {"outcome": typed["outcome"], "called_at": None, "call_back_at": back},
        if_version=seen_version(),
        note=typed["note"],
        also_closed=request.form.get("closed") == "1",
    )


def _on_to_next(person: Person, done: int | None = None) -> Any:
    wanted, asked = wanted_of(all_places())
    found = take_next(runtime(), acting(person), wanted)
    if found is None:
        flash(_NOBODY_DUE)
        return redirect(url_for("staff.calls", done=done, **asked))
    return redirect(url_for("staff.call", task_id=found, done=done, **asked))
