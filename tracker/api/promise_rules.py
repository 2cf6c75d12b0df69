"""Promise rules over HTTP: read by any key, changed by one with the scope `rules`."""

from typing import Any

from flask import jsonify
from flask.views import MethodView

from tracker.api import refusals
from tracker.api.auth import actor, caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, authenticate, runtime
from tracker.api.idempotency import Answer, once
from tracker.fields import Day, StrictSchema
from tracker.problems import Fault, Refusal
from tracker.promises import queries
from tracker.promises.end_rule import end_rule, withdraw_rule
from tracker.promises.publish_rule import publish_rule
from tracker.promises.schemas import (
    ReasonSchema,
    RuleEndSchema,
    RuleListSchema,
    RuleRequestSchema,
    RuleWithChangesSchema,
)

blueprint = Blueprint(
    "promise-rules", __name__, url_prefix="/api/v1/promise-rules", description="Published time limits"
)
blueprint.before_request(authenticate)

_shown = RuleWithChangesSchema()


class RulesQuerySchema(StrictSchema):
    """Which rules."""

    in_force_on = Day(load_default=None)


def _show(rule_id: int) -> dict[str, Any]:
    """A rule of the caller's operator as JSON. Raises Refusal promise_rule.not_found."""
    with runtime().db.reading() as connection:
        row = queries.rule_row(connection, caller().operator_id, rule_id) if rule_id < 2**31 else None
    if row is None:
        raise Refusal(Fault("promise_rule.not_found"))
    shown: dict[str, Any] = _shown.dump(row)
    return shown


@blueprint.route("")
class Rules(MethodView):
    """The operator's rules."""

    @blueprint.operation("listPromiseRules")
    @blueprint.arguments(RulesQuerySchema(), location="query")
    @blueprint.response(200, RuleListSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the rules, or those in force on a day."""
        with runtime().db.reading() as connection:
            rows = queries.rule_rows(connection, caller().operator_id, in_force_on=query["in_force_on"])
        return {"rules": rows}

    @blueprint.operation(
        "publishPromiseRule", *refusals.PUBLISHING_A_RULE, scope="rules", sends=("Location",)
    )
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(RuleRequestSchema())
    @blueprint.response(201, RuleWithChangesSchema)
    def post(self, rule: dict[str, Any]) -> Any:
        """Publish a rule. One between which and another an order could not choose is refused."""
        require_scope("rules")

        def act() -> Answer:
            rule_id = publish_rule(runtime().db, caller().operator_id, rule, actor())
            return Answer(201, _show(rule_id), {"Location": f"/api/v1/promise-rules/{rule_id}"})

        return once(runtime(), caller(), act)


@blueprint.route("/<id:rule_id>")
class OneRule(MethodView):
    """One rule."""

    @blueprint.operation("readPromiseRule", *refusals.READING_A_RULE)
    @blueprint.response(200, RuleWithChangesSchema)
    def get(self, rule_id: int) -> Any:
        """Read a rule and what became of it."""
        return jsonify(_show(rule_id))


@blueprint.route("/<id:rule_id>/end")
class RuleEnd(MethodView):
    """The last day of a rule."""

    @blueprint.operation("endPromiseRule", *refusals.ENDING_A_RULE, scope="rules")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(RuleEndSchema())
    @blueprint.response(200, RuleWithChangesSchema)
    def post(self, end: dict[str, Any], rule_id: int) -> Any:
        """End a rule; promises that were given by it stand."""
        require_scope("rules")

        def act() -> Answer:
            _show(rule_id)
            end_rule(runtime().db, caller().operator_id, rule_id, end, actor())
            return Answer(200, _show(rule_id))

        return once(runtime(), caller(), act)


@blueprint.route("/<id:rule_id>/withdraw")
class RuleWithdrawal(MethodView):
    """A rule taken back."""

    @blueprint.operation("withdrawPromiseRule", *refusals.WITHDRAWING_A_RULE, scope="rules")
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(ReasonSchema())
    @blueprint.response(200, RuleWithChangesSchema)
    def post(self, why: dict[str, Any], rule_id: int) -> Any:
        """Withdraw a rule by which nothing was promised."""
        require_scope("rules")

        def act() -> Answer:
            _show(rule_id)
            withdraw_rule(runtime().db, caller().operator_id, rule_id, why["reason"], actor())
            return Answer(200, _show(rule_id))

        return once(runtime(), caller(), act)
