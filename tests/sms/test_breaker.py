"""When a provider is left alone, and when it is tried again."""

import pytest

from tracker.sms.breaker import FAILURES, Breaker
from tracker.sms.port import Accepted, NotSent, Outcome, Refused, Scope, Unknown

DOWN = NotSent("NewConnectionError")


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(rest=10)


def fail(breaker: Breaker, now: float, outcome: Outcome = DOWN, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.saw(outcome, now)


def test_a_provider_that_is_well_may_get_everything(breaker: Breaker) -> None:
    assert breaker.room(256, 0) == (256, 0)
    assert not breaker.rests()


@pytest.mark.parametrize(
    "outcome", [DOWN, NotSent("HTTP 429", 7), Unknown("HTTP 500"), Refused(Scope.ACCOUNT, "20003")], ids=repr
)
def test_several_failures_in_a_row_give_it_rest(breaker: Breaker, outcome: Outcome) -> None:
    fail(breaker, 0, outcome, FAILURES - 1)
    assert not breaker.rests()
    assert breaker.saw(outcome, 0)
    assert breaker.rests()
    assert breaker.room(256, 4) == (0, 6)


@pytest.mark.parametrize(
    "outcome", [Accepted("SM1"), Refused(Scope.NUMBER, "21211"), Refused(Scope.CONTENT, "30007")], ids=repr
)
def test_what_says_nothing_against_the_provider_ends_the_row(breaker: Breaker, outcome: Outcome) -> None:
    for _ in range(20):
        fail(breaker, 0, times=FAILURES - 1)
        breaker.saw(outcome, 0)
    assert not breaker.rests()


def test_after_its_rest_one_text_tries_it(breaker: Breaker) -> None:
    fail(breaker, 0)
    assert breaker.room(256, 10) == (1, 0)
    assert not breaker.rests(), "the one that tries must be let through"
    assert breaker.room(256, 11) == (0, 9), "no second one, until the first has been given up"
    assert breaker.saw(Accepted("SM1"), 12)
    assert breaker.room(256, 12) == (256, 0)


def test_each_further_rest_is_twice_as_long_up_to_five_minutes(breaker: Breaker) -> None:
    fail(breaker, 0)
    now, rests = 0.0, []
    for _ in range(7):
        _, wait = breaker.room(1, now)
        rests.append(wait)
        now += wait
        assert breaker.room(1, now) == (1, 0)
        breaker.saw(DOWN, now)
    assert rests == [10, 20, 40, 80, 160, 300, 300]


def test_a_longer_rest_that_the_provider_asks_for_is_kept(breaker: Breaker) -> None:
    fail(breaker, 0, NotSent("HTTP 429", retry_after=900))
    assert breaker.room(1, 0) == (0, 900)


def test_a_probe_with_nothing_to_send_can_be_had_again(breaker: Breaker) -> None:
    fail(breaker, 0)
    assert breaker.room(1, 10) == (1, 0)
    breaker.unused(10)
    assert breaker.room(1, 10) == (1, 0)


def test_what_was_under_way_when_the_rest_began_does_not_lengthen_it(breaker: Breaker) -> None:
    fail(breaker, 0)
    fail(breaker, 5, times=100)
    assert breaker.room(1, 5) == (0, 5)
