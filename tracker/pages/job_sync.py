"""What the installers' app asks for and sends: the day, what was done, photos; and the app itself."""

import json
from typing import Any

from flask import Response, abort, render_template, request
from flask_wtf.csrf import generate_csrf

from tracker import clock
from tracker.pages.access import language, open_to, runtime
from tracker.pages.assets import asset_bytes
from tracker.pages.job_facts import as_installer, jobs_shown
from tracker.pages.job_steps import TOLD_WITH_CHANGES, told_changes
from tracker.pages.jobs import frame
from tracker.pages.photo_uploads import photo_sent
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.site_work.read_actions import instant_of, read_action, read_batch
from tracker.site_work.record_action import Action, record_action
from tracker.site_work.rules import Act, Outcome
from tracker.staff.sign_in import Person

_NOT_KEPT = {"Cache-Control": "no-store"}


@blueprint.get("/jobs/day.json")
@open_to("installer")
def jobs_day() -> Any:
    """Whose day it is, a token to send with, the jobs by number with the version of each, and the pages to
    keep for when there is no signal.
    """
    person = signed_in()
    shown = jobs_shown(person)
    kept = [f"/jobs/{job.row.number}" for job in shown if job.is_mine and job.is_for_today]
    day = {
        "account": person.id,
        "day": clock.today().isoformat(),
        "token": generate_csrf(),
        "jobs": {job.row.number: {"version": job.row.version, "stage": job.row.stage} for job in shown},
        "pages": ["/jobs", *kept],
    }
    return day, 200, _NOT_KEPT


@blueprint.post("/jobs/actions")
@open_to("installer")
def jobs_actions() -> Any:
    """Record what was done, each for itself and in its order; tell of each what became of it."""
    person = signed_in()
    try:
        read = read_batch(request.get_json(silent=True))
    except Refusal as refusal:
        return {"told": [fault.words(language()) for fault in refusal.faults]}, refusal.status
    results = []
    for one in read:
        if one.action is None:
            results.append(_refused(one.client_id, one.faults))
        else:
            results.append(_recorded(person, one.action))
    return {"results": results}, 200, _NOT_KEPT


@blueprint.post("/jobs/photos")
@open_to("installer")
def jobs_photo() -> Any:
    """Keep one photo; `action` is as those of a batch, `now` beside it."""
    person = signed_in()
    client_id = ""
    try:
        given = json.loads(request.form.get("action", ""))
        client_id = str(given.get("id", ""))
        action = read_action(given, instant_of(request.form.get("now")), photo_sent())
        if action.act is not Act.PHOTO:
            raise Refusal(Fault("request.malformed", "/kind"))
    except Refusal as refusal:
        return {"results": [_refused(client_id, refusal.faults)]}, 200, _NOT_KEPT
    except (ValueError, AttributeError, RecursionError):
        abort(422)
    return {"results": [_recorded(person, action)]}, 200, _NOT_KEPT


@blueprint.get("/jobs/worker.js")
@open_to("installer")
def jobs_worker() -> Response:
    """The service worker, which may look after the jobs' pages and no others."""
    answer = Response(asset_bytes("jobs-worker.js"), content_type="text/javascript; charset=utf-8")
    answer.headers["Service-Worker-Allowed"] = "/jobs"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/jobs/offline")
@open_to("installer")
def jobs_offline() -> str:
    """What is shown without signal of a page that was not kept; it says nothing of any customer."""
    return render_template("staff/jobs_offline.html", **frame(signed_in()))


@blueprint.get("/jobs/leave")
@open_to("installer")
def jobs_leave() -> str:
    """Before signing out, here or everywhere: what the phone keeps, and what it has not sent."""
    return render_template(
        "staff/jobs_leave.html", **frame(signed_in(), everywhere="everywhere" in request.args)
    )


def _recorded(person: Person, action: Action) -> dict[str, Any]:
    result = record_action(runtime(), as_installer(person), action)
    if result.outcome is Outcome.OK:
        return {"id": str(action.client_id), "outcome": result.outcome, "version": result.version}
    told = _refused(str(action.client_id), result.faults) | {"outcome": result.outcome}
    if TOLD_WITH_CHANGES & {fault.rule for fault in result.faults}:
        told["changes"] = told_changes(person, action.number, action.version)
    return told


def _refused(client_id: str, faults: tuple[Fault, ...]) -> dict[str, Any]:
    return {
        "id": client_id,
        "outcome": Outcome.REFUSED,
        "rule": faults[0].rule,
        "told": [fault.words(language()) for fault in faults],
    }
