"""How often one address may look orders up, and how often one order may be guessed at.

Counted in Redis so that every process counts together. Without Redis each process counts for
itself: lookups go on, and a caller gets at most as many tries more as there are processes.
"""

from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracker.addresses import household_of
from tracker.config import Config

# Ten thousand digits can be tried from ten thousand addresses, so the order itself is guarded too.
WRONG_TRIES = "5 per 30 minutes"

_PATIENCE_SECONDS = 0.2


def register(app: Flask, config: Config) -> Limiter:
    """The limiter of this app."""
    return Limiter(
        _address,
        app=app,
        storage_uri=_storage(config.redis_url),
        storage_options=_impatient() if config.redis_url else {},
        in_memory_fallback_enabled=True,
        # Redis may go between the check and the count; the answer has been found by then.
        swallow_errors=True,
        strategy="moving-window",
        key_prefix="lookup",
    )


def was_wrong(response: Response) -> bool:
    """Whether an answer counts as a wrong try at an order."""
    return response.status_code == 404


def _address() -> str:
    return household_of(request.remote_addr)


def _storage(redis_url: str | None) -> str:
    if redis_url is None:
        return "memory://"
    return f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url


def _impatient() -> dict[str, Any]:
    return {
        "socket_timeout": _PATIENCE_SECONDS,
        "socket_connect_timeout": _PATIENCE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
