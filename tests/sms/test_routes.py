"""Which provider gets a text: by weight, never one that rests, and only its own is asked about it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tracker.sms.breaker import FAILURES, Breaker
from tracker.sms.port import Absent, CannotTell, Finding, NotBegun, NotSent, Outcome, Sms, Stop, Unknown
from tracker.sms.routes import Route, Routes

SMS = Sms(41, "+8613800001234", "订单QY2611080123已派单，咨询10000。【清远电信】")
SOON = datetime(2099, 1, 1, tzinfo=UTC)


class Named:
    """A provider that was never asked for more than its name."""

    by_template = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[Sms] = []

    def send(self, sms: Sms) -> Outcome:
        raise AssertionError

    def send_many(self, batch: object, *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        raise AssertionError

    def find(self, sms: Sms, since: datetime) -> Finding:
        self.asked.append(sms)
        return Absent()

    def close(self) -> None:
        pass


@pytest.fixture
def routes() -> Routes:
    return Routes([Route(Named("twilio"), 3, Breaker(60)), Route(Named("aliyun"), 1, Breaker(60))])


def chosen(routes: Routes, times: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for _ in range(times):
        route, room, _ = routes.choose("bulk", 10)
        assert route is not None
        assert room == 10
        found[route.gateway.name] += 1
    return found


def trouble(routes: Routes, name: str) -> None:
    route = next(r for r in routes._routes if r.gateway.name == name)
    for _ in range(FAILURES):
        route.watch(SOON).saw(Unknown("ReadTimeout"))


def test_each_gets_its_share(routes: Routes) -> None:
    assert 0.65 < chosen(routes, 2000)["twilio"] / 2000 < 0.85


def test_one_that_rests_gets_nothing_and_the_other_everything(routes: Routes) -> None:
    trouble(routes, "twilio")
    assert set(chosen(routes, 100)) == {"aliyun"}


def test_while_all_rest_it_is_said_how_long(routes: Routes) -> None:
    trouble(routes, "twilio")
    trouble(routes, "aliyun")
    route, room, wait = routes.choose("bulk", 10)
    assert (route, room) == (None, 0)
    assert 59 < wait <= 60


def test_only_the_provider_that_got_a_text_is_asked_about_it(routes: Routes) -> None:
    assert routes.find("aliyun", SMS, SOON) == Absent()
    assert isinstance(routes.find("pigeon", SMS, SOON), CannotTell)
    assert isinstance(routes.find(None, SMS, SOON), CannotTell)
    assert [len(r.gateway.asked) for r in routes._routes] == [0, 1]


def test_a_batch_stops_when_its_lease_runs_out_or_its_provider_rests(routes: Routes) -> None:
    route = routes._routes[0]
    assert route.watch(datetime.now(UTC) + timedelta(seconds=9)).reason() is None
    assert route.watch(datetime.now(UTC)).reason() == "no time left"
    watch = route.watch(SOON)
    for _ in range(FAILURES):
        assert watch.reason() is None
        watch.saw(NotSent("NewConnectionError"))
    assert watch.reason() == "the provider rests"
