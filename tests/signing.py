"""Requests signed as a channel's or a portal's system would, by the description in docs/channels.md."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

from tracker import clock
from tracker.channels.create_key import NewKey


@dataclass
class Signed:
    """A request with its signature, put together by hand."""

    key: NewKey
    method: str = "GET"
    path: str = "/api/v1/orders"
    query: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    timestamp: str = ""
    nonce: str = ""

    def __post_init__(self) -> None:
        self.timestamp = self.timestamp or str(int(clock.now().timestamp()))
        self.nonce = self.nonce or secrets.token_hex(16)

    @property
    def text(self) -> str:
        """What is signed."""
        pairs = sorted((quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in self.query)
        return "\n".join(
            (
                self.method,
                quote(self.path, safe="/-._~"),
                "&".join(f"{name}={value}" for name, value in pairs),
                self.timestamp,
                self.nonce,
                hashlib.sha256(self.body).hexdigest(),
            )
        )

    @property
    def signature(self) -> str:
        """In hexadecimal."""
        return hmac.new(self.key.secret.encode(), self.text.encode(), hashlib.sha256).hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        """As they are sent."""
        return {
            "X-App-Id": str(self.key.app_id),
            "X-Timestamp": self.timestamp,
            "X-Nonce": self.nonce,
            "X-Signature": self.signature,
        }

    @property
    def of_the_sample(self) -> dict[str, str]:
        """The headers by the names of the sample of a portal; the timestamp has to be in milliseconds."""
        return {
            "appId": str(self.key.app_id),
            "timestamp": self.timestamp,
            "nonce": self.nonce,
            "sign": self.signature,
        }


def milliseconds() -> str:
    """Now, as the sample of a portal writes it."""
    return str(int(clock.now().timestamp() * 1000))
