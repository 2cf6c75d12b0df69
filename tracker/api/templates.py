"""Registered texts over HTTP: read by any key, saved by one with the scope `templates`."""

from typing import Any

from flask import jsonify
from flask.views import MethodView

from tracker.api import refusals
from tracker.api.auth import actor, caller, reference, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, authenticate, runtime
from tracker.api.idempotency import Answer, once
from tracker.problems import Fault, Refusal
from tracker.templates.queries import read_registry, template_rows, versions_of
from tracker.templates.rules import preview
from tracker.templates.save_template import checked, record_approval, save_template
from tracker.templates.schemas import (
    ApprovalRequestSchema,
    PreviewedSchema,
    PreviewTemplateSchema,
    TemplateListSchema,
    TemplateRequestSchema,
)
from tracker.templates.seed import SEED

blueprint = Blueprint("templates", __name__, url_prefix="/api/v1/templates", description="Registered texts")
blueprint.before_request(authenticate)

_list = TemplateListSchema()


def _versions(code: str) -> dict[str, Any]:
    """Every wording of a text as JSON, read anew. Raises Refusal template.not_found."""
    if code not in SEED:
        raise Refusal(Fault("template.not_found"))
    # Inside the transaction of a change, which the copy in memory does not know of yet.
    with runtime().db.reading() as connection:
        registry = read_registry(connection)
    shown: dict[str, Any] = _list.dump({"templates": versions_of(registry, caller().operator_id, code)})
    return shown


@blueprint.route("")
class Templates(MethodView):
    """All texts."""

    @blueprint.operation("listTemplates")
    @blueprint.response(200, TemplateListSchema)
    def get(self) -> dict[str, Any]:
        """List every text with the wording in force for the operator."""
        return {"templates": template_rows(reference().templates, caller().operator_id)}


@blueprint.route("/<code>")
class OneTemplate(MethodView):
    """One text."""

    @blueprint.operation("readTemplate", *refusals.READING_A_TEXT)
    @blueprint.response(200, TemplateListSchema)
    def get(self, code: str) -> Any:
        """Read every wording of a text, the product's own first."""
        return jsonify(_versions(code))

    @blueprint.operation("saveTemplate", *refusals.WORDING, scope="templates")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(TemplateRequestSchema())
    @blueprint.response(201, TemplateListSchema)
    def post(self, wording: dict[str, Any], code: str) -> Any:
        """Save a wording as the operator's next version of the text."""
        require_scope("templates")

        def act() -> Answer:
            save_template(runtime().db, code, wording, actor(), operator_id=caller().operator_id)
            return Answer(201, _versions(code))

        return once(runtime(), caller(), act)


@blueprint.route("/<code>/preview")
class TemplatePreview(MethodView):
    """How a text looks."""

    @blueprint.operation("previewTemplate", *refusals.WORDING)
    @blueprint.arguments(PreviewTemplateSchema())
    @blueprint.response(200, PreviewedSchema)
    def post(self, request: dict[str, Any], code: str) -> dict[str, Any]:
        """Show the text with these values, its parts and what they cost; nothing is stored."""
        if code not in SEED:
            raise Refusal(Fault("template.not_found"))
        if request["wording"] is None:
            template = reference().templates.current(caller().operator_id, code)
        else:
            template = checked(code, request["wording"], caller().operator_id)
        cost = runtime().config.sms_part_fen
        return {language: preview(template, language, request["values"], cost) for language in ("zh", "en")}


@blueprint.route("/<code>/<int:version>/approvals")
class TemplateApprovals(MethodView):
    """What providers say of a version."""

    @blueprint.operation("recordApproval", *refusals.READING_A_TEXT, scope="templates")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(ApprovalRequestSchema())
    @blueprint.response(201, TemplateListSchema)
    def post(self, approval: dict[str, Any], code: str, version: int) -> Any:
        """Record that a provider got, approved or refused the operator's version."""
        require_scope("templates")

        def act() -> Answer:
            if version >= 2**15:
                raise Refusal(Fault("template.not_found"))
            operator_id = caller().operator_id
            record_approval(runtime().db, code, version, approval, actor(), operator_id=operator_id)
            return Answer(201, _versions(code))

        return once(runtime(), caller(), act)
