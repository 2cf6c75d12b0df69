"""Child processes that end when their parent does.

A server that lost its supervisor would go on holding its port and its queue. Every child process calls
`die_with_parent` at its start; outside `tracker.supervise` that does nothing.
"""

import faulthandler
import os
import signal
import threading
import time

from tracker.embedded.processes import alive, signal_on_parent_death

VARIABLE = "TRACKER_LIFELINE"
PARENT_VARIABLE = "TRACKER_LIFELINE_PARENT"
GRACE_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 0.5
_watched_by: int | None = None


def die_with_parent(*, always: bool = False) -> None:
    """End this process soon after its parent, or the supervisor of them all, has died by whatever death.

    It gets SIGTERM, and is ended for good if it still runs after GRACE_SECONDS. Does nothing unless
    TRACKER_LIFELINE is set; there a number above 1 names the supervisor's process id. `always` is for a
    process that makes no sense without its parent, whoever started that; a parent that names itself in
    TRACKER_LIFELINE_PARENT is missed even if it died before this call. May be called again, and has to be
    called again in a fork, which inherits neither the kernel's promise nor the thread.
    """
    global _watched_by
    value = os.environ.get(VARIABLE, "")
    if not (value or always) or _watched_by == os.getpid():
        return
    _watched_by = os.getpid()
    parent = int(os.environ.get(PARENT_VARIABLE) or os.getppid())
    supervisor = int(value) if value.isdecimal() and int(value) > 1 else None
    signal_on_parent_death(signal.SIGTERM)
    threading.Thread(target=_watch, args=(parent, supervisor), name="lifeline", daemon=True).start()


def _watch(parent: int, supervisor: int | None) -> None:
    while os.getppid() == parent and (supervisor is None or alive(supervisor)):
        time.sleep(_LOOK_EVERY_SECONDS)
    # Set first: it needs neither this thread nor Python's lock, which a process that hangs in its
    # shutting down may hold for good.
    faulthandler.dump_traceback_later(GRACE_SECONDS, exit=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
