"""A worker that dies over a file: `python take_in_and_die.py <which commit of a batch> <before or after>`.

Takes in what waits by the product's own job, in the configuration of the environment, and kills itself
without warning just before that commit of a batch, or once it has been done. Ends with code 3 if it never
came there.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.order_files import take_in
from tracker.orders import file_batches
from tracker.runtime import start

BATCH = 20


def main(which: int, when: str) -> int:
    file_batches.BATCH = BATCH
    run = start(config.load())
    begun = 0
    real = take_in._Work._store_once
    in_batch = False

    def store_once(*arguments: Any) -> Any:
        nonlocal in_batch
        in_batch = True
        taken = real(*arguments)
        in_batch = False
        if when == "after" and begun == which:
            os.kill(os.getpid(), signal.SIGKILL)
        return taken

    take_in._Work._store_once = store_once  # type: ignore[method-assign]

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        nonlocal begun
        begun += in_batch
        if when == "before" and in_batch and begun == which:
            os.kill(os.getpid(), signal.SIGKILL)

    take_in.take_in_due(run)
    return 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
