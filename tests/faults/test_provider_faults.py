"""I2 with a real provider's client: whatever the network does, the customer is told once or called."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hostile import HostileTwilio
from processes import free_port, scrubbed
from settling import assert_told_once, bring_forward, deliver_and_die, notices, round_of, settle, states
from waiting import until

from tracker.notices.deliver import deliver
from tracker.notices.rules import State
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

Place = Callable[..., Placed]
Twilio = Callable[[str], Runtime]

ACCEPTS = [
    "accept",
    "accept, then reset",
    "accept, then hang",
    "accept, then cut the answer",
    "accept, answer half a document",
    "accept, then 500",
    "accept, then redirect",
]
SENDS_NOTHING = ["500", "reset", "429", "unauthorized"]


@pytest.mark.parametrize("behaviour", ACCEPTS)
def test_accepted_whatever_was_answered(
    behaviour: str, twilio: Twilio, provider: HostileTwilio, place: Place
) -> None:
    runtime = twilio(provider.url)
    place()
    provider.behaviour = behaviour
    deliver(runtime, "progress")
    provider.behaviour = "accept"
    settle(runtime)
    assert_told_once(runtime, provider)
    assert len(provider.posts) == 1


@pytest.mark.parametrize("behaviour", SENDS_NOTHING)
def test_nothing_was_sent(behaviour: str, twilio: Twilio, provider: HostileTwilio, place: Place) -> None:
    runtime = twilio(provider.url)
    place()
    provider.behaviour = behaviour
    deliver(runtime, "progress")
    assert states(runtime) <= {State.CREATED, State.UNKNOWN}
    provider.behaviour = "accept"
    bring_forward(runtime)
    settle(runtime)
    assert_told_once(runtime, provider)
    assert len(provider.posts) == 2


def test_no_connection(twilio: Twilio, provider: HostileTwilio, place: Place) -> None:
    place()
    deliver(unreachable := twilio(f"http://127.0.0.1:{free_port()}"), "progress")
    assert states(unreachable) == {State.CREATED}
    bring_forward(unreachable)
    runtime = twilio(provider.url)
    settle(runtime)
    assert_told_once(runtime, provider)


@pytest.mark.parametrize("behaviour", ["invalid number", "too long"])
def test_refused_for_good(behaviour: str, twilio: Twilio, provider: HostileTwilio, place: Place) -> None:
    runtime = twilio(provider.url)
    place()
    provider.behaviour = behaviour
    deliver(runtime, "progress")
    provider.behaviour = "accept"
    for _ in range(3):
        round_of(runtime)
    assert states(runtime) == {State.CALL}
    assert provider.messages == []
    assert len(provider.posts) == 1


def test_accepted_after_the_first_look_found_nothing(
    twilio: Twilio, provider: HostileTwilio, place: Place
) -> None:
    runtime = twilio(provider.url)
    place()
    provider.behaviour = "accept late"
    deliver(runtime, "progress")
    provider.behaviour = "accept"

    def looked() -> bool:
        round_of(runtime)
        return notices(runtime)[0].misses == 1

    until("a first look", looked)
    provider.released.set()
    assert provider.landed.wait(5)
    settle(runtime)
    assert_told_once(runtime, provider)


@pytest.mark.parametrize("listing", ["500", "429", "reset", "half a document", "always another page"])
def test_not_sent_again_while_the_provider_does_not_say(
    listing: str, twilio: Twilio, provider: HostileTwilio, place: Place
) -> None:
    runtime = twilio(provider.url)
    place()
    provider.behaviour, provider.listing = "accept, then reset", listing
    deliver(runtime, "progress")
    asked = len(provider.posts)

    def asked_thrice() -> bool:
        round_of(runtime)
        return sum(1 for request in provider.requests if request.method == "GET") >= 3

    until("three looks", asked_thrice)
    assert states(runtime) == {State.UNKNOWN}
    provider.listing = "list"
    settle(runtime)
    assert_told_once(runtime, provider)
    assert len(provider.posts) == asked


@pytest.mark.parametrize("boundary", ["claimed", "one of the batch sent", "accepted", "second commit"])
def test_killed_on_the_way_to_the_provider(
    boundary: str,
    twilio: Twilio,
    account: dict[str, str],
    settings: dict[str, str],
    provider: HostileTwilio,
    place: Place,
    tmp_path: Path,
) -> None:
    """The second commit is that of the record: a real provider's own is not in our database."""
    runtime = twilio(provider.url)
    for n in range(12):
        place(customer__phone=f"138001300{n:02}")
    env = scrubbed(settings | account | {"TWILIO_API_BASE_URL": provider.url})
    deliver_and_die(boundary, env, tmp_path / "delivery.log")
    settle(runtime)
    assert_told_once(runtime, provider)
