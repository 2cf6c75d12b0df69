"""Reading everything that is published."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, func, or_, select

from public_status.figure_board import PublishedFigure
from public_status.outage_board import PublishedOutage
from public_status.published import Change, Limit, OperatorCard, PlanVersion, PublishedPlan, Snapshot
from tracker.figures import models as figure_models
from tracker.figures.rules import PeriodKind
from tracker.outages.areas import Places
from tracker.outages.models import Outage
from tracker.outages.queries import read_places
from tracker.promises.models import PromiseRule
from tracker.promises.queries import read_calendars
from tracker.promises.rules import Unit
from tracker.reference import ReferenceRevision
from tracker.staff.models import Operator
from tracker.tariffs.models import Plan, TariffChange
from tracker.tariffs.rules import ChangeKind, ChangeState

_DERIVED = ("area", "counties", "communities")
_KEPT = timedelta(days=366)


def read(connection: Connection, read_at: datetime, previous: Snapshot | None = None) -> Snapshot:
    """Read everything; the caller's isolation decides whether it is one snapshot.

    Names bear no date of their own: where they differ from `previous`, they were changed by `read_at`.
    """
    revision = connection.scalar(select(ReferenceRevision.revision)) or 0
    cards = [getattr(Operator, name) for name in OperatorCard.__dataclass_fields__]
    operators = tuple(OperatorCard(*row) for row in connection.execute(select(*cards).order_by(Operator.id)))
    by_id = {one.id: one for one in operators}
    places = read_places(connection)
    cities, counties = (
        {one.code: one.name for one in places.of_level(level)} for level in ("city", "county")
    )
    plans = _plans(connection, by_id, cities, counties)
    limits, limits_at = _limits(connection, by_id)
    calendars = read_calendars(connection)
    outages = _outages(connection, places, read_at)
    figures = _figures(connection)
    dated = [at for plan in plans.values() for at in _moments(plan)] + limits_at
    dated += [at for one in outages for at in one.moments]
    dated += [one.published_at for one in figures]
    if previous is not None:
        renamed = (operators, places) != (previous.operators, previous.places)
        dated.append(read_at if renamed else previous.changed_at)
    return Snapshot(
        revision=revision,
        changed_at=max(dated, default=read_at),
        operators=operators,
        cities=cities,
        counties=counties,
        plans=plans,
        limits=limits,
        calendar=None if calendars is None else calendars.general(),
        places=places,
        outages=outages,
        figures=figures,
    )


def _plans(
    connection: Connection,
    operators: Mapping[int, OperatorCard],
    cities: Mapping[str, str],
    counties: Mapping[str, str],
) -> dict[str, PublishedPlan]:
    changes = _changes(connection)
    columns = [getattr(Plan, name) for name in PlanVersion.__dataclass_fields__]
    identity = (Plan.operator_id, Plan.filing_number, Plan.region)
    wanted = (
        select(*identity, *columns).where(Plan.published_at.isnot(None)).order_by(*identity, Plan.version)
    )
    plans = {}
    for key, rows in groupby(connection.execute(wanted), key=lambda row: tuple(row[:3])):
        operator_id, filing_number, region = key
        plan = PublishedPlan(
            operator=operators[operator_id],
            filing_number=filing_number,
            region=region,
            region_name=counties.get(region) or cities.get(region, region),
            of_county=region in counties,
            versions=tuple(PlanVersion(*row[3:]) for row in rows),
            changes=tuple(changes.get(key, ())),
        )
        plans[plan.key] = plan
    return plans


def _changes(connection: Connection) -> dict[tuple[int, str, str], list[Change]]:
    columns = [getattr(TariffChange, name) for name in Change.__dataclass_fields__]
    identity = (TariffChange.operator_id, TariffChange.filing_number, TariffChange.region)
    wanted = select(*identity, *columns).order_by(TariffChange.effective_on, TariffChange.id)
    changes: dict[tuple[int, str, str], list[Change]] = {}
    for row in connection.execute(wanted):
        values = dict(zip(Change.__dataclass_fields__, row[3:], strict=True))
        values |= {"kind": ChangeKind(values["kind"]), "state": ChangeState(values["state"])}
        changes.setdefault(tuple(row[:3]), []).append(Change(**values))
    return changes


def _limits(
    connection: Connection, operators: Mapping[int, OperatorCard]
) -> tuple[tuple[Limit, ...], list[datetime]]:
    """Every rule that was not withdrawn, and when rules were last published and withdrawn."""
    names = [name for name in Limit.__dataclass_fields__ if name != "operator"]
    wanted = select(PromiseRule.operator_id, *(getattr(PromiseRule, name) for name in names))
    order = (PromiseRule.operator_id, PromiseRule.product, PromiseRule.resource, PromiseRule.area.desc())
    found = []
    for row in connection.execute(
        wanted.where(PromiseRule.withdrawn_at.is_(None)).order_by(*order, PromiseRule.valid_from)
    ):
        values = dict(zip(names, row[1:], strict=True))
        found.append(Limit(operators[row.operator_id], **{**values, "unit": Unit(values["unit"])}))
    latest = select(func.max(PromiseRule.created_at), func.max(PromiseRule.withdrawn_at))
    return tuple(found), [at for at in connection.execute(latest).one() if at is not None]


def _outages(connection: Connection, places: Places, read_at: datetime) -> tuple[PublishedOutage, ...]:
    """Outages to come and of the last year, the first one first."""
    names = [name for name in PublishedOutage.__dataclass_fields__ if name not in _DERIVED]
    wanted = select(*(getattr(Outage, name) for name in names)).order_by(Outage.starts_at, Outage.id)
    over_at = func.coalesce(Outage.restored_at, Outage.ends_at)
    found = []
    for row in connection.execute(wanted.where(or_(over_at.is_(None), over_at > read_at - _KEPT))):
        values = {name: tuple(one) if isinstance(one, list) else one for name, one in row._mapping.items()}
        codes = values["area_codes"]
        derived = {
            "area": places.lines(codes),
            "counties": places.counties_of(codes),
            "communities": len(places.communities(codes)),
        }
        found.append(PublishedOutage(**values, **derived))
    return tuple(found)


def _figures(connection: Connection) -> tuple[PublishedFigure, ...]:
    """On-time figures with every revision, by operator and period."""
    names = list(PublishedFigure.__dataclass_fields__)
    table = figure_models.PublishedFigure
    wanted = select(*(getattr(table, name) for name in names)).order_by(
        table.operator_id, table.kind, table.starts_on, table.revision
    )
    return tuple(
        PublishedFigure(**{**row._mapping, "kind": PeriodKind(row.kind)})
        for row in connection.execute(wanted)
    )


def _moments(plan: PublishedPlan) -> Sequence[datetime]:
    """When anything of a plan was published, announced or taken back."""
    dated = [at for one in plan.versions for at in (one.published_at, one.withdrawn_at)]
    dated += [at for one in plan.changes for at in (one.announced_at, one.withdrawn_at)]
    return [at for at in dated if at is not None]
