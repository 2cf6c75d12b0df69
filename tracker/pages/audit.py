"""The audit trail for those who look after it: who saw or changed whose personal data, when and why.

A manager reads the entries of the own operator, an administrator those of everybody.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import render_template, request, stream_with_context, url_for
from flask_babel import gettext
from sqlalchemy import Connection, select

from tracker import clock
from tracker.audit import queries
from tracker.audit.queries import Wanted
from tracker.audit.rules import Action
from tracker.complaints.models import Complaint
from tracker.complaints.rules import normalise_number
from tracker.files.cells import instant_cell
from tracker.orders import numbers
from tracker.orders.models import Order
from tracker.pages import audit_words
from tracker.pages.access import language, open_to, reach_of, runtime
from tracker.pages.complaints import names_of_channels
from tracker.pages.list_files import list_file
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import day_typed
from tracker.pages.typed_numbers import long_id
from tracker.staff.models import Account
from tracker.staff.sign_in import Person

ROWS = 20
_AT_ONCE = 1000
_WIDTHS = (20, 16, 16, 10, 20, 28, 40)
_LONGEST_TYPED = 64


@dataclass(frozen=True)
class Line:
    """An entry as a person reads it. `href` leads to what it is about, where there is a page."""

    at: datetime
    who: str
    operator: str
    action: str
    kind: str
    name: str
    href: str | None
    fields: str
    why: str


@dataclass(frozen=True)
class _Names:
    """What people are called, and the numbers of orders and complaints, by what entries name them by."""

    people: Mapping[str, str]
    accounts: Mapping[str, str]
    orders: Mapping[str, str]
    complaints: Mapping[str, str]


@blueprint.get("/audit")
@open_to("manager", "administrator")
def audit() -> str:
    """The latest entries first; the filters stand in the address."""
    person = signed_in()
    before = request.args.get("before", "")
    with reach_of(person), runtime().db.reading() as connection:
        people = _people(connection, person)
        wanted, asked = _wanted(connection, person, people)
        rows, older = queries.entry_page(
            connection,
            wanted,
            limit=ROWS,
            before_id=long_id(before),
        )
        lines = _lines(connection, rows, people)
    return render_template(
        "staff/audit.html",
        person=person,
        operator=runtime().reference.current().operators.get(person.operator_id or 0),
        lines=lines,
        people=[one.display_name for one in people],
        asked=asked,
        older=older,
        paged=bool(before),
        words=audit_words,
    )


@blueprint.get("/audit.<any(csv, xlsx):form>")
@open_to("manager", "administrator")
def audit_file(form: str) -> Any:
    """What the list shows, all pages of it."""
    person = signed_in()
    with reach_of(person), runtime().db.reading() as connection:
        people = _people(connection, person)
        wanted, asked = _wanted(connection, person, people)
    return list_file(
        form,
        "audit",
        gettext("审计"),
        _head(),
        _WIDTHS,
        stream_with_context(_cells(wanted, person, people)),
        too_many="audit.too_many_rows",
        back=url_for("staff.audit", **asked),
    )


def _people(connection: Connection, person: Person) -> list[Any]:
    """Whose doings the person may read: accounts, also former ones."""
    wanted = select(Account.id, Account.username, Account.display_name).order_by(Account.id)
    if person.role != "administrator":
        wanted = wanted.where(Account.operator_id == person.operator_id)
    return list(connection.execute(wanted).all())


def _wanted(connection: Connection, person: Person, people: Collection[Any]) -> tuple[Wanted, dict[str, str]]:
    """What the address narrows the trail to, and the part of the address that says so."""
    given = {
        name: request.args.get(name, "").strip()[:_LONGEST_TYPED].replace("\0", "")
        for name in ("who", "number", "action", "day")
    }
    asked = {name: typed for name, typed in given.items() if typed}
    if asked.get("action", "") not in set(Action):
        asked.pop("action", None)
    day = day_typed(asked.get("day", ""))
    if day is None:
        asked.pop("day", None)
    actors = None
    if who := asked.get("who"):
        named = [one.username for one in people if who in (one.display_name, one.username)]
        actors = [f"staff:{one}" for one in named] or [who]
    between = None
    if day is not None:
        begin = datetime.combine(day, time(0), clock.CITY_ZONE)
        between = (begin, begin + timedelta(days=1))
    operator_id = None if person.role == "administrator" else person.operator_id or 0
    subject = _subject(connection, operator_id, asked["number"]) if "number" in asked else None
    return Wanted(operator_id, actors, subject, asked.get("action"), between), asked


def _subject(connection: Connection, operator_id: int | None, typed: str) -> str:
    """How entries name the order or complaint of a typed number; nothing is named "" if there is none."""
    for kind, table, number in (
        ("order", Order, numbers.normalise(typed)),
        ("complaint", Complaint, normalise_number(typed)),
    ):
        if number is None:
            continue
        wanted = select(table.id).where(table.number == number)
        if operator_id is not None:
            wanted = wanted.where(table.operator_id == operator_id)
        found = connection.scalar(wanted)
        if found is not None:
            return f"{kind}:{found}"
    return ""


def _lines(connection: Connection, rows: Collection[Any], people: Collection[Any]) -> list[Line]:
    """Entries as people read them, in the language of the page."""
    known = _Names(
        {one.username: one.display_name for one in people},
        {str(one.id): one.display_name for one in people},
        _numbers(connection, Order, "order", rows),
        _numbers(connection, Complaint, "complaint", rows),
    )
    operators = runtime().reference.current().operators
    channels = names_of_channels()
    names = {id: one.name_en if language() == "en" else one.name for id, one in operators.items()}
    return [_line(row, known, channels, names) for row in rows]


def _numbers(connection: Connection, table: Any, kind: str, rows: Collection[Any]) -> dict[str, str]:
    """The numbers of what entries name by its id."""
    ids = {row.subject.partition(":")[2] for row in rows if row.subject.startswith(f"{kind}:")}
    found = connection.execute(
        select(table.id, table.number).where(table.id.in_([int(one) for one in ids if one.isdecimal()]))
    )
    return {str(row.id): row.number for row in found}


def _line(row: Any, known: _Names, channels: Mapping[str, str], operators: Mapping[int, str]) -> Line:
    kind, _, id = row.subject.partition(":")
    href, name = None, id
    if kind == "order" and id in known.orders:
        name = known.orders[id]
        href = url_for("staff.order", number=name)
    elif kind == "complaint" and id in known.complaints:
        name = known.complaints[id]
        href = url_for("staff.complaint", complaint_id=int(id))
    elif kind == "account":
        name = known.accounts.get(id, id)
    elif kind == "search":
        name = ""
    words = audit_words.FIELD_WORDS
    kind_word = audit_words.SUBJECT_WORDS.get(kind)
    return Line(
        at=row.at,
        who=_who(row.actor, known.people, channels),
        operator=operators.get(row.operator_id, ""),
        action=row.action,
        kind=gettext(kind_word) if kind_word else kind,
        name=name,
        href=href,
        fields=gettext("、").join(gettext(words[one]) if one in words else one for one in row.fields),
        why=audit_words.why_words(row.why),
    )


def _who(actor: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    kind, _, name = actor.partition(":")
    if kind == "staff":
        return people.get(name, name)
    if kind == "system":
        return gettext("系统")
    return channels.get(actor, actor)


def _head() -> tuple[str, ...]:
    return (
        gettext("时间"),
        gettext("人员"),
        gettext("运营商"),
        gettext("事项"),
        gettext("对象"),
        gettext("字段"),
        gettext("原因"),
    )


def _cells(wanted: Wanted, person: Person, people: Collection[Any]) -> Iterator[list[tuple[str, ...]]]:
    """The rows of the file, read in batches while the request lasts."""
    before: int | None = None
    while True:
        with reach_of(person), runtime().db.reading() as connection:
            rows, before = queries.entry_page(connection, wanted, limit=_AT_ONCE, before_id=before)
            lines = _lines(connection, rows, people)
        yield [
            (
                instant_cell(one.at),
                one.who,
                one.operator,
                gettext(audit_words.ACTION_WORDS[Action(one.action)]),
                f"{one.kind} {one.name}".strip(),
                one.fields,
                one.why,
            )
            for one in lines
        ]
        if before is None:
            return
