"""What the open pages show, as it stood at one moment: plans, changes, limits, the calendar, outages,
on-time figures.

Small tables that change a few times a year. `public_status.read_published` reads them in one snapshot of
the database; `public_status.keeper` keeps that copy and knows whether it still stands.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from urllib.parse import quote

from public_status.figure_board import PublishedFigure
from public_status.outage_board import PublishedOutage
from tracker.outages.areas import Places
from tracker.promises.calendar import WorkingCalendar
from tracker.promises.rules import Unit
from tracker.tariffs.rules import ChangeKind, ChangeState, PlanState, never_began

_EXAMPLE = "示例"


@dataclass(frozen=True)
class OperatorCard:
    """An operator as customers know it."""

    id: int
    code: str
    name: str
    name_en: str
    hotline: str

    def name_in(self, language: str) -> str:
        """Its name in zh or en."""
        return self.name_en if language == "en" else self.name


@dataclass(frozen=True)
class PlanVersion:
    """A version of a plan that is or was published; columns as in `tracker.tariffs.models.Plan`."""

    id: int
    version: int
    state: str
    audience: str
    kind: str
    product: str
    name: str
    name_en: str
    monthly_fen: int
    installation_fen: int
    commissioning_fen: int
    download_mbps: int
    upload_mbps: int
    services: str
    services_en: str
    restrictions: str
    restrictions_en: str
    scope: str
    sales_channels: str
    validity: str
    stay: str
    cancellation: str
    liability: str
    voice: str
    data: str
    iptv: str
    benefits: str
    overage: str
    other_services: str
    remark: str
    on_sale_from: date
    on_sale_to: date | None
    published_at: datetime
    withdrawn_at: datetime | None

    @property
    def is_taken_back(self) -> bool:
        """Whether it was withdrawn before its first day, and so holds for nobody."""
        return never_began(self) and self.state == PlanState.WITHDRAWN

    @property
    def is_example(self) -> bool:
        """Whether the plan's own data says that it is an example and no operator's offer."""
        return _EXAMPLE in self.remark


@dataclass(frozen=True)
class Change:
    """An announced change (资费变动), which may have been withdrawn; columns as in `TariffChange`."""

    id: int
    kind: ChangeKind
    plan_id: int | None
    effective_on: date
    ends_from: date | None
    ends_to: date | None
    summary: str
    summary_en: str
    state: ChangeState
    announced_at: datetime
    withdrawn_at: datetime | None

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn."""
        return self.state is ChangeState.ANNOUNCED


@dataclass(frozen=True)
class PublishedPlan:
    """A plan with all of its published versions, the first one first, and what was announced of it."""

    operator: OperatorCard
    filing_number: str
    region: str
    region_name: str
    of_county: bool
    versions: tuple[PlanVersion, ...]
    changes: tuple[Change, ...] = ()

    @property
    def key(self) -> str:
        """Operator, filing number and region, as the address bar names the plan."""
        return f"{self.operator.code}/{self.filing_number}/{self.region}"

    @property
    def path(self) -> str:
        """Its page, which stays the same through all versions."""
        return f"/fees/{quote(self.key)}"

    def version(self, number: int) -> PlanVersion | None:
        """The version with this number; None for one that was never published."""
        return next((one for one in self.versions if one.version == number), None)

    def prices_of(self, change: Change) -> tuple[int, int] | None:
        """The monthly price in fen before and after a change of price; None where it is none."""
        after = next((one for one in self.versions if one.id == change.plan_id), None)
        if after is None or change.kind is not ChangeKind.PRICE:
            return None
        others = [one for one in self.versions if one is not after]
        # Sold until then or not: customers have the plan by the latest version that had begun.
        began = [one for one in others if one.on_sale_from < change.effective_on and not one.is_taken_back]
        before = max(began, key=lambda one: (one.on_sale_from, one.version), default=None)
        return (before.monthly_fen, after.monthly_fen) if before is not None else None


@dataclass(frozen=True)
class Limit:
    """A promise rule (承诺时限) as it is published."""

    operator: OperatorCard
    customer_kind: str
    product: str
    area: str
    resource: str
    amount: int
    unit: Unit
    cut_off: time | None
    end_of_day: time | None
    late_counts_as_next_day: bool
    valid_from: date
    valid_to: date | None
    remark: str

    @property
    def is_example(self) -> bool:
        """Whether it is an example that its operator has still to confirm."""
        return _EXAMPLE in self.remark


@dataclass(frozen=True)
class Snapshot:
    """All of it, as of one revision; `changed_at` is when what shows was last changed."""

    revision: int
    changed_at: datetime
    operators: tuple[OperatorCard, ...]
    cities: Mapping[str, str]
    counties: Mapping[str, str]
    plans: Mapping[str, PublishedPlan]
    limits: tuple[Limit, ...]
    calendar: WorkingCalendar | None
    places: Places
    outages: tuple[PublishedOutage, ...]
    figures: tuple[PublishedFigure, ...] = ()

    @property
    def changes(self) -> list[tuple[Change, PublishedPlan]]:
        """Every change with its plan, the earliest first."""
        found = [(change, plan) for plan in self.plans.values() for change in plan.changes]
        return sorted(found, key=lambda one: (one[0].effective_on, one[0].id))

    @cached_property
    def _turns(self) -> list[datetime]:
        return sorted(at for one in self.outages for at in one.turns)

    def turned_at(self, now: datetime) -> datetime | None:
        """When an outage last began or came to its end, with nobody doing anything; None for never."""
        place = bisect_right(self._turns, now)
        return self._turns[place - 1] if place else None

    def plan_with(self, version_id: int) -> tuple[PublishedPlan, PlanVersion] | None:
        """The plan and the version that a row's id names."""
        for plan in self.plans.values():
            for version in plan.versions:
                if version.id == version_id:
                    return plan, version
        return None
