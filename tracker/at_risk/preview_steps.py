"""Whom rules of escalation would reach now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from tracker.at_risk.queries import Wanted, count_at_risk, standing_near
from tracker.at_risk.recipients import Recipient, of_level, recipients
from tracker.at_risk.rules import Level, Rules, level_of, told_ahead
from tracker.orders.rules import Stage
from tracker.promises.calendar import WorkingCalendar


@dataclass(frozen=True)
class Reached:
    """A step: how many orders stand at it now, and before whom it brings them."""

    level: Level
    orders: int
    people: tuple[Recipient, ...]


@dataclass(frozen=True)
class Foreseen:
    """What rules come to now: orders at risk, and each of the steps."""

    at_risk: int
    steps: tuple[Reached, ...]


def preview_steps(
    connection: Connection, operator_id: int, rules: Rules, calendar: WorkingCalendar | None, now: datetime
) -> Foreseen:
    """Judge the operator's open orders by these rules and its office's days, and store nothing."""
    counts, told = dict.fromkeys(Level, 0), told_ahead(rules, calendar, now)
    for row in standing_near(connection, operator_id, told, now):
        level = level_of(row.deadline, row.stage == Stage.ON_SITE, told, now)
        if level is not None:
            counts[level] += 1
    staff = recipients(connection, operator_id)
    total = count_at_risk(connection, operator_id, rules, Wanted(), now).total
    return Foreseen(
        total, tuple(Reached(level, counts[level], tuple(of_level(staff, level))) for level in Level)
    )
