"""What the value of a setting may look like: how each kind is checked, and read."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from environs import Env
from limits import parse_many
from marshmallow import validate

_FLAGS = {"": None, "1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class ConfigError(Exception):
    """The environment does not describe a system that can be started."""


def _scheme(value: str) -> str:
    """The scheme of an address whose parts, the port among them, can be told apart; else empty."""
    try:
        parts = urlsplit(value)
        return parts.scheme if parts.port is None or parts.port > 0 else ""
    except ValueError:
        return ""


def one_limit(value: str) -> None:
    wanted = validate.ValidationError("must be one limit above 0 like '1200 per minute'")
    try:
        found = parse_many(value)
    except ValueError:
        raise wanted from None
    if len(found) != 1 or found[0].amount < 1:
        raise wanted


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks by commas: "127.0.0.0/8,10.0.0.0/8". Raises ValidationError."""
    words = filter(None, (part.strip() for part in value.split(",")))
    try:
        return tuple(ip_network(word) for word in words)
    except ValueError:
        raise validate.ValidationError("must be networks like 10.0.0.0/8, separated by commas") from None


def web_address(value: str) -> None:
    if _scheme(value) not in ("http", "https") or not urlsplit(value).hostname:
        raise validate.ValidationError("must be an http(s) address")


def _postgres_address(value: str) -> None:
    if _scheme(value) not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise validate.ValidationError("must begin with postgresql://")


def redis_address(value: str) -> None:
    if _scheme(value) not in ("redis", "rediss", "unix"):
        raise validate.ValidationError("must begin with redis://, rediss:// or unix://")


def flag(env: Env, name: str) -> bool | None:
    """True, false, or None for one that is not set or set to nothing, as files of settings write it."""
    value = env.str(name, "", validate=validate.OneOf(_FLAGS, error="must be true or false"))
    return _FLAGS.get(value or "")


def postgres(env: Env, name: str) -> str | None:
    """A PostgreSQL address in SQLAlchemy's spelling, whichever of the usual ones was given."""
    value = env.str(name, None, validate=lambda v: v is None or _postgres_address(v))
    if not value:
        return None
    _, _, rest = value.partition("://")
    return f"postgresql+psycopg://{rest}"
