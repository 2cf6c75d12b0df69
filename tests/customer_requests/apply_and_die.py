"""A worker that dies over a request: `python apply_and_die.py <which> <moment>`.

Applies what is due by the product's own job, in the configuration of the environment, and kills itself
without warning at this moment of the request of this place: in the middle of what it writes, just before
its commit, or once that has been done. Ends with code 3 if it never came there.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.customer_requests.apply_requests import apply_requests
from tracker.runtime import start

MOMENTS = ("in the middle", "before the commit", "after the commit")


def main(which: int, moment: str) -> int:
    run = start(config.load())
    begun = 0

    def die_if(here: str) -> None:
        if here == moment and begun == which:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(run.db.engine, "before_cursor_execute")
    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal begun
        if "FROM customer_requests" in statement and "SKIP LOCKED" in statement:
            # Whoever looks for the next one has committed the one before.
            die_if("after the commit")
            begun += 1
        if "INTO notices" in statement:
            die_if("in the middle")

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        die_if("before the commit")

    apply_requests(run)
    return 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
