"""An account, a text, and a gateway that gives up soon."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hostile import ACCOUNT

from tracker.provider_settings import TwilioSettings
from tracker.sms.port import NotBegun, Outcome, Sms
from tracker.sms.twilio import TwilioGateway

SETTINGS = TwilioSettings(ACCOUNT, "token-of-the-account", "+15005550006", "", None, 0.8)
SMS = Sms(41, "+8613800001234", "订单QY2611080123已派单，咨询10000。【清远电信】")


@contextmanager
def gateway_to(url: str, **changes: Any) -> Iterator[TwilioGateway]:
    gateway = TwilioGateway(replace(SETTINGS, api_base_url=url, **changes), "http://127.0.0.1:8000")
    try:
        yield gateway
    finally:
        gateway.close()


class OnlyOne:
    """What lets one text of a batch be begun."""

    def __init__(self) -> None:
        self._begun = 0
        self.seen: list[Outcome] = []

    def reason(self) -> str | None:
        self._begun += 1
        return None if self._begun == 1 else "one is enough"

    def saw(self, outcome: Outcome) -> None:
        self.seen.append(outcome)


def singly(gateway: TwilioGateway, sms: Sms) -> Outcome:
    """Through the synchronous client, which a delivery of one text takes."""
    (outcome,) = gateway.send_many([sms])
    assert not isinstance(outcome, NotBegun)
    return outcome


def in_bulk(gateway: TwilioGateway, sms: Sms) -> Outcome:
    """Through the asynchronous client, which takes what is more than one text."""
    outcome, not_begun = gateway.send_many([sms, sms], until=OnlyOne())
    assert not isinstance(outcome, NotBegun)
    assert not_begun == NotBegun("one is enough")
    return outcome


WAYS = {"singly": singly, "in bulk": in_bulk}


def just_now() -> datetime:
    """When an attempt that this test makes can have begun at the earliest."""
    return datetime.now(UTC) - timedelta(seconds=5)
