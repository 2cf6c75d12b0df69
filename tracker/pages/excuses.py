"""Excuses for managers: what waits, what was decided and by whom, and the decision itself."""

from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.excuses import queries
from tracker.excuses.decide_excuse import decide_excuse
from tracker.excuses.evidence import excuse_files
from tracker.excuses.queries import Days, Decided, Wanted
from tracker.excuses.rules import FileKind
from tracker.orders.standing import N_
from tracker.pages.access import note_shown, open_to, operator_of, runtime
from tracker.pages.approvals import DECISION_FIELDS, STATE_WORDS, decide, words_of
from tracker.pages.excuse_effect import effect_of
from tracker.pages.excuse_words import EXCUSING
from tracker.pages.order_frame import Form, form_page, head, people_of, reasons
from tracker.pages.orders import KIND_WORDS
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import day_typed
from tracker.staff.sign_in import Person

ROWS = 20
# Who decides where no other manager is left: `tracker excuses`.
CONSOLE = "console:excuses"
_STAFF = "staff:"
_DUE, _REMOVING = "due", "removing"
LISTED_WORDS = {**STATE_WORDS, _REMOVING: N_("已同意，工单已剔除")}
_LARGEST_ID = 2**63 - 1
_TYPES = {FileKind.PHOTO: ("image/jpeg", "jpg"), FileKind.PDF: ("application/pdf", "pdf")}


@blueprint.get("/excuses")
@open_to("manager")
def excuses() -> str:
    """What waits on top, then what the address narrows the list to, and the same by approver."""
    person, now = signed_in(), clock.now()
    operator_id = operator_of(person)
    wanted, asked = wanted_of(person)
    before = _id_typed(request.args.get("before", ""))
    with runtime().db.reading() as connection:
        waiting, more = queries.EXCUSES.waiting(connection, operator_id, ROWS)
        rows = queries.excuses_below(connection, operator_id, wanted, now, limit=ROWS + 1, before_id=before)
        decided = queries.decided_by_person(connection, operator_id, wanted, now)
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
        decided={who: (sum(theirs.values(), Decided()), theirs) for who, theirs in decided.items()},
        in_all=sum((one for theirs in decided.values() for one in theirs.values()), Decided()),
        asked=asked,
        in_address=_in_address,
        states=LISTED_WORDS,
        deciders=people_of(person).staff | {CONSOLE: gettext("控制台")},
        reasons=reasons(*EXCUSING),
        places=facts.places,
        counties=facts.counties,
        channels=_channels(person),
        kinds=KIND_WORDS,
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
        done = decide(person, order, decide_excuse, excuse_id)
        if not isinstance(done, Form):
            flash(
                N_("已同意。净按时率从现在起不再计入这段延误。") if done else N_("已驳回，工单和按时率不变。")
            )
            return redirect(url_for("staff.excuses"))
        form, order, asked = done, head(person, asked.number), _asked(operator_id, excuse_id)
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
        **words_of(person),
    )


@blueprint.get("/excuse-files/<int:evidence_id>")
@open_to("dispatcher", "manager")
def excuse_file(evidence_id: int) -> Response:
    """One file of evidence; that it was seen is noted before it is given out, for it may show anything."""
    person, row = signed_in(), None
    if evidence_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.evidence_file(connection, operator_of(person), evidence_id)
    content = row and excuse_files(runtime()).get(row.name)
    if row is None or not content:
        raise NotFound
    note_shown(person, [f"order:{row.order_id}"], ("evidence",), "evidence shown")
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
    known = {
        "state": set(LISTED_WORDS),
        "reason": set(EXCUSING),
        "by": {CONSOLE, *people_of(person).staff},
        "days": {_DUE},
        "county": runtime().reference.current().counties,
        "channel": _channels(person),
        "customer": KIND_WORDS,
    }
    asked = {name: request.args[name] for name, among in known.items() if request.args.get(name) in among}
    days: dict[str, date] = {}
    for name in ("first", "last"):
        day = day_typed(request.args.get(name, ""))
        if day is not None:
            days[name] = day
            asked[name] = day.isoformat()
    by, state = asked.get("by"), asked.get("state")
    wanted = Wanted(
        state=None if state == _REMOVING else state,
        reason_code=asked.get("reason"),
        decided_by=f"{_STAFF}{by}" if by and by != CONSOLE else by,
        days=Days(days.get("first"), days.get("last")),
        is_due=asked.get("days") == _DUE,
        is_removing=state == _REMOVING,
        county=asked.get("county"),
        channel_id=int(asked["channel"]) if "channel" in asked else None,
        customer_kind=asked.get("customer"),
    )
    return wanted, asked


def _channels(person: Person) -> dict[str, str]:
    """The names of the operator's channels, by their ids as an address has them."""
    own = runtime().reference.current().channels.values()
    return {str(one.id): one.name for one in own if one.operator_id == operator_of(person)}


def _in_address(label: str) -> str:
    """Somebody as the list is narrowed to what they decided."""
    return label.removeprefix(_STAFF)


def _asked(operator_id: int, excuse_id: int) -> Any:
    row = None
    if excuse_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.EXCUSES.one(connection, operator_id, excuse_id)
    if row is None:
        raise NotFound
    return row


def _id_typed(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None
