"""Notices over HTTP: which of them are stuck, and why."""

from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from tracker import clock
from tracker.api.auth import caller
from tracker.api.blueprint import Blueprint
from tracker.api.common import authenticate, runtime
from tracker.fields import StrictSchema
from tracker.notices.schemas import StuckListSchema
from tracker.notices.stuck import stuck

blueprint = Blueprint(
    "notices", __name__, url_prefix="/api/v1/notices", description="What customers are told"
)
blueprint.before_request(authenticate)


class StuckQuerySchema(StrictSchema):
    """How many."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


@blueprint.route("/stuck")
class StuckNotices(MethodView):
    """Notices of the calling channel's operator that have come to no end."""

    @blueprint.operation("listStuckNotices")
    @blueprint.arguments(StuckQuerySchema(), location="query")
    @blueprint.response(200, StuckListSchema)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """List what is due and not sent, sent and not settled, or to be called and not called."""
        with runtime().db.reading() as connection:
            found, more = stuck(
                connection, clock.now(), operator_id=caller().operator_id, limit=wanted["limit"]
            )
        return {"notices": found, "more": more}
