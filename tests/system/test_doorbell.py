"""Rings: one for all that became due at the same moment, and none that gets lost on the way."""

import time
from collections.abc import Iterator

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from tracker import queueing
from tracker.queueing import Doorbell, connect


@pytest.fixture
def bell(settings, clean) -> Iterator[Doorbell]:
    made = Doorbell(settings["TRACKER_REDIS_URL"])
    yield made
    made.close()


@pytest.fixture
def waiting(settings) -> Queue:
    client = connect(settings["TRACKER_REDIS_URL"], patient=True)
    return Queue("progress", connection=client, serializer=JSONSerializer)


def ring(bell: Doorbell, notice: int) -> bool:
    return bell.ring("progress", "workers.jobs.deliver", notice, one_is_enough=True)


def test_many_of_a_moment_are_one_job(bell, waiting) -> None:
    assert all(ring(bell, notice) for notice in range(1, 51))
    time.sleep(5 * queueing._MOMENT)
    assert [job.args for job in waiting.jobs] == [[1]]


def test_who_rings_after_a_worker_came_is_heard_at_the_end_of_the_moment(bell, waiting) -> None:
    ring(bell, 1)
    waiting.empty()  # a worker took the first, and may have looked before the second was written
    ring(bell, 2)
    deadline = time.monotonic() + 5
    while not waiting.count and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [job.args for job in waiting.jobs] == [[2]]


def test_a_process_that_ends_rings_for_what_it_put_off(settings, clean, waiting) -> None:
    bell = Doorbell(settings["TRACKER_REDIS_URL"])
    ring(bell, 1)
    waiting.empty()
    ring(bell, 2)
    bell.close()
    assert [job.args for job in waiting.jobs] == [[2]]


def test_queues_do_not_wait_for_each_other(bell, settings) -> None:
    client = connect(settings["TRACKER_REDIS_URL"], patient=True)
    for name in ("urgent", "progress"):
        assert bell.ring(name, "workers.jobs.deliver", 1, one_is_enough=True)
        assert Queue(name, connection=client, serializer=JSONSerializer).count == 1


def test_closing_waits_for_a_ring_that_is_on_its_way(settings, clean) -> None:
    """An exception in its thread fails this test."""
    for step in range(100):
        bell = Doorbell(settings["TRACKER_REDIS_URL"])
        ring(bell, 1)
        ring(bell, 2)
        # Around the moment at which the second one leaves.
        time.sleep(queueing._MOMENT * (0.9 + step / 500))
        bell.close()
