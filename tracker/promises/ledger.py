"""The promise ledger: what has been written after a first promise, and the deadline that it makes.

Append-only: a hold is ended by a further entry, never changed. The current deadline follows from the
first promise, all entries and the calendar; that of any past moment from the entries written by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.promises.calendar import WorkingCalendar
from tracker.promises.deadline import Deadline, agreed_deadline, deadline
from tracker.promises.holds import Hold
from tracker.promises.rules import Rule


class Kind(StrEnum):
    """What an entry does."""

    HOLD = "hold"  # 缓装: the clock stops
    RESUME = "resume"  # 恢复: it runs again before the hold's end
    REPROMISE = "repromise"  # 重新承诺: another rule, or a date given anew
    EXCUSE = "excuse"  # 免责说明: a delay that is not the operator's doing; the clock runs on
    ANNOUNCEMENT = "announcement"  # 节假日安排公布: counted anew by the announced calendar


@dataclass(frozen=True)
class FirstPromise:
    """What was frozen when the order was accepted, as far as counting needs it."""

    rule: Rule
    accepted_at: datetime


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; `number` counts from 1 for each order.

    A hold and an excuse have `starts_at` and `ends_at`. A resume has `lifts`, the number of a hold,
    and `starts_at`, from when the clock runs again. A re-promise has either the `rule` that is
    counted from now on, or `agreed_at`, the date given anew.
    """

    number: int
    kind: Kind
    recorded_at: datetime
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    lifts: int | None = None
    rule: Rule | None = None
    agreed_at: datetime | None = None


def holds_in(entries: Iterable[Entry]) -> dict[int, Hold]:
    """Each hold by its number, as long as it has really lasted or is meant to; empty once lifted before
    it began."""
    found: dict[int, Hold] = {}
    for entry in entries:
        if entry.kind is Kind.HOLD and entry.starts_at is not None and entry.ends_at is not None:
            found[entry.number] = Hold(entry.starts_at, entry.ends_at)
        elif entry.kind is Kind.RESUME and entry.lifts is not None and entry.starts_at is not None:
            hold = found[entry.lifts]
            found[entry.lifts] = Hold(hold.starts_at, min(hold.ends_at, max(entry.starts_at, hold.starts_at)))
    return found


def replay(first: FirstPromise, entries: Sequence[Entry], calendar: WorkingCalendar) -> Deadline:
    """The deadline that these entries make of the first promise.

    The latest re-promise decides what is counted. By a rule, it is counted from the order's acceptance
    with every hold; a date given anew took account of the holds known then, so that only later ones
    put it off.
    """
    holds = holds_in(entries)
    basis = next((entry for entry in reversed(entries) if entry.kind is Kind.REPROMISE), None)
    rule = next((entry.rule for entry in reversed(entries) if entry.rule is not None), first.rule)
    if basis is None or basis.agreed_at is None:
        return deadline(rule, first.accepted_at, calendar, list(holds.values()))
    later = [hold for number, hold in holds.items() if number > basis.number]
    return agreed_deadline(rule, basis.recorded_at, basis.agreed_at, calendar, later)


def replay_binding(
    first: FirstPromise, entries: Sequence[Entry], calendar: WorkingCalendar, told: Deadline
) -> Deadline:
    """The deadline that binds the operator: of the rules and the holds alone. `told`: what `replay` makes of
    the same, which it is itself until a date was given anew.

    A date given anew is told to the customer and is kept by as any promise. But nobody excuses a delay, or
    owes less for it, by naming a later date: what is not the operator's doing is excused, by two persons.
    """
    own = [entry for entry in entries if entry.agreed_at is None]
    return told if len(own) == len(entries) else replay(first, own, calendar)


def hold_at(entries: Iterable[Entry], at: datetime) -> Hold | None:
    """The hold in which the clock stands still at that moment, the one that ends last; None if it runs."""
    standing = [hold for hold in holds_in(entries).values() if hold.starts_at <= at < hold.ends_at]
    return max(standing, key=lambda hold: hold.ends_at, default=None)
