"""Several processes of the site, seen from several addresses."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import start
from tracker.config import Config

# Nothing listens there, and it says so at once.
NOWHERE = "unix:///nowhere/redis.sock"
STORES = ("redis", "no redis")


def with_store(config: Config, store: str, **changes: object) -> Config:
    """The settings with Redis, or with one that is away."""
    url = config.redis_url if store == "redis" else NOWHERE
    return dataclasses.replace(config, **{"redis_url": url, **changes})


@contextmanager
def processes(config: Config, count: int = 2) -> Iterator[list[FlaskClient]]:
    """So many of the site's processes: runtimes that share nothing but the stores."""
    runs = [start(config) for _ in range(count)]
    try:
        yield [create_app(run).test_client() for run in runs]
    finally:
        for run in runs:
            run.close()


def look_up_from(
    client: FlaskClient, number: str, last4: str, address: str = "198.51.100.1", **headers: str
) -> TestResponse:
    """The form as a browser at this address submits it; `X_Forwarded_For` names a header."""
    return client.post(
        "/status",
        data={"number": number, "last4": last4},
        environ_base={"REMOTE_ADDR": address},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
