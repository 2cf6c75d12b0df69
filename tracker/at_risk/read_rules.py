"""What an operator holds for a risk: in force now, and as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.at_risk.models import RiskRules
from tracker.at_risk.rules import Rules

_rules = RiskRules.__table__
NUMBERS = ("due_hours", "team_hours", "waiting_hours", "warn_hours", "late_hours", "chase_days")


@dataclass(frozen=True)
class InForce:
    """The rules in force with their version; 0 where the operator goes by the product's own."""

    version: int
    rules: Rules


def rules_in_force(connection: Connection, operator_id: int) -> InForce:
    """By what an operator's orders are judged now."""
    latest = next(iter(versions_of_rules(connection, operator_id, limit=1)), None)
    return InForce(0, Rules()) if latest is None else InForce(latest.version, rules_of(latest))


def versions_of_rules(connection: Connection, operator_id: int, *, limit: int) -> Sequence[Row[Any]]:
    """What was saved, the latest first."""
    wanted = select(_rules).where(_rules.c.operator_id == operator_id).order_by(_rules.c.version.desc())
    return connection.execute(wanted.limit(limit)).all()


def rules_of(row: Row[Any]) -> Rules:
    """The rules of a stored version."""
    numbers = {name: getattr(row, name) for name in NUMBERS}
    return Rules(**numbers, digest_at=tuple(time.fromisoformat(at) for at in row.digest_at))
