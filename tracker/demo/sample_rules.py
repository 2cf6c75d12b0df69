"""An example limit that is to come, a county's own festival, and a text that somebody is rewording."""

from collections.abc import Callable
from datetime import timedelta

from tracker import clock
from tracker.orders.promising import DEDICATED_LINE
from tracker.problems import Refusal
from tracker.promises.calendar_queries import standing_days
from tracker.promises.override_day import override_day
from tracker.promises.queries import read_rules
from tracker.promises.replace_rule import replace_rule
from tracker.promises.rule_queries import successor_of
from tracker.promises.schemas import OverrideRequestSchema, RuleVersionSchema
from tracker.runtime import Runtime
from tracker.templates.drafts import open_draft, save_draft
from tracker.templates.seed import SEED

_ACTOR = "console:demo"
_CODE = "completed"
_LIANNAN = "441826"
_AHEAD = timedelta(days=14)


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """For each operator, what is not there yet; harmless to repeat."""
    for operator in sorted(runtime.reference.current().operators.values(), key=lambda one: one.id):
        made = (_limit(runtime, operator.id), _festival(runtime, operator.id), _draft(runtime, operator.id))
        if any(made):
            say(f"{operator.name}: an example limit to come, a day off in one county, a text being reworded")


def _limit(runtime: Runtime, operator_id: int) -> bool:
    """Dedicated lines in twelve working days instead of fifteen, from two weeks on."""
    with runtime.db.reading() as connection:
        rules = read_rules(connection, operator_id).get(operator_id, ())
        lines = [one for one in rules if one.product == DEDICATED_LINE and one.covers(clock.today())]
        if len(lines) != 1 or successor_of(connection, operator_id, lines[0].id):
            return False
    version = {
        "amount": 12,
        "unit": "working_days",
        "end_of_day": "18:00",
        "valid_from": (clock.today() + _AHEAD).isoformat(),
        "remark": "示例，待运营商确认",
        "reason": "专线提速（示例）",
    }
    try:
        replace_rule(runtime.db, operator_id, lines[0].id, RuleVersionSchema().load(version), _ACTOR)
    except Refusal:
        # Limits of one's own may be shorter already.
        return False
    return True


def _festival(runtime: Runtime, operator_id: int) -> bool:
    day = clock.today() + _AHEAD
    while day.weekday() >= 5:
        day += timedelta(days=1)
    counties = runtime.reference.current().counties
    with runtime.db.reading() as connection:
        near = standing_days(connection, operator_id, clock.today(), day + _AHEAD)
    if _LIANNAN not in counties or any(row.override and row.county_code == _LIANNAN for row in near):
        return False
    festival = {
        "day": day.isoformat(),
        "working": False,
        "county_code": _LIANNAN,
        "name": "耍歌堂",
        "name_en": "Shuagetang festival",
        "source": "连南府办通知（示例）",
    }
    override_day(
        runtime.db,
        OverrideRequestSchema().load(festival),
        _ACTOR,
        operator_id=operator_id,
        counties=counties,
    )
    return True


def _draft(runtime: Runtime, operator_id: int) -> bool:
    with runtime.db.reading() as connection:
        if open_draft(connection, operator_id, _CODE) is not None:
            return False
    seed = SEED[_CODE]
    wording = {
        "params": list(seed.params),
        "zh": seed.zh.replace("订单", "您的宽带订单", 1),
        "en": seed.en,
        "reason": "语气更亲切（示例）",
    }
    save_draft(runtime.db, operator_id, _CODE, wording, _ACTOR)
    return True
