"""The working-day calendar over HTTP: read by any key, days set by one with the scope `calendar`."""

from datetime import date, timedelta
from typing import Any

from flask.views import MethodView

from tracker.api import refusals
from tracker.api.auth import actor, caller, reference, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, authenticate, runtime
from tracker.api.idempotency import Answer, once
from tracker.fields import Day, Pattern, StrictSchema
from tracker.problems import Fault, Refusal
from tracker.promises.calendar import CalendarRangeError
from tracker.promises.override_day import override_day, withdraw_override
from tracker.promises.queries import standing_overrides
from tracker.promises.schemas import (
    CalendarSchema,
    OverrideListSchema,
    OverrideRequestSchema,
    OverrideSchema,
    ReasonSchema,
)

blueprint = Blueprint("calendar", __name__, url_prefix="/api/v1/calendar", description="Working days")
blueprint.before_request(authenticate)

_shown = OverrideSchema()
_LONGEST = timedelta(days=731)


class StretchSchema(StrictSchema):
    """A stretch of days, in a county where one is named."""

    first = Day(required=True)
    last = Day(required=True)
    county_code = Pattern(r"[0-9]{6}", 6, load_default=None)


@blueprint.route("")
class Calendar(MethodView):
    """Working days as the caller's operator counts them."""

    @blueprint.operation("readCalendar", *refusals.READING_THE_CALENDAR)
    @blueprint.arguments(StretchSchema(), location="query")
    @blueprint.response(200, CalendarSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Days off and make-up working days of a stretch of up to two years."""
        first: date = query["first"]
        last: date = query["last"]
        calendars = reference().calendars
        if calendars is None or not first <= last <= first + _LONGEST:
            raise Refusal(Fault("calendar.day_out_of_range", "/last"))
        if query["county_code"] not in (None, *reference().counties):
            raise Refusal(Fault("calendar.unknown_county", "/county_code"))
        # An empty code is no county's, so that only what holds in all of them applies.
        calendar = calendars.of(caller().operator_id, query["county_code"] or "")
        try:
            calendar.is_working(first)
            calendar.is_working(last)
        except CalendarRangeError:
            raise Refusal(Fault("calendar.day_out_of_range", "/last")) from None
        return {
            "certain_until": calendar.certain_until,
            "announced_years": list(calendars.announced),
            "rest_days": calendar.rest_spans(first, last),
            "make_up_days": calendar.make_up_days(first, last),
        }


@blueprint.route("/overrides")
class Overrides(MethodView):
    """Days that were set by persons."""

    @blueprint.operation("listOverrides")
    @blueprint.response(200, OverrideListSchema)
    def get(self) -> dict[str, Any]:
        """List the operator's own overrides and those for all."""
        with runtime().db.reading() as connection:
            return {"overrides": standing_overrides(connection, caller().operator_id)}

    @blueprint.operation("setDay", *refusals.SETTING_A_DAY, scope="calendar")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(OverrideRequestSchema())
    @blueprint.response(201, OverrideSchema)
    def post(self, override: dict[str, Any]) -> Any:
        """Set a day for the operator, in all counties or in one. Given promises stay as they are."""
        require_scope("calendar")

        def act() -> Answer:
            override_id = override_day(
                runtime().db,
                override,
                actor(),
                operator_id=caller().operator_id,
                counties=reference().counties,
            )
            return Answer(201, _show(override_id))

        return once(runtime(), caller(), act)


@blueprint.route("/overrides/<id:override_id>/withdraw")
class OverrideWithdrawal(MethodView):
    """An override taken back."""

    @blueprint.operation("withdrawOverride", *refusals.FREEING_A_DAY, scope="calendar")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(ReasonSchema())
    @blueprint.response(200, OverrideListSchema)
    def post(self, why: dict[str, Any], override_id: int) -> Any:
        """Let the announced day stand again; answers with the overrides that are left."""
        require_scope("calendar")

        def act() -> Answer:
            operator_id = caller().operator_id
            if override_id >= 2**31:
                raise Refusal(Fault("calendar.override_not_found"))
            withdraw_override(runtime().db, override_id, why["reason"], actor(), operator_id=operator_id)
            with runtime().db.reading() as connection:
                left = standing_overrides(connection, operator_id)
            return Answer(200, {"overrides": [_shown.dump(one) for one in left]})

        return once(runtime(), caller(), act)


def _show(override_id: int) -> dict[str, Any]:
    with runtime().db.reading() as connection:
        rows = standing_overrides(connection, caller().operator_id)
    shown: dict[str, Any] = _shown.dump(next(row for row in rows if row["id"] == override_id))
    return shown
