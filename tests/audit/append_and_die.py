"""Append entries in a process of its own until it is killed: `append_and_die.py URL`."""

import sys

from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.db import APP_ROLE, Database


def main() -> None:
    """Prints a line after each commit, and leaves one transaction in two open for a moment."""
    database = Database(sys.argv[1], role=APP_ROLE)
    count = 0
    while True:
        count += 1
        with database.transaction() as connection:
            for number in range(3):
                append(
                    connection,
                    Action.SAW,
                    operator_id=1,
                    actor="staff:victim",
                    subject=f"order:{count * 10 + number}",
                    fields=("contact_phone",),
                    why="calls",
                )
        sys.stdout.write(f"{count}\n")
        sys.stdout.flush()


main()
