"""Calls that are over: how they ended, who made how many, and all of them as a file."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext

from tracker.calls import history
from tracker.calls.history import Closed
from tracker.complaints.persons import names
from tracker.notices.call_rules import Outcome
from tracker.pages import call_words
from tracker.pages.access import AT_DESK, open_to, operator_of, runtime
from tracker.pages.calls import position_of, position_written, render
from tracker.pages.list_files import list_file
from tracker.pages.periods import CHOICES, Days, days_asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.text_names import TEXT_NAMES
from tracker.staff.sign_in import Person

ROWS = 50
_WIDTHS = (18, 20, 24, 20, 20, 10, 18, 14)


@blueprint.get("/calls/history")
@open_to(*AT_DESK)
def call_history() -> str:
    """The latest first; days and outcome stand in the address. Who called how often is for a manager."""
    person, days = signed_in(), days_asked()
    which = _asked(person, days)
    before = position_of(request.args.get("before", ""))
    with runtime().db.reading() as connection:
        rows, more = history.closed_page(connection, which, before=before, limit=ROWS)
        outcomes = history.by_outcome(connection, Closed(which.operator_id, which.begin, which.end))
        people = history.by_person(connection, which) if person.role == "manager" else ()
    kept = {} if which.outcome is None else {"outcome": which.outcome}
    return render(
        "staff/call_history.html",
        person,
        rows=rows,
        more=None if more is None else position_written(more),
        paged=before is not None,
        outcomes=outcomes,
        people=people,
        chosen=which.outcome,
        kept=kept,
        taken=kept | days.args,
        days=days,
        choices=CHOICES,
    )


@blueprint.get("/calls/history.<any(csv, xlsx):form>")
@open_to(*AT_DESK)
def call_history_file(form: str) -> Any:
    """What the list shows, all pages of it; nothing of it names a customer."""
    person, days = signed_in(), days_asked()
    pages = history.pages(runtime().db, _asked(person, days), _words(person))
    return list_file(
        form,
        "calls",
        gettext("外呼任务"),
        _head(),
        _WIDTHS,
        pages,
        too_many="call.too_many_rows",
        back=url_for("staff.call_history", **request.args.to_dict()),
    )


def _asked(person: Person, days: Days) -> Closed:
    outcome = request.args.get("outcome", "")
    known = outcome if outcome in set(Outcome) else None
    return Closed(operator_of(person), days.begin, days.end, known)


def _head() -> tuple[str, ...]:
    return (
        gettext("订单号"),
        gettext("要告知的事"),
        gettext("为什么打电话"),
        gettext("开始时间"),
        gettext("结束时间"),
        gettext("打过"),
        gettext("结果"),
        gettext("最后拨打的人"),
    )


def _words(person: Person) -> history.Words:
    """In the language of the page; looked up now, because the lines are made after the request."""
    with runtime().db.reading() as connection:
        _, people = names(connection, operator_of(person))
    named = (TEXT_NAMES, call_words.REASON_WORDS, call_words.OUTCOME_WORDS)
    templates, reasons, outcomes = (
        {str(key): gettext(word) for key, word in words.items()} for words in named
    )
    return history.Words(
        lambda code: templates.get(code, code),
        reasons.__getitem__,
        outcomes.__getitem__,
        lambda actor: call_words.caller(actor, people),
    )
