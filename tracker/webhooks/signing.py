"""Secrets of webhooks and the signatures made with them (Standard Webhooks)."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as Signer

from tracker.crypto import KeyRing

COLUMN = "webhooks.secret"
_BYTES = 32
_PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret, 32 random bytes: "whsec_…"."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def sealed(keys: KeyRing, secret: str) -> bytes:
    """A secret as it is stored."""
    return keys.seal(secret, COLUMN)


def opened(keys: KeyRing, *stored: bytes | None) -> tuple[str, ...]:
    """Those that are there, to sign with. Raises UnreadableError."""
    return tuple(keys.open(bytes(one), COLUMN) for one in stored if one is not None)


def headers_of(message_id: str, body: str, signed_with: Sequence[str], now: datetime) -> dict[str, str]:
    """What proves a request; the id stays the same however often it is sent."""
    signatures = [Signer(secret).sign(msg_id=message_id, timestamp=now, data=body) for secret in signed_with]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
