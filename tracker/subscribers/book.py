"""The plans of an operator as subscriptions name them: looked up a million times, read once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, select

from tracker.places.models import Division
from tracker.problems import Fault
from tracker.tariffs.models import Plan
from tracker.tariffs.rules import in_force_on

# As many as there are days on which the plans of an operator were taken, and more.
_KEPT = 1 << 16
_LEVELS = ("city", "county")


@dataclass(frozen=True)
class PlanVersion:
    """A version of a plan that was published; `monthly_fen` is its price in fen."""

    id: int
    filing_number: str
    region: str
    version: int
    monthly_fen: int
    on_sale_from: date
    on_sale_to: date | None


class Book:
    """The versions of an operator's plans, and the codes of regions by their names."""

    def __init__(self, versions: Sequence[PlanVersion], codes: Mapping[str, str]) -> None:
        self._plans: dict[str, dict[str, list[PlanVersion]]] = {}
        for one in versions:
            self._plans.setdefault(one.filing_number, {}).setdefault(one.region, []).append(one)
        self._codes = codes
        self.regions = frozenset(codes) | frozenset(codes.values()) | {one.region for one in versions}
        self.version_for = lru_cache(_KEPT)(self._version_for)

    @property
    def filing_numbers(self) -> Collection[str]:
        """Every plan there is."""
        return self._plans.keys()

    def _version_for(self, plan: str, region: str | None, began_on: date) -> PlanVersion | Fault:
        """The version that was in force when a subscription began, or why there is none.

        `region` is a division's code or name; it may be left out of a plan that is sold in one only.
        Faults: subscriber.unknown_plan, .region_required, .plan_not_in_force.
        """
        regions = self._plans.get(plan)
        if regions is None:
            return Fault("subscriber.unknown_plan", "/plan")
        if region is None:
            if len(regions) > 1:
                return Fault("subscriber.region_required", "/region", {"regions": ", ".join(sorted(regions))})
            (versions,) = regions.values()
        else:
            found = regions.get(region) or regions.get(self._codes.get(region, ""))
            if found is None:
                return Fault("subscriber.unknown_plan", "/region")
            versions = found
        return in_force_on(versions, began_on) or Fault("subscriber.plan_not_in_force", "/began_on")


def read_book(connection: Connection, operator_id: int) -> Book:
    """The book of an operator as of now."""
    columns = [getattr(Plan, name) for name in PlanVersion.__dataclass_fields__]
    published = select(*columns).where(Plan.operator_id == operator_id, Plan.published_at.isnot(None))
    places = select(Division.name, Division.code).where(Division.level.in_(_LEVELS))
    return Book(
        [PlanVersion(*row) for row in connection.execute(published)],
        {row.name: row.code for row in connection.execute(places)},
    )
