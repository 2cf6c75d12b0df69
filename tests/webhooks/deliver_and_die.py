"""A delivery that dies: `python deliver_and_die.py <boundary>`.

Runs the product's own delivery of webhooks in the configuration of the environment, and kills itself at
the boundary. Ends with code 3 if it never came there.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from tracker import config
from tracker.runtime import start
from tracker.webhooks import deliver as delivering
from tracker.webhooks.deliver import deliver

# Boundary: the statement before or after which it is, or the word for where nothing is asked.
BOUNDARIES = {
    "before the fan-out": ("before", "INSERT INTO webhook_deliveries"),
    "fanned out, not committed": ("after", "UPDATE webhooks"),
    "claimed, not committed": ("after", "lease_until"),
    "claimed": ("call", "sending"),
    "sent": ("call", "recording"),
    "recorded, not committed": ("after", "INSERT INTO tallies"),
}


def main(boundary: str) -> int:
    kind, what = BOUNDARIES[boundary]

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    run = start(config.load())
    if kind == "call":
        sent, record = delivering._Delivery._sent, delivering.record

        def sending(*args: Any) -> Any:
            if what == "sending":
                die()
            return sent(*args)

        def recording(*args: Any) -> None:
            if what == "recording":
                die()
            record(*args)

        delivering._Delivery._sent = sending  # type: ignore[method-assign]
        delivering.record = recording
    else:

        def seen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            # Leases that ran out are looked for before anything is claimed.
            if what in statement and "lease_until <" not in statement:
                die()

        event.listen(run.db.engine, f"{kind}_cursor_execute", seen)
    deliver(run)
    run.close()
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
