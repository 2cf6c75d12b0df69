"""What a change of the rules means for an order, by examples: the deadline before it and after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tracker import clock
from tracker.promises.calendar import CalendarRangeError, WorkingCalendar
from tracker.promises.deadline import Deadline, deadline
from tracker.promises.rules import ANY, NoRuleError, Rule, choose

_USUAL_CUT_OFF = time(17)
_MINUTE = timedelta(minutes=1)
# What most orders are: each is shown, so that it is seen too where nothing changes.
_USUAL = (("home", "urban"), ("home", "rural"), ("enterprise", "urban"))


@dataclass(frozen=True)
class Case:
    """An order as far as its promise depends on it."""

    customer_kind: str
    product: str
    area: str
    resource: str


@dataclass(frozen=True)
class Example:
    """One order, accepted at that moment. None where no rule covers it."""

    case: Case
    accepted_at: datetime
    before: Deadline | None
    after: Deadline | None

    @property
    def differs(self) -> bool:
        """Whether the change makes another deadline of it."""
        return (self.before and self.before.at) != (self.after and self.after.at)


def worked_examples(
    changed: Rule, before: Sequence[Rule], after: Sequence[Rule], calendar: WorkingCalendar, on: date
) -> list[Example]:
    """Orders accepted that day, a minute before and a minute after the cut-off.

    Those that the changed rule covers, and the usual ones. Empty where the calendar does not reach.
    """
    cut_off = changed.cut_off or _USUAL_CUT_OFF
    moments = [datetime.combine(on, cut_off, clock.CITY_ZONE) + distance for distance in (-_MINUTE, _MINUTE)]
    try:
        return [
            Example(case, at, _deadline(case, before, at, calendar), _deadline(case, after, at, calendar))
            for case in _cases(changed)
            for at in moments
        ]
    except CalendarRangeError:
        return []


def _cases(changed: Rule) -> list[Case]:
    product = "broadband" if changed.product == ANY else changed.product
    resource = "ready" if changed.resource == ANY else changed.resource
    areas = ("urban", "rural") if changed.area == ANY else (changed.area,)
    own = [Case(changed.customer_kind, product, area, resource) for area in areas]
    usual = [Case(kind, "broadband", area, "ready") for kind, area in _USUAL]
    return list(dict.fromkeys([*own, *usual]))


def _deadline(case: Case, rules: Iterable[Rule], at: datetime, calendar: WorkingCalendar) -> Deadline | None:
    try:
        rule = choose(rules, on=clock.local_date(at), **vars(case))
    except NoRuleError:
        return None
    return deadline(rule, at, calendar)
