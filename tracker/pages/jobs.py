"""An installer's jobs, made for a phone: those of the day, and each with its next step."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders import numbers
from tracker.orders.rules import REASONS
from tracker.pages import job_words
from tracker.pages.access import language, open_to, operator_of, runtime
from tracker.pages.job_facts import Job, allow_app, as_installer, job_shown, jobs_shown
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slot_words import hours
from tracker.problems import Refusal
from tracker.site_work.do_act import WARNING_WORDS
from tracker.site_work.queries import photos_of, tests_of
from tracker.site_work.rules import MOST_PHOTOS, RANGES, Act
from tracker.site_work.see_customer import reveal_phone
from tracker.staff.sign_in import Person
from tracker.visits.queries import free_slots
from tracker.visits.rules import areas_of


def frame(person: Person, **more: Any) -> dict[str, Any]:
    """What every page of the app needs: whose it is, and the words that its script says."""
    allow_app()
    return {
        "person": person,
        "operator": runtime().reference.current().operators[operator_of(person)],
        "today": clock.today(),
        "now": clock.now(),
        "act_words": job_words.ACT_WORDS,
        "script_words": job_words.SCRIPT_WORDS,
        **more,
    }


def own_job(person: Person, number: str) -> Job:
    """A job of the person by its order's number. Raises NotFound."""
    wanted = numbers.normalise(number)
    job = wanted and job_shown(person, wanted)
    if not job:
        raise NotFound
    return job


@blueprint.get("/jobs")
@open_to("installer")
def jobs() -> str:
    """Those of today, those without a visit, those of the days to come, and those that nobody has."""
    person = signed_in()
    shown = jobs_shown(person)
    mine = [job for job in shown if job.is_mine]
    coming = [job for job in mine if job.visit_on is not None and not job.is_for_today]
    return render_template(
        "staff/jobs.html",
        **frame(
            person,
            of_today=[job for job in mine if job.is_for_today],
            without_visit=[job for job in mine if job.visit_on is None and not job.is_for_today],
            coming=sorted(coming, key=lambda job: job.row.appointment_starts_at),
            of_nobody=[job for job in shown if not job.is_mine],
            new_id=_new_id,
        ),
    )


@blueprint.get("/jobs/<number>")
@open_to("installer")
def job(number: str) -> Any:
    """One job: where it is, whom to call, what comes next."""
    person = signed_in()
    return job_page(person, own_job(person, number))


@blueprint.post("/jobs/<number>/phone")
@open_to("installer")
def job_phone(number: str) -> Any:
    """The customer's number, to dial: to the app as JSON, else as a page with a link. Never in an address."""
    person = signed_in()
    found = own_job(person, number)
    try:
        phone = reveal_phone(runtime(), as_installer(person), found.row.number)
    except Refusal as refusal:
        if request.accept_mimetypes.best == "application/json":
            return {"told": refusal.faults[0].words(language())}, refusal.status
        flash(refusal.faults[0].words(language()))
        return redirect(url_for("staff.job", number=found.row.number))
    if request.accept_mimetypes.best == "application/json":
        return {"tel": f"tel:{phone}"}, 200, {"Cache-Control": "no-store"}
    return job_page(person, found, phone=phone)


def job_page(
    person: Person,
    shown: Job,
    *,
    faults: Sequence[tuple[str, str]] = (),
    changed: Sequence[str] = (),
    act: Act | None = None,
    phone: str = "",
) -> str:
    """The page of a job; after a refused step with what is wrong, what others changed, and what was typed."""
    row = shown.row
    with runtime().db.reading() as connection:
        tests = tests_of(connection, row.operator_id, row.id)
        photos = photos_of(connection, row.operator_id, row.id)
        slots = (
            free_slots(connection, row.operator_id, areas_of(row.community_code), clock.now())
            if Act.REAPPOINT in shown.acts
            else []
        )
    own = (row.appointment_starts_at, row.appointment_ends_at)
    # Nobody comes before: whoever is wanted sooner has the hold lifted first.
    earliest = row.held_until or clock.now()
    return render_template(
        "staff/job.html",
        **frame(
            person,
            job=shown,
            row=row,
            acts=set(shown.acts),
            next_act=shown.acts[0] if shown.acts else None,
            tests=tests,
            is_tested=any(row.reached_at is not None and one.tested_at >= row.reached_at for one in tests),
            photos=photos,
            most_photos=MOST_PHOTOS,
            by_day=_by_day(
                [
                    slot
                    for slot in slots
                    if slot.starts_at >= earliest and (slot.starts_at, slot.ends_at) != own
                ]
            ),
            hours=lambda slot: hours(slot.starts_at, slot.ends_at, language()),
            reasons=job_words.reasons_by_cause(language()),
            reason_words=REASONS,
            kind_words=job_words.KIND_WORDS,
            warning_words={code: words[language() == "en"] for code, words in WARNING_WORDS.items()},
            ranges=RANGES,
            faults=faults,
            fault_of=dict(reversed(faults)),
            changed=changed,
            failed_act=act,
            typed=request.form if act is not None else {},
            phone=phone,
            new_id=_new_id,
        ),
    )


def _by_day(slots: Sequence[Any]) -> dict[date, list[Any]]:
    days: dict[date, list[Any]] = {}
    for slot in slots:
        at: datetime = slot.starts_at
        days.setdefault(clock.local_date(at), []).append(slot)
    return days


def _new_id() -> str:
    return str(uuid.uuid4())
