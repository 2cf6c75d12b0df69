"""What the supervisor must know about a server, whichever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StopStep:
    """A signal that asks a server to stop, and how many seconds it is given."""

    signal: int
    seconds: float


class Server(Protocol):
    """One of the servers; it only describes and looks, the keeper starts and stops it."""

    @property
    def name(self) -> str:
        """The name people know it by."""

    @property
    def folder(self) -> Path:
        """Its data; also its working folder."""

    @property
    def argv(self) -> Sequence[str | Path]:
        """How to start it in the foreground."""

    @property
    def stop_steps(self) -> Sequence[StopStep]:
        """Ever less polite ways to stop it; the first is also what it gets when its supervisor dies."""

    def stranger(self) -> int | None:
        """The id of a live server in this folder which no supervisor started."""

    def clear(self) -> None:
        """Remove what a dead one left behind and would hinder the next; nobody else uses the folder now."""

    def is_ready(self, pid: int) -> bool:
        """Whether the process answers."""
