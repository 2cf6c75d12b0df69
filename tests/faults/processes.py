"""Child processes of a test: started, killed without warning, and gone at the end, all by their ids."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Every live process below this one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                # The name before the last parenthesis may hold blanks itself.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def state_of(pid: int) -> str:
    """The kernel's letter for what the process does (T: stopped, Z: dead); empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def title_of(pid: int) -> str:
    """The command line, which PostgreSQL rewrites to say what a process is for."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def kill(pid: int) -> None:
    """SIGKILL; one that is gone already is fine."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def scrubbed(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with no setting of the product but those given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRACKER_", "TWILIO_"))}
    return kept | dict(extra)


@dataclass
class Child:
    """A process that a test may kill and start again."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv, env=dict(self.env), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
            )

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    def ended_by_itself(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def kill(self, *, and_below: bool = True) -> None:
        """SIGKILL to the process, then to what it had started."""
        if self.process is None:
            return
        below = descendants(self.process.pid) if and_below else []
        self.process.kill()
        for pid in below:
            kill(pid)
        self.process.wait(10)
        self.process = None

    def last_words(self, lines: int = 12) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join([f"--- {self.name}", *(line[:600] for line in text.splitlines()[-lines:])])
