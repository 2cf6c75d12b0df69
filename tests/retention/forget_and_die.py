"""Forgetting that dies: `python forget_and_die.py <which commit> <before or after>`.

Runs the product's own use case in the configuration of the environment, two orders at a time, and kills
itself without warning before that commit or after it. Ends with code 3 if it never came there.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.retention import forget as forgetting
from tracker.runtime import start

CHUNK = 2


def main(which: int, when: str) -> int:
    forgetting._CHUNK = CHUNK
    run = start(config.load())
    begun = done = 0

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        nonlocal begun
        begun += 1
        if when == "before" and begun == which:
            os.kill(os.getpid(), signal.SIGKILL)

    def forgotten(number: int) -> None:
        nonlocal done
        done += 1
        if when == "after" and done == which:
            os.kill(os.getpid(), signal.SIGKILL)

    forgetting.forget(run.db, 2, lambda _name: None, done=forgotten)
    return 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
