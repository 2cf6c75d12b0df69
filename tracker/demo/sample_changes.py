"""An example of an announced change, so that warnings, coverage and the public page have one to show."""

from collections.abc import Callable
from datetime import timedelta

from tracker import clock
from tracker.runtime import Runtime
from tracker.tariff_changes.announce_change import announce_change
from tracker.tariff_changes.schemas import ChangeRequestSchema
from tracker.tariffs.rules import earliest_effective_on

_OPERATOR, _PLAN = "telecom", "24GD100001"
_ACTOR = "console:demo"
# Near enough that warnings leave at once, and far enough that they are in time.
_AHEAD = timedelta(days=10)
_MORE_FEN = 1000


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Announce one change of price; harmless to repeat."""
    reference = runtime.reference.current()
    operator = next((one for one in reference.operators.values() if one.code == _OPERATOR), None)
    if operator is None or reference.changes:
        return
    versions = reference.plans.get((operator.id, _PLAN), ())
    if len(versions) != 1:
        return
    (plan,) = versions
    request = {
        "kind": "price",
        "filing_number": plan.filing_number,
        "region": plan.region,
        "effective_on": (earliest_effective_on(clock.today()) + _AHEAD).isoformat(),
        "monthly_fen": plan.monthly_fen + _MORE_FEN,
        "reason": "示例：网络升级",
    }
    announce_change(runtime, operator.id, ChangeRequestSchema().load(request), _ACTOR)
    say(f"{operator.name}: an example of an announced change ({plan.name})")
