"""The steps of a job as forms, which work without a script: recorded as the app's are."""

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.complaints.persons import names
from tracker.pages import job_words
from tracker.pages.access import acting, language, open_to, operator_of, runtime
from tracker.pages.complaints import names_of_channels
from tracker.pages.job_facts import as_installer
from tracker.pages.jobs import job_page, own_job
from tracker.pages.photo_uploads import photo_sent
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import whole
from tracker.problems import Fault, Refusal
from tracker.site_work.queries import changes_since, is_or_was_of
from tracker.site_work.read_actions import data_of
from tracker.site_work.record_action import Action, Result, record_action
from tracker.site_work.rules import Act
from tracker.staff.sign_in import Person

# After these somebody wants to know what happened to the order meanwhile.
TOLD_WITH_CHANGES = frozenset(
    {"job.changed", "job.not_yours", "job.taken", "version.stale", "order.illegal_move", "job.not_on_site"}
)
_FIELDS = {
    Act.REAPPOINT: ("slot", "reason_code", "reason_text"),
    Act.CANNOT: ("reason_code", "reason_text"),
    Act.TEST: ("down_mbps", "up_mbps", "latency_ms", "optical_dbm", "reason"),
    Act.PHOTO: ("kind",),
    Act.COMPLETE: ("last4",),
}


@blueprint.post("/jobs/<number>/photo")
@open_to("installer")
def job_photo(number: str) -> Any:
    """Keep a photo of a job."""
    return _step(number, Act.PHOTO)


@blueprint.post("/jobs/<number>/<any(take,arrive,reappoint,cannot,test,activate,complete):step>")
@open_to("installer")
def job_step(number: str, step: str) -> Any:
    """Do the next step of a job, or tell what stands against it."""
    return _step(number, Act(step))


def told_changes(person: Person, number: str, version: int | None) -> list[str]:
    """What others did to an order since a version of it, in words; nothing where it never was theirs."""
    me = acting(person).label
    with runtime().db.reading() as connection:
        if not is_or_was_of(connection, operator_of(person), number, person.id, me):
            return []
        rows = changes_since(connection, operator_of(person), number, version or 0)
        _, by_name = names(connection, operator_of(person))
    return job_words.changes(rows, me, names_of_channels(), by_name, language())


def _step(number: str, act: Act) -> Any:
    person = signed_in()
    shown = own_job(person, number)
    wanted = shown.row.number
    try:
        if act is Act.COMPLETE and "confirmed" not in request.form:
            raise Refusal(Fault("field.required", "/confirmed"))
        result = record_action(runtime(), as_installer(person), _action(wanted, act))
        faults = result.faults
    except Refusal as refusal:
        result, faults = None, refusal.faults
    if not faults:
        flash(job_words.DONE_WORDS[act])
        return redirect(url_for("staff.job", number=wanted))
    return _told(person, wanted, act, result, faults)


def _told(
    person: Person, number: str, act: Act, result: Result | None, faults: tuple[Fault, ...]
) -> tuple[str, int]:
    """The page as the order is now, with what was typed."""
    changed = []
    if result is not None and TOLD_WITH_CHANGES & {fault.rule for fault in faults}:
        changed = told_changes(person, number, _seen())
    try:
        shown = own_job(person, number)
    except NotFound:
        # Somebody else has it now: nothing of it is shown any more.
        flash(faults[0].words(language()))
        for line in changed:
            flash(line)
        return redirect(url_for("staff.jobs"))  # type: ignore[return-value]  # werkzeug's own Response
    page = job_page(person, shown, faults=said(faults), changed=changed, act=act)
    return page, Refusal(*faults).status


def _action(number: str, act: Act) -> Action:
    now = clock.now()
    try:
        client_id = uuid.UUID(request.form.get("client_id", ""))
    except ValueError:
        raise Refusal(Fault("field.required", "/client_id")) from None
    typed: dict[str, Any] = {name: request.form.get(name, "").strip() for name in _FIELDS.get(act, ())}
    given = {name: text for name, text in typed.items() if text}
    if str(given.get("slot", "")).isdecimal() and len(given["slot"]) < 19:
        given["slot"] = int(given["slot"])
    return Action(
        client_id=client_id,
        act=act,
        number=number,
        done_at=now,
        phone_now=now,
        version=_seen(),
        after=None,
        data=data_of(act, given),
        photo=photo_sent() if act is Act.PHOTO else b"",
    )


def _seen() -> int | None:
    """The version that the form was shown with; None where it was tampered with."""
    return whole(request.form.get("version", ""))
