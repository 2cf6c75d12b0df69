"""What a webhook may lead to, what an answer means, and when to try again."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

Network = IPv4Network | IPv6Network

MOST_OF_A_CHANNEL = 5
LONGEST_URL = 500
PING = "test.ping"


class State(StrEnum):
    """How a webhook stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


class Why(StrEnum):
    """Why a webhook is paused."""

    BY_HAND = "by_hand"
    FAILING = "failing"  # nothing got through for a day
    GONE = "gone"  # 410: the receiver wants no more


class Delivery(StrEnum):
    """How a delivery stands. The first three are open."""

    QUEUED = "queued"  # an earlier event of the same order is still open
    WAITING = "waiting"  # to be sent from next_at on
    SENDING = "sending"  # a worker has it until lease_until
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


OPEN = (Delivery.QUEUED, Delivery.WAITING, Delivery.SENDING)

# Three days in all, as Standard Webhooks recommends: seconds after the first attempt, the second and so on.
STEPS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 28800, 43200, 64800, 72000)
_JITTER = 0.1
LONGEST_RETRY_AFTER = timedelta(days=1)

# Nothing delivered for so long, in so many attempts: somebody has to look.
FAILING_FOR = timedelta(hours=24)
FAILING_ATTEMPTS = 10

# After so many failures in a row one request at a time finds out whether it is over.
RESTS_AFTER = 5
_FIRST_REST, _LONGEST_REST = 5.0, 300.0

_PORTS = {"https": 443, "http": 80}
_LOWEST_FREE_PORT = 1024
# IPv4 in IPv6 clothes: mapped, NAT64 and 6to4; what is meant is the address inside.
_NAT64, _SIX_TO_FOUR = ip_network("64:ff9b::/96"), ip_network("2002::/16")


def url_fault(url: str) -> str | None:
    """The rule that an address breaks by its mere look; None for one that may be asked for."""
    # Not left to the parser, which drops some of these and reads others as parts of a path.
    if len(url) > LONGEST_URL or any(char <= " " or char in '\\"<>^`{|}\x7f' for char in url):
        return "webhook.url"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "webhook.url"
    if parts.scheme not in _PORTS or not parts.hostname or parts.fragment or not _is_name(parts.hostname):
        return "webhook.url"
    if parts.username is not None or parts.password is not None:
        return "webhook.credentials"
    if port is not None and port not in _PORTS.values() and port < _LOWEST_FREE_PORT:
        return "webhook.port"
    return None


def _is_name(host: str) -> bool:
    try:
        encoded = host.encode("idna") if not host.isascii() else host.encode()
    except UnicodeError:
        return False
    return len(encoded) <= 253


def endpoint_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address that has no fault."""
    parts: SplitResult = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def is_listed(address: str, allowed: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks that were allowed by name."""
    meant = _meant(address)
    return any(meant in network for network in allowed if network.version == meant.version)


def may_connect(address: str, allowed: Iterable[Network]) -> bool:
    """Whether a webhook may lead to this address: a public one, or one in a network that is allowed."""
    if is_listed(address, allowed):
        return True
    meant = _meant(address)
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def _meant(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    if found in _NAT64:
        return IPv4Address(found.packed[12:])
    if found in _SIX_TO_FOUR:
        return IPv4Address(found.packed[2:6])
    return found


def resolution_fault(scheme: str, addresses: Sequence[str], allowed: Sequence[Network]) -> str | None:
    """The rule that the addresses of a host break; None where all of them may be connected to."""
    if not addresses:
        return "webhook.unresolved"
    if not all(may_connect(address, allowed) for address in addresses):
        return "webhook.private_address"
    # Without TLS only within networks of one's own.
    if scheme == "http" and not all(is_listed(address, allowed) for address in addresses):
        return "webhook.https"
    return None


@dataclass(frozen=True)
class Answer:
    """What came of one attempt: a status, or the kind of failure. Nothing of the body is kept."""

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    took_ms: int = 0

    @property
    def is_success(self) -> bool:
        """Any 2xx, as Standard Webhooks wants it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver wants nothing more."""
        return self.status == 410

    @property
    def in_words(self) -> str | None:
        """The failure as the log shows it; None for a success."""
        if self.is_success:
            return None
        if self.status is None:
            return self.error
        return "redirect" if 300 <= self.status < 400 else f"http_{self.status}"


def next_attempt(answer: Answer, attempts: int, now: datetime, chance: float) -> datetime | None:
    """When to try again after `attempts` failures; None where that was the last one.

    `chance` (0 to 1) spreads the load. A receiver's Retry-After puts it off, by a day at the most.
    """
    if attempts > len(STEPS):
        return None
    pause = timedelta(seconds=STEPS[attempts - 1] * (1 + _JITTER * (2 * chance - 1)))
    asked = answer.retry_after
    if asked is not None and math.isfinite(asked) and asked > 0:
        pause = max(pause, timedelta(seconds=min(asked, LONGEST_RETRY_AFTER.total_seconds())))
    return now + pause


def rest_after(failures: int, now: datetime) -> datetime | None:
    """Until when a webhook is left alone after so many failures in a row; None for not at all."""
    if failures < RESTS_AFTER:
        return None
    rest = min(_LONGEST_REST, _FIRST_REST * 2.0 ** min(failures - RESTS_AFTER, 10))
    return now + timedelta(seconds=rest)


def is_failing(failures: int, failing_since: datetime | None, now: datetime) -> bool:
    """Whether nothing has got through for so long that it is paused."""
    return failing_since is not None and failures >= FAILING_ATTEMPTS and now - failing_since >= FAILING_FOR
