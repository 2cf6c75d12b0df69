"""How customers want to be told, over HTTP."""

from typing import Any

from flask.views import MethodView

from tracker.api.auth import actor, caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, authenticate, runtime
from tracker.api.idempotency import Answer, once
from tracker.contacts.models import WISHES
from tracker.contacts.record_wish import TEXT, record_wish
from tracker.fields import Choice, Phone, StrictSchema

blueprint = Blueprint(
    "contacts", __name__, url_prefix="/api/v1/contact-wishes", description="How customers want to be told"
)
blueprint.before_request(authenticate)


class WishRequestSchema(StrictSchema):
    """A number, and how its owner wants to be told."""

    phone = Phone(required=True)
    wish = Choice((TEXT, *WISHES), required=True)


class WishSchema(StrictSchema):
    """The wish that stands now; the number does not come back."""

    wish = Choice((TEXT, *WISHES))


@blueprint.route("")
class Wishes(MethodView):
    """Wishes of the operator's customers."""

    @blueprint.operation("recordWish", scope="orders")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(WishRequestSchema())
    @blueprint.response(201, WishSchema)
    def post(self, request: dict[str, Any]) -> Any:
        """From now on the owner is told by text, by a call, or gets no texts (退订) and is called instead."""
        require_scope("orders")

        def act() -> Answer:
            run = runtime()
            record_wish(run.db, run.keys, caller().operator_id, request["phone"], request["wish"], actor())
            return Answer(201, {"wish": request["wish"]})

        return once(runtime(), caller(), act)
