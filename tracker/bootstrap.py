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


def data_dir(config: Config) -> Path:
    """Where embedded servers, keys and sample files live."""
    return config.data_dir or embedded.default_data_dir()


@contextmanager
def completed(config: Config, *, say: Callable[[str], None]) -> Iterator[Config]:
    """The configuration with every blank filled in, for the length of the block.

    Starts the embedded servers where no address is given, or uses those that run already. Raises
    EmbeddedError and KeyRingError.
    """
    folder = data_dir(config)
    with ExitStack() as stack:
        if config.database_url is None or config.redis_url is None:
            servers = stack.enter_context(embedded.servers(folder, say=say))
            if config.database_url is None:
                config = replace(
                    config,
                    database_url=servers.app_url,
                    public_database_url=config.public_database_url or servers.public_url,
                    migration_database_url=config.migration_database_url or servers.owner_url,
                )
            config = replace(config, redis_url=config.redis_url or servers.redis_url)
        key_file = config.key_file or folder / "keys.json"
        if config.key_file is None:
            crypto.load_or_create(key_file)
        yield replace(
            config,
            key_file=key_file,
            data_dir=folder,
            secret_key=config.secret_key or _kept_secret(folder / "secret-key"),
            migration_database_url=config.migration_database_url or config.database_url,
        )


def environment(config: Config) -> dict[str, str]:
    """What a child process needs to find the same servers, keys and secret."""
    values = {
        "TRACKER_DATABASE_URL": config.database_url,
        "TRACKER_MIGRATION_DATABASE_URL": config.migration_database_url,
        "TRACKER_PUBLIC_DATABASE_URL": config.public_database_url,
        "TRACKER_REDIS_URL": config.redis_url,
        "TRACKER_KEY_FILE": str(config.key_file),
        "TRACKER_SECRET_KEY": config.secret_key,
        "TRACKER_DATA_DIR": str(config.data_dir),
    }
    return {name: value for name, value in values.items() if value is not None}


def _kept_secret(path: Path) -> str:
    """A random secret, made at the first use; two processes at once get the same one."""
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
    return path.read_text()
