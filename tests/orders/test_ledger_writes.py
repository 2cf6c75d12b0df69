"""Any run of holds, resumes, re-promises and excuses: what is stored follows from what is written (I3)."""

import time
from datetime import datetime, timedelta

import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.excusing import excuse_delay
from tracker.clock import CITY_ZONE
from tracker.orders.actor import Actor
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import place_hold
from tracker.orders.promise_anew import promise_anew
from tracker.orders.verify_promises import verify_promises
from tracker.problems import Refusal
from tracker.promises.queries import read_ledgers

ACCEPTED = datetime(2026, 11, 20, 16, 5, tzinfo=CITY_ZONE)
HOUR = timedelta(hours=1)

_more = {"reason_text": None, "evidence": "x"}
_holds = st.tuples(st.integers(-20, 200), st.integers(1, 600)).map(
    lambda t: (place_hold, t, {**_more, "reason_code": "not_decorated"})
)
_lifts = st.tuples(st.integers(1, 6), st.integers(-50, 0)).map(
    lambda t: (lift_hold, t, {"reason_text": None})
)
_resources = st.sampled_from(["ready", "needs_building"]).map(
    lambda found: (
        promise_anew,
        None,
        {**_more, "reason_code": "line_missing", "resource": found, "deadline": None, "contact": None},
    )
)
_dates = st.integers(1, 900).map(
    lambda hours: (promise_anew, hours, {**_more, "reason_code": "weather", "resource": None})
)
_excuses = st.tuples(st.integers(-9, -2), st.integers(1, 2)).map(
    lambda t: (excuse_delay, t, {**_more, "reason_code": "roadworks"})
)
_steps = st.lists(
    st.tuples(st.integers(1, 30), st.one_of(_holds, _holds, _lifts, _resources, _dates, _excuses)),
    min_size=1,
    max_size=8,
)


def write(runtime, actor, number, now, act, figures, request) -> None:
    """One step, its hours counted from now."""
    if act is lift_hold:
        hold, ago = figures
        lift_hold(runtime, actor, number, hold, {**request, "resumes_at": now + ago * HOUR})
        return
    if act in (place_hold, excuse_delay):
        start, length = figures
        request = {**request, "starts_at": now + start * HOUR, "ends_at": now + (start + length) * HOUR}
    elif figures is not None:
        contact = {"name": "王敏", "extension": None}
        request = {**request, "deadline": now + figures * HOUR, "contact": contact}
    act(runtime, actor, number, request)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_steps, company=st.booleans())
def test_every_stored_deadline_follows_from_the_ledger(runtime, channel, place, steps, company) -> None:
    more = {"customer__kind": "enterprise", "plan": "24GD110002"} if company else {}
    actor = Actor.of_channel(channel)
    written = []
    with time_machine.travel(ACCEPTED, tick=False) as traveller:
        order = place(external_reference=f"L-{time.monotonic_ns()}", accepted_at=ACCEPTED.isoformat(), **more)
        now = ACCEPTED
        for hours, (act, figures, request) in steps:
            now += hours * HOUR
            traveller.move_to(now)
            try:
                write(runtime, actor, order.number, now, act, figures, request)
            except Refusal:
                continue
            with runtime.db.reading() as connection:
                written.append((now, read_ledgers(connection, [order.order_id])[order.order_id].current))
        assert verify_promises(runtime)[1] == []
        with runtime.db.reading() as connection:
            ledger = read_ledgers(connection, [order.order_id])[order.order_id]
    assert [entry.number for entry in ledger.entries] == list(range(1, len(written) + 1))
    # Whatever is asked of later, each past moment is answered as it was answered then.
    assert ledger.as_of(ACCEPTED) == ledger.standings[0]
    for moment, standing in written:
        assert ledger.as_of(moment) == standing
        assert ledger.as_of(moment + timedelta(minutes=59)) == standing
