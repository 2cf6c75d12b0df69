"""Which provider a batch of texts goes to, and how many it may get."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from tracker import clock
from tracker.sms.breaker import Breaker
from tracker.sms.port import CannotTell, Finding, Gateway, Outcome, Sms
from tracker.sms.rate import Rate

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Route:
    """A provider in use: its share of the texts, when it is left alone, its limit if it has one."""

    gateway: Gateway
    weight: float
    breaker: Breaker
    rate: Rate | None = None

    def room(self, queue: str, wanted: int) -> tuple[int, float]:
        """How many of `wanted` texts it may get, and if none, in how many seconds to ask again."""
        may_try, wait = self.breaker.room(wanted, time.monotonic())
        if may_try == 0 or self.rate is None:
            return may_try, wait
        granted, wait = self.rate.take(may_try, queue)
        if granted == 0:
            self.breaker.unused(time.monotonic())
        return granted, wait

    def give_back(self, room: int, used: int) -> None:
        """Of the room that was given, only so many texts were due."""
        if used == 0:
            self.breaker.unused(time.monotonic())
        if self.rate is not None:
            self.rate.give_back(room - used)

    def watch(self, expires: datetime) -> "Watch":
        """What a batch that was claimed until `expires` is sent under."""
        return Watch(self, expires)


@dataclass(frozen=True)
class Watch:
    """Stops a batch whose lease runs out or whose provider is to be left alone (`port.Stop`)."""

    route: Route
    expires: datetime

    def reason(self) -> str | None:
        """Why no text is to be begun any more."""
        if clock.now() >= self.expires:
            return "no time left"
        return "the provider rests" if self.route.breaker.rests() else None

    def saw(self, outcome: Outcome) -> None:
        """Tell the provider's breaker."""
        if self.route.breaker.saw(outcome, time.monotonic()):
            log.warning(
                "provider_rest_begins" if self.route.breaker.rests() else "provider_rest_ends",
                provider=self.route.gateway.name,
            )


class Routes:
    """Every provider in use, at least one."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)

    def choose(self, queue: str, wanted: int) -> tuple[Route | None, int, float]:
        """A provider by the weights of those that may be used now, and the number of texts it may get.

        (None, 0, seconds to wait) while there is none.
        """
        left, wait = list(self._routes), float("inf")
        while left:
            (route,) = random.choices(left, [route.weight for route in left])  # noqa: S311 - guards nothing
            room, seconds = route.room(queue, wanted)
            if room:
                return route, room, 0.0
            wait = min(wait, seconds)
            left.remove(route)
        return None, 0, wait

    @property
    def gateways(self) -> dict[str, Gateway]:
        """Each provider by its name."""
        return {route.gateway.name: route.gateway for route in self._routes}

    def find(self, provider: str | None, sms: Sms, since: datetime) -> Finding:
        """Ask the provider that got the text: no other can know."""
        for route in self._routes:
            if route.gateway.name == provider:
                return route.gateway.find(sms, since)
        return CannotTell(f"no provider {provider} is set up")

    def close(self) -> None:
        """Give back connections."""
        for route in self._routes:
            route.gateway.close()
