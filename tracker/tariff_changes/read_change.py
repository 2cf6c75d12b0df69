"""An announced change with everything that telling of it needs."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.tariff_changes.affected import Group, Scope
from tracker.tariff_changes.line import Line, read_line
from tracker.tariff_changes.rules import Step
from tracker.tariffs.models import TariffChange
from tracker.tariffs.rules import ChangeKind, ChangeState

_changes = TariffChange.__table__
_CHANGE = select(_changes)


@dataclass(frozen=True)
class Change:
    """A row of `tariff_changes`, its plan, and whom it concerns."""

    row: Row[Any]
    line: Line
    scope: Scope

    @property
    def id(self) -> int:
        """Its id."""
        found: int = self.row.id
        return found

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn."""
        return bool(self.row.state == ChangeState.ANNOUNCED)

    @property
    def version(self) -> Row[Any] | None:
        """The version that it brings; None where only agreed prices end."""
        return next((one for one in self.line.versions if one.id == self.row.plan_id), None)

    def new_fen(self, group: Group) -> int:
        """What a group pays afterwards."""
        if self.scope.kind is ChangeKind.TERM_END:
            return self.line.list_price_on(group.plan_id, self.scope.begins_on(group.agreed_until))
        return group.old_fen if self.scope.new_fen is None else self.scope.new_fen

    def step(self, new_fen: int, effective_on: date, told_on: date | None) -> Step:
        """The change as one subscriber has it."""
        return Step(self.id, self.scope.kind, new_fen, effective_on, told_on)

    def is_no_news(self, group: Group) -> bool:
        """Whether an agreement ends and the price stays all the same."""
        return self.scope.kind is ChangeKind.TERM_END and self.new_fen(group) == group.old_fen


def read_change(connection: Connection, change_id: int, operator_id: int | None = None) -> Change | None:
    """A change by id, of one operator if that is given; None if there is none."""
    wanted = _CHANGE.where(_changes.c.id == change_id)
    if operator_id is not None:
        wanted = wanted.where(_changes.c.operator_id == operator_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    line = read_line(connection, row.operator_id, row.filing_number, row.region)
    kind = ChangeKind(row.kind)
    version = next((one for one in line.versions if one.id == row.plan_id), None)
    scope = Scope(
        kind=kind,
        line=line,
        effective_on=row.effective_on,
        change_id=row.id,
        ends_from=row.ends_from,
        ends_to=row.ends_to,
        new_fen=version.monthly_fen if version is not None and kind is ChangeKind.PRICE else None,
    )
    return Change(row, line, scope)
