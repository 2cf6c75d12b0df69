"""An import that dies: `python import_and_die.py <file> <operator> <which commit> <before or after>`.

Runs the product's own import of subscriptions in the configuration of the environment, and kills itself
without warning just before that commit of a batch, or once it has been done. Ends with code 3 if it never
came there.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.runtime import start
from tracker.subscribers import import_subscribers as importing

BATCH = 50


def main(path: str, operator_id: int, which: int, when: str) -> int:
    importing._BATCH = BATCH
    run = start(config.load())
    begun = done = 0

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        nonlocal begun
        begun += 1
        if when == "before" and begun == which:
            os.kill(os.getpid(), signal.SIGKILL)

    def stored(position: int) -> None:
        nonlocal done
        done += 1
        if when == "after" and done == which:
            os.kill(os.getpid(), signal.SIGKILL)

    importing.import_subscribers(
        run.db, run.keys, operator_id, Path(path), actor="console:test", on_bytes=stored
    )
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
