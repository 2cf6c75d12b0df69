"""What every order is checked against: operators, channels, places, plans, rules, the calendar.

Small tables that change a few times a year and are read with every order, so each process keeps
them in memory. A counter in the database, raised by triggers in the same transaction as any
change to them, says whether the copy still stands: one row read per request instead of six
queries, and correct from the moment of the commit.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Integer, SmallInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker.channels.models import Channel, ChannelKey
from tracker.db import Base, Database
from tracker.places.models import Division
from tracker.promises.calendar import SpecialDay, WorkingCalendar
from tracker.promises.models import CalendarDay, CalendarYear, PromiseRule
from tracker.promises.rules import Rule, Unit
from tracker.staff.models import Operator
from tracker.tariffs.models import Plan


class ReferenceRevision(Base):
    """One row: the number of changes that reference tables have seen."""

    __tablename__ = "reference_revision"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True)
class OperatorFacts:
    """What texts and pages say of an operator."""

    id: int
    code: str
    name: str
    name_en: str
    signature: str
    hotline: str


@dataclass(frozen=True)
class ChannelFacts:
    """A channel, its operator and the kind of way in that it is."""

    id: int
    operator_id: int
    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Place:
    """A community with the names and codes above it; `area` is urban or rural."""

    code: str
    name: str
    town: str
    county: str
    county_code: str
    city_code: str
    area: str


@dataclass(frozen=True)
class PlanFacts:
    """A published plan as far as selling it needs."""

    id: int
    operator_id: int
    filing_number: str
    region: str
    version: int
    audience: str
    product: str
    name: str
    name_en: str
    monthly_fen: int
    installation_fen: int
    commissioning_fen: int
    on_sale_from: date
    on_sale_to: date | None


@dataclass(frozen=True)
class Reference:
    """All of it, as of one revision."""

    revision: int
    operators: Mapping[int, OperatorFacts]
    channels: Mapping[int, ChannelFacts]
    keys: Mapping[bytes, int]
    places: Mapping[str, Place]
    plans: Mapping[tuple[int, str], tuple[PlanFacts, ...]]
    rules: Mapping[int, tuple[Rule, ...]]
    calendar: WorkingCalendar | None

    def channel_of_key(self, secret_sha256: bytes) -> ChannelFacts | None:
        """The channel that a key, given by its hash, belongs to; None for an unknown or revoked one."""
        channel_id = self.keys.get(secret_sha256)
        return None if channel_id is None else self.channels[channel_id]

    def plan_on_sale(self, operator_id: int, filing_number: str, place: Place, on: date) -> PlanFacts | None:
        """The newest version on sale that day, one for the county before one for the whole city."""
        fitting = [
            plan
            for plan in self.plans.get((operator_id, filing_number), ())
            if plan.region in (place.county_code, place.city_code)
            and plan.on_sale_from <= on
            and (plan.on_sale_to is None or on <= plan.on_sale_to)
        ]
        return max(fitting, key=lambda p: (p.region == place.county_code, p.version), default=None)


_REVISION = select(ReferenceRevision.revision)


class ReferenceCache:
    """The process's copy of the reference data."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._copy: Reference | None = None
        self._lock = threading.Lock()

    def current(self) -> Reference:
        """The reference data as last committed."""
        with self._db.reading() as connection:
            revision = connection.scalar(_REVISION)
        copy = self._copy
        if copy is not None and copy.revision == revision:
            return copy
        with self._lock:
            if self._copy is None or self._copy.revision != revision:
                with self._db.engine.execution_options(
                    isolation_level="REPEATABLE READ"
                ).begin() as connection:
                    self._copy = read(connection)
            return self._copy


def read(connection: Connection) -> Reference:
    """Read everything; the caller's isolation decides whether it is one snapshot."""
    revision = connection.scalar(_REVISION) or 0
    operators = {
        row.id: OperatorFacts(row.id, row.code, row.name, row.name_en, row.signature, row.hotline)
        for row in connection.execute(select(Operator.__table__))
    }
    channels = {
        row.id: ChannelFacts(row.id, row.operator_id, row.code, row.name, row.kind)
        for row in connection.execute(select(Channel.__table__))
    }
    live = select(ChannelKey.secret_sha256, ChannelKey.channel_id).where(ChannelKey.revoked_at.is_(None))
    return Reference(
        revision=revision,
        operators=operators,
        channels=channels,
        keys={bytes(row.secret_sha256): row.channel_id for row in connection.execute(live)},
        places=_places(connection),
        plans=_plans(connection),
        rules=_rules(connection),
        calendar=read_calendar(connection),
    )


def _places(connection: Connection) -> dict[str, Place]:
    rows = {row.code: row for row in connection.execute(select(Division.__table__))}
    places = {}
    for row in rows.values():
        if row.level == "community":
            town = rows[row.parent_code]
            county = rows[town.parent_code]
            places[row.code] = Place(
                row.code, row.name, town.name, county.name, county.code, county.parent_code, row.kind
            )
    return places


def _plans(connection: Connection) -> dict[tuple[int, str], tuple[PlanFacts, ...]]:
    plans: dict[tuple[int, str], tuple[PlanFacts, ...]] = {}
    columns = [getattr(Plan, name) for name in PlanFacts.__dataclass_fields__]
    for row in connection.execute(select(*columns).where(Plan.state == "published")):
        key = (row.operator_id, row.filing_number)
        plans[key] = (*plans.get(key, ()), PlanFacts(*row))
    return plans


def _rules(connection: Connection) -> dict[int, tuple[Rule, ...]]:
    rules: dict[int, tuple[Rule, ...]] = {}
    columns = [getattr(PromiseRule, name) for name in Rule.__dataclass_fields__ if name != "unit"]
    for row in connection.execute(select(PromiseRule.operator_id, PromiseRule.unit, *columns)):
        values = row._asdict()
        operator_id = values.pop("operator_id")
        rule = Rule(**{**values, "unit": Unit(values["unit"])})
        rules[operator_id] = (*rules.get(operator_id, ()), rule)
    return rules


def read_calendar(connection: Connection) -> WorkingCalendar | None:
    """The calendar of the tables; None while no announced year has been imported."""
    years = connection.scalars(select(CalendarYear.year)).all()
    if not years:
        return None
    days = connection.execute(
        select(CalendarDay.day, CalendarDay.working, CalendarDay.name, CalendarDay.name_en)
    )
    return WorkingCalendar([SpecialDay(*row) for row in days], years)
