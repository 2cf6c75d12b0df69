"""What may stop a promise's clock, and for how long: pure decisions."""

from datetime import datetime, timedelta

from tracker.orders.rules import CLOCK_SKEW, REASONS, Cause
from tracker.problems import Fault

# The customer's own reasons and force majeure are not counted against the operator; a third party's
# are, but may be excused in the net figure.
STOPS_THE_CLOCK = frozenset({Cause.CUSTOMER, Cause.FORCE_MAJEURE})
EXCUSES = frozenset({Cause.THIRD_PARTY, Cause.FORCE_MAJEURE})

LATEST_START = timedelta(days=90)
LONGEST = timedelta(days=180)
# What is written down later than this must rest on something that can be looked up.
BACKDATED = timedelta(hours=24)

# A date given anew lies within this.
FARTHEST_DATE = timedelta(days=366)


def hold_faults(
    reason_code: str,
    evidence: str | None,
    starts_at: datetime,
    ends_at: datetime,
    accepted_at: datetime,
    now: datetime,
) -> list[Fault]:
    """What is wrong with a hold."""
    faults = []
    if REASONS[reason_code].cause not in STOPS_THE_CLOCK:
        faults.append(Fault("hold.cause", "/reason_code"))
    if ends_at <= starts_at:
        faults.append(Fault("hold.end_before_start", "/ends_at"))
    elif ends_at <= accepted_at:
        faults.append(Fault("hold.already_over", "/ends_at"))
    if starts_at > now + LATEST_START or ends_at - starts_at > LONGEST:
        limits = {"start": LATEST_START.days, "length": LONGEST.days}
        faults.append(Fault("hold.too_far_ahead", "/ends_at", limits))
    if starts_at < now - BACKDATED and not evidence:
        faults.append(Fault("hold.evidence_required", "/evidence"))
    return faults


def excuse_faults(
    reason_code: str, starts_at: datetime, ends_at: datetime, accepted_at: datetime, now: datetime
) -> list[Fault]:
    """What is wrong with a delay that is to be excused."""
    faults = []
    if REASONS[reason_code].cause not in EXCUSES:
        faults.append(Fault("excuse.cause", "/reason_code"))
    if ends_at <= starts_at:
        faults.append(Fault("excuse.end_before_start", "/ends_at"))
    if starts_at < accepted_at:
        faults.append(Fault("excuse.before_acceptance", "/starts_at"))
    if ends_at > now + CLOCK_SKEW:
        faults.append(Fault("excuse.in_the_future", "/ends_at"))
    return faults


def falls_in(visit: tuple[datetime, datetime], starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether a visit that is not over would be made while a hold runs."""
    return visit[0] < ends_at and visit[1] > max(starts_at, now)
