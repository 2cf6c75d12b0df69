"""I1 and I2 for what customers ask for: whatever dies, nothing is lost and nothing happens twice."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.customer_requests.apply_and_die import MOMENTS
from tests.faults.processes import Child, scrubbed
from tests.faults.waiting import until
from tracker import clock
from tracker.customer_requests.apply_requests import apply_requests
from tracker.customer_requests.asking import ring, wait_for
from tracker.customer_requests.rules import Kind, State
from tracker.queueing import Doorbell

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
COUNT = 6
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
)
# For each order how often it was held, told of it, and changed.
_TRUTH = text(
    "SELECT (SELECT count(*) FROM promise_entries e WHERE e.order_id = o.id),"
    " (SELECT count(*) FROM notices n WHERE n.order_id = o.id AND n.template = 'on_hold'),"
    " (SELECT count(*) FROM order_events v WHERE v.order_id = o.id), o.version FROM orders o"
)


@pytest.fixture
def hold(asks, place, row_of):
    """Asks for the hold of an order of its own."""
    numbers = iter(range(1000))
    until_day = str(clock.today() + timedelta(days=5))

    def make() -> int:
        order = row_of(place(customer__phone=f"1390000{next(numbers):04}").number)
        return asks(order, Kind.HOLD, {"reason_code": "undecided", "until": until_day})

    return make


def truth(runtime) -> set[tuple[int, ...]]:
    with runtime.db.reading() as connection:
        return {tuple(row) for row in connection.execute(_TRUTH)}


ONCE = {(1, 1, 2, 2)}


def nobody_writes(runtime) -> bool:
    with runtime.db.reading() as connection:
        return connection.scalar(_OTHERS) == 0


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("which", [1, 4])
def test_a_worker_that_dies_leaves_each_request_done_or_as_it_was(
    runtime, settings, hold, look, which, moment
) -> None:
    requests = [hold() for _ in range(COUNT)]
    script = Path(__file__).with_name("apply_and_die.py")
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT)}
    died = subprocess.run([sys.executable, str(script), str(which), moment], env=env, timeout=60, check=False)
    assert died.returncode == -9
    until("no transaction is open", lambda: nobody_writes(runtime))
    done = which if moment == "after the commit" else which - 1
    states = [look(request).state for request in requests]
    assert states == [State.DONE] * done + [State.ASKED] * (COUNT - done)
    assert truth(runtime) == (ONCE if done == COUNT else ONCE | {(0, 0, 1, 1)}) - (set() if done else ONCE)
    assert apply_requests(runtime) == COUNT - done
    assert {look(request).state for request in requests} == {State.DONE}
    assert truth(runtime) == ONCE


def test_real_workers_are_killed_and_others_take_over(runtime, settings, hold, look, site, tmp_path) -> None:
    """The product's own processes, rung as the site rings them."""
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "tracker", "worker", "requests"]
    workers = [Child(f"requests-{n}", argv, env, tmp_path / f"requests-{n}.log") for n in (1, 2)]
    bell = Doorbell(settings["TRACKER_REDIS_URL"])
    for worker in workers:
        worker.start()
    try:
        requests = []
        for place_in_line in range(60):
            requests.append(hold())
            ring(bell)
            if place_in_line in (20, 40):
                workers[0].kill()
                workers[0].start()
        # A job that was taken by the worker that was killed is made up for by the schedule; here by hand.
        until(
            "every request is done",
            lambda: ring(bell) and all(not look(request).is_open for request in requests),
            within=60,
            every=0.5,
            else_say=workers[0].last_words,
        )
        begun = time.monotonic()
        request = hold()
        ring(bell)
        asked = wait_for(site, request)
        assert asked is not None
        assert asked.state is State.DONE
        assert time.monotonic() - begun < 3
    finally:
        bell.close()
        for worker in workers:
            worker.kill()
    assert {look(one).state for one in requests} == {State.DONE}
    assert truth(runtime) == ONCE


def test_without_redis_the_sweep_applies(settings, hold, look, tmp_path) -> None:
    nowhere = f"unix://{tmp_path}/nobody.sock"
    request = hold()
    bell = Doorbell(nowhere)
    ring(bell)
    bell.close()
    assert look(request).is_open
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT), "TRACKER_REDIS_URL": nowhere}
    job = [sys.executable, "-c", "from workers import jobs; jobs.sweep()"]
    subprocess.run(job, env=env, timeout=60, check=True)
    assert look(request).state is State.DONE


def test_the_jobs_that_the_schedule_names_do_their_work(settings, hold, look) -> None:
    request = hold()
    env = scrubbed(settings) | {"PYTHONPATH": str(ROOT)}
    for name in ("apply_requests", "keep_requests"):
        job = [sys.executable, "-c", f"from workers import jobs; jobs.{name}()"]
        subprocess.run(job, env=env, timeout=60, check=True)
    assert look(request).state is State.DONE
