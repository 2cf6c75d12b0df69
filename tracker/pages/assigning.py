"""The form by which orders are assigned, wherever it stands, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy import Connection

from tracker import clock
from tracker.complaints.persons import names
from tracker.orders import numbers
from tracker.orders.assign_orders import assign_orders, assigned_numbers, assignment_row
from tracker.orders.open_work import day_of, last_changes, loads, versions_of, visits_of_installers
from tracker.orders.rules import ASSIGNMENT_UNDONE_WITHIN
from tracker.orders.standing import STAGE_WORDS
from tracker.pages import team_words
from tracker.pages.access import acting, language, operator_of, runtime
from tracker.pages.complaint_words import who_did
from tracker.pages.complaints import names_of_channels
from tracker.pages.teams import reason_typed
from tracker.pages.typed_numbers import long_id, whole
from tracker.pages.webhook_words import TYPE_WORDS
from tracker.pages.wording import instant
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person
from tracker.teams import queries
from tracker.teams.rules import Candidate, Load, clashing, suggested

# The form's word for taking orders from whoever has them.
NOBODY = "nobody"
_MOST_READ = 400


@dataclass(frozen=True)
class Group:
    """A team that orders may go to, with what it has to do, and each of its installers with the same.

    `near`: its area is where the orders lie.
    """

    team: Candidate
    load: Load
    near: bool
    installers: tuple[tuple[Any, Load], ...]


@dataclass(frozen=True)
class Told:
    """An assignment as it is told: to whom, which orders, which not and why, and what may be done about it.

    `outside`: numbers and versions of those that only lie outside the area. `clashing`: visits of the
    installer that lie at the same time as another of his.
    """

    row: Any
    target: str
    value: str
    done: Sequence[str]
    refused: Sequence[tuple[str, str]]
    outside: Sequence[tuple[str, int]]
    clashing: Sequence[str]
    undoable: bool


def groups(connection: Connection, operator_id: int, place: str | None) -> list[Group]:
    """The teams that orders of a place may go to, those that are suggested first."""
    today, tomorrow = day_of(clock.now())
    rows = queries.teams_of(connection, operator_id)
    of_teams, of_installers = loads(connection, operator_id, today, tomorrow)
    members: dict[int | None, list[Any]] = {}
    for one in queries.installers_of(connection, operator_id):
        members.setdefault(one.team_id, []).append(one)
    candidates = [Candidate(row.id, row.name, row.area_code) for row in rows]
    own, others = suggested(candidates, place, of_teams)
    return [
        Group(
            team,
            of_teams.get(team.id, Load()),
            team in own,
            tuple((one, of_installers.get(one.id, Load())) for one in members.get(team.id, [])),
        )
        for team in (*own, *others)
    ]


def chosen() -> dict[str, int]:
    """The orders that were ticked, each with the version that was shown of it."""
    found = {}
    for given in request.form.getlist("order")[:_MOST_READ]:
        number, _, version = given.partition(":")
        wanted = numbers.normalise(number)
        if wanted is not None:
            shown = whole(version)
            found[wanted] = -1 if shown is None else shown
    return found


def assign_chosen(person: Person) -> int:
    """Assign what was ticked to whom was chosen; returns the id of the assignment. Raises Refusal."""
    wanted = chosen()
    if not wanted:
        raise Refusal(Fault("assign.nothing", "/orders"))
    team_id, installer_id = _target()
    outcome = assign_orders(
        runtime(),
        acting(person),
        list(wanted),
        team_id=team_id,
        installer_id=installer_id,
        if_versions=wanted,
        reason=reason_typed(),
        outside=request.form.get("outside") == "1",
    )
    return outcome.id


def told(connection: Connection, person: Person, assignment_id: str) -> Told | None:
    """What came of an assignment that the address names; None for none of the person's operator."""
    operator_id = operator_of(person)
    id = long_id(assignment_id)
    row = None if id is None else assignment_row(connection, operator_id, id)
    if row is None:
        return None
    done = assigned_numbers(connection, row)
    numbers_refused = [one["order"] for one in row.refused]
    changes = last_changes(connection, operator_id, numbers_refused)
    _, by_username = names(connection, operator_id)
    outside = [one["order"] for one in row.refused if one["rule"] == "assign.outside_area"]
    versions = versions_of(connection, operator_id, outside)
    return Told(
        row,
        _target_words(connection, operator_id, row),
        _value(row),
        done,
        [(one["order"], _why(one, changes.get(one["order"]), by_username)) for one in row.refused],
        [(number, versions[number]) for number in outside if number in versions],
        _clashes(connection, operator_id, row.installer_id, done),
        bool(done) and row.undone_at is None and clock.now() <= row.at + ASSIGNMENT_UNDONE_WITHIN,
    )


def target_typed(told: Told | None) -> str:
    """Whom the form shows as chosen: as typed, or whoever could not be given some of the orders."""
    return request.form.get("target", told.value if told is not None and told.refused else "")


def reason_shown(told: Told | None) -> str:
    """The reason that the form shows: as typed, or of an assignment that some orders did not follow."""
    return reason_typed() or (told.row.reason if told is not None and told.refused else None) or ""


def _target() -> tuple[int | None, int | None]:
    """The team, and the one of it, that was chosen. Raises Refusal."""
    typed = request.form.get("target", "")
    if typed == NOBODY:
        return None, None
    team, dash, installer = typed.partition("-")
    team_id, installer_id = whole(team), whole(installer) if dash else None
    if team_id is None or (dash and installer_id is None):
        raise Refusal(Fault("assign.target", "/target"))
    return team_id, installer_id


def _value(row: Any) -> str:
    """As the form names the target of an assignment."""
    if row.team_id is None:
        return NOBODY
    return f"{row.team_id}-{row.installer_id}" if row.installer_id else str(row.team_id)


def _target_words(connection: Connection, operator_id: int, row: Any) -> str:
    if row.team_id is None:
        return ""
    team = queries.team_row(connection, operator_id, row.team_id)
    name = team.name if team is not None else ""
    for one in queries.installers_of(connection, operator_id):
        if one.id == row.installer_id:
            return f"{name} · {team_words.installer(one.title, one.staff_number, one.display_name)}"
    return name


def _why(refused: Any, change: Any, by_username: dict[str, str]) -> str:
    """Why an order was not assigned; of a stale one also who changed it meanwhile, how and when."""
    words = Fault(refused["rule"], "", refused["params"]).words(language())
    if refused["rule"] != "version.stale" or change is None:
        return words
    who, ours = who_did(change.actor, names_of_channels(), by_username)
    word = STAGE_WORDS[change.stage] if change.kind == "stage" else TYPE_WORDS[f"order.{change.kind}"]
    return gettext(
        "%(who)s 于 %(when)s 改动过：%(what)s。请看最新情况再派",
        who=gettext(who) if ours else who,
        when=instant(change.recorded_at, language(), clock.today()),
        what=gettext(word),
    )


def _clashes(
    connection: Connection, operator_id: int, installer_id: int | None, done: Sequence[str]
) -> list[str]:
    """Which of the orders have a visit while their installer has another."""
    if installer_id is None:
        return []
    visits = visits_of_installers(connection, operator_id, [installer_id], clock.now())
    at_once = clashing({one.number: (one.starts_at, one.ends_at) for one in visits})
    return [number for number in done if number in at_once]
