"""The teams of an operator, for its dispatchers and managers: the list, and one team with its people."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.complaints.persons import names
from tracker.orders.open_work import day_of, loads
from tracker.pages import team_words
from tracker.pages.access import label_of, language, open_to, operator_of, runtime
from tracker.pages.order_event_words import People
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import all_places
from tracker.pages.typed_numbers import whole
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person
from tracker.teams import queries
from tracker.teams.rules import Load
from tracker.teams.save_team import set_closed
from tracker.teams.set_members import add_members, remove_members
from tracker.visits.queries import slots_between

DISPATCHING = ("dispatcher", "manager")
_CHANGES_SHOWN = 30
_DAYS_SHOWN = 7
_MOST_CHOSEN = 200
_LONGEST_REASON = 200


def render(template: str, person: Person, **more: Any) -> str:
    """A page about teams or what they have to do."""
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[operator_of(person)],
        team_words=team_words,
        idle=Load(),
        now=clock.now(),
        today=clock.today(),
        **more,
    )


def reason_typed() -> str | None:
    """Why, as it was typed, if anything was."""
    return request.form.get("reason", "").replace("\0", "").strip()[:_LONGEST_REASON] or None


def ids_typed(name: str) -> list[int]:
    """The ids that were chosen under a name; what cannot be one is left out."""
    given = request.form.getlist(name)[:_MOST_CHOSEN]
    return [id for one in dict.fromkeys(given) if (id := whole(one)) is not None]


@blueprint.get("/teams")
@open_to(*DISPATCHING)
def teams() -> str:
    """The teams at work by area, with what each has to do; then those that are closed."""
    person = signed_in()
    operator_id = operator_of(person)
    today, tomorrow = day_of(clock.now())
    with runtime().db.reading() as connection:
        rows = queries.teams_of(connection, operator_id, closed=True)
        installers = queries.installers_of(connection, operator_id)
        of_teams, _ = loads(connection, operator_id, today, tomorrow)
    return render(
        "staff/teams.html",
        person,
        at_work=[row for row in rows if row.closed_at is None],
        closed=[row for row in rows if row.closed_at is not None],
        members=_by_team(installers),
        without=[one for one in installers if one.team_id is None],
        loads=of_teams,
        places=all_places(),
    )


@blueprint.route("/teams/<int:team_id>", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def team(team_id: int) -> Any:
    """A team: who works in it, what it has to do, its area's slots, and what became of it."""
    person = signed_in()
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            flash(_done(person, team_id))
            return redirect(url_for("staff.team", team_id=team_id))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    return _page(person, team_id, faults), status


def _done(person: Person, team_id: int) -> str:
    """What the button says, and what was done, in words. Raises Refusal."""
    db, operator_id, actor = runtime().db, operator_of(person), label_of(person)
    chosen = ids_typed("member")
    step = request.form.get("step", "")
    if step in ("join", "leave") and not chosen:
        raise Refusal(Fault("team.no_installer", "/members"))
    if step == "join":
        count = add_members(db, operator_id, team_id, chosen, reason_typed(), actor)
        return gettext("已加入 %(count)s 人。", count=count)
    if step == "leave":
        count = remove_members(db, operator_id, team_id, chosen, reason_typed(), actor)
        return gettext("已移出 %(count)s 人，他们的在途工单不变。", count=count)
    if step == "reopen":
        set_closed(db, operator_id, team_id, False, reason_typed(), actor)
        return gettext("已恢复使用。移交出去的工单不会自动回来。")
    raise NotFound


def _page(person: Person, team_id: int, faults: list[tuple[str, str]]) -> str:
    operator_id = operator_of(person)
    today, tomorrow = day_of(clock.now())
    with runtime().db.reading() as connection:
        row = queries.team_row(connection, operator_id, team_id)
        if row is None:
            raise NotFound
        rows = queries.teams_of(connection, operator_id, closed=True)
        installers = queries.installers_of(connection, operator_id)
        of_teams, of_installers = loads(connection, operator_id, today, tomorrow)
        slots = slots_between(
            connection, operator_id, [row.area_code], today, today + timedelta(days=_DAYS_SHOWN)
        )
        changes = queries.changes_of(connection, operator_id, team_id, _CHANGES_SHOWN)
        people, by_username = names(connection, operator_id)
    places = all_places()
    team_names = {one.id: one.name for one in rows}
    return render(
        "staff/team.html",
        person,
        team=row,
        members=[one for one in installers if one.team_id == team_id],
        others=[one for one in installers if one.team_id != team_id],
        team_names=team_names,
        load=of_teams.get(team_id, Load()),
        loads=of_installers,
        days=_by_day(slots),
        places=places,
        county=places.county_of(row.area_code),
        changes=[
            (
                one,
                People({}, by_username).name(one.actor),
                team_words.details(one, places, team_names, people),
            )
            for one in changes
        ],
        chosen=ids_typed("member"),
        typed=request.form,
        faults=faults,
        spoken=language(),
    )


def _by_team(installers: Sequence[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for one in installers:
        found.setdefault(one.team_id, []).append(one)
    return found


def _by_day(slots: Sequence[Any]) -> Mapping[date, tuple[int, int]]:
    """Of each day how many visits are booked in open slots, and how many there is room for."""
    days: dict[date, tuple[int, int]] = {}
    for slot in slots:
        if slot.closed_at is None:
            day = clock.local_date(slot.starts_at)
            booked, capacity = days.get(day, (0, 0))
            days[day] = booked + slot.booked, capacity + slot.capacity
    return days
