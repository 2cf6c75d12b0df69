"""Which system user the servers run as.

PostgreSQL refuses to run as root, so root drops to a system user: `postgres` where there is one, else
`nobody`. Anybody else runs the servers as themselves.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from tracker.embedded.errors import EmbeddedError

DROP_TO = ("postgres", "_postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A system user; `dropped` when it is another one than this process runs as."""

    name: str
    uid: int
    gid: int
    dropped: bool


def server_account() -> Account:
    """The user for the servers of this process.

    Raises EmbeddedError for a user id without a passwd entry (initdb cannot run then), and for root on a
    system that has none of the users to drop to.
    """
    uid = os.geteuid()
    if uid != 0:
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise EmbeddedError(
                f"user id {uid} has no passwd entry, and PostgreSQL's initdb cannot run without one: "
                "add an entry, or run as another user"
            ) from None
        return Account(entry.pw_name, uid, os.getegid(), dropped=False)
    for name in DROP_TO:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid, dropped=True)
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and this system has no user to drop to ({' or '.join(DROP_TO)})"
    )


def first_closed(account: Account, path: Path) -> Path | None:
    """The first step on the way to `path` (itself included) that the account may not enter or execute.

    Asks the kernel, as that user, in a forked child: this sees access lists that mode bits do not show.
    Call it only where there are no other threads.
    """
    if not account.dropped:
        return None if os.access(path, os.X_OK) else path
    steps = [*reversed(path.parents), path]
    child = os.fork()
    if child == 0:
        answer = 255
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            closed = (number for number, step in enumerate(steps) if not os.access(step, os.X_OK))
            answer = min(next(closed, -1) + 1, 254)
        finally:
            os._exit(answer)
    answer = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not 0 <= answer < 255:
        raise EmbeddedError(f"cannot act as the system user {account.name}")
    return steps[min(answer, len(steps)) - 1] if answer else None
