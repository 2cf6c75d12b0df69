"""A plan with all its published versions and the changes that were announced for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.tariffs.models import Plan, TariffChange
from tracker.tariffs.rules import ChangeKind, ChangeState, in_force_on


@dataclass(frozen=True)
class Line:
    """One plan of an operator: rows of `plans` and of `tariff_changes`, oldest first."""

    operator_id: int
    filing_number: str
    region: str
    versions: Sequence[Row[Any]]
    changes: Sequence[Row[Any]]

    def in_force_on(self, day: date) -> Row[Any] | None:
        """The version that is sold on a day."""
        return in_force_on(self.versions, day)

    def latest_on(self, day: date) -> Row[Any] | None:
        """The version by which customers have the plan on a day, sold then or not; None before the first."""
        gone = {change.plan_id for change in self.changes if change.state == ChangeState.WITHDRAWN}
        begun = [one for one in self.versions if one.on_sale_from <= day and one.id not in gone]
        return max(begun, key=lambda one: (one.on_sale_from, one.version), default=None)

    def sold_before(self, day: date) -> list[int]:
        """Versions by which somebody can have subscribed before a day."""
        return [version.id for version in self.versions if version.on_sale_from < day]

    def announced_beside(self, change_id: int | None) -> list[int]:
        """Other changes of price that stand."""
        return [
            change.id
            for change in self.changes
            if change.state == ChangeState.ANNOUNCED
            and change.kind != ChangeKind.TERMS
            and change.id != change_id
        ]

    def list_price_on(self, plan_id: int, day: date) -> int:
        """The price without any agreement, on a day, of somebody who subscribed by a version.

        That version's, until a change for present customers brought another.
        """
        own = next(version for version in self.versions if version.id == plan_id)
        standing = {change.id for change in self.changes if change.state == ChangeState.ANNOUNCED}
        brought = [
            version
            for version in self.versions
            if version.change_id in standing and own.on_sale_from < version.on_sale_from <= day
        ]
        price: int = max(brought, key=lambda version: version.on_sale_from, default=own).monthly_fen
        return price


def read_line(connection: Connection, operator_id: int, filing_number: str, region: str) -> Line:
    """The plan of this key; without versions if there is none that was published."""
    key = {"operator_id": operator_id, "filing_number": filing_number, "region": region}
    versions = connection.execute(
        select(Plan.__table__).filter_by(**key).where(Plan.published_at.isnot(None)).order_by(Plan.version)
    ).all()
    changes = connection.execute(
        select(TariffChange.__table__).filter_by(**key).order_by(TariffChange.id)
    ).all()
    return Line(operator_id, filing_number, region, versions, changes)
