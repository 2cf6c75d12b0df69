"""Calls over HTTP: which customers no text reaches, and what came of calling them."""

from typing import Any

from flask import jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from tracker import clock
from tracker.api import refusals
from tracker.api.auth import actor, caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, IF_MATCH, authenticate, etag, id_of, if_version, runtime
from tracker.api.idempotency import Answer, once
from tracker.fields import Choice, StrictSchema
from tracker.notices import call_queries
from tracker.notices.record_call import record_call
from tracker.notices.schemas import CallRequestSchema, CallTaskPageSchema, CallTaskSchema
from tracker.problems import Fault, Refusal

blueprint = Blueprint(
    "call_tasks", __name__, url_prefix="/api/v1/call-tasks", description="Calls that people have to make"
)

# An instance, because flask-smorest would otherwise build the schema anew for each request.
_shown = CallTaskSchema()
blueprint.before_request(authenticate)


class TaskQuerySchema(StrictSchema):
    """Which page of which tasks."""

    after = fields.String(load_default="", metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    which = Choice(
        (call_queries.OPEN, call_queries.DUE, call_queries.ALL),
        load_default=call_queries.OPEN,
        metadata={"description": "`due`: open, and the time for the next call has come."},
    )


@blueprint.route("")
class CallTasks(MethodView):
    """The calls of the calling channel's operator."""

    @blueprint.operation("listCallTasks", *refusals.READING_CALLS)
    @blueprint.arguments(TaskQuerySchema(), location="query")
    @blueprint.response(200, CallTaskPageSchema)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the operator's call tasks, oldest first."""
        after_id = id_of(page["after"]) or 0
        with runtime().db.reading() as connection:
            tasks, after = call_queries.call_tasks(
                connection,
                runtime().keys,
                caller().operator_id,
                after_id=after_id,
                limit=page["limit"],
                which=page["which"],
                now=clock.now(),
            )
        return {"tasks": tasks, "next": None if after is None else str(after)}


@blueprint.route("/<task>")
class OneCallTask(MethodView):
    """One call of the operator's."""

    @blueprint.operation("readCallTask", *refusals.READING_A_CALL, sends=("ETag",))
    @blueprint.response(200, CallTaskSchema)
    def get(self, task: str) -> Any:
        """Read a call task; its ETag is what a recorded call must name in If-Match."""
        shown = _show(_id(task))
        response = jsonify(shown)
        response.headers["ETag"] = etag(shown["version"])
        return response


@blueprint.route("/<task>/attempts")
class CallAttempts(MethodView):
    """Calls that were made."""

    @blueprint.operation("recordCall", *refusals.CALLING, scope="orders", sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(CallRequestSchema())
    @blueprint.response(201, CallTaskSchema)
    def post(self, call: dict[str, Any], task: str) -> Any:
        """Record a call. `reached` and `wrong_number` close the task; the others say when to call again."""
        require_scope("orders")

        def act() -> Answer:
            # Inside, so that a repeated request is answered by its key and not by its stale version.
            version = record_call(
                runtime(),
                caller().operator_id,
                actor(),
                _id(task),
                call,
                if_version=if_version(),
            )
            return Answer(201, _show(_id(task)), {"ETag": etag(version)})

        return once(runtime(), caller(), act)


def _id(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise Refusal(Fault("call.not_found"))
    return int(given)


def _show(task_id: int) -> dict[str, Any]:
    """The task as JSON. Raises Refusal call.not_found."""
    with runtime().db.reading() as connection:
        row = call_queries.call_task(connection, caller().operator_id, task_id)
    if row is None:
        raise Refusal(Fault("call.not_found"))
    shown: dict[str, Any] = _shown.dump(row)
    return shown
