"""Example slots of the next two weeks, and some orders that have booked one."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import exists, select

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment
from tracker.orders.positions import START
from tracker.orders.queries import channel_orders
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.orders.visit_queries import visit_choice
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.visits.models import VisitSlot
from tracker.visits.open_slots import open_slots
from tracker.visits.rules import OFFERED_DAYS, USUAL_WINDOWS, Pattern

BOOKED_PER_OPERATOR = 6
_ACTOR = "console:demo"
_CAPACITY = 3
_INSTALLER = {"title": "李师傅", "staff_number": "0321"}
_MOST = 200


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Open slots in every county for each operator, and book some; harmless to repeat."""
    reference = runtime.reference.current()
    counties = tuple(sorted({place.county_code for place in reference.places.values()}))
    today = clock.today()
    pattern = Pattern(
        areas=counties,
        first_on=today,
        last_on=today + timedelta(days=OFFERED_DAYS - 1),
        weekdays=frozenset(range(1, 8)),
        windows=USUAL_WINDOWS,
        capacity=_CAPACITY,
    )
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        with runtime.db.reading() as connection:
            known = connection.scalar(select(exists().where(VisitSlot.operator_id == operator.id)))
        if known:
            continue
        opening = open_slots(runtime.db, operator.id, pattern, _ACTOR)
        booked = sum(
            _book(runtime, operator.id, channel)
            for channel in reference.channels.values()
            if channel.operator_id == operator.id and channel.code == "hall"
        )
        say(f"{operator.name}: {opening.opened} example slots for visits, {booked} booked")


def _book(runtime: Runtime, operator_id: int, channel: ChannelFacts) -> int:
    """Let some orders of a channel choose a slot, on one day after another; returns how many did."""
    actor, booked = Actor(operator_id, _ACTOR), 0
    for stage, number in _orders(runtime, channel):
        if booked == BOOKED_PER_OPERATOR:
            break
        try:
            if stage is Stage.RESOURCE_CHECKED:
                record_progress(runtime, actor, number, {"stage": "dispatched", "installer": _INSTALLER})
            with runtime.db.reading() as connection:
                choice = visit_choice(connection, operator_id, number, clock.now())
            if choice is None or not choice.slots:
                continue
            slot = choice.slots[(booked + 1) * len(USUAL_WINDOWS) % len(choice.slots)]
            change_appointment(runtime, actor, number, slot.id)
        except Refusal:
            continue
        booked += 1
    return booked


def _orders(runtime: Runtime, channel: ChannelFacts) -> Iterator[tuple[Stage, str]]:
    """Orders that are, or may soon be, far enough for a visit."""
    for stage in (Stage.APPOINTED, Stage.DISPATCHED, Stage.RESOURCE_CHECKED):
        with runtime.db.reading() as connection:
            found, _, _ = channel_orders(connection, channel.id, after=START, limit=_MOST, stage=stage)
        yield from ((stage, order["number"]) for order in found)
