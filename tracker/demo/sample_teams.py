"""Example teams, one for each county and one for a town, their installers, and orders for them to install."""

import random
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import select, update

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders
from tracker.orders.open_work import work_list
from tracker.orders.place_orders import place_order
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.orders.schemas import OrderRequestSchema
from tracker.places.models import Division
from tracker.reference import OperatorFacts, Reference
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account
from tracker.teams.queries import installers_of, teams_of
from tracker.teams.save_team import make_team
from tracker.teams.set_members import add_members

_ACTOR = "console:demo"
# Of one county a town has a team of its own: 英城街道.
_TOWN = "441881001"
_TITLES = ("李师傅", "陈师傅", "黄师傅", "林师傅", "何师傅", "罗师傅", "邓师傅", "欧师傅", "谢师傅", "潘师傅")
_FIRST_NUMBER = 321
_MOST = 400
ORDERS_PER_OPERATOR = 36
# How far most orders of the last days have come: many wait for somebody to dispatch them.
_STAGES = (Stage.VERIFIED, *[Stage.RESOURCE_CHECKED] * 4, *[Stage.DISPATCHED] * 3)
# Of so many orders one is left for whoever tries the page out.
_LEAVE_EVERY = 3


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Make teams for each operator that has none, bring orders of the last days, and assign most of the open
    ones; harmless to repeat.
    """
    reference = runtime.reference.current()
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        with runtime.db.reading() as connection:
            known = bool(teams_of(connection, operator.id, closed=True))
        if known:
            continue
        _place(runtime, reference, operator.id)
        teams = _teams(runtime, operator)
        count = _assign(runtime, operator.id, teams)
        say(f"{operator.name}: {len(teams)} example teams, {count} orders assigned")


def _place(runtime: Runtime, reference: Reference, operator_id: int) -> None:
    """Orders of the last days all over the city, each as far as somebody must look at it."""
    dice = random.Random(operator_id)
    channel = next(
        one for one in reference.channels.values() if one.operator_id == operator_id and one.code == "hall"
    )
    plan = next(
        one[0].filing_number
        for (owner, _), one in sorted(reference.plans.items())
        if owner == operator_id and one[0].audience == "home"
    )
    places, now = sorted(reference.places), clock.now()
    for number in range(ORDERS_PER_OPERATOR):
        at = now - timedelta(hours=dice.uniform(2, 60))
        order = OrderRequestSchema().load(
            {
                "external_reference": f"WORK-{number + 1:04d}",
                "accepted_at": at.isoformat(),
                "customer": {
                    "kind": "home",
                    "name": dice.choice("李王张刘陈杨黄赵") + dice.choice(("先生", "女士")),
                    "phone": f"1380000{dice.randrange(10_000):04d}",
                },
                "address": {
                    "community_code": dice.choice(places),
                    "detail": f"{dice.randrange(1, 60)}号{dice.randrange(101, 1805)}房",
                },
                "plan": plan,
            }
        )
        placed = place_order(runtime, channel, order)
        for stage in PATH[1 : PATH.index(dice.choice(_STAGES)) + 1]:
            at += (now - at) / 4
            step = {"stage": stage, "occurred_at": at}
            record_progress(runtime, Actor.of_channel(channel), placed.number, step)


def _teams(runtime: Runtime, operator: OperatorFacts) -> Mapping[str, int]:
    """A team of each area, with an installer or two; by the code of the area."""
    with runtime.db.reading() as connection:
        names = {
            row.code: row.name
            for row in connection.execute(
                select(Division.code, Division.name).where(
                    (Division.level == "county") | (Division.code == _TOWN)
                )
            )
        }
    teams = {}
    for place, (code, name) in enumerate(sorted(names.items())):
        teams[code] = make_team(runtime.db, operator.id, f"{name}班", code, _ACTOR)
        members = [_installer(runtime, operator, place + 1)]
        if place == 0:
            members.append(_installer(runtime, operator, len(names) + 1))
        add_members(runtime.db, operator.id, teams[code], members, None, _ACTOR)
    return teams


def _installer(runtime: Runtime, operator: OperatorFacts, number: int) -> int:
    """The installer of this number, with whom customers are told of; made where there is none."""
    username = f"{operator.code}.installer{number}"
    wanted = select(Account.id, Account.title).where(Account.username == username)
    with runtime.db.reading() as connection:
        found = connection.execute(wanted).one_or_none()
    title = _TITLES[(number - 1) % len(_TITLES)]
    if found is None:
        create_account(
            runtime.db,
            username=username,
            # Nobody signs in as one that was made here.
            password=secrets.token_urlsafe(24),
            role="installer",
            display_name=title.replace("师傅", "工"),
            operator_id=operator.id,
        )
        with runtime.db.reading() as connection:
            found = connection.execute(wanted).one()
    if found.title is None:
        values = {"title": title, "staff_number": f"{_FIRST_NUMBER + number - 1:04d}"}
        with runtime.db.transaction() as connection:
            connection.execute(update(Account).where(Account.id == found.id).values(values))
    return int(found.id)


def _assign(runtime: Runtime, operator_id: int, teams: Mapping[str, int]) -> int:
    """Assign orders to the team of their place, every other one to a person; returns how many were."""
    actor = Actor(operator_id, _ACTOR)
    with runtime.db.reading() as connection:
        rows, _ = work_list(connection, operator_id, clock.now(), limit=_MOST)
        members: dict[int, list[int]] = {}
        for one in installers_of(connection, operator_id):
            members.setdefault(one.team_id, []).append(one.id)
    wanted: dict[tuple[int, int | None], list[str]] = {}
    for place, row in enumerate(rows):
        if place % _LEAVE_EVERY == 0 and row.appointment_starts_at is None:
            continue
        team = teams.get(row.community_code[:9]) or teams[row.community_code[:6]]
        people = members.get(team, [])
        person = people[place // 2 % len(people)] if people and place % 2 else None
        wanted.setdefault((team, person), []).append(row.number)
    return sum(
        len(assign_orders(runtime, actor, numbers, team_id=team, installer_id=person).done)
        for (team, person), numbers in wanted.items()
    )
