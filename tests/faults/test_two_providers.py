"""I2 with two providers: whatever one of them does, each customer is told once, by one of them."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile import HostileTwilio
from hostile_aliyun import KEY_ID, SECRET, HostileAliyun
from many import warn_many
from settling import bring_forward, notices, settle

from tracker.notices.deliver import deliver
from tracker.runtime import Runtime

pytestmark = pytest.mark.faults

_MANY = 300


@pytest.fixture
def second() -> Iterator[HostileAliyun]:
    server = HostileAliyun()
    yield server
    server.close()


@pytest.fixture
def rest() -> str:
    """Seconds for which a provider that refuses everything is left alone."""
    return "0.2"


@pytest.fixture
def both(
    account: dict[str, str],
    rest: str,
    second: HostileAliyun,
    provider: HostileTwilio,
    twilio: Callable[[str], Runtime],
    tmp_path: Path,
) -> Runtime:
    codes = tmp_path / "templates.toml"
    codes.write_text('order_accepted = { zh = "SMS_154950909" }\n')
    account |= {
        "TRACKER_SMS_GATEWAY": "twilio:1,aliyun:1",
        "TRACKER_SMS_REST_SECONDS": rest,
        "TRACKER_SMS_IN_FLIGHT": "6",
        "ALIYUN_ACCESS_KEY_ID": KEY_ID,
        "ALIYUN_ACCESS_KEY_SECRET": SECRET,
        "ALIYUN_SIGN_NAME": "清远电信",
        "ALIYUN_TEMPLATE_FILE": str(codes),
        "ALIYUN_API_BASE_URL": second.url,
        "ALIYUN_TIMEOUT_SECONDS": "0.5",
    }
    return twilio(provider.url)


def assert_told_once_by_one_of_them(
    runtime: Runtime, provider: HostileTwilio, second: HostileAliyun
) -> Counter[str]:
    """Each notice is one message at the provider that it names, and none at the other."""
    told = notices(runtime)
    assert {notice.state for notice in told} == {"accepted"}
    bodies = {notice.body: notice.id for notice in told}
    there = [("twilio", bodies[message["body"]]) for message in provider.messages]
    there += [("aliyun", int(message["OutId"])) for message in second.messages]
    assert Counter(there) == Counter((notice.provider, notice.id) for notice in told)
    return Counter(notice.provider for notice in told)


@pytest.mark.parametrize(
    "behaviour", ["accept", "accept, then reset", "accept, then hang", "accept, then 500", "500", "reset"]
)
def test_one_in_three_goes_wrong_at_one(
    behaviour: str, both: Runtime, provider: HostileTwilio, second: HostileAliyun
) -> None:
    warn_many(both, _MANY)
    second.then = itertools.cycle(["", "", behaviour])
    deliver(both, "bulk", patience=3)
    second.then = itertools.repeat("")
    bring_forward(both)
    settle(both, within=40, queue="bulk")
    shares = assert_told_once_by_one_of_them(both, provider, second)
    assert set(shares) == {"twilio", "aliyun"}


# Else whoever meets the poor one three times waits for longer than the test does.
@pytest.mark.parametrize("rest", ["60"])
def test_one_takes_over_while_the_other_is_out_of_money(
    both: Runtime, provider: HostileTwilio, second: HostileAliyun
) -> None:
    warn_many(both, _MANY)
    second.behaviour = "no money"
    deliver(both, "bulk", patience=3)
    bring_forward(both)
    settle(both, within=40, queue="bulk")
    assert assert_told_once_by_one_of_them(both, provider, second) == {"twilio": _MANY}
