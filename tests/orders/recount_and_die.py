"""A recount that dies: `python recount_and_die.py <which commit> <before or after>`.

Runs the product's own recount in the configuration of the environment, and kills itself without warning
just before that commit, or once it has been done. Ends with code 3 if it never came there.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.orders import recount_promises as recounting
from tracker.runtime import start


def main(which: int, when: str) -> int:
    # Small steps, so that a few orders make many commits.
    recounting._CUSTOMERS = 3
    run = start(config.load())
    done = 0

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        nonlocal done
        done += 1
        if when == "before" and done == which:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(_: int) -> None:
        if when == "after" and done >= which:
            os.kill(os.getpid(), signal.SIGKILL)

    recounting.recount_promises(run, counted)
    return 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
