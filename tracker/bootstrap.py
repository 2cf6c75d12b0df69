"""From a bare environment to a complete configuration: embedded servers, key file, secret.

What is set always wins; what is not is made in the data folder and found there the next time.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tracker import crypto, embedded
from tracker.config import Config

_KEYS = "keys.json"
_SESSIONS = "secret-key"
_FILES = "files"


def data_dir(config: Config) -> Path:
    """Where embedded servers, keys and sample files live."""
    return config.data_dir or embedded.default_data_dir()


def missing_data(config: Config) -> Path | None:
    """The data folder, where `completed` would first have to make the servers that are kept in it."""
    folder = data_dir(config)
    return folder if _needs_servers(config) and not embedded.is_set_up(folder) else None


@contextmanager
def completed(config: Config, *, say: Callable[[str], None], make_keys: bool = False) -> Iterator[Config]:
    """The configuration with its blanks filled in, for the length of the block.

    Starts the embedded servers where no address is given, or uses those that run already. Keys and
    secret are made for the embedded database only, or with `make_keys`: beside a database of one's own,
    a key ring that each machine made for itself would leave data that the others cannot read. Raises
    EmbeddedError and KeyRingError.
    """
    folder = data_dir(config)
    make_keys = make_keys or not _has_database(config)
    with ExitStack() as stack:
        if _needs_servers(config):
            servers = stack.enter_context(embedded.servers(folder, say=say))
            if config.database_url is None:
                config = replace(
                    config,
                    database_url=servers.app_url,
                    public_database_url=config.public_database_url or servers.public_url,
                    migration_database_url=config.migration_database_url or servers.owner_url,
                )
            config = replace(config, redis_url=config.redis_url or servers.redis_url)
        if make_keys and config.key_file is None:
            crypto.load_or_create(folder / _KEYS)
        if make_keys and config.secret_key is None:
            _make_secret(folder / _SESSIONS)
        yield replace(
            config,
            data_dir=folder,
            files_dir=config.files_dir or folder / _FILES,
            key_file=config.key_file or _existing(folder / _KEYS),
            secret_key=config.secret_key or _text_of(folder / _SESSIONS),
            migration_database_url=config.migration_database_url or config.database_url,
        )


def environment(config: Config) -> dict[str, str]:
    """What a child process needs to find the same servers, keys and secret."""
    values = {
        "TRACKER_DATABASE_URL": config.database_url,
        "TRACKER_MIGRATION_DATABASE_URL": config.migration_database_url,
        "TRACKER_PUBLIC_DATABASE_URL": config.public_database_url,
        "TRACKER_REDIS_URL": config.redis_url,
        "TRACKER_KEY_FILE": config.key_file and str(config.key_file),
        "TRACKER_SECRET_KEY": config.secret_key,
        "TRACKER_DATA_DIR": config.data_dir and str(config.data_dir),
        "TRACKER_FILES_DIR": config.files_dir and str(config.files_dir),
    }
    return {name: value for name, value in values.items() if value is not None}


def _has_database(config: Config) -> bool:
    return bool(config.database_url or config.public_database_url)


def _needs_servers(config: Config) -> bool:
    # A public site that is given its own login needs no other database, and can do without Redis.
    return not _has_database(config) or (config.database_url is not None and config.redis_url is None)


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None


def _text_of(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _make_secret(path: Path) -> None:
    """Write a random secret unless there is one; two processes at once get the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
