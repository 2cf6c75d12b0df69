"""What customers ask for on the site, each on a page of its own; and undoing it."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue

from public_status import action_forms, action_words, holders, preferences, queries, visit_words
from public_status.action_forms import FORMS, Form
from public_status.action_rules import why_not
from public_status.delays import pause_at
from public_status.desk import Desk, new_once, once_sent
from public_status.holders import Holder
from public_status.limits import Limits
from public_status.order_facts import facts_of
from public_status.order_page import order_page, visit_in_words
from public_status.own_order import OwnOrder, belongs_to, read_own
from public_status.runtime import PublicRuntime
from public_status.spoken import render
from tracker import clock
from tracker.complaints.schemas import LONGEST_COMMENT, LONGEST_TEXT
from tracker.customer_requests.asking import Asked, outcome_of
from tracker.customer_requests.rules import Kind, State
from tracker.pages import wording
from tracker.problems import Fault
from tracker.visits.queries import free_slots

_LARGEST_ID = 2**63 - 1

Answer = tuple[str, int]


def register(app: Flask, run: PublicRuntime, limits: Limits, desk: Desk) -> None:
    """A page for each kind of request, the undoing, and the page of one that takes its time."""
    held = holders.only_holders(
        run, stale=lambda holder: order_page(run, holder, said=holders.STALE, status=403)
    )
    limited = limits.limit(run.config.lookup_limit)
    path = f"{holders.ROOT}/<any({','.join(FORMS)}):kind>"

    def hand_in(holder: Holder, kind: Kind, payload: Mapping[str, Any]) -> Asked:
        session = holder.session
        request_id, rung = desk.hand_in(
            kind,
            operator_id=session.operator_id,
            order_id=session.order_id,
            session_digest=session.digest,
            payload=payload,
            once=once_sent(),
        )
        return desk.outcome(request_id, rung=rung)

    @app.get(path)
    @held
    def ask(holder: Holder, kind: str) -> ResponseReturnValue:
        return _form_page(run, holder, FORMS[Kind(kind)])

    @app.post(path)
    @limited
    @held
    def send(holder: Holder, kind: str) -> ResponseReturnValue:
        form = FORMS[Kind(kind)]
        payload, faults = form.read(request.form, clock.today())
        if faults:
            return _form_page(run, holder, form, faults=faults, status=422)
        asked = hand_in(holder, form.kind, payload)
        return _refused(run, holder, form, asked) if asked.state is State.REFUSED else _on(asked)

    @app.post(f"{holders.ROOT}/undo")
    @limited
    @held
    def undo(holder: Holder) -> ResponseReturnValue:
        undone = request.form.get("request", "")
        if not (undone.isascii() and undone.isdigit() and len(undone) < 20 and int(undone) <= _LARGEST_ID):
            abort(400)
        asked = hand_in(holder, Kind.UNDO, {"request": int(undone)})
        if asked.state is State.REFUSED:
            return order_page(run, holder, refused=asked, status=409)
        return _on(asked)

    @app.get(f"{holders.ROOT}/requests/<int(max={_LARGEST_ID}):request_id>")
    @held
    def request_received(holder: Holder, request_id: int) -> ResponseReturnValue:
        def look(connection: Any) -> Asked | None:
            mine = belongs_to(connection, request_id, holder.session.order_id)
            return outcome_of(connection, request_id) if mine else None

        asked = queries.read(run.db, look)
        if asked is None:
            abort(404)
        if asked.is_open:
            return render("received.html", asked=asked, hotline=_hotline(run, holder))
        if asked.state is State.REFUSED:
            return order_page(run, holder, refused=asked, status=409)
        return _on(asked)


def _on(asked: Asked) -> ResponseReturnValue:
    if asked.is_open:
        return redirect(f"{holders.ROOT}/requests/{asked.id}", 303)
    return redirect(f"{holders.ROOT}?said={asked.kind}", 303)


def _refused(run: PublicRuntime, holder: Holder, form: Form, asked: Asked) -> Answer:
    """The form again, with each fault at its field, and those of no field above it."""
    language, faults, others = preferences.language(), {}, []
    for fault in asked.faults:
        name = fault.pointer.strip("/")
        if name in form.fields:
            faults[name] = fault.words(language)
        else:
            others.append(fault)
    return _form_page(run, holder, form, faults=faults, others=others, status=409)


def _form_page(
    run: PublicRuntime,
    holder: Holder,
    form: Form,
    *,
    faults: Mapping[str, str] | None = None,
    others: list[Fault] | None = None,
    status: int = 200,
) -> Answer:
    """The page of a kind of request with what was typed so far; what is not possible now is explained."""
    now, language = clock.now(), preferences.language()
    own = queries.read(run.db, lambda c: read_own(c, holder.session))
    facts = facts_of(own.standing, language, now)
    closed = why_not(form.kind, own.situation(now, is_held=facts.held is not None))
    given: dict[str, Any] = {
        "holder": holder,
        "own": own,
        "once": new_once(),
        "action": form.kind,
        "word": action_words.offer_word(form.kind, has_visit=own.visit is not None),
        "closed": closed,
        "typed": {name: request.form.get(name, "") for name in form.fields},
        "faults": faults or {},
        "others": [fault.words(language) for fault in others or ()],
    }
    if not closed:
        given |= _facts(run, holder, form.kind, own, language)
    page = render(f"ask_{form.kind}.html", **vars(facts), **given)
    return page, status if not closed or status != 200 else 409


def _facts(run: PublicRuntime, holder: Holder, kind: Kind, own: OwnOrder, language: str) -> dict[str, Any]:
    """What one kind of request needs beside what all of them do."""
    today = clock.today()
    match kind:
        case Kind.APPOINTMENT:
            return {
                "days": _slots(run, holder, own, language),
                "visit": own.visit and visit_in_words(own.visit, language),
            }
        case Kind.HOLD:
            last_day = action_forms.latest_hold(today)
            return {
                "reasons": action_forms.HOLD_REASONS,
                "first_day": today,
                "last_day": last_day,
                "visit": own.visit and visit_in_words(own.visit, language),
            }
        case Kind.WITHDRAWAL:
            return {"reasons": action_forms.WITHDRAWAL_REASONS}
        case Kind.COMPLAINT:
            return {"topics": action_forms.TOPICS, "longest": LONGEST_TEXT}
        case _:
            return {"scores": action_forms.SCORE_WORDS, "longest": LONGEST_COMMENT}


def _slots(
    run: PublicRuntime, holder: Holder, own: OwnOrder, language: str
) -> list[tuple[str, list[tuple[int, str]]]]:
    """The free slots, those of each day under its name; neither the one that the visit has already, nor any
    while the order is on hold.
    """
    session, now = holder.session, clock.now()
    areas = session.shown.get("areas", ())
    found = queries.read(run.db, lambda c: free_slots(c, session.operator_id, areas, now))
    agreed = (own.visit.starts_at, own.visit.ends_at) if own.visit else None
    return [
        (
            wording.day(day, language, clock.today()),
            [(one.id, visit_words.hours(one.starts_at, one.ends_at, language)) for one in of_day],
        )
        for day, of_day in groupby(
            (
                one
                for one in found
                if (one.starts_at, one.ends_at) != agreed
                and pause_at(own.standing.entries, one.starts_at) is None
            ),
            key=lambda one: clock.local_date(one.starts_at),
        )
    ]


def _hotline(run: PublicRuntime, holder: Holder) -> str:
    return next(one.hotline for one in run.published.operators() if one.id == holder.session.operator_id)
