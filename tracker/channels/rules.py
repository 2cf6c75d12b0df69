"""What a channel is and what its key looks like."""

import hashlib
import secrets
from typing import Protocol

# The five channels the regulator names (线上: 政务服务, 官方APP, 小程序; 线下: 营业厅, 行政服务中心),
# and telephone or door-to-door as "other".
KINDS = ("government_portal", "app", "mini_program", "business_hall", "service_centre", "other")


# What a key may do beside reading: take in and move orders; change promise rules; set calendar days;
# save wordings of texts; publish plans and announce changes; keep subscriptions and ask for their price;
# set up webhooks.
SCOPES = ("orders", "rules", "calendar", "templates", "tariffs", "subscribers", "webhooks")


class ChannelIdentity(Protocol):
    """Whatever names a channel and the operator it belongs to."""

    @property
    def id(self) -> int: ...

    @property
    def operator_id(self) -> int: ...


_PREFIX = "trk_"
_SHOWN = 12


def new_secret() -> str:
    """A fresh key: `trk_` and 32 random bytes in URL-safe base64."""
    return _PREFIX + secrets.token_urlsafe(32)


def prefix_of(secret: str) -> str:
    """The part of a key that may be shown in lists and logs."""
    return secret[:_SHOWN]


def hash_of(secret: str) -> bytes:
    """What is stored of a key: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()
