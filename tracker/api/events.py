"""The feed over HTTP: what happened to the channel's orders, to be polled."""

from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from tracker.api import refusals
from tracker.api.auth import caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import authenticate, runtime
from tracker.fields import StrictSchema
from tracker.orders.feed import read_events
from tracker.orders.positions import EVENTS, cursor_of, place_of
from tracker.orders.schemas import EventPageSchema

blueprint = Blueprint(
    "events", __name__, url_prefix="/api/v1/events", description="What happened to the channel's orders"
)
blueprint.before_request(authenticate)


class FeedQuerySchema(StrictSchema):
    """From where on, and how many."""

    after = fields.String(
        load_default="", metadata={"description": "`next` of the page before; without it from the beginning."}
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


@blueprint.route("")
class Events(MethodView):
    """The events of the calling channel's orders."""

    @blueprint.operation("readEvents", *refusals.READING_EVENTS, scope="orders")
    @blueprint.arguments(FeedQuerySchema(), location="query")
    @blueprint.response(200, EventPageSchema)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """Read the feed, oldest first. Where `events` is empty, ask again with `next` after some seconds.

        An event shows once every transaction that began before it has ended, so none comes late.
        """
        require_scope("orders")
        after = place_of(page["after"], EVENTS)
        with runtime().db.reading() as connection:
            events, last, more = read_events(connection, caller().id, after, page["limit"])
        return {"events": events, "next": cursor_of(last, EVENTS), "more": more}
