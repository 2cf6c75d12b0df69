"""What a running process holds: settings, database, keys, reference data, doorbell, gateways.

Made once per process and handed to the use cases; nothing else is global.
"""

from dataclasses import dataclass
from functools import cached_property

from tracker import crypto, db
from tracker.channels.note_use import KeyUses
from tracker.channels.quotas import Quota, Quotas
from tracker.config import Config
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.queueing import Doorbell
from tracker.reference import ReferenceCache
from tracker.setting_kinds import ConfigError
from tracker.sms.gateways import gateway_for, routes_for
from tracker.sms.port import Gateway
from tracker.sms.routes import Routes
from tracker.tries.shared import SharedTries


@dataclass(frozen=True)
class Runtime:
    """Everything a use case may need. Build it with `start`; close it with `close`."""

    config: Config
    db: Database
    keys: KeyRing
    bell: Doorbell
    reference: ReferenceCache

    @cached_property
    def walled(self) -> "Runtime":
        """The same as the service has it: its connections reach one operator's rows at a time."""
        database = self.db.behind_walls
        return _Walled(self.config, database, self.keys, self.bell, ReferenceCache(database), self)

    @cached_property
    def gateway(self) -> Gateway:
        """The SMS provider that is named first, made in the process that first uses it."""
        return gateway_for(next(iter(self.config.sms_gateways)), self.config, self.db, self.keys)

    @cached_property
    def routes(self) -> Routes:
        """Every SMS provider in use, the first among them."""
        return routes_for(self.gateway, self.config, self.db, self.keys)

    @cached_property
    def quotas(self) -> Quotas:
        """How many requests each key has left, counted with the other processes."""
        return Quotas(str(self.config.redis_url), self.bell.silence)

    @cached_property
    def key_quota(self) -> Quota:
        """What a key may send that has no limit of its own."""
        return Quota.read(self.config.api_limit)

    @cached_property
    def wrong_key_quota(self) -> Quota:
        """How many wrong keys one address may send."""
        return Quota.read(self.config.wrong_key_limit)

    @cached_property
    def key_uses(self) -> KeyUses:
        """When each key was last used."""
        return KeyUses(self.db)

    @cached_property
    def tries(self) -> SharedTries:
        """How often an address has tried to sign in, counted with the other processes."""
        return SharedTries(str(self.config.redis_url))

    def close(self) -> None:
        """Give back connections."""
        if "tries" in self.__dict__:
            self.tries.close()
        if "quotas" in self.__dict__:
            self.quotas.close()
        if "routes" in self.__dict__:
            self.routes.close()
        elif "gateway" in self.__dict__:
            self.gateway.close()
        self.bell.close()
        self.db.dispose()


@dataclass(frozen=True)
class _Walled(Runtime):
    """A runtime behind walls. What knows no operators, it has in common with `whole`, which closes it."""

    whole: Runtime

    @property
    def gateway(self) -> Gateway:  # type: ignore[override]
        return self.whole.gateway

    @property
    def routes(self) -> Routes:  # type: ignore[override]
        return self.whole.routes

    @property
    def quotas(self) -> Quotas:  # type: ignore[override]
        return self.whole.quotas

    def close(self) -> None:
        self.whole.close()


def start(config: Config) -> Runtime:
    """The runtime of the service, a worker or a command.

    Raises ConfigError for what is missing and KeyRingError for an unusable key file.
    """
    if config.database_url is None or config.redis_url is None:
        raise ConfigError("configuration: TRACKER_DATABASE_URL and TRACKER_REDIS_URL are needed here")
    if config.key_file is None:
        raise ConfigError("configuration: TRACKER_KEY_FILE is needed: `tracker keys init FILE` makes one")
    database = Database(config.database_url, role=db.APP_ROLE)
    return Runtime(
        config=config,
        db=database,
        keys=crypto.load(config.key_file),
        bell=Doorbell(config.redis_url),
        reference=ReferenceCache(database),
    )
