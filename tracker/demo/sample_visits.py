"""Example slots of the next two weeks, and some orders that have booked one."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import product

from sqlalchemy import exists, select

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment
from tracker.orders.positions import START
from tracker.orders.queries import channel_orders
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
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
# Where an order that is to have a visit may stand.
_STAGES = PATH[: PATH.index(Stage.APPOINTED) + 1]


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
        channels = [one for one in reference.channels.values() if one.operator_id == operator.id]
        booked = _book(runtime, operator.id, channels)
        say(f"{operator.name}: {opening.opened} example slots for visits, {booked} booked")


def _book(runtime: Runtime, operator_id: int, channels: Sequence[ChannelFacts]) -> int:
    """Let some orders of these channels choose a slot, on one day after another; returns how many did."""
    actor, booked = Actor(operator_id, _ACTOR), 0
    for stage, number in _orders(runtime, channels):
        if booked == BOOKED_PER_OPERATOR:
            break
        try:
            for further in _STAGES[_STAGES.index(stage) + 1 : _STAGES.index(Stage.DISPATCHED) + 1]:
                installer = _INSTALLER if further is Stage.DISPATCHED else None
                record_progress(runtime, actor, number, {"stage": further, "installer": installer})
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


def _orders(runtime: Runtime, channels: Sequence[ChannelFacts]) -> Iterator[tuple[Stage, str]]:
    """Orders that are, or may soon be, far enough for a visit."""
    for stage, channel in product(reversed(_STAGES), channels):
        with runtime.db.reading() as connection:
            found, _, _ = channel_orders(connection, channel.id, after=START, limit=_MOST, stage=stage)
        yield from ((stage, order["number"]) for order in found)
