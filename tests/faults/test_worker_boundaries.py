"""I1 and I2 when a worker dies, or stands still, between any two steps of a delivery."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from die_at import BOUNDARIES
from processes import scrubbed, state_of
from settling import deliver_and_die, driver, notices, recorded, settle, states
from waiting import until

from tracker.notices.claim import claim
from tracker.notices.record import record
from tracker.notices.rules import State
from tracker.notices.sweep import sweep
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, NotSent, Outcome, Refused, Scope, Unknown

pytestmark = pytest.mark.faults

Place = Callable[..., Placed]
_BATCH = 3

# How often each notice is handed to the provider in all: again only where it had nothing.
ATTEMPTS = {
    "before the claim": 1,
    "claimed, not committed": 1,
    "claimed, numbers being opened": 2,
    "claimed": 2,
    "accepted, not committed by the provider": 2,
    "accepted": 1,
    "one of the batch recorded": 1,
    "recorded, not committed": 1,
    "recorded": 1,
}


@pytest.mark.parametrize("boundary", ATTEMPTS)
def test_killed(
    boundary: str, runtime: Runtime, place: Place, settings: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(_BATCH):
        place()
    deliver_and_die(boundary, scrubbed(settings), tmp_path / "delivery.log")
    settle(runtime)
    told = notices(runtime)
    assert [notice.state for notice in told] == [State.ACCEPTED] * _BATCH
    assert recorded(runtime) == [(notice.id, notice.body) for notice in told]
    assert [notice.attempts for notice in told] == [ATTEMPTS[boundary]] * _BATCH
    assert all(notice.provider_reference for notice in told)


def test_every_boundary_is_tried() -> None:
    assert set(BOUNDARIES) - set(ATTEMPTS) == {"one of the batch sent", "second commit"}


def test_killed_again_and_again(
    runtime: Runtime, place: Place, settings: dict[str, str], tmp_path: Path
) -> None:
    """One death at each step, one after the other, for the same notices."""
    for _ in range(_BATCH):
        place()
    for boundary in ("claimed, not committed", "claimed", "before the claim", "accepted"):
        deliver_and_die(boundary, scrubbed(settings), tmp_path / "delivery.log")
        until("due again, or sent", lambda: sweep(runtime) and states(runtime) <= {"created", "accepted"})
    settle(runtime)
    assert recorded(runtime) == [(notice.id, notice.body) for notice in notices(runtime)]
    assert states(runtime) == {State.ACCEPTED}


def test_a_worker_that_stood_still_beyond_its_lease_sends_nothing_more(
    runtime: Runtime, place: Place, settings: dict[str, str], tmp_path: Path
) -> None:
    """A suspended machine goes on where it stopped; meanwhile somebody else has told the customer."""
    place()
    child = driver(
        "claimed, numbers being opened", signal.SIGSTOP, scrubbed(settings), tmp_path / "delivery.log"
    )
    assert child.process is not None
    try:
        until("the worker stands still", lambda: state_of(child.pid) == "T", else_say=child.last_words)
        settle(runtime)
        child.process.send_signal(signal.SIGCONT)
        child.process.wait(20)
    finally:
        child.kill()
    assert recorded(runtime) == [(notice.id, notice.body) for notice in notices(runtime)]
    assert states(runtime) == {State.ACCEPTED}


def claimed_and_given_up(runtime: Runtime, place: Place) -> list[Any]:
    """A claim whose worker was taken for dead, of a notice that the provider does not have."""
    place()
    stale = claim(runtime, "progress")
    until("due again", lambda: sweep(runtime) and states(runtime) == {State.CREATED})
    return stale


@pytest.mark.parametrize(
    "outcome",
    [NotSent("refused connection"), Refused(Scope.NUMBER, "21211"), Unknown("ReadTimeout")],
    ids=lambda outcome: type(outcome).__name__,
)
def test_a_late_failure_says_nothing_of_the_next_attempt(
    outcome: Outcome, runtime: Runtime, place: Place
) -> None:
    """The next attempt is on its way and has an end of its own."""
    stale = claimed_and_given_up(runtime, place)
    assert len(claim(runtime, "progress")) == 1
    record(runtime, stale, [outcome])
    assert states(runtime) == {State.SENDING}


def test_a_late_success_forestalls_the_next_attempt(runtime: Runtime, place: Place) -> None:
    """The provider took it after all, and whoever learns that before sending again does not."""
    stale = claimed_and_given_up(runtime, place)
    record(runtime, stale, [Accepted("rec-0")])
    assert states(runtime) == {State.ACCEPTED}
    assert claim(runtime, "progress") == []
