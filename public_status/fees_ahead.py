"""Which announced changes of its plan the customer of an order will see begin."""

from sqlalchemy.exc import SQLAlchemyError

from public_status.keeper import Keeper, NothingToShowError
from public_status.published import Change, PublishedPlan
from public_status.queries import Standing
from tracker import clock
from tracker.tariffs.rules import ChangeKind

# What an order's price says of the version by which it was sold.
_SNAPSHOT = ("version", "name", "monthly_fen", "installation_fen", "commissioning_fen")


def changes_ahead(published: Keeper, standing: Standing) -> list[tuple[Change, int]]:
    """Changes that stand and begin after the order was accepted, with the monthly fee from then on, in fen;
    the next one first.

    An agreed price that ends is no news to a new customer. None where the site has nothing to show, and
    where the same filing number was sold for the same fees in several regions: which one the order's is,
    the site does not know.
    """
    try:
        plans = published.current().snapshot.plans.values()
    except (NothingToShowError, SQLAlchemyError):
        return []
    sold = [plan for plan in plans if _can_have_sold(plan, standing)]
    if len(sold) != 1:
        return []
    (plan,) = sold
    fees = {version.id: version.monthly_fen for version in plan.versions}
    accepted_on = clock.local_date(standing.happenings[0].at)
    ahead = [
        (change, fees[change.plan_id])
        for change in plan.changes
        if change.stands
        and change.kind is not ChangeKind.TERM_END
        and change.plan_id in fees
        and change.effective_on > accepted_on
    ]
    return sorted(ahead, key=lambda one: (one[0].effective_on, one[0].id))


def _can_have_sold(plan: PublishedPlan, standing: Standing) -> bool:
    """Whether an order can be of this plan, by its operator and the price that it was sold at."""
    price = standing.price
    if plan.operator.id != standing.operator_id or plan.filing_number != price["filing_number"]:
        return False
    version = plan.version(price["version"])
    return version is not None and all(getattr(version, name) == price[name] for name in _SNAPSHOT)
