"""A run of warnings that dies: `python warn_and_die.py <change> <which commit> <before or after>`.

Does what is due about an announced or withdrawn change, in the configuration of the environment, and kills
itself without warning just before that commit, or once it has been done. Ends with code 3 if it never came
there.
"""

import itertools
import os
import signal
import sys
import threading
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.runtime import start
from tracker.tariff_changes import undo_warnings, write_chunks
from tracker.tariff_changes.upkeep import keep_change

CHUNK = 20


def main(change_id: int, which: int, when: str) -> int:
    write_chunks._CHUNK = undo_warnings._CHUNK = CHUNK
    run = start(config.load())
    commits, one_at_a_time = itertools.count(1), threading.Lock()

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        with one_at_a_time:
            if next(commits) != which:
                return
            if when == "after":
                connection.connection.dbapi_connection.commit()
            os.kill(os.getpid(), signal.SIGKILL)

    keep_change(run, change_id)
    return 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
