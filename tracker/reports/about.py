"""What a report is about, and whose names stand in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, select

from tracker.figures.on_time import Asked, Split, Stretch
from tracker.figures.rules import Period
from tracker.places.models import Division
from tracker.reference import OperatorFacts, Reference
from tracker.reports.document import Words, same, words

# In the order in which the city asks for them: 线上 first.
CHANNEL_KINDS: Mapping[str, Words] = {
    "government_portal": words("政务平台", "portal"),
    "app": words("官方APP", "app"),
    "mini_program": words("小程序", "mini program"),
    "business_hall": words("营业厅", "business hall"),
    "service_centre": words("服务中心", "service centre"),
    "other": words("电话等", "phone and other"),
}
CUSTOMER_KINDS: Mapping[str, Words] = {
    "home": words("家庭", "home"),
    "enterprise": words("企业", "enterprise"),
}
NO_DEALER = words("直营（无代理商）", "own sales (no dealer)")


@dataclass(frozen=True)
class Scope:
    """One operator's report of a half-year, or with None the city's; its figures are of the moment `now`."""

    operator_id: int | None
    period: Period
    now: datetime
    city: str
    operators: Mapping[int, OperatorFacts]
    counties: Mapping[str, str]
    channel_kinds: Mapping[int, str]
    channel_names: Mapping[tuple[int, str], str]

    @property
    def is_city(self) -> bool:
        """Whether it is about all operators together."""
        return self.operator_id is None

    @property
    def of_operators(self) -> Sequence[OperatorFacts]:
        """Those that it is about, by their ids."""
        found = sorted(self.operators.values(), key=lambda one: one.id)
        return found if self.is_city else [one for one in found if one.id == self.operator_id]

    @property
    def days(self) -> Stretch:
        """The days of the half-year."""
        return Stretch(self.period.starts_on, self.period.ends_on)

    def asked(self, split: Split = "", **only: Any) -> Asked:
        """What to ask of figures: of these days and orders, split by something."""
        own = {} if self.operator_id is None else {"operator_id": self.operator_id}
        return Asked(self.days, split, only | own)

    def own(self, column: ColumnElement[Any] | Column[Any]) -> list[ColumnElement[bool]]:
        """The condition that rows are of an operator that the report is about."""
        return [] if self.operator_id is None else [column == self.operator_id]

    def name(self, operator_id: int) -> Words:
        """An operator's name."""
        one = self.operators[operator_id]
        return words(one.name, one.name_en)

    def county_name(self, code: str) -> Words:
        """A county's name, which has no other in English."""
        return same(self.counties[code])


def scope_of(
    connection: Connection, reference: Reference, operator_id: int | None, period: Period, now: datetime
) -> Scope:
    """Everything that a report of this half-year needs to know of names."""
    return Scope(
        operator_id,
        period,
        now,
        _city_name(connection),
        reference.operators,
        counties_of(connection),
        {one.id: one.kind for one in reference.channels.values()},
        {(one.operator_id, one.code): one.name for one in reference.channels.values()},
    )


def counties_of(connection: Connection) -> dict[str, str]:
    """The counties of the city by the first six digits of their codes, in the order of these."""
    wanted = select(Division.code, Division.name).where(Division.level == "county").order_by(Division.code)
    return {row.code[:6]: row.name for row in connection.execute(wanted)}


def _city_name(connection: Connection) -> str:
    name: str = connection.execute(select(Division.name).where(Division.level == "city")).scalar_one()
    return name
