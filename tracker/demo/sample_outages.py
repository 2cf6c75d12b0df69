"""Examples of announced outages: planned work to come, and a fault of yesterday that was put right."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from sqlalchemy import exists, select

from tracker import clock
from tracker.outages.announce_outage import announce_outage
from tracker.outages.models import Outage
from tracker.outages.record_recovery import record_recovery
from tracker.outages.schemas import OutageSchema
from tracker.runtime import Runtime

_PLANNED_BY, _BROKEN_AT = "telecom", "mobile"
_ACTOR = "console:demo"
# Towns and a community of Qingyuan: another city has others, and no examples.
_TOWN, _OTHER_TOWN, _COMMUNITY = "441802006", "441802007", "441803102003"
_NIGHTS_AHEAD = timedelta(days=5)


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Announce two outages; harmless to repeat."""
    reference = runtime.reference.current()
    operators = {one.code: one for one in reference.operators.values()}
    with runtime.db.reading() as connection:
        known = connection.scalar(select(exists().where(Outage.id.isnot(None))))
    if known or not {_PLANNED_BY, _BROKEN_AT} <= operators.keys() or _COMMUNITY not in reference.places:
        return
    now = clock.now()
    night = datetime.combine(clock.today() + _NIGHTS_AHEAD, time(0), clock.CITY_ZONE)
    planned = {
        "kind": "planned",
        "area": [_TOWN, _OTHER_TOWN],
        "starts_at": night.isoformat(),
        "ends_at": (night + timedelta(hours=6)).isoformat(),
        "minutes": 90,
        "services": ["broadband", "iptv"],
        "reason": "示例：光缆割接",
        "reason_en": "Example: fibre works",
    }
    began = now - timedelta(hours=26)
    fault = {
        "kind": "emergency",
        "area": [_COMMUNITY],
        "starts_at": began.isoformat(),
        "services": ["broadband"],
        "reason": "示例：道路施工挖断光缆",
        "reason_en": "Example: cable cut by roadworks",
    }
    schema = OutageSchema()
    announce_outage(runtime.db, operators[_PLANNED_BY].id, schema.load(planned), _ACTOR)
    owner = operators[_BROKEN_AT].id
    broken = announce_outage(runtime.db, owner, schema.load(fault), _ACTOR)
    record_recovery(runtime.db, owner, broken, 1, began + timedelta(hours=3), _ACTOR)
    say("two examples of announced outages")
