"""I1 when one row is damaged: a phone that no key opens holds up nobody else's text."""

from collections.abc import Callable

import pytest
from settling import bring_forward, notices, recorded, round_of, states
from sqlalchemy import update
from waiting import until

from tracker import clock
from tracker.notices.claim import claim
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.notices.sweep import sweep
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

Place = Callable[..., Placed]


def damage(runtime: Runtime, notice_id: int) -> None:
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(Notice.id == notice_id).values(recipient=b"damaged"))


def test_the_rest_of_its_batch_goes_out(runtime: Runtime, place: Place) -> None:
    for _ in range(3):
        place()
    first, damaged, last = (notice.id for notice in notices(runtime))
    damage(runtime, damaged)

    def others_told() -> bool:
        round_of(runtime)
        return [notice_id for notice_id, _ in recorded(runtime)] == [first, last]

    until("the others' texts", others_told, within=10)

    def somebody_is_asked_to_look() -> bool:
        bring_forward(runtime)
        round_of(runtime)
        return states(runtime) == {State.ACCEPTED, State.CALL}

    until("a call task", somebody_is_asked_to_look)


def test_the_sweep_goes_on(runtime: Runtime, place: Place) -> None:
    """Damaged while it was on its way, and looked at before the others."""
    for _ in range(3):
        place()
    assert len(claim(runtime, "progress")) == 3
    first, damaged, last = (notice.id for notice in notices(runtime))
    damage(runtime, damaged)
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(Notice.id == damaged).values(lease_until=clock.now()))
    sweep(runtime)

    def others_told() -> bool:
        round_of(runtime)
        return [notice_id for notice_id, _ in recorded(runtime)] == [first, last]

    until("the others' texts", others_told, within=10)
