"""Announcing and changing an outage: the form with its places, what the public will see, and doing it."""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import Forbidden

from tracker import clock
from tracker.orders.standing import N_
from tracker.outages.announce_outage import announce_outage
from tracker.outages.areas import Division, Places
from tracker.outages.change_outage import change_outage
from tracker.outages.check_outage import check_changed, check_new
from tracker.outages.rules import LEAST_NOTICE, OPEN, SERVICES, Kind, may_handle, standing_of
from tracker.pages import outage_words
from tracker.pages.access import OF_OPERATOR, label_of, language, open_to, runtime
from tracker.pages.outage_request import (
    FIELDS,
    Typed,
    moment_written,
    read_request,
    told,
    typed_in,
    typed_of,
)
from tracker.pages.outages import all_places, found, render, told_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried
from tracker.problems import Refusal
from tracker.staff.sign_in import Person

_MOST_FOUND = 40
_NEW_COLUMNS = dict.fromkeys(("changed_at", "area_changed_at", "withdrawn_at", "restored_at"))


@blueprint.route("/outages/new", methods=["GET", "POST"])
@open_to(*OF_OPERATOR)
def outage_new() -> Any:
    """The form, then what the public will see, then the announcement; only the form keeps anything."""
    person, now = signed_in(), clock.now()
    if not may_handle(person.role, Kind.EMERGENCY):
        raise Forbidden
    kinds = [kind for kind in Kind if may_handle(person.role, kind)]
    places = all_places()
    if request.method == "GET":
        first = Typed(kind=kinds[0], lines=dict.fromkeys(FIELDS, "") | {"hours": "", "find": ""})
        return _form(person, places, kinds, first, [])
    typed, step = typed_in(request.form), request.form.get("step", "")
    if typed.kind and typed.kind not in kinds and typed.kind in set(Kind):
        raise Forbidden
    if step in ("edit", "find"):
        return _form(person, places, kinds, typed, [])
    try:
        asked, _ = read_request(typed, may_override=person.role == "manager", needs_why=False)
        columns = check_new(asked, places, now)
        if step != "announce":
            row = SimpleNamespace(
                **columns,
                **_NEW_COLUMNS,
                first_starts_at=columns["starts_at"],
                first_ends_at=columns["ends_at"],
                announced_at=now,
            )
            return _preview(person, places, row, typed, now)
        made = announce_outage(runtime().db, person.operator_id or 0, asked, label_of(person))
    except Refusal as refusal:
        standing = next((one.params["outage"] for one in refusal.faults if "outage" in one.params), None)
        if standing is not None:
            flash(N_("同样的中断已经公告，没有重复。"))
            return redirect(url_for("staff.outage", outage_id=standing))
        return _form(person, places, kinds, typed, told(refusal.faults, language())), refusal.status
    flash(N_("已公告，公众即时可见。"))
    return redirect(url_for("staff.outage", outage_id=made))


@blueprint.route("/outages/<int:outage_id>/edit", methods=["GET", "POST"])
@open_to(*OF_OPERATOR)
def outage_edit(outage_id: int) -> Any:
    """The form as it stands, then what the public will see, then the change."""
    person, now = signed_in(), clock.now()
    row = found(person, outage_id)
    if not may_handle(person.role, row.kind):
        raise Forbidden
    places, kinds = all_places(), [Kind(row.kind)]
    if request.method == "GET":
        if standing_of(row, now) not in OPEN:
            return redirect(url_for("staff.outage", outage_id=outage_id))
        return _form(person, places, kinds, typed_of(row), [], row)
    typed, step = typed_in(request.form), request.form.get("step", "")
    if step in ("edit", "find"):
        return _form(person, places, kinds, typed, [], row)
    try:
        asked, why = read_request(typed, may_override=person.role == "manager", needs_why=True)
        if step != "announce":
            altered = check_changed(row, asked, places, now)
            area = {"area_changed_at": now} if "area_codes" in altered else {}
            first = {"first_ends_at": altered.get("ends_at")} if row.first_ends_at is None else {}
            after = SimpleNamespace(**row._asdict() | altered | area | first | {"changed_at": now})
            return _preview(person, places, after, typed, now, row)
        change_outage(
            runtime().db,
            person.operator_id or 0,
            outage_id,
            carried("revision"),
            asked,
            why,
            label_of(person),
        )
    except Refusal as refusal:
        return _form(person, places, kinds, typed, told(refusal.faults, language()), row), refusal.status
    flash(N_("已修改，公众即时可见。"))
    return redirect(url_for("staff.outage", outage_id=outage_id))


def _form(
    person: Person,
    places: Places,
    kinds: Sequence[Kind],
    typed: Typed,
    faults: list[tuple[str, str]],
    row: Any = None,
) -> str:
    """The form with what was typed and what is wrong with it. `row`: the outage that is changed."""
    query = typed.lines["find"].strip()
    hits = _matching(places, query)
    chosen = [
        places.by_code[code]
        for code in typed.area
        if code in places.by_code and places.by_code[code].level == "community"
    ]
    listed = [*chosen, *(one for one in hits[:_MOST_FOUND] if one not in chosen)]
    return render(
        "staff/outage_form.html",
        person,
        row=row,
        places=places,
        kinds=kinds,
        typed=typed,
        faults=faults,
        fault_of=dict(reversed(faults)),
        fields=FIELDS,
        query=query,
        found=hits[:_MOST_FOUND],
        left_out=max(len(hits) - _MOST_FOUND, 0),
        listed=[(one, " ".join(up.name for up in places.above(one.code)[1::-1])) for one in listed],
        services=SERVICES,
        earliest=clock.now() + LEAST_NOTICE,
        earliest_written=moment_written(clock.now()),
        revision=request.form.get("revision") or (row.revision if row is not None else None),
        begun=row is not None and row.starts_at <= clock.now(),
        may_override=person.role == "manager" and Kind.PLANNED in kinds,
    )


def _preview(
    person: Person, places: Places, row: Any, typed: Typed, now: datetime, before: Any = None
) -> str:
    """What the public will see, and what is known of whom it concerns."""
    return render(
        "staff/outage_preview.html",
        person,
        one=told_of(person, row, places, now),
        was=before and told_of(person, before, places, now),
        typed=typed,
        communities=len(places.communities(row.area_codes)),
        ahead=row.starts_at - now if row.starts_at > now else None,
        is_late=bool(row.override_reason) and row.starts_at > now,
        override_reason=row.override_reason,
        row=before,
        revision=request.form.get("revision", ""),
        words=outage_words,
    )


def _matching(places: Places, query: str) -> list[Division]:
    """Communities that bear the words in their own name or in their town's."""
    if not query:
        return []
    return [
        one
        for one in places.of_level("community")
        if query in one.name or query in places.by_code[one.parent or ""].name
    ]
