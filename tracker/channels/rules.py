"""What a channel is and what its key looks like."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
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


class KeyKind(StrEnum):
    """How a key proves who calls: it is sent along, or it signs what is sent."""

    BEARER = "bearer"
    SIGNED = "signed"


class KeyState(StrEnum):
    """Whether a key opens anything, and if so, whether it will end soon."""

    LIVE = "live"
    ENDING = "ending"
    EXPIRED = "expired"
    REVOKED = "revoked"


LABEL_LIMIT = 60
# Time enough to bring another key to whoever calls.
ENDS_SOON = timedelta(days=30)
# How long an old key goes on beside the one that follows it, unless told otherwise, and at most.
USUAL_OVERLAP = timedelta(days=7)
LONGEST_OVERLAP = timedelta(days=90)

_PREFIX = {KeyKind.BEARER: "trk_", KeyKind.SIGNED: "trs_"}
_SHOWN = 12


def new_secret(kind: KeyKind = KeyKind.BEARER) -> str:
    """A fresh key: `trk_`, or `trs_` for one that signs, and 32 random bytes in URL-safe base64."""
    return _PREFIX[kind] + secrets.token_urlsafe(32)


def new_app_id() -> str:
    """The public name of a signing key: `app_` and 16 hexadecimal digits."""
    return f"app_{secrets.token_hex(8)}"


def prefix_of(secret: str) -> str:
    """The part of a key that may be shown in lists and logs."""
    return secret[:_SHOWN]


def hash_of(secret: str) -> bytes:
    """What is stored of a key: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()


def has_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a key's time has passed; at its very instant it has."""
    return expires_at is not None and expires_at <= now


def state_of(expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> KeyState:
    """How a key stands."""
    if revoked_at is not None:
        return KeyState.REVOKED
    if has_expired(expires_at, now):
        return KeyState.EXPIRED
    ends_soon = expires_at is not None and expires_at <= now + ENDS_SOON
    return KeyState.ENDING if ends_soon else KeyState.LIVE


def end_after(expires_at: datetime | None, overlap: timedelta, now: datetime) -> datetime:
    """When a key ends that is followed by another now: after the overlap, never later than before."""
    end = now + overlap
    return end if expires_at is None else min(expires_at, end)
