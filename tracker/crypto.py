"""Personal data at rest: AES-GCM under a key ring, and keyed digests for looking things up (I5).

The key ring is a small JSON file, readable by its owner only:

    {"active": "2026-11-a1b2c3d4", "encryption": {"2026-11-a1b2c3d4": "<base64>"}, "digest": "<base64>"}

Rotating adds an encryption key and makes it the active one; older keys stay to read what they
wrote. The digest key cannot rotate without recomputing every digest, so it stands apart. A file
without encryption keys serves a process that must only compare digests, like the public site.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tracker import clock

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = 1

# What stands in a sealed column whose value has been forgotten; it opens as the empty text.
ERASED = b""


class KeyRingError(Exception):
    """The key file cannot be used; the message says why in one line."""


class UnreadableError(Exception):
    """A sealed value was written under an unknown key, for another column, or was altered."""


@dataclass(frozen=True)
class KeyRing:
    """Encryption keys by id, the id of the one that writes, and the digest key."""

    active: str | None
    encryption: dict[str, bytes] = field(repr=False)
    digest: bytes = field(repr=False)
    _ciphers: dict[str, AESGCM] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ciphers", {name: AESGCM(key) for name, key in self.encryption.items()})

    def seal(self, plain: str, column: str) -> bytes:
        """Encrypt `plain` for one column ("orders.phone"); the column is authenticated with it.

        Layout: format byte, length of key id, key id, 12-byte nonce, ciphertext with tag.
        """
        return self.seal_bytes(plain.encode(), column)

    def seal_bytes(self, plain: bytes, column: str) -> bytes:
        """The same of what is no text."""
        if self.active is None:
            raise KeyRingError("this key ring has no encryption key: it can only compare digests")
        name = self.active.encode()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.active].encrypt(nonce, plain, column.encode())
        return bytes([_FORMAT, len(name)]) + name + nonce + sealed

    def open(self, sealed: bytes, column: str) -> str:
        """Decrypt what `seal` made for the same column. Raises UnreadableError."""
        try:
            return self.open_bytes(sealed, column).decode()
        except UnicodeDecodeError:
            raise UnreadableError("no text") from None

    def open_bytes(self, sealed: bytes, column: str) -> bytes:
        """Decrypt what `seal_bytes` made for the same column; nothing of what is ERASED.

        Raises UnreadableError.
        """
        if sealed == ERASED:
            return b""
        name_end = 2 + sealed[1] if len(sealed) > 2 else 0
        if not name_end or sealed[0] != _FORMAT:
            raise UnreadableError("not a sealed value")
        cipher = self._ciphers.get(sealed[2:name_end].decode("ascii", "replace"))
        if cipher is None:
            raise UnreadableError("sealed under a key that this ring does not hold")
        nonce, body = sealed[name_end : name_end + _NONCE_BYTES], sealed[name_end + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, column.encode())
        except (InvalidTag, ValueError):
            raise UnreadableError("altered, or sealed for another column") from None

    def digest_of(self, purpose: str, value: str) -> bytes:
        """Keyed SHA-256 of `value`, 32 bytes; two purposes never give comparable digests."""
        message = f"{purpose}\x00{value}".encode()
        return hmac.digest(self.digest, message, hashlib.sha256)

    def rotated(self) -> "KeyRing":
        """A ring with a fresh active encryption key beside all the present ones."""
        name = f"{clock.now():%Y-%m}-{secrets.token_hex(4)}"
        return KeyRing(name, {**self.encryption, name: os.urandom(_KEY_BYTES)}, self.digest)

    def dump(self) -> str:
        """The ring as the text of its file."""
        encoded = {name: base64.b64encode(key).decode() for name, key in self.encryption.items()}
        digest = base64.b64encode(self.digest).decode()
        return json.dumps({"active": self.active, "encryption": encoded, "digest": digest}, indent=1)


def new_ring() -> KeyRing:
    """A ring with one fresh encryption key and a fresh digest key."""
    return KeyRing(None, {}, os.urandom(_KEY_BYTES)).rotated()


def parse(text: str) -> KeyRing:
    """Read the text of a key file. Raises KeyRingError."""
    try:
        data = json.loads(text)
        keys = {name: _key(value) for name, value in data.get("encryption", {}).items()}
        ring = KeyRing(data.get("active"), keys, _key(data["digest"]))
    except (KeyError, AttributeError, TypeError, ValueError, binascii.Error):
        raise KeyRingError("the key file is not a key ring: see `tracker keys --help`") from None
    if ring.encryption and ring.active not in ring.encryption:
        raise KeyRingError("the key file's active key is not among its encryption keys")
    return ring


def _key(encoded: str) -> bytes:
    key = base64.b64decode(encoded, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError("wrong length")
    return key


def load(path: Path) -> KeyRing:
    """Read a key file. Raises KeyRingError where it is missing, open to others, or malformed."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyRingError(f"key file {path} can be read by others: set its mode to 0600")
        return parse(path.read_text())
    except OSError as error:
        raise KeyRingError(f"key file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeyRingError(f"key file {path} is not a key ring: see `tracker keys --help`") from None


def save(ring: KeyRing, path: Path) -> None:
    """Write a key file, mode 0600, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(ring.dump())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def load_or_create(path: Path) -> KeyRing:
    """The ring of `path`, made on the first use. Two processes starting at once get the same ring."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.fresh")
        save(new_ring(), fresh)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return load(path)
