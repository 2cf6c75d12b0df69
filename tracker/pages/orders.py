"""The orders of an operator, for its desk: narrowed and sorted by the address, twenty a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request
from sqlalchemy import select

from tracker import clock
from tracker.complaints import rating_queries
from tracker.complaints.queries import pressing
from tracker.excuses.queries import EXCUSES
from tracker.orders.desk_list import STANDINGS, Position, Sorting, Wanted, list_orders
from tracker.orders.fee_queries import fees_of
from tracker.orders.return_queries import RETURNS
from tracker.orders.rules import Stage
from tracker.orders.standing import MARK_WORDS, N_
from tracker.pages.access import AT_DESK, label_of, open_to, operator_of, runtime
from tracker.pages.places import home_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import long_id, whole
from tracker.reference import Reference
from tracker.staff.models import ROLES
from tracker.teams.models import Team

ROWS = 20
KIND_WORDS = {"home": N_("家庭"), "enterprise": N_("企业")}
STANDING_WORDS = {mark.value: MARK_WORDS[mark] for mark in STANDINGS}
SORTING_WORDS = {
    Sorting.NEWEST: N_("新的在前"),
    Sorting.OLDEST: N_("旧的在前"),
    Sorting.DEADLINE: N_("最急的在前"),
}


@dataclass(frozen=True)
class Asked:
    """The filters of the address: `given` as they stand there, `wanted` as the list takes them."""

    given: Mapping[str, str]
    wanted: Wanted


def asked(reference: Reference, operator_id: int) -> Asked:
    """What the address asks for; what makes no sense is passed over."""
    given = {
        name: value
        for name, known in (
            ("stage", frozenset(Stage)),
            ("kind", frozenset(KIND_WORDS)),
            ("standing", frozenset(STANDING_WORDS)),
            ("sort", frozenset(Sorting) - {Sorting.NEWEST}),
            ("held", frozenset({"1"})),
        )
        if (value := request.args.get(name, "")) in known
    }
    own = {str(one.id) for one in reference.channels.values() if one.operator_id == operator_id}
    if (channel := request.args.get("channel", "")) in own:
        given["channel"] = channel
    place = request.args.get("place", "")
    communities = [code for code in reference.places if place and code.startswith(place)]
    if len(place) in (6, 9) and communities:
        given["place"] = place
    team = request.args.get("team", "")
    if whole(team) is not None:
        given["team"] = team
    return Asked(
        given,
        Wanted(
            stage=given.get("stage"),
            customer_kind=given.get("kind"),
            channel_id=int(given["channel"]) if "channel" in given else None,
            communities=communities if "place" in given else (),
            standing=given.get("standing"),
            on_hold="held" in given,
            team_id=int(given["team"]) if "team" in given else None,
            sorting=Sorting(given.get("sort", Sorting.NEWEST)),
        ),
    )


@blueprint.get("/")
@open_to(*ROLES)
def orders() -> Any:
    """The list; whatever narrows it stands in the address. Who handles no orders begins elsewhere (I6)."""
    person, now = signed_in(), clock.now()
    if person.role not in AT_DESK:
        return redirect(home_of(person.role))
    operator_id = operator_of(person)
    facts = runtime().reference.current()
    filters = asked(facts, operator_id)
    with runtime().db.reading() as connection:
        rows, behind = list_orders(
            connection, operator_id, filters.wanted, behind=_behind(), limit=ROWS, now=now
        )
        fees = fees_of(connection, rows)
        teams = connection.execute(
            select(Team.id, Team.name)
            .where(Team.operator_id == operator_id, Team.closed_at.is_(None))
            .order_by(Team.name)
        ).all()
        presses, to_call_back, to_decide, to_excuse = {}, 0, False, False
        if person.role == "manager":
            presses = pressing(connection, clock.today(), operator_id)
            to_call_back = rating_queries.to_call_back(connection, operator_id)
            to_decide = RETURNS.any_to_decide(connection, operator_id, label_of(person))
            to_excuse = EXCUSES.any_to_decide(connection, operator_id, label_of(person))
    return render_template(
        "staff/orders.html",
        person=person,
        operator=facts.operators[operator_id],
        rows=rows,
        older=None if behind is None else _written(behind),
        open_fen={order: sum(fee.open_fen for fee in theirs) for order, theirs in fees.items()},
        to_return_fen={order: sum(fee.to_return_fen for fee in theirs) for order, theirs in fees.items()},
        places=facts.places,
        channels=facts.channels,
        given=filters.given,
        open_only=filters.wanted.open_only,
        choices=_choices(facts, operator_id, {str(team.id): team.name for team in teams}),
        counties=towns_by_county(facts),
        presses=presses,
        to_call_back=to_call_back,
        to_decide=to_decide,
        to_excuse=to_excuse,
        now=now,
    )


def _choices(facts: Reference, operator_id: int, teams: Mapping[str, str]) -> dict[str, Mapping[Any, str]]:
    own = {str(one.id): one.name for one in facts.channels.values() if one.operator_id == operator_id}
    return {
        "kind": KIND_WORDS,
        "standing": STANDING_WORDS,
        "channel": own,
        "team": teams,
        "sort": {sorting: word for sorting, word in SORTING_WORDS.items() if sorting is not Sorting.NEWEST},
    }


def towns_by_county(facts: Reference) -> dict[tuple[str, str], dict[str, str]]:
    """The towns of each county, by their codes."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for place in facts.places.values():
        found.setdefault((place.county_code, place.county), {})[place.code[:9]] = place.town
    return found


def _behind() -> Position | None:
    """The place of the address; the beginning for what is none."""
    deadline, _, typed = request.args.get("behind", "").rpartition("~")
    order_id = long_id(typed)
    if order_id is None:
        return None
    try:
        at = datetime.fromisoformat(deadline) if deadline else None
    except ValueError:
        return None
    return None if at is not None and at.tzinfo is None else Position(order_id, at)


def _written(position: Position) -> str:
    at = "" if position.deadline is None else f"{position.deadline.isoformat().replace('+00:00', 'Z')}~"
    return f"{at}{position.id}"
