"""Reads of announced changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, text

from tracker.tariff_changes.models import WarningRun
from tracker.tariffs.models import Plan, TariffChange
from tracker.tariffs.rules import ChangeState, latest_notice_on, warn_from

_changes, _plans, _runs = TariffChange.__table__, Plan.__table__, WarningRun.__table__

_SHOWN: Select[Any] = (
    select(_changes, _plans.c.monthly_fen, _plans.c.name, _plans.c.name_en)
    .outerjoin(_plans, _plans.c.id == _changes.c.plan_id)
    .order_by(_changes.c.id.desc())
)


def changes_of(
    connection: Connection,
    operator_id: int,
    *,
    state: str | None = None,
    before_id: int | None = None,
    limit: int = 20,
) -> tuple[Sequence[Row[Any]], int | None]:
    """An operator's changes, the latest announced first, and where the next page begins."""
    wanted = _SHOWN.where(_changes.c.operator_id == operator_id)
    if state is not None:
        wanted = wanted.where(_changes.c.state == state)
    if before_id is not None:
        wanted = wanted.where(_changes.c.id < before_id)
    rows = connection.execute(wanted.limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def change_row(connection: Connection, operator_id: int, change_id: int) -> Row[Any] | None:
    """One change of an operator with the price and names of the version that it brings."""
    return connection.execute(
        _SHOWN.where(_changes.c.operator_id == operator_id, _changes.c.id == change_id)
    ).one_or_none()


def overridden_between(
    connection: Connection, operator_id: int, first: date, last: date
) -> Sequence[Row[Any]]:
    """Changes that were announced with less than a month's notice, by whom and why, for the report."""
    day = func.date(func.timezone("Asia/Shanghai", _changes.c.announced_at))
    return connection.execute(
        _SHOWN.where(
            _changes.c.operator_id == operator_id,
            _changes.c.override_reason.isnot(None),
            day >= first,
            day <= last,
        )
    ).all()


def with_work_to_do(connection: Connection, today: date) -> Sequence[int]:
    """Changes that may still have warnings to write or to undo."""
    wanted = (
        select(_changes.c.id)
        .outerjoin(_runs, _runs.c.change_id == _changes.c.id)
        .where(
            or_(
                (_changes.c.state == ChangeState.ANNOUNCED) & (_changes.c.warn_from <= today),
                (_changes.c.state == ChangeState.WITHDRAWN) & _runs.c.undone_at.is_(None),
            )
        )
        .order_by(_changes.c.id)
    )
    return connection.scalars(wanted).all()


@dataclass(frozen=True)
class UnannouncedEnds:
    """Agreed prices of a plan that end in a month and that no change announces.

    `announce_by`: the last day on which a warning of the first of them may arrive.
    """

    filing_number: str
    region: str
    name: str
    month: date
    first: date
    last: date
    subscribers: int
    announce_by: date

    def is_urgent(self, today: date) -> bool:
        """Whether warnings should be leaving already."""
        return warn_from(self.first + timedelta(days=1)) <= today


_UNANNOUNCED = text(
    """
    SELECT p.filing_number, p.region, max(p.name) AS name,
        date_trunc('month', s.agreed_until)::date AS month,
        min(s.agreed_until) AS first, max(s.agreed_until) AS last, count(*) AS subscribers
    FROM subscribers s JOIN plans p ON p.id = s.plan_id
    WHERE s.operator_id = :operator AND s.agreed_until BETWEEN :today AND :horizon
        AND (s.ended_on IS NULL OR s.ended_on > s.agreed_until)
        AND s.monthly_fen <> p.monthly_fen
        AND NOT EXISTS (
            SELECT FROM tariff_changes c
            WHERE c.operator_id = p.operator_id AND c.filing_number = p.filing_number AND c.region = p.region
                AND c.kind = 'term_end' AND c.state = 'announced'
                AND s.agreed_until BETWEEN c.ends_from AND c.ends_to)
    GROUP BY p.filing_number, p.region, month
    ORDER BY month, p.filing_number, p.region
    """
)


def unannounced_ends(
    connection: Connection, operator_id: int, today: date, ahead: timedelta = timedelta(days=120)
) -> list[UnannouncedEnds]:
    """What somebody has to announce soon, so that nobody is surprised when a discount ends."""
    values = {"operator": operator_id, "today": today, "horizon": today + ahead}
    return [
        UnannouncedEnds(*row, announce_by=latest_notice_on(row.first + timedelta(days=1)))
        for row in connection.execute(_UNANNOUNCED, values)
    ]
