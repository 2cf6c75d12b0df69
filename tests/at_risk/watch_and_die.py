"""A round that dies: `python watch_and_die.py <which commit> <before or after> <what time it is>`.

Escalates, tells and sends digests as the worker does, and kills itself without warning just before that
commit, or once it has been done. Ends with code 3 if it never came there.
"""

import itertools
import os
import signal
import sys
from datetime import datetime
from typing import Any

from sqlalchemy import event

from tracker import clock, config
from tracker.at_risk.escalate import escalate
from tracker.at_risk.send_digests import send_digests
from tracker.at_risk.tell_staff import tell_staff
from tracker.runtime import start


def main(which: int, when: str, now: datetime) -> int:
    clock.now = lambda: now
    run = start(config.load())
    commits = itertools.count(1)

    @event.listens_for(run.db.engine, "commit")
    def commit(connection: Any) -> None:
        if next(commits) != which:
            return
        if when == "after":
            connection.connection.dbapi_connection.commit()
        os.kill(os.getpid(), signal.SIGKILL)

    escalate(run)
    tell_staff(run)
    send_digests(run)
    return 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])))
