"""One notice with all that happened to it, and what a manager may have done about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext
from sqlalchemy import Connection, select
from werkzeug.exceptions import NotFound

from tracker.audit.models import AuditEntry
from tracker.complaints.persons import names
from tracker.notices.call_rules import Outcome
from tracker.notices.intervene import SENT_AGAIN, TO_BE_CALLED, send_again, tell_by_call, what_may_be_done
from tracker.notices.intervention_rules import is_code
from tracker.notices.one_notice import Course, course_of
from tracker.notices.rules import Why
from tracker.orders.standing import N_
from tracker.pages import call_words, notice_words
from tracker.pages.access import AT_DESK, acting, language, open_to, operator_of, runtime
from tracker.pages.calls import LARGEST_ID, masked_number
from tracker.pages.notices import render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.ways_back import way_back
from tracker.problems import Refusal
from tracker.staff.sign_in import Person
from tracker.templates.length import parts

_INTERVENED = {SENT_AGAIN: N_("要求再发一次"), TO_BE_CALLED: N_("要求改为致电")}


@dataclass(frozen=True)
class Happened:
    """A line of the notice's past. `call`: the task that it tells of."""

    at: datetime
    word: str
    detail: str = ""
    call: int | None = None


@blueprint.get("/notices/<int:notice_id>")
@open_to(*AT_DESK)
def notice(notice_id: int) -> str:
    """The text, how far it came, and every attempt, receipt and call. Others than managers see those of
    orders alone.
    """
    person = signed_in()
    course = _found(person, notice_id)
    row = course.notice
    with runtime().db.reading() as connection:
        past = sorted(_past(connection, person, course), key=lambda one: one.at)
    body = "" if is_code(row.template) else row.body
    return render(
        "staff/notice.html",
        person,
        row=row,
        course=course,
        kind=notice_words.kind_of(row.state),
        code=is_code(row.template),
        body=body,
        masked=masked_number(row.recipient),
        parts=parts(body),
        cost_fen=round(parts(body) * runtime().config.sms_part_fen),
        past=past,
        way_back=way_back(),
        may=dict(zip(("again", "call"), _possible(person, course), strict=True)),
        open_call=next((task.id for task in course.calls if task.closed_at is None), None),
    )


@blueprint.post("/notices/<int:notice_id>/again")
@open_to("manager")
def notice_again(notice_id: int) -> Any:
    """Send the text once more, if it surely did not arrive; then show the one that tries it."""
    person = signed_in()
    _found(person, notice_id)
    actor = acting(person)
    try:
        shown = send_again(runtime(), actor.operator_id, actor.label, notice_id)
        flash(N_("已安排再发一次，下面是新的一条。"))
    except Refusal as refusal:
        shown = notice_id
        flash(refusal.faults[0].words(language()))
    return redirect(url_for("staff.notice", notice_id=shown))


@blueprint.post("/notices/<int:notice_id>/call")
@open_to("manager")
def notice_call(notice_id: int) -> Any:
    """Let a person tell it."""
    person = signed_in()
    _found(person, notice_id)
    actor = acting(person)
    try:
        tell_by_call(runtime(), actor.operator_id, actor.label, notice_id)
        flash(N_("已列入外呼任务。"))
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    return redirect(url_for("staff.notice", notice_id=notice_id))


def _found(person: Person, notice_id: int) -> Course:
    course = None
    if notice_id <= LARGEST_ID:
        with runtime().db.reading() as connection:
            course = course_of(connection, operator_of(person), notice_id)
    if course is None or (person.role != "manager" and course.notice.order_id is None):
        raise NotFound
    return course


def _possible(person: Person, course: Course) -> tuple[bool, bool]:
    return what_may_be_done(course) if person.role == "manager" else (False, False)


def _past(connection: Connection, person: Person, course: Course) -> Iterator[Happened]:
    """All that happened, in the language of the page."""
    row = course.notice
    _, people = names(connection, operator_of(person))
    yield Happened(row.created_at, gettext("列入发送"))
    for attempt in course.attempts:
        known = notice_words.ATTEMPT_WORDS.get(attempt.outcome)
        detail = [notice_words.provider(attempt.provider)]
        # Of what was accepted it is the provider's own number.
        if attempt.detail and attempt.outcome != "accepted":
            detail.append(notice_words.attempt_detail(attempt.detail))
        yield Happened(attempt.at, gettext(known) if known else attempt.outcome, " · ".join(detail))
    for receipt in course.receipts:
        known = notice_words.RECEIPT_WORDS.get(receipt.provider_state)
        word = gettext(known) if known else notice_words.code(receipt.provider_state)
        yield Happened(
            receipt.received_at,
            gettext("回执：%(word)s", word=word),
            notice_words.code(receipt.error_code or ""),
        )
    for task in course.calls:
        yield Happened(
            task.opened_at,
            gettext("列入外呼任务"),
            gettext(call_words.REASON_WORDS[Why(task.reason)]),
            task.id,
        )
        if task.closed_at is not None:
            outcome = call_words.OUTCOME_WORDS[Outcome(task.outcome)] if task.outcome else N_("已结束")
            yield Happened(task.closed_at, gettext("外呼任务结束"), gettext(outcome), task.id)
    intervened = connection.execute(
        select(AuditEntry.actor, AuditEntry.why, AuditEntry.at).where(
            AuditEntry.subject == f"notice:{row.id}",
            AuditEntry.operator_id == row.operator_id,
            AuditEntry.why.in_(list(_INTERVENED)),
        )
    )
    for entry in intervened:
        yield Happened(entry.at, gettext(_INTERVENED[entry.why]), call_words.caller(entry.actor, people))
