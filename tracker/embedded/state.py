"""What the supervisor tells others about its servers: a small file, and the addresses made from it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Servers:
    """Addresses of running servers: SQLAlchemy URLs for the three roles, and one for Valkey.

    The role `tracker_owner` exists from the start; the first migration creates the other two.
    """

    owner_url: str
    app_url: str
    public_url: str
    redis_url: str


@dataclass(frozen=True)
class State:
    """The process ids as they are now; `ready` once both servers have answered for the first time."""

    supervisor: int
    postgres: int | None
    valkey: int | None
    socket_dir: str
    started_at: str
    ready: bool

    def write(self, path: Path) -> None:
        new = path.with_name(path.name + ".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        new.replace(path)


def read_state(path: Path) -> State | None:
    """The state as last written; None if there is none, or it is not understood."""
    try:
        return State(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def addresses(socket_dir: str) -> Servers:
    """Addresses of servers whose sockets lie in this folder (always a plain path, so nothing is quoted)."""
    return Servers(
        owner_url=f"postgresql+psycopg://tracker_owner@/tracker?host={socket_dir}",
        app_url=f"postgresql+psycopg://tracker_app@/tracker?host={socket_dir}",
        public_url=f"postgresql+psycopg://tracker_public@/tracker?host={socket_dir}",
        redis_url=f"unix://{socket_dir}/valkey.sock?db=0",
    )
