"""Plans over HTTP: published versions read by any key, drafts and changes by one with the scope `tariffs`."""

from typing import Any

from flask import jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from tracker import clock
from tracker.api import refusals
from tracker.api.auth import actor, caller, may, require_scope
from tracker.api.blueprint import LARGEST_ID, Blueprint
from tracker.api.common import IDEMPOTENCY, IF_MATCH, authenticate, etag, id_of, if_version, runtime
from tracker.api.idempotency import Answer, once
from tracker.fields import Choice, StrictSchema
from tracker.problems import Fault, Refusal
from tracker.tariffs import queries
from tracker.tariffs.publish_plan import preview_publication, publish_plan
from tracker.tariffs.rules import AUDIENCES, PlanState, Standing
from tracker.tariffs.save_plan import copy_plan, draft_plan, edit_draft
from tracker.tariffs.schemas import (
    PlanCopySchema,
    PlanPageSchema,
    PlanPreviewSchema,
    PlanPublicationSchema,
    PlanRequestSchema,
    PlanResumptionSchema,
    PlanWithdrawalSchema,
    WholePlanSchema,
    Words,
)
from tracker.tariffs.withdraw_plan import resume_plan, withdraw_plan

blueprint = Blueprint(
    "tariffs", __name__, url_prefix="/api/v1/tariffs", description="Plans and the fee schedules made of them"
)
blueprint.before_request(authenticate)

_SCOPE = "tariffs"
# Instances, because flask-smorest would otherwise build the schema anew for each request.
_shown = WholePlanSchema()
_preview = PlanPreviewSchema()


class PlansQuerySchema(StrictSchema):
    """Which page of which versions."""

    after = fields.String(load_default="", metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    state = Choice([state.value for state in PlanState], load_default=None)
    standing = Choice([standing.value for standing in Standing], load_default=None)
    audience = Choice(AUDIENCES, load_default=None)
    filing_number = Words(30)
    q = Words(80, metadata={"description": "Part of a name or of a filing number."})


def _show(plan_id: int) -> dict[str, Any]:
    """A version of the caller's operator as JSON. Raises Refusal plan.not_found."""
    with runtime().db.reading() as connection:
        row = queries.plan_row(connection, caller().operator_id, plan_id, clock.today())
    if row is None or not (may(_SCOPE) or row["published_at"]):
        raise Refusal(Fault("plan.not_found"))
    if not may(_SCOPE):
        row["versions"] = [one for one in row["versions"] if one["published_at"]]
        row["events"] = []
    shown: dict[str, Any] = _shown.dump(row)
    return shown


def _answer(plan_id: int, status: int = 200) -> Answer:
    """The version as it has become, for a request that changed it."""
    shown = _show(plan_id)
    headers = {"ETag": etag(shown["revision"])}
    if status == 201:
        headers["Location"] = f"/api/v1/tariffs/{plan_id}"
    return Answer(status, shown, headers)


@blueprint.route("")
class Plans(MethodView):
    """The versions of the operator's plans."""

    @blueprint.operation("listPlans", *refusals.READING_PLANS)
    @blueprint.arguments(PlansQuerySchema(), location="query")
    @blueprint.response(200, PlanPageSchema)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List versions, oldest first. A key without the scope `tariffs` sees what was published."""
        after_id = id_of(page["after"], LARGEST_ID) or 0
        wanted = queries.Wanted(
            state=page["state"],
            standing=page["standing"],
            audience=page["audience"],
            filing_number=page["filing_number"],
            text=page["q"],
            published_only=not may(_SCOPE),
        )
        with runtime().db.reading() as connection:
            plans, after = queries.plan_page(
                connection,
                caller().operator_id,
                wanted,
                clock.today(),
                limit=page["limit"],
                after_id=after_id,
            )
        return {"plans": plans, "next": None if after is None else str(after)}

    @blueprint.operation("draftPlan", *refusals.DRAFTING, scope=_SCOPE, sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(PlanRequestSchema())
    @blueprint.response(201, WholePlanSchema)
    def post(self, plan: dict[str, Any]) -> Any:
        """Store a draft, as the next version of the plan of its filing number and region."""
        require_scope(_SCOPE)
        reason = plan.pop("reason")

        def act() -> Answer:
            return _answer(draft_plan(runtime().db, caller().operator_id, plan, actor(), reason), 201)

        return once(runtime(), caller(), act)


@blueprint.route("/<id:plan_id>")
class OnePlan(MethodView):
    """One version."""

    @blueprint.operation("readPlan", *refusals.READING_A_PLAN, sends=("ETag",))
    @blueprint.response(200, WholePlanSchema)
    def get(self, plan_id: int) -> Any:
        """Read a version, the others of its plan, and what became of it. Its ETag is what a change must
        name in If-Match.
        """
        shown = _show(plan_id)
        response = jsonify(shown)
        response.headers["ETag"] = etag(shown["revision"])
        return response

    @blueprint.operation("editDraft", *refusals.EDITING, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IF_MATCH])
    @blueprint.arguments(PlanRequestSchema())
    @blueprint.response(200, WholePlanSchema)
    def put(self, plan: dict[str, Any], plan_id: int) -> Any:
        """Put this in a draft's place; fields that are left out become empty."""
        require_scope(_SCOPE)
        reason = plan.pop("reason")
        edit_draft(
            runtime().db,
            caller().operator_id,
            plan_id,
            plan,
            actor(),
            reason,
            if_revision=if_version(),
        )
        answer = _answer(plan_id)
        response = jsonify(answer.body)
        response.headers.update(answer.headers)
        return response


@blueprint.route("/<id:plan_id>/preview")
class PlanPreview(MethodView):
    """What publishing would come to."""

    @blueprint.operation("previewPublication", *refusals.PREVIEWING_A_PLAN, scope=_SCOPE)
    @blueprint.response(200, PlanPreviewSchema)
    def get(self, plan_id: int) -> Any:
        """Tell why a draft would be refused now, what is unusual in it, and what it would follow."""
        require_scope(_SCOPE)
        return jsonify(_preview.dump(preview_publication(runtime().db, caller().operator_id, plan_id)))


@blueprint.route("/<id:plan_id>/publish")
class PlanPublication(MethodView):
    """A draft published."""

    @blueprint.operation("publishPlan", *refusals.PUBLISHING, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(PlanPublicationSchema())
    @blueprint.response(200, WholePlanSchema)
    def post(self, why: dict[str, Any], plan_id: int) -> Any:
        """Publish a draft, which is never edited again. Customers who have the plan keep their version."""
        require_scope(_SCOPE)

        def act() -> Answer:
            # Inside, so that a repeated request is answered by its key and not by its stale revision.
            publish_plan(
                runtime().db,
                caller().operator_id,
                plan_id,
                why["reason"],
                actor(),
                if_revision=if_version(),
            )
            return _answer(plan_id)

        return once(runtime(), caller(), act)


@blueprint.route("/<id:plan_id>/withdraw")
class PlanWithdrawal(MethodView):
    """A draft discarded, or a version taken off sale."""

    @blueprint.operation("withdrawPlan", *refusals.TAKING_OFF_SALE, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(PlanWithdrawalSchema())
    @blueprint.response(200, WholePlanSchema)
    def post(self, end: dict[str, Any], plan_id: int) -> Any:
        """Discard a draft, or give a published version its last day on sale."""
        require_scope(_SCOPE)

        def act() -> Answer:
            withdraw_plan(
                runtime().db,
                caller().operator_id,
                plan_id,
                end["reason"],
                actor(),
                last_day=end["last_day"],
                if_revision=if_version(),
            )
            return _answer(plan_id)

        return once(runtime(), caller(), act)


@blueprint.route("/<id:plan_id>/resume")
class PlanResumption(MethodView):
    """A version sold on."""

    @blueprint.operation("resumePlan", *refusals.RESUMING, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(PlanResumptionSchema())
    @blueprint.response(200, WholePlanSchema)
    def post(self, why: dict[str, Any], plan_id: int) -> Any:
        """Put a version back on sale that was taken off by mistake, while its last day has not passed."""
        require_scope(_SCOPE)

        def act() -> Answer:
            resume_plan(
                runtime().db,
                caller().operator_id,
                plan_id,
                why["reason"],
                actor(),
                if_revision=if_version(),
            )
            return _answer(plan_id)

        return once(runtime(), caller(), act)


@blueprint.route("/<id:plan_id>/copy")
class PlanCopy(MethodView):
    """A version copied."""

    @blueprint.operation("copyPlan", *refusals.COPYING, scope=_SCOPE, sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(PlanCopySchema())
    @blueprint.response(201, WholePlanSchema)
    def post(self, copy: dict[str, Any], plan_id: int) -> Any:
        """Copy a version into a new draft of the same plan."""
        require_scope(_SCOPE)

        def act() -> Answer:
            made = copy_plan(
                runtime().db,
                caller().operator_id,
                plan_id,
                actor(),
                on_sale_from=copy["on_sale_from"],
                reason=copy["reason"],
            )
            return _answer(made, 201)

        return once(runtime(), caller(), act)
