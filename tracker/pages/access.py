"""Whom a staff page is open to, as every page says where it is defined, and what is noted of a look."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

from flask import Response, current_app
from flask_babel import get_locale
from flask_login import login_required
from werkzeug.exceptions import Forbidden

from tracker import walls
from tracker.audit.note_seen import note_seen
from tracker.orders.actor import Actor
from tracker.pages.signing_in import signed_in
from tracker.runtime import Runtime
from tracker.staff.models import ROLES
from tracker.staff.sign_in import Person

View = Callable[..., Any]

# Those who work for one operator; a regulator and an administrator see no operator's orders (I6).
OF_OPERATOR = ("counter", "dispatcher", "installer", "manager")
# Those who handle any order of their operator.
AT_DESK = ("counter", "dispatcher", "manager")


def open_to(*roles: str) -> Callable[[View], View]:
    """Let in these roles alone; whoever has not signed in is asked to.

    The view tells its roles in `open_to`, which is how a test finds a page that says nothing.
    Raises ValueError for a role that nobody has.
    """
    if not roles or set(roles) - set(ROLES):
        raise ValueError(f"no such roles: {roles}")

    def guard(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(**given: Any) -> Any:
            if signed_in().role not in roles:
                raise Forbidden
            return view(**given)

        guarded.open_to = roles  # type: ignore[attr-defined]
        return guarded

    return guard


def only(*roles: str) -> Person:
    """The person, where a part of a page is open to fewer than the page. Raises Forbidden."""
    person = signed_in()
    if person.role not in roles:
        raise Forbidden
    return person


def reach_of(person: Person) -> AbstractContextManager[None]:
    """The rows that somebody may reach on a page that an administrator looks after all operators on."""
    return walls.everywhere() if person.role == "administrator" else walls.within(person.operator_id)


def over_operators(view: View) -> View:
    """Let an administrator reach every operator's rows on this page; everybody else their operator's."""

    @wraps(view)
    def reaching(**given: Any) -> Any:
        with reach_of(signed_in()):
            answer = view(**given)
            if isinstance(answer, Response) and answer.is_streamed:
                answer.response = walls.carried(answer.response)
            return answer

    return reaching


def operator_of(person: Person) -> int:
    """The operator that somebody works for. Raises Forbidden for those who work for none."""
    if person.operator_id is None:
        raise Forbidden
    return person.operator_id


def acting(person: Person) -> Actor:
    """The person as the one who changes an order."""
    return Actor(operator_of(person), label_of(person))


def label_of(person: Person) -> str:
    """As histories name somebody who is signed in."""
    return f"staff:{person.username}"


def runtime() -> Runtime:
    """The process's runtime."""
    found: Runtime = current_app.extensions["tracker"]
    return found


def language() -> str:
    """zh or en, as the page is shown."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def note_shown(person: Person, subjects: Sequence[str], fields: Sequence[str], why: str) -> None:
    """Note that the person sees what is sealed, before it is given out."""
    who = acting(person)
    with runtime().db.transaction() as connection:
        note_seen(connection, subjects, operator_id=who.operator_id, actor=who.label, fields=fields, why=why)
