"""What somebody has just written down of a call, and until when they may take it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext

from tracker import clock
from tracker.calls import queries
from tracker.calls.take_back import take_back_until
from tracker.notices.call_rules import Outcome
from tracker.pages import call_words
from tracker.pages.access import acting, operator_of, runtime
from tracker.staff.sign_in import Person

_WIDEST_ID = 18


@dataclass(frozen=True)
class Recorded:
    """A call's task with the version by which it is taken back, what was written down, and until when."""

    task_id: int
    version: int
    words: str
    until: datetime


def said_of(row: Any, outcome: str) -> str:
    """What was written down of a task, in the language of the page."""
    word = gettext(call_words.OUTCOME_WORDS[Outcome(outcome)])
    if row.order_number:
        return gettext("已登记：%(number)s %(outcome)s。", number=row.order_number, outcome=word)
    return gettext("已登记：%(outcome)s。", outcome=word)


def may_take_back(person: Person, row: Any, attempts: Any) -> datetime | None:
    """Until when the person may take back the latest entry of a task's past; None where they may not.

    `attempts`: as `queries.attempts_of` has them.
    """
    until = take_back_until(row, attempts[0] if attempts else None, acting(person).label)
    return until if until is not None and until > clock.now() else None


def just_recorded(person: Person) -> Recorded | None:
    """The call that the address names as done, while the person may take it back."""
    given = request.args.get("done", "")
    if not given.isdecimal() or len(given) > _WIDEST_ID:
        return None
    with runtime().db.reading() as connection:
        row = queries.call_row(connection, operator_of(person), int(given))
        attempts = () if row is None else queries.attempts_of(connection, row.id)
    until = None if row is None else may_take_back(person, row, attempts)
    if row is None or until is None:
        return None
    return Recorded(row.id, row.version, said_of(row, attempts[0].outcome), until)
