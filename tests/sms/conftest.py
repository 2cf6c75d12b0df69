"""A hostile Twilio and a gateway pointed at it."""

from collections.abc import Callable, Iterator

import pytest
from hostile import HostileTwilio
from twilio_samples import WAYS, gateway_to

from tracker.sms.port import Outcome, Sms
from tracker.sms.twilio import TwilioGateway


@pytest.fixture
def server() -> Iterator[HostileTwilio]:
    hostile = HostileTwilio()
    yield hostile
    hostile.close()


@pytest.fixture
def gateway(server: HostileTwilio) -> Iterator[TwilioGateway]:
    with gateway_to(server.url) as made:
        yield made


@pytest.fixture(params=WAYS)
def send(request: pytest.FixtureRequest) -> Callable[[TwilioGateway, Sms], Outcome]:
    """One text by each of the two wires, which must tell the same of the same."""
    return WAYS[request.param]
