"""Excuses for managers: what waits, what was decided and by whom, and the decision itself."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.audit.note_seen import note_seen
from tracker.excuses import queries
from tracker.excuses.decide_excuse import decide_excuse
from tracker.excuses.evidence import excuse_files
from tracker.excuses.queries import Days, Wanted
from tracker.excuses.rules import FileKind, State
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.pages.access import acting, label_of, language, open_to, operator_of, runtime
from tracker.pages.excuse_effect import effect_of
from tracker.pages.excuse_words import DECISION_FIELDS, EXCUSING, LONGEST_WORDS, words_of
from tracker.pages.order_frame import (
    Form,
    form_page,
    head,
    people_of,
    reasons,
    refused,
    seen_version,
    typed_in,
)
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import day_typed
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

ROWS = 20
_LARGEST_ID = 2**63 - 1
_TYPES = {FileKind.PHOTO: ("image/jpeg", "jpg"), FileKind.PDF: ("application/pdf", "pdf")}


@blueprint.get("/excuses")
@open_to("manager")
def excuses() -> str:
    """What waits on top, then what the address narrows the list to, counted by approver and reason."""
    person = signed_in()
    operator_id = operator_of(person)
    wanted, asked = wanted_of(person)
    before = _id_typed(request.args.get("before", ""))
    with runtime().db.reading() as connection:
        waiting, more = queries.waiting_excuses(connection, operator_id, ROWS)
        rows = queries.excuses_below(connection, operator_id, wanted, limit=ROWS + 1, before_id=before)
        counts = queries.counts_by_decider(connection, operator_id, replace(wanted, state=None))
    facts = runtime().reference.current()
    return render_template(
        "staff/excuses.html",
        person=person,
        operator=facts.operators[operator_id],
        waiting=waiting,
        more=more,
        rows=rows[:ROWS],
        older=rows[ROWS - 1].id if len(rows) > ROWS else None,
        is_older=before is not None,
        counts=_by_person(counts),
        asked=asked,
        deciders=people_of(person).staff,
        reasons=reasons(*EXCUSING),
        reason_of=_reason,
        places=facts.places,
        own=label_of(person),
        **words_of(person),
    )


@blueprint.route("/excuses/<int:excuse_id>", methods=["GET", "POST"])
@open_to("manager")
def excuse_decide(excuse_id: int) -> Any:
    """One request with its evidence and what it would change; decided by somebody else than who asked."""
    person = signed_in()
    operator_id = operator_of(person)
    asked = _asked(operator_id, excuse_id)
    order = head(person, asked.number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(("words",))
        step = request.form.get("step", "")
        try:
            if step not in ("approve", "refuse"):
                raise Refusal(Fault("field.invalid"))
            decide_excuse(
                runtime(),
                acting(person),
                excuse_id,
                approve=step == "approve",
                words=typed["words"][:LONGEST_WORDS] or None,
                if_version=seen_version(),
            )
        except Refusal as refusal:
            form = refused(person, order, typed, refusal, DECISION_FIELDS)
            order, asked = head(person, asked.number), _asked(operator_id, excuse_id)
        else:
            flash(
                N_("已同意。净按时率从现在起不再计入这段延误。")
                if step == "approve"
                else N_("已驳回，工单和按时率不变。")
            )
            return redirect(url_for("staff.excuses"))
    with runtime().db.reading() as connection:
        files = queries.files_of(connection, operator_id, excuse_id)
        effect = effect_of(connection, operator_id, order, asked, clock.now())
    return form_page(
        "staff/excuse_decide.html",
        person,
        order,
        form,
        DECISION_FIELDS,
        asked=asked,
        files=files,
        effect=effect,
        own=label_of(person),
        longest=LONGEST_WORDS,
        **words_of(person),
    )


@blueprint.get("/excuse-files/<int:evidence_id>")
@open_to("dispatcher", "manager")
def excuse_file(evidence_id: int) -> Response:
    """One file of evidence; that it was seen is noted before it is given out, for it may show anything."""
    person = signed_in()
    who = acting(person)
    with runtime().db.transaction() as connection:
        row = None
        if evidence_id <= _LARGEST_ID:
            row = queries.evidence_file(connection, who.operator_id, evidence_id)
        content = row and excuse_files(runtime()).get(row.name)
        if row is None or not content:
            raise NotFound
        note_seen(
            connection,
            [f"order:{row.order_id}"],
            operator_id=who.operator_id,
            actor=who.label,
            fields=("evidence",),
            why="evidence shown",
        )
    kind, ending = _TYPES[FileKind(row.kind)]
    # A document may hold scripts, so it is never opened within the page's own origin.
    how = "inline" if row.kind == FileKind.PHOTO else "attachment"
    answer = Response(content, content_type=kind)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = f'{how}; filename="evidence-{row.id}.{ending}"'
    return answer


def wanted_of(person: Person) -> tuple[Wanted, dict[str, str]]:
    """What the list is narrowed to by its address, and the part of the address that says so."""
    staff = people_of(person).staff
    known = {"state": set(State), "reason": set(EXCUSING), "by": set(staff)}
    asked = {name: request.args[name] for name, among in known.items() if request.args.get(name) in among}
    days: dict[str, date] = {}
    for name in ("first", "last"):
        day = day_typed(request.args.get(name, ""))
        if day is not None:
            days[name] = day
            asked[name] = day.isoformat()
    decided_by = f"staff:{asked['by']}" if "by" in asked else None
    return (
        Wanted(
            asked.get("state"), asked.get("reason"), decided_by, Days(days.get("first"), days.get("last"))
        ),
        asked,
    )


def _asked(operator_id: int, excuse_id: int) -> Any:
    row = None
    if excuse_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.excuse_request(connection, operator_id, excuse_id)
    if row is None:
        raise NotFound
    return row


def _by_person(counts: Any) -> dict[str, dict[str, dict[str, int]]]:
    """How many each person decided: by reason, and of each reason by outcome."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in counts:
        found.setdefault(row.decided_by, {}).setdefault(row.reason_code, {})[row.state] = row.many
    return found


def _reason(code: str) -> str:
    reason = REASONS.get(code)
    if reason is None:
        return code
    return reason.en if language() == "en" else reason.zh


def _id_typed(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None
