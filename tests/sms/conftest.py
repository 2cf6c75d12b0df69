"""A hostile Twilio and a gateway pointed at it."""

from collections.abc import Iterator

import pytest
from hostile import HostileTwilio
from twilio_samples import gateway_to

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
