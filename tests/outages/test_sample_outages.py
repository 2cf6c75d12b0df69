"""The demonstration's outages."""

from tests.announced_outages import Announcer
from tracker import clock
from tracker.demo.sample_outages import fill
from tracker.outages.rules import Standing, standing_of
from tracker.runtime import Runtime


def test_one_is_to_come_and_one_was_put_right(runtime: Runtime) -> None:
    said: list[str] = []
    fill(runtime, said.append)
    fill(runtime, said.append)
    known = Announcer(runtime.db, 0)
    assert known.count() == 2
    assert [standing_of(known.row(one), clock.now()) for one in (1, 2)] == [
        Standing.COMING,
        Standing.RESTORED,
    ]
    assert len(said) == 1
