"""What every order is checked against: operators, channels, places, plans, rules, the calendar.

Small tables that change a few times a year and are read with every order, so each process keeps
them in memory. A counter in the database, raised by triggers in the same transaction as any
change to them, says whether the copy still stands: one row read per request instead of six
queries, and correct from the moment of the commit.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Integer, SmallInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker import walls
from tracker.channels.models import Channel, ChannelKey
from tracker.channels.quotas import Quota
from tracker.channels.rules import KeyKind
from tracker.contacts.record_wish import read_wishes
from tracker.db import Base, Database
from tracker.places.models import Division
from tracker.promises.calendar import WorkingCalendar
from tracker.promises.calendars import Calendars
from tracker.promises.queries import read_calendars, read_rules
from tracker.promises.rules import Rule
from tracker.real_name.queries import read_required
from tracker.staff.models import Operator
from tracker.tariffs.models import Plan, TariffChange
from tracker.tariffs.rules import ChangeKind, ChangeState, in_force_on
from tracker.templates.queries import read_registry
from tracker.templates.registry import Registry


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
class Caller:
    """Whose key it is, what the key may do, how often if not as often as any, and until when."""

    key_id: int
    channel: ChannelFacts
    scopes: frozenset[str]
    quota: Quota | None
    expires_at: datetime | None


@dataclass(frozen=True)
class SigningKey:
    """A secret that signs for an app id, sealed."""

    caller: Caller
    sealed_secret: bytes


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
    """A version of a plan that was published, as far as selling it needs.

    `change_id`: the announced change by which present customers get it too.
    """

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
    change_id: int | None


@dataclass(frozen=True)
class ChangeFacts:
    """An announced change as far as telling a new customer of it needs; `plan` is the version to come."""

    id: int
    kind: ChangeKind
    plan: PlanFacts
    effective_on: date
    summary: str
    summary_en: str


@dataclass(frozen=True)
class Reference:
    """All of it, as of one revision."""

    revision: int
    operators: Mapping[int, OperatorFacts]
    channels: Mapping[int, ChannelFacts]
    keys: Mapping[bytes, Caller]
    signing_keys: Mapping[str, tuple[SigningKey, ...]]
    places: Mapping[str, Place]
    plans: Mapping[tuple[int, str], tuple[PlanFacts, ...]]
    changes: Mapping[int, ChangeFacts]
    rules: Mapping[int, tuple[Rule, ...]]
    calendars: Calendars | None
    templates: Registry
    wishes: Mapping[tuple[int, bytes], str]
    # The real-name checks that each operator requires; none for one that is not named.
    required_checks: Mapping[int, frozenset[str]]

    def calendar_of(self, operator_id: int, place: Place) -> WorkingCalendar | None:
        """The calendar by which an operator counts at a place; None while none was imported."""
        return None if self.calendars is None else self.calendars.of(operator_id, place.county_code)

    @property
    def counties(self) -> dict[str, str]:
        """Each county's code and name."""
        return {place.county_code: place.county for place in self.places.values()}

    def caller_of(self, secret_sha256: bytes) -> Caller | None:
        """Whose key this is, given by its hash; None for an unknown or revoked one. It may have expired."""
        return self.keys.get(secret_sha256)

    def plan_on_sale(self, operator_id: int, filing_number: str, place: Place, on: date) -> PlanFacts | None:
        """The version in force that day, of the plan of the county before that of the whole city."""
        versions = self.plans.get((operator_id, filing_number), ())
        for region in (place.county_code, place.city_code):
            found = in_force_on((plan for plan in versions if plan.region == region), on)
            if found is not None:
                return found
        return None

    def plan_version(self, operator_id: int, plan_id: int) -> PlanFacts:
        """One version of a plan of the operator's, sold today or not; LookupError if there is none."""
        for (owner, _), versions in self.plans.items():
            if owner == operator_id:
                for version in versions:
                    if version.id == plan_id:
                        return version
        raise LookupError(f"plan {plan_id}")

    def changes_ahead(self, plan: PlanFacts, on: date) -> list[ChangeFacts]:
        """Announced changes that somebody who takes the plan that day will see begin, the next one first."""
        versions = self.plans.get((plan.operator_id, plan.filing_number), ())
        ahead = [
            self.changes[one.change_id]
            for one in versions
            if one.region == plan.region and one.on_sale_from > on and one.change_id in self.changes
        ]
        return sorted(ahead, key=lambda change: (change.effective_on, change.id))


_REVISION = select(ReferenceRevision.revision)


class ReferenceCache:
    """The process's copy of the reference data."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._copy: Reference | None = None
        self._lock = threading.Lock()

    def lately(self) -> Reference:
        """The reference data as last seen, for whoever makes sure of its revision at the end."""
        return self._copy or self.current()

    def current(self) -> Reference:
        """The reference data as last committed."""
        with self._db.reading() as connection:
            revision = connection.scalar(_REVISION)
        copy = self._copy
        if copy is not None and copy.revision == revision:
            return copy
        with self._lock:
            if self._copy is None or self._copy.revision != revision:
                snapshot = self._db.engine.execution_options(isolation_level="REPEATABLE READ")
                with walls.everywhere(), snapshot.begin() as connection:
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
    bearer, signing = _keys(connection, channels)
    plans = _plans(connection)
    return Reference(
        revision=revision,
        operators=operators,
        channels=channels,
        keys=bearer,
        signing_keys=signing,
        places=_places(connection),
        plans=plans,
        changes=_changes(connection, plans),
        rules=read_rules(connection),
        calendars=read_calendars(connection),
        templates=read_registry(connection),
        wishes=read_wishes(connection),
        required_checks=read_required(connection),
    )


def _keys(
    connection: Connection, channels: Mapping[int, ChannelFacts]
) -> tuple[dict[bytes, Caller], dict[str, tuple[SigningKey, ...]]]:
    """Keys by their hash, and those that sign by their app id; an expired one can still be told from none."""
    bearer: dict[bytes, Caller] = {}
    signing: dict[str, tuple[SigningKey, ...]] = {}
    standing = select(
        ChannelKey.id,
        ChannelKey.channel_id,
        ChannelKey.kind,
        ChannelKey.secret_sha256,
        ChannelKey.app_id,
        ChannelKey.sealed_secret,
        ChannelKey.scopes,
        ChannelKey.rate_limit,
        ChannelKey.expires_at,
    ).where(ChannelKey.revoked_at.is_(None))
    for row in connection.execute(standing.order_by(ChannelKey.id)):
        quota = None if row.rate_limit is None else Quota.read(row.rate_limit)
        caller = Caller(row.id, channels[row.channel_id], frozenset(row.scopes), quota, row.expires_at)
        if row.kind == KeyKind.SIGNED:
            key = SigningKey(caller, bytes(row.sealed_secret))
            signing[row.app_id] = (*signing.get(row.app_id, ()), key)
        else:
            bearer[bytes(row.secret_sha256)] = caller
    return bearer, signing


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
    # One that was taken off sale is sold through its last day.
    published = select(*columns).where(Plan.published_at.isnot(None)).order_by(Plan.id)
    for row in connection.execute(published):
        key = (row.operator_id, row.filing_number)
        plans[key] = (*plans.get(key, ()), PlanFacts(*row))
    return plans


def _changes(
    connection: Connection, plans: Mapping[tuple[int, str], tuple[PlanFacts, ...]]
) -> dict[int, ChangeFacts]:
    """Changes that stand and bring a new version; an agreed price that ends is no news to a new customer."""
    brings = {plan.change_id: plan for versions in plans.values() for plan in versions if plan.change_id}
    wanted = select(
        TariffChange.id,
        TariffChange.kind,
        TariffChange.effective_on,
        TariffChange.summary,
        TariffChange.summary_en,
    ).where(TariffChange.state == ChangeState.ANNOUNCED, TariffChange.plan_id.isnot(None))
    return {
        row.id: ChangeFacts(
            row.id, ChangeKind(row.kind), brings[row.id], row.effective_on, row.summary, row.summary_en
        )
        for row in connection.execute(wanted)
        if row.id in brings
    }
