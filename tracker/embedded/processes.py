"""Processes: starting one that cannot outlive this one, and recognising one by its id."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tracker.embedded.account import Account

_PR_SET_PDEATHSIG = 1
# Looked up here, not between fork and exec, where little is safe to do.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# What a server needs; the rest may hold secrets, or PG* variables that change how PostgreSQL starts.
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


def signal_on_parent_death(signal_number: int) -> bool:
    """Ask the kernel to signal this process when the thread that started it ends; True if it will.

    Only Linux can. The wish is lost by setuid and by fork, and survives exec.
    """
    return _libc is not None and _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) == 0


def tied_to_this_process(signal_number: int) -> Callable[[], None]:
    """A `preexec_fn` that ties the new process to this one; Popen runs it after it changed the user."""
    parent = os.getpid()

    def tie() -> None:
        # The parent may have died before the wish was made: nobody would signal us any more.
        if signal_on_parent_death(signal_number) and os.getppid() != parent:
            os._exit(127)

    return tie


def spawn(
    argv: Sequence[str | Path],
    account: Account,
    *,
    cwd: Path,
    output: int,
    death_signal: int,
    stdin: int = subprocess.DEVNULL,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program as the account, tied to this process, with an environment of its own.

    `keep` are descriptors that it inherits beside its output.
    """
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment |= {"LC_ALL": "C", "TZ": "UTC", "HOME": str(cwd)}
    return subprocess.Popen(  # noqa: S603 - the program is one of ours, no shell
        [os.fspath(word) for word in argv],
        stdin=stdin,
        stdout=output,
        stderr=output,
        cwd=cwd,
        env=environment,
        pass_fds=keep,
        user=account.uid if account.dropped else None,
        group=account.gid if account.dropped else None,
        extra_groups=[] if account.dropped else None,
        preexec_fn=tied_to_this_process(death_signal),
    )


def alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def program_name(pid: int) -> str:
    """The name of the program a process runs; empty when there is no such process."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
        except OSError:
            return ""
    answer = subprocess.run(  # noqa: S603 - fixed program, a number as argument
        ["/bin/ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False
    )
    return os.path.basename(answer.stdout.strip())


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process has its working folder there; where nobody can tell, True."""
    if sys.platform != "linux":
        return True
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", folder)
    except OSError:
        return False
