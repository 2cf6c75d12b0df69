"""What the customers' site holds: settings, a database to read and to ask in, keys, counts of tries."""

from dataclasses import dataclass

from public_status.keeper import Keeper
from tracker import crypto
from tracker.config import Config
from tracker.crypto import KeyRing
from tracker.db import PUBLIC_ROLE, Database
from tracker.queueing import Doorbell
from tracker.setting_kinds import ConfigError
from tracker.tries.shared import SharedTries

# Somebody is waiting in front of a phone: better a clear "not now" than half a minute of nothing.
_PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class PublicRuntime:
    """Everything the site's pages need. Build it with `start`; close it with `close`.

    `bell` calls a worker for what a customer asks; without Redis there is none, and the sweep finds it.
    """

    config: Config
    db: Database
    keys: KeyRing
    published: Keeper
    tries: SharedTries
    bell: Doorbell | None = None

    def close(self) -> None:
        """Give back connections."""
        self.published.close()
        if self.bell is not None:
            self.bell.close()
        self.tries.close()
        self.db.dispose()


def start(config: Config) -> PublicRuntime:
    """The runtime of the site, in the database role that may read only what the site shows.

    Raises ConfigError for what is missing and KeyRingError for an unusable key file; the key
    file needs no encryption keys.
    """
    url = config.public_database_url or config.database_url
    if url is None or config.key_file is None:
        raise ConfigError(
            "configuration: TRACKER_PUBLIC_DATABASE_URL and TRACKER_KEY_FILE are needed here "
            "(`tracker demo` sets them by itself)"
        )
    keys = crypto.load(config.key_file)
    database = Database(url, role=PUBLIC_ROLE, patience=_PATIENCE_SECONDS)
    bell = Doorbell(config.redis_url) if config.redis_url else None
    return PublicRuntime(config, database, keys, Keeper(database), SharedTries(config.redis_url), bell)
