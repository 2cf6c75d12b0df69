"""A day of installers, hour by hour, and the visits that nobody has yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import redirect, request, url_for

from tracker import clock
from tracker.orders.open_work import day_of, visits_of_day
from tracker.pages import assigning
from tracker.pages.access import language, open_to, operator_of, runtime
from tracker.pages.dispatch import standing_of_work, visit_words
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slot_words import hours
from tracker.pages.slots import day_typed, midnight
from tracker.pages.teams import DISPATCHING, render
from tracker.pages.typed_numbers import whole
from tracker.problems import Refusal
from tracker.teams import queries
from tracker.teams.rules import clashing

# Hours that a day shows at least; earlier and later visits widen it.
_FIRST_HOUR, _LAST_HOUR = 8, 20


@dataclass(frozen=True)
class Stretch:
    """A part of somebody's day: so many whole hours, with the visits that lie in it, or free."""

    hours: int
    visits: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Line:
    """An installer's day."""

    installer: Any
    stretches: tuple[Stretch, ...]
    count: int


@blueprint.route("/dispatch/installers", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def dispatch_installers() -> Any:
    """The day; what is ticked goes to whom is chosen below it. Team and day stand in the address."""
    person = signed_in()
    operator_id = operator_of(person)
    faults: list[tuple[str, str]] = []
    status = 200
    day = day_typed(request.args.get("day", "")) or clock.today()
    team_id = whole(request.args.get("team", ""))
    wanted = {"day": day.isoformat(), "team": team_id}
    if request.method == "POST":
        try:
            done = assigning.assign_chosen(person)
            return redirect(url_for("staff.dispatch_installers", **wanted, done=done))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    begin, end = day_of(midnight(day))
    with runtime().db.reading() as connection:
        teams = {one.id: one for one in queries.teams_of(connection, operator_id, closed=True)}
        team = teams.get(team_id) if team_id is not None else None
        area = team.area_code if team else ""
        visits = visits_of_day(
            connection, operator_id, begin, end, clock.now(), place=area, team_id=team.id if team else None
        )
        people = [
            one
            for one in queries.installers_of(connection, operator_id)
            if one.team_id is not None and (team is None or one.team_id == team.id)
        ]
        groups = assigning.groups(connection, operator_id, area or None)
        told = assigning.told(connection, person, request.args.get("done", ""))
    first, last = _hours_of(visits)
    here = {one.id for one in people}
    page = render(
        "staff/dispatch_installers.html",
        person,
        day=day,
        one_day=timedelta(days=1),
        team=team,
        teams=teams,
        hours=range(first, last),
        hours_of=lambda row: hours(row.appointment_starts_at, row.appointment_ends_at, language()),
        nobodys=[one for one in visits if one.installer_id not in here],
        lines=[
            _line(one, [row for row in visits if row.installer_id == one.id], first, last) for one in people
        ],
        clashes=_clashes(visits),
        places=runtime().reference.current().places,
        groups=groups,
        told=told,
        ticked=assigning.chosen(),
        all_ticked=False,
        typed=request.form,
        target=assigning.target_typed(told),
        reason=assigning.reason_shown(told),
        nobody=assigning.NOBODY,
        standing_of_work=standing_of_work,
        visit=visit_words,
        faults=faults,
        fault_of=dict(reversed(faults)),
        at="installers",
    )
    return page, status


def _span(row: Any) -> tuple[int, int]:
    """The whole hours of a day that a visit touches."""
    starts, ends = clock.local(row.appointment_starts_at), clock.local(row.appointment_ends_at)
    until = 24 if ends.date() > starts.date() else ends.hour + (1 if ends.minute else 0)
    return starts.hour, max(until, starts.hour + 1)


def _hours_of(visits: Sequence[Any]) -> tuple[int, int]:
    spans = [_span(row) for row in visits]
    return min([_FIRST_HOUR, *(first for first, _ in spans)]), max([_LAST_HOUR, *(last for _, last in spans)])


def _line(installer: Any, visits: Sequence[Any], first: int, last: int) -> Line:
    """Visits that touch the same hours share a stretch; what lies between is free."""
    stretches: list[Stretch] = []
    at, index = first, 0
    while index < len(visits):
        begin, end = _span(visits[index])
        together = [visits[index]]
        index += 1
        while index < len(visits) and _span(visits[index])[0] < end:
            together.append(visits[index])
            end = max(end, _span(visits[index])[1])
            index += 1
        if begin > at:
            stretches.append(Stretch(begin - at))
        stretches.append(Stretch(end - begin, tuple(together)))
        at = end
    if at < last:
        stretches.append(Stretch(last - at))
    return Line(installer, tuple(stretches), len(visits))


def _clashes(visits: Sequence[Any]) -> frozenset[str]:
    """The visits that lie at the same time as another of the same installer."""
    found: frozenset[str] = frozenset()
    for installer in {row.installer_id for row in visits if row.installer_id is not None}:
        own = {
            row.number: (row.appointment_starts_at, row.appointment_ends_at)
            for row in visits
            if row.installer_id == installer
        }
        found |= clashing(own)
    return found
