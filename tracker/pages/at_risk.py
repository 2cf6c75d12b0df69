"""Orders at risk, the most urgent first: why, whose they are, and what can be done about each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for

from tracker import clock
from tracker.at_risk.history import followed
from tracker.at_risk.queries import Counts, Position, Wanted, count_at_risk, list_at_risk
from tracker.at_risk.read_rules import rules_in_force
from tracker.at_risk.rules import GRAVITY, Level, Risk
from tracker.at_risk.take_over import take_over
from tracker.orders.assign_orders import undo_assignment
from tracker.orders.standing import N_
from tracker.pages import assigning, risk_words
from tracker.pages.access import acting, language, open_to, operator_of, runtime
from tracker.pages.dispatch import undone_words, visit_words
from tracker.pages.order_frame import people_of
from tracker.pages.orders import KIND_WORDS, towns_by_county
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import all_places
from tracker.pages.teams import DISPATCHING, render
from tracker.problems import Refusal
from tracker.reference import Reference
from tracker.staff.sign_in import Person
from tracker.teams import queries

ROWS = 30
_WIDEST_ID = 9


@dataclass(frozen=True)
class Asked:
    """What the address asks for: `given` as it stands there, `wanted` as the list takes it."""

    given: Mapping[str, str]
    wanted: Wanted
    behind: Position | None

    def args(self, **changes: Any) -> dict[str, Any]:
        """The arguments of an address that asks for the same, but for the changes; a new list begins anew."""
        return {name: value for name, value in ({**self.given} | changes).items() if value is not None}

    def here(self, **more: Any) -> str:
        """The address of this place in the list."""
        behind = None if self.behind is None else _written(self.behind)
        return url_for("staff.at_risk", **self.args(behind=behind, **more))


def asked(facts: Reference, operator_id: int) -> Asked:
    """What the address asks for; what makes no sense is passed over."""
    given = {}
    if (risk := request.args.get("risk", "")) in frozenset(Risk):
        given["risk"] = risk
    if (kind := request.args.get("kind", "")) in KIND_WORDS:
        given["kind"] = kind
    own = {str(one.id) for one in facts.channels.values() if one.operator_id == operator_id}
    if (channel := request.args.get("channel", "")) in own:
        given["channel"] = channel
    place = all_places().by_code.get(request.args.get("place", ""))
    if place is not None and place.level in ("county", "town"):
        given["place"] = place.code
    team = request.args.get("team", "")
    if team.isdecimal() and len(team) <= _WIDEST_ID:
        given["team"] = str(int(team))
    wanted = Wanted(
        risk=Risk(given["risk"]) if "risk" in given else None,
        place=given.get("place", ""),
        team_id=int(given["team"]) if "team" in given else None,
        channel_id=int(given["channel"]) if "channel" in given else None,
        customer_kind=given.get("kind"),
    )
    return Asked(given, wanted, _behind())


@blueprint.route("/at-risk", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def at_risk() -> Any:
    """The list; what is ticked in it goes to the team or installer that is chosen below it."""
    person = signed_in()
    wish = asked(runtime().reference.current(), operator_of(person))
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            return redirect(wish.here(done=assigning.assign_chosen(person)))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    return _page(person, wish, faults), status


@blueprint.post("/at-risk/undo/<int:assignment_id>")
@open_to(*DISPATCHING)
def at_risk_undo(assignment_id: int) -> Any:
    """Put back whose the orders of an assignment were, and go back to the same place in the list."""
    person = signed_in()
    try:
        for message in undone_words(undo_assignment(runtime(), acting(person), assignment_id)):
            flash(message)
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    return redirect(asked(runtime().reference.current(), operator_of(person)).here())


@blueprint.post("/at-risk/take/<number>")
@open_to(*DISPATCHING)
def at_risk_take(number: str) -> Any:
    """Take an order over, and go back to the same place in the list."""
    person = signed_in()
    try:
        is_new = take_over(runtime(), acting(person), number)
        flash(N_("已记下：由您跟进。") if is_new else N_("这个工单已由您跟进。"))
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    return redirect(asked(runtime().reference.current(), operator_of(person)).here(_anchor=f"order-{number}"))


def _page(person: Person, wish: Asked, faults: list[tuple[str, str]]) -> str:
    operator_id, now = operator_of(person), clock.now()
    facts, places = runtime().reference.current(), all_places()
    with runtime().db.reading() as connection:
        rules = rules_in_force(connection, operator_id).rules
        counts = count_at_risk(connection, operator_id, rules, wish.wanted, now)
        rows, behind = list_at_risk(
            connection, operator_id, rules, wish.wanted, now, behind=wish.behind, limit=ROWS
        )
        standing = followed(connection, operator_id, {row.id: row.deadline for row in rows})
        teams = {one.id: one for one in queries.teams_of(connection, operator_id, closed=True)}
        groups = assigning.groups(connection, operator_id, wish.wanted.place or None)
        told = assigning.told(connection, person, request.args.get("done", ""))
    ticked = assigning.chosen()
    if told is not None and not ticked:
        ticked = {number: 0 for number, _ in told.refused}
    return render(
        "staff/at_risk.html",
        person,
        wish=wish,
        rows=rows,
        next_page=None if behind is None else replace(wish, behind=behind).here(),
        counts=counts,
        shown=_shown(counts, wish.wanted.risk),
        supervised=Level.EVERY_MANAGER,
        words=risk_words,
        standing=standing,
        who_took=people_of(person).name,
        places=facts.places,
        counties=towns_by_county(facts),
        choices=_choices(facts, operator_id, teams),
        place=places.by_code.get(wish.wanted.place),
        rules=rules,
        visit=visit_words,
        teams=teams,
        groups=groups,
        told=told,
        ticked=ticked,
        all_ticked=request.args.get("all") == "1",
        typed=request.form,
        target=assigning.target_typed(told),
        reason=assigning.reason_shown(told),
        nobody=assigning.NOBODY,
        faults=faults,
        fault_of=dict(reversed(faults)),
    )


def _shown(counts: Counts, chosen: Risk | None) -> list[Risk]:
    """The risks that there are, and the one that the list is narrowed to."""
    return [risk for risk in GRAVITY if counts.by_risk[risk] or risk is chosen]


def _choices(facts: Reference, operator_id: int, teams: Mapping[int, Any]) -> dict[str, Mapping[Any, str]]:
    own = {str(one.id): one.name for one in facts.channels.values() if one.operator_id == operator_id}
    standing = {str(one.id): one.name for one in teams.values() if one.closed_at is None}
    return {"kind": KIND_WORDS, "channel": own, "team": {"0": N_("未派"), **standing}}


def _behind() -> Position | None:
    """The place of the address; the beginning for what is none."""
    written, _, place = request.args.get("behind", "").partition("~")
    gravity, _, order_id = place.partition("~")
    if not all(one.isdecimal() and len(one) <= 18 for one in (gravity, order_id)):
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    if at.tzinfo is None or int(gravity) >= len(GRAVITY):
        return None
    return Position(at, int(gravity), int(order_id))


def _written(position: Position) -> str:
    return f"{position.deadline.isoformat().replace('+00:00', 'Z')}~{position.gravity}~{position.id}"
