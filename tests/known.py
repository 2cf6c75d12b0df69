"""What stands from one test to the next, because making it takes as long as most tests do.

Pools of connections to the test worker's database, each with the statements that it has compiled; and the
reference data, by its revision: where anything of it has changed since, it is read anew. And the templates of
the customers' site in each language, which every test that serves it compiles otherwise.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import CodeType, ModuleType
from typing import Any
from unittest.mock import patch

import public_status.runtime
import tracker.runtime
from public_status.runtime import PublicRuntime
from public_status.spoken import SpokenEnvironment
from tracker import reference
from tracker.config import Config
from tracker.db import Database
from tracker.reference import Reference
from tracker.runtime import Runtime

_databases: dict[str, "_Kept"] = {}
_read: dict[str, Reference] = {}
_compiled: dict[tuple[str | None, str, str | None], CodeType] = {}
_really_read = reference.read
_really_compile = SpokenEnvironment.compile


class _Kept(Database):
    """A database that is there for the next test too."""

    def dispose(self) -> None:
        """Nothing: what was lent out has come back to the pools."""


def _database(url: str, **how: Any) -> Database:
    of_kind = repr((url, how))
    if of_kind not in _databases:
        _databases[of_kind] = _Kept(url, **how)
    database = _databases[of_kind]
    # A server that was frozen in the last test is not in this one.
    database._silent_until = 0.0
    return database


def read(connection: Any) -> Reference:
    """The reference data as it stands, from the last test that read it if it has not changed."""
    url = str(connection.engine.url)
    revision = connection.scalar(reference._REVISION) or 0
    if url not in _read or _read[url].revision != revision:
        _read[url] = _really_read(connection)
    return _read[url]


def compiled(
    environment: SpokenEnvironment, source: str, name: str | None = None, filename: str | None = None
) -> CodeType:
    """A template's code, from the last test that had it compiled in this language."""
    catalogue = environment.catalogue
    key = (None if catalogue is None else catalogue.info().get("language", ""), source, filename)
    if key not in _compiled:
        _compiled[key] = _really_compile(environment, source, name, filename)
    return _compiled[key]


def started(config: Config) -> AbstractContextManager[Runtime]:
    """A runtime of the service on the pools of the tests before."""
    return _on_kept_pools(tracker.runtime, config)


def site_started(config: Config) -> AbstractContextManager[PublicRuntime]:
    """The same of the customers' site."""
    return _on_kept_pools(public_status.runtime, config)


@contextmanager
def _on_kept_pools(of: ModuleType, config: Config) -> Iterator[Any]:
    with patch.object(of, "Database", _database):
        made = of.start(config)
    yield made
    made.close()


def let_go() -> None:
    """Close what was kept."""
    for database in _databases.values():
        Database.dispose(database)
    _databases.clear()
