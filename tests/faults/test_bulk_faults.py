"""I1 and I2 for very many texts at once: whatever a provider, the network or a kill does to a drain."""

import itertools
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from die_at import IN_LANES
from hostile import HostileTwilio
from many import warn_many
from processes import scrubbed
from settling import assert_told_once, bring_forward, deliver_and_die, settle, states
from system import MakeSystem, Stores
from truth import wait_until_told
from waiting import until

from tracker.notices.deliver import deliver
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

Twilio = Callable[[str], Runtime]
_MANY = 400

# What becomes of one text in three, and the others are accepted as usual.
ONE_IN_THREE = [
    "accept, then reset",
    "accept, then hang",
    "accept, then trickle",
    "accept, then cut the answer",
    "accept, answer half a document",
    "accept, then 500",
    "500",
    "reset",
    "429",
]


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch, account: dict[str, str]) -> None:
    account |= {"TRACKER_SMS_REST_SECONDS": "0.2", "TRACKER_SMS_IN_FLIGHT": "40"}


@pytest.mark.parametrize("behaviour", ONE_IN_THREE)
def test_one_in_three_goes_wrong(behaviour: str, twilio: Twilio, provider: HostileTwilio) -> None:
    runtime = twilio(provider.url)
    warn_many(runtime, _MANY)
    provider.then = itertools.cycle(["", "", behaviour])
    deliver(runtime, "bulk", patience=3)
    provider.then = itertools.repeat("")
    bring_forward(runtime)
    settle(runtime, within=40, queue="bulk")
    assert_told_once(runtime, provider)
    assert len(provider.messages) == _MANY


def test_answers_that_come_after_the_client_gave_up(
    twilio: Twilio, provider: HostileTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grace is longer than the longest that a request is still under way."""
    monkeypatch.setenv("TRACKER_UNKNOWN_GRACE_SECONDS", "3")
    runtime = twilio(provider.url)
    warn_many(runtime, _MANY)
    provider.lag = 1.5
    provider.then = itertools.cycle(["", "", "accept late"])
    deliver(runtime, "bulk", patience=3)
    provider.then = itertools.repeat("")
    settle(runtime, within=40, queue="bulk")
    assert_told_once(runtime, provider)
    assert len(provider.posts) == _MANY


@pytest.mark.parametrize("behaviour", ["500", "reset", "429", "unauthorized", "accept, then 500"])
def test_a_provider_in_trouble_for_a_while(behaviour: str, twilio: Twilio, provider: HostileTwilio) -> None:
    """Few texts find out, again and again; the others wait without using up their attempts."""
    runtime = twilio(provider.url)
    warn_many(runtime, _MANY)
    provider.behaviour = behaviour
    end = time.monotonic() + 2
    while time.monotonic() < end:
        deliver(runtime, "bulk", patience=0.5)
    assert len(provider.posts) < 120
    provider.behaviour = "accept"
    bring_forward(runtime)
    settle(runtime, within=40, queue="bulk")
    assert_told_once(runtime, provider)
    assert len(provider.messages) == _MANY


SINGLE = [
    "claimed, not committed",
    "claimed",
    "one of the batch sent",
    "accepted",
    "second commit",
    "recorded",
]


@pytest.mark.parametrize("boundary", [*SINGLE, *IN_LANES])
def test_killed(
    boundary: str,
    twilio: Twilio,
    account: dict[str, str],
    settings: dict[str, str],
    provider: HostileTwilio,
    tmp_path: Path,
) -> None:
    runtime = twilio(provider.url)
    # More than one batch; in lanes, more than the seven batches of the last of them.
    texts = 900 if boundary in IN_LANES else 250
    warn_many(runtime, texts)
    env = scrubbed(settings | account | {"TWILIO_API_BASE_URL": provider.url})
    deliver_and_die(boundary, env, tmp_path / "delivery.log", "bulk")
    settle(runtime, within=40, queue="bulk")
    assert_told_once(runtime, provider)
    assert len(provider.messages) == texts


def kill_again_and_again(
    system_of: MakeSystem, victims: Stores, runtime: Runtime, provider: HostileTwilio, texts: int, kills: int
) -> None:
    """A worker that is killed at random moments while texts are on their way, so many times."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FAULT_SEED={seed}")  # noqa: T201 - shown with a failure, to repeat it
    chance = random.Random(seed)
    provider.latency = 0.25
    warn_many(runtime, texts)
    system = system_of(TWILIO_API_BASE_URL=provider.url)
    system.start("bulk", "upkeep", "schedule")
    for _ in range(kills):
        sent = len(provider.messages)
        until("texts on their way", lambda sent=sent: len(provider.messages) > sent, within=30, every=0.01)
        time.sleep(chance.uniform(0, 0.3))
        system.restart("bulk")
    provider.latency = 0.0
    wait_until_told(victims.engine, system, within=60 + texts / 50)
    assert states(runtime) == {"accepted"}
    assert_told_once(runtime, provider)
    assert len(provider.messages) == texts
    assert victims.interrupted() > 0


@pytest.fixture
def system_of(make_system: MakeSystem, account: dict[str, str]) -> MakeSystem:
    return lambda **changes: make_system(**account, **changes)


def test_a_worker_that_is_told_to_stop_ends_with_what_it_has_begun(
    system_of: MakeSystem, victims: Stores, twilio: Twilio, provider: HostileTwilio
) -> None:
    runtime = twilio(provider.url)
    provider.latency = 0.1
    warn_many(runtime, 2_000)
    system = system_of(TWILIO_API_BASE_URL=provider.url)
    system.start("bulk")
    until("texts on their way", lambda: len(provider.messages) > 200)
    began = time.monotonic()
    assert system.stop("bulk") == 0
    assert time.monotonic() - began < 5
    assert states(runtime) == {"created", "accepted"}
    assert victims.interrupted() == 0
    provider.latency = 0.0
    system.start("bulk")
    wait_until_told(victims.engine, system)
    assert_told_once(runtime, provider)
    assert len(provider.posts) == 2_000
    assert system.stop("bulk") == 0
    assert "nclosed" not in system.last_words()


def test_a_one_time_code_does_not_wait_for_a_drain(
    system_of: MakeSystem, twilio: Twilio, provider: HostileTwilio
) -> None:
    """Within a second; the middle one of five, as the machine may have something else to do."""
    runtime = twilio(provider.url)
    provider.latency = 0.05
    system = system_of(TWILIO_API_BASE_URL=provider.url)
    system.start("bulk", "urgent")
    warn_many(runtime, 1, "urgent")
    until("the worker of codes", lambda: len(provider.messages) == 1)
    warn_many(runtime, 5_000)
    until("texts on their way", lambda: len(provider.messages) > 300)
    took = []
    for n in range(5):
        began = time.monotonic()
        warn_many(runtime, 1, "urgent")
        until(
            "the code",
            lambda n=n: sum("urgent" in m["body"] for m in provider.messages) == n + 2,
            every=0.01,
        )
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < 1
    assert len(provider.messages) < 5_000, "the drain had ended before"


def test_killed_three_times_among_three_hundred_texts(
    system_of: MakeSystem, victims: Stores, twilio: Twilio, provider: HostileTwilio
) -> None:
    kill_again_and_again(system_of, victims, twilio(provider.url), provider, texts=300, kills=3)


@pytest.mark.soak
def test_killed_a_hundred_times_among_ten_thousand_texts(
    system_of: MakeSystem, victims: Stores, twilio: Twilio, provider: HostileTwilio
) -> None:
    kill_again_and_again(system_of, victims, twilio(provider.url), provider, texts=10_000, kills=100)
