"""Reads of calendars, rules and ledgers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from tracker.promises.calendar import SpecialDay
from tracker.promises.calendars import Calendars, Override
from tracker.promises.ledger import Entry, FirstPromise, Kind
from tracker.promises.models import (
    CalendarChange,
    CalendarDay,
    CalendarYear,
    Promise,
    PromiseCeiling,
    PromiseEntry,
    PromiseRule,
    PromiseRuleChange,
)
from tracker.promises.rules import Rule, Unit


def read_calendars(connection: Connection, revision: int | None = None) -> Calendars | None:
    """Every calendar as it stood after a change, the latest where none is named.

    None while no announced year has been imported.
    """
    years = connection.execute(
        select(CalendarYear.year, CalendarYear.source, CalendarYear.since_revision).where(
            _known_by(CalendarYear.since_revision, revision)
        )
    ).all()
    if not years:
        return None
    rows = connection.execute(
        select(CalendarDay.__table__)
        .where(
            _known_by(CalendarDay.since_revision, revision),
            CalendarDay.until_revision.is_(None)
            if revision is None
            else or_(CalendarDay.until_revision.is_(None), CalendarDay.until_revision > revision),
        )
        .order_by(CalendarDay.day, CalendarDay.id)
    ).all()
    latest = max((row.since_revision for row in rows), default=0)
    ended = connection.scalar(
        select(func.max(CalendarDay.until_revision)).where(_known_by(CalendarDay.until_revision, revision))
    )
    announced_revision = max(year.since_revision for year in years)
    return Calendars(
        revision=max(latest, ended or 0, announced_revision) if revision is None else revision,
        announced_revision=announced_revision,
        announced={year.year: year.source for year in sorted(years)},
        days=tuple(_special(row) for row in rows if not row.override),
        overrides=tuple(
            Override(_special(row), row.operator_id, row.county_code) for row in rows if row.override
        ),
    )


def standing_overrides(connection: Connection, operator_id: int | None = None) -> list[dict[str, Any]]:
    """The days that persons set and that stand, with who set them and when: an operator's own and those
    for all, or every one for None.
    """
    wanted = (
        select(CalendarDay.__table__, CalendarChange.actor, CalendarChange.at)
        .join(CalendarChange, CalendarChange.revision == CalendarDay.since_revision)
        .where(CalendarDay.override, CalendarDay.until_revision.is_(None))
        .order_by(CalendarDay.day, CalendarDay.id)
    )
    if operator_id is not None:
        wanted = wanted.where(or_(CalendarDay.operator_id.is_(None), CalendarDay.operator_id == operator_id))
    return [row._asdict() for row in connection.execute(wanted)]


def _known_by(column: Any, revision: int | None) -> Any:
    return column.isnot(None) if revision is None else column <= revision


def _special(row: Row[Any]) -> SpecialDay:
    return SpecialDay(row.day, row.working, row.name, row.name_en)


_RULE_COLUMNS = [getattr(PromiseRule, name) for name in Rule.__dataclass_fields__]


def read_rules(connection: Connection, operator_id: int | None = None) -> dict[int, tuple[Rule, ...]]:
    """The rules of each operator, or of one, but for withdrawn ones."""
    wanted = select(PromiseRule.operator_id, *_RULE_COLUMNS).where(PromiseRule.withdrawn_at.is_(None))
    if operator_id is not None:
        wanted = wanted.where(PromiseRule.operator_id == operator_id)
    rules: dict[int, tuple[Rule, ...]] = {}
    for row in connection.execute(wanted.order_by(PromiseRule.id)):
        values = row._asdict()
        owner = values.pop("operator_id")
        rule = Rule(**{**values, "unit": Unit(values["unit"])})
        rules[owner] = (*rules.get(owner, ()), rule)
    return rules


@dataclass(frozen=True)
class Ceiling:
    """A longest limit of the city, as a rule that is always in force, and what says so."""

    rule: Rule
    source: str


def read_ceilings(connection: Connection) -> list[Ceiling]:
    """The longest limits that the city lets its operators publish."""
    order = (PromiseCeiling.customer_kind, PromiseCeiling.product, PromiseCeiling.resource)
    return [
        Ceiling(
            Rule(
                id=0,
                version=0,
                customer_kind=row.customer_kind,
                product=row.product,
                area=row.area,
                resource=row.resource,
                amount=row.amount,
                unit=Unit(row.unit),
                cut_off=None,
                end_of_day=row.end_of_day,
                late_counts_as_next_day=False,
                valid_from=date.min,
                valid_to=None,
            ),
            row.source,
        )
        for row in connection.execute(
            select(PromiseCeiling.__table__).order_by(*order, PromiseCeiling.area.desc())
        )
    ]


_RULE_SHOWN = (*PromiseRule.__table__.c,)


def rule_rows(
    connection: Connection, operator_id: int, *, in_force_on: date | None = None
) -> list[dict[str, Any]]:
    """An operator's rules for people to read, withdrawn ones left out, the most general first."""
    wanted = select(*_RULE_SHOWN).where(
        PromiseRule.operator_id == operator_id, PromiseRule.withdrawn_at.is_(None)
    )
    if in_force_on is not None:
        wanted = wanted.where(
            PromiseRule.valid_from <= in_force_on,
            or_(PromiseRule.valid_to.is_(None), PromiseRule.valid_to >= in_force_on),
        )
    order = (PromiseRule.customer_kind, PromiseRule.product, PromiseRule.resource, PromiseRule.area)
    return [row._asdict() for row in connection.execute(wanted.order_by(*order, PromiseRule.valid_from))]


def rule_row(connection: Connection, operator_id: int, rule_id: int) -> dict[str, Any] | None:
    """One rule of an operator, withdrawn or not, with `changes`, oldest first; None for another's."""
    row = connection.execute(
        select(*_RULE_SHOWN).where(PromiseRule.operator_id == operator_id, PromiseRule.id == rule_id)
    ).one_or_none()
    if row is None:
        return None
    changes = connection.execute(
        select(PromiseRuleChange.__table__)
        .where(PromiseRuleChange.rule_id == rule_id)
        .order_by(PromiseRuleChange.id)
    )
    return row._asdict() | {"changes": [change._asdict() for change in changes]}


@dataclass(frozen=True)
class Standing:
    """A promise as it stood from `since` on, until the next one of its ledger. `binding`: the deadline that
    it is judged by, which a date given anew does not move.
    """

    since: datetime
    rule: Rule
    deadline: datetime
    binding: datetime
    provisional: bool
    explanation: dict[str, str]
    calendar_revision: int


@dataclass(frozen=True)
class Ledger:
    """All that was ever promised of one order. `rows` has a row for each entry, `standings` one more:
    the first promise.
    """

    order_id: int
    first: FirstPromise
    entries: tuple[Entry, ...]
    standings: tuple[Standing, ...]
    rows: tuple[Row[Any], ...]

    @property
    def current(self) -> Standing:
        """The promise as it stands."""
        return self.standings[-1]

    def as_of(self, moment: datetime) -> Standing | None:
        """The promise as it stood at a past moment; None before the order was stored."""
        return next((one for one in reversed(self.standings) if one.since <= moment), None)


def read_ledgers(connection: Connection, order_ids: Iterable[int]) -> dict[int, Ledger]:
    """The ledgers of these orders, by order."""
    wanted = sorted(order_ids)
    promises = connection.execute(select(Promise.__table__).where(Promise.order_id.in_(wanted))).all()
    rows: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(
        select(PromiseEntry.__table__)
        .where(PromiseEntry.order_id.in_(wanted))
        .order_by(PromiseEntry.order_id, PromiseEntry.number)
    ):
        rows.setdefault(row.order_id, []).append(row)
    return {promise.order_id: _ledger(promise, rows.get(promise.order_id, [])) for promise in promises}


def _ledger(promise: Row[Any], rows: Sequence[Row[Any]]) -> Ledger:
    first = FirstPromise(Rule.from_json(promise.rule), promise.accepted_at)
    return Ledger(
        promise.order_id,
        first,
        tuple(_entry(row) for row in rows),
        (
            _standing(promise, promise.created_at, promise.deadline),
            *(_standing(row, row.recorded_at, row.binding_deadline or row.deadline) for row in rows),
        ),
        tuple(rows),
    )


def _standing(row: Row[Any], since: datetime, binding: datetime) -> Standing:
    rule = Rule.from_json(row.rule)
    return Standing(
        since, rule, row.deadline, binding, row.provisional, row.explanation, row.calendar_revision
    )


def _entry(row: Row[Any]) -> Entry:
    kind = Kind(row.kind)
    by_rule = kind is Kind.REPROMISE and row.agreed_at is None
    return Entry(
        number=row.number,
        kind=kind,
        recorded_at=row.recorded_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        lifts=row.lifts,
        rule=Rule.from_json(row.rule) if by_rule else None,
        agreed_at=row.agreed_at,
    )
