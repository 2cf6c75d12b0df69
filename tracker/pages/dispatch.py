"""Open work by town, as a map of tiles or a table, and the list below it from which orders are assigned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from tracker import clock
from tracker.orders.assign_orders import Outcome, undo_assignment
from tracker.orders.open_work import SHOWN, Work, day_of, work_by_town, work_list
from tracker.orders.rules import Stage
from tracker.orders.standing import mark_of
from tracker.outages.areas import Division, Places
from tracker.pages import assigning, dispatch_words
from tracker.pages.access import acting, language, open_to, operator_of, runtime
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slot_words import hours
from tracker.pages.slots import all_places
from tracker.pages.teams import DISPATCHING, render
from tracker.pages.typed_numbers import whole
from tracker.pages.wording import day
from tracker.problems import Refusal
from tracker.staff.sign_in import Person
from tracker.teams import queries
from tracker.visits.queries import free_places

ROWS = 50
_VIEWS = ("map", "table")
_FARTHEST = 20_000
_MOST_NAMED = 6


@dataclass(frozen=True)
class Asked:
    """What the address asks for. Empty is the whole city, every team."""

    place: str
    show: str
    team: int | None
    view: str
    skip: int

    def args(self, **changes: Any) -> dict[str, Any]:
        """The arguments of an address that asks for the same, but for the changes; a new list begins anew."""
        wanted = {
            "place": self.place or None,
            "show": None if self.show == "to_dispatch" else self.show,
            "team": self.team,
            "view": None if self.view == "map" else self.view,
        }
        return {name: value for name, value in (wanted | changes).items() if value is not None}


@dataclass(frozen=True)
class Area:
    """A place with its open work, and how many more visits fit into its slots of today and tomorrow."""

    place: Division
    work: Work
    free_today: int
    free_tomorrow: int
    towns: tuple["Area", ...] = ()


@blueprint.route("/dispatch", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def dispatch() -> Any:
    """Open work; what is ticked in the list goes to the team or installer that is chosen below it."""
    person, places = signed_in(), all_places()
    asked = _asked(places)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            done = assigning.assign_chosen(person)
            return redirect(url_for("staff.dispatch", **asked.args(done=done)))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    return _page(person, places, asked, faults), status


@blueprint.post("/dispatch/undo/<int:assignment_id>")
@open_to(*DISPATCHING)
def dispatch_undo(assignment_id: int) -> Any:
    """Put back whose the orders of an assignment were, and go back to the page that it was shown on."""
    person = signed_in()
    try:
        for message in undone_words(undo_assignment(runtime(), acting(person), assignment_id)):
            flash(message)
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    if request.args.get("at") == "installers":
        wanted = {name: request.args[name] for name in ("team", "day") if name in request.args}
        return redirect(url_for("staff.dispatch_installers", **wanted))
    return redirect(url_for("staff.dispatch", **_asked(all_places()).args()))


def undone_words(outcome: Outcome) -> list[str]:
    """What came of undoing an assignment."""
    said_of = []
    if outcome.done:
        said_of.append(gettext("已撤回 %(count)s 张，恢复为原来的安排。", count=len(outcome.done)))
    for number, fault in outcome.refused[:_MOST_NAMED]:
        said_of.append(f"{number}{gettext('：')}{fault.words(language())}")
    if len(outcome.refused) > _MOST_NAMED:
        said_of.append(gettext("另有 %(count)s 张未撤回。", count=len(outcome.refused) - _MOST_NAMED))
    return said_of


def standing_of_work(row: Any) -> Any:
    """How an order that is to be installed stands."""
    return mark_of(Stage(row.stage), None, row.deadline, clock.now())


def visit_words(row: Any) -> str:
    """When somebody comes; empty where nothing is agreed."""
    if row.appointment_starts_at is None:
        return ""
    on = day(clock.local_date(row.appointment_starts_at), language(), clock.today())
    return f"{on} {hours(row.appointment_starts_at, row.appointment_ends_at, language())}"


def _asked(places: Places) -> Asked:
    place = request.args.get("place", "")
    known = place in places.by_code and places.by_code[place].level in ("county", "town")
    show, view = request.args.get("show", "to_dispatch"), request.args.get("view", "map")
    team, skip = request.args.get("team", ""), request.args.get("skip", "")
    return Asked(
        place if known else "",
        show if show in dispatch_words.SHOWN_WORDS else "to_dispatch",
        whole(team),
        view if view in _VIEWS else "map",
        min(whole(skip) or 0, _FARTHEST),
    )


def _page(person: Person, places: Places, asked: Asked, faults: list[tuple[str, str]]) -> str:
    operator_id, now = operator_of(person), clock.now()
    today, tomorrow = day_of(now)
    _, day_after = day_of(tomorrow)
    with runtime().db.reading() as connection:
        work = work_by_town(connection, operator_id, now)
        free = [
            free_places(connection, operator_id, *span, now)
            for span in ((today, tomorrow), (tomorrow, day_after))
        ]
        rows, more = work_list(
            connection,
            operator_id,
            now,
            place=asked.place,
            shown=asked.show if asked.show in SHOWN else None,
            team_id=asked.team,
            skip=asked.skip,
            limit=ROWS,
        )
        teams = {one.id: one for one in queries.teams_of(connection, operator_id, closed=True)}
        groups = assigning.groups(connection, operator_id, asked.place or None)
        told = assigning.told(connection, person, request.args.get("done", ""))
    counties = [_area(places, county, work, free) for county in places.of_level("county")]
    county = places.county_of(asked.place) if asked.place else None
    here = next((one for one in counties if county and one.place.code == county.code), None)
    ticked = assigning.chosen()
    if told is not None and not ticked:
        ticked = {number: 0 for number, _ in told.refused}
    return render(
        "staff/dispatch.html",
        person,
        asked=asked,
        counties=counties,
        county=here,
        place=places.by_code.get(asked.place),
        figures=_figures(asked, counties, here),
        words=dispatch_words,
        places=runtime().reference.current().places,
        rows=rows,
        more=more,
        size=ROWS,
        teams=teams,
        team=teams.get(asked.team) if asked.team is not None else None,
        groups=groups,
        told=told,
        ticked=ticked,
        all_ticked=request.args.get("all") == "1",
        typed=request.form,
        target=assigning.target_typed(told),
        reason=assigning.reason_shown(told),
        nobody=assigning.NOBODY,
        standing_of_work=standing_of_work,
        visit=visit_words,
        faults=faults,
        fault_of=dict(reversed(faults)),
        at=None,
    )


def _area(places: Places, county: Division, work: Mapping[str, Work], free: list[dict[str, int]]) -> Area:
    """A county with its towns. Slots of the whole county are told with the county alone."""
    towns = tuple(
        Area(town, work.get(town.code, Work()), free[0].get(town.code, 0), free[1].get(town.code, 0))
        for town in places.children(county.code)
    )
    total = Work()
    for town in towns:
        total += town.work
    return Area(
        county,
        total,
        free[0].get(county.code, 0) + sum(town.free_today for town in towns),
        free[1].get(county.code, 0) + sum(town.free_tomorrow for town in towns),
        towns,
    )


def _figures(asked: Asked, counties: list[Area], here: Area | None) -> dict[str, int]:
    """How many orders of the place there are of each kind that the list may be narrowed to."""
    total = Work()
    if here is None:
        for county in counties:
            total += county.work
    elif here.place.code == asked.place:
        total = here.work
    else:
        total = next(town.work for town in here.towns if town.place.code == asked.place)
    return {name: getattr(total, name) for name in SHOWN} | {"all": total.total}
