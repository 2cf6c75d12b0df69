"""Workers and receivers killed at any step, Redis emptied: nothing is lost, nothing out of order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import pytest
import redis
from deliver_and_die import BOUNDARIES
from receivers import Receiver

from tracker.runtime import start
from tracker.webhooks.deliver import DELIVER, QUEUE, deliver

pytestmark = pytest.mark.faults

_DRIVER = Path(__file__).with_name("deliver_and_die.py")


def die_at(boundary: str, folder: Path) -> None:
    """One delivery in a process of its own, which kills itself there."""
    root = str(Path(__file__).parents[2])
    with (folder / "delivery.log").open("ab") as log:
        ended = subprocess.run(
            [sys.executable, str(_DRIVER), boundary],
            env={**os.environ, "PYTHONPATH": root},
            stdout=log,
            stderr=log,
            timeout=60,
            check=False,
        )
    assert ended.returncode == -signal.SIGKILL, (folder / "delivery.log").read_text()


def assert_told_in_order(to: Receiver, expected: dict[str, int], *, doubled: bool) -> None:
    """Each order's events came in order; a repeat only under the id of the first."""
    first: dict[str, list[int]] = defaultdict(list)
    ids: dict[tuple[str, int], str] = {}
    for got in to.got:
        order, version = got.step
        if got.step not in ids:
            ids[got.step] = got.message_id
            first[order].append(version)
        else:
            assert ids[got.step] == got.message_id
            # What is sent again is the latest that was sent: nothing later had left before.
            assert version == first[order][-1]
    assert first == {order: list(range(1, count + 1)) for order, count in expected.items()}
    assert len(set(ids.values())) == len(ids)
    assert doubled or len(to.got) == sum(expected.values())


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_worker_that_is_killed(boundary, runtime, receiver, hook, place, step, work, tmp_path) -> None:
    to = receiver()
    made = hook(to)
    placed = [place() for _ in range(3)]
    for one in placed:
        step(one, "verified", "resource_checked")
    die_at(boundary, tmp_path)
    work.until_done()
    doubled = boundary in ("sent", "recorded, not committed")
    assert_told_in_order(to, {one.number: 3 for one in placed}, doubled=doubled)
    for got in to.got:
        got.verify(made.secret)


def test_killed_again_and_again(runtime, receiver, hook, place, step, work, tmp_path) -> None:
    to = receiver()
    hook(to)
    placed = [place() for _ in range(2)]
    for one in placed:
        step(one, "verified", "resource_checked")
    for boundary in ("fanned out, not committed", "claimed", "sent", "recorded, not committed"):
        die_at(boundary, tmp_path)
        work.no_waiting()
    work.until_done()
    assert_told_in_order(to, {one.number: 3 for one in placed}, doubled=True)


def test_a_lease_runs_out_by_itself(runtime, receiver, hook, place, work, tmp_path) -> None:
    """Nobody mends anything by hand: the next worker finds what the dead one had."""
    to = receiver()
    hook(to)
    place()
    die_at("claimed", tmp_path)
    assert work.states() == ["sending"]
    until = time.monotonic() + 60
    while work.states() == ["sending"] and time.monotonic() < until:
        time.sleep(0.2)
        deliver(runtime)
    assert work.states() == ["delivered"]


def test_a_receiver_that_dies_and_comes_back(runtime, receiver, hook, place, step, work) -> None:
    to = receiver()
    hook(to)
    placed = [place() for _ in range(4)]
    deliver(runtime)
    to.close()
    for one in placed:
        step(one, "verified", "resource_checked")
    deliver(runtime)
    assert {row.error for row in work.rows() if row.state == "waiting"} == {"refused"}
    back = receiver(port=to.port)
    work.until_done()
    got = defaultdict(list)
    for order, version in back.steps():
        got[order].append(version)
    assert got == {one.number: [2, 3] for one in placed}


def test_resets_hangs_and_errors_in_any_order(runtime, receiver, hook, place, step, work) -> None:
    to = receiver("hang", 500, "reset", 200, (429, {"Retry-After": "1"}), "reset", 503, "drip", 404)
    hook(to)
    placed = [place() for _ in range(3)]
    for one in placed:
        step(one, "verified")
    work.until_done()
    assert_told_in_order(to, {one.number: 2 for one in placed}, doubled=True)


def test_redis_emptied_and_every_ring_lost(runtime, receiver, hook, place, work, settings) -> None:
    """The schedule's next ring is enough."""
    to = receiver()
    hook(to)
    place()
    assert runtime.bell.ring(QUEUE, DELIVER, one_is_enough=True)
    with redis.Redis.from_url(settings["TRACKER_REDIS_URL"]) as client:
        client.flushall()
    place()
    runtime.bell.ring(QUEUE, DELIVER)
    child = subprocess.Popen(
        [sys.executable, "-m", "tracker", "worker", QUEUE],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while len(to.got) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait(10)
    assert len(to.got) == 2


def test_two_workers_at_once(runtime, receiver, hook, place, step, work, config) -> None:
    """They share the work, double nothing, and keep each order's order."""
    to = receiver()
    hook(to)
    placed = [place() for _ in range(25)]
    for one in placed:
        step(one, "verified", "resource_checked")
    others = [start(config) for _ in range(2)]
    threads = [threading.Thread(target=deliver, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for other in others:
        other.close()
    work.until_done()
    assert_told_in_order(to, {one.number: 3 for one in placed}, doubled=False)
