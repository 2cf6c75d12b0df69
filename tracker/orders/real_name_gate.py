"""Nobody is verified or connected before the real-name checks that the operator requires have passed."""

from typing import Any

from sqlalchemy import Connection, Row

from tracker.orders.rules import Stage
from tracker.problems import Fault
from tracker.real_name.queries import latest_results
from tracker.real_name.rules import missing, not_passed
from tracker.reference import Reference

# A check may have failed, or have come to be required, after an order was verified.
NEEDS_REAL_NAME = frozenset({Stage.VERIFIED, Stage.ACTIVATED})


def still_wanting(connection: Connection, reference: Reference, order: Row[Any]) -> list[Fault]:
    """What stands against an order's being verified or connected; nothing where all have passed."""
    required = reference.required_checks.get(order.operator_id, frozenset())
    if not required:
        return []
    wanting = missing(required, latest_results(connection, order.id))
    return [not_passed(wanting)] if wanting else []
