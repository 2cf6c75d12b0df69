"""Announced changes over HTTP, for keys with the scope `tariffs`; and what a subscriber pays on a day."""

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from tracker import clock
from tracker.api import refusals
from tracker.api.auth import actor, caller, require_scope
from tracker.api.blueprint import LARGEST_ID, Blueprint
from tracker.api.common import IDEMPOTENCY, authenticate, id_of, runtime
from tracker.api.field_rules import rules_of
from tracker.api.idempotency import Answer, once
from tracker.fields import Choice, Day, StrictSchema
from tracker.files.giving import SHEET_TYPE
from tracker.problems import Fault, Refusal
from tracker.tariff_changes import queries
from tracker.tariff_changes.announce_change import announce_change
from tracker.tariff_changes.coverage import coverage
from tracker.tariff_changes.export import csv_lines, xlsx
from tracker.tariff_changes.preview_change import preview_change
from tracker.tariff_changes.price_of import price_of
from tracker.tariff_changes.read_change import Change, read_change
from tracker.tariff_changes.rules import Told
from tracker.tariff_changes.schemas import (
    ChangePageSchema,
    ChangePreviewSchema,
    ChangeRequestSchema,
    ChangeWithdrawalSchema,
    CoverageSchema,
    SubscriberPriceSchema,
    TariffChangeSchema,
)
from tracker.tariff_changes.withdraw_change import withdraw_change
from tracker.tariffs.rules import ChangeState
from tracker.tariffs.schemas import PlanDraftSchema

_SCOPE = "tariffs"
# What is to change is written as in a plan, and refused like one.
_ANNOUNCING = (*refusals.ANNOUNCING, *rules_of(PlanDraftSchema))

blueprint = Blueprint(
    "tariff_changes",
    __name__,
    url_prefix="/api/v1/tariff-changes",
    description="Changes of what present customers pay, announced a full month before",
)
prices = Blueprint(
    "prices", __name__, url_prefix="/api/v1/subscribers", description="Which price holds on which day"
)
blueprint.before_request(authenticate)
prices.before_request(authenticate)

# Instances, because flask-smorest would otherwise build the schema anew for each request.
_shown, _preview, _coverage, _price = (
    TariffChangeSchema(),
    ChangePreviewSchema(),
    CoverageSchema(),
    SubscriberPriceSchema(),
)


class ChangesQuerySchema(StrictSchema):
    """Which page of which changes."""

    after = fields.String(load_default="", metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    state = Choice([state.value for state in ChangeState], load_default=None)


class CoverageQuerySchema(StrictSchema):
    """Which of those concerned; all of them where nothing is said."""

    told = Choice([told.value for told in Told], load_default=None)


class PriceQuerySchema(StrictSchema):
    """The day that is asked about; today where nothing is said."""

    on = Day(load_default=None)


def _show(change_id: int) -> dict[str, Any]:
    """A change of the caller's operator as JSON. Raises Refusal tariff_change.not_found."""
    with runtime().db.reading() as connection:
        row = queries.change_row(connection, caller().operator_id, change_id)
    if row is None:
        raise Refusal(Fault("tariff_change.not_found"))
    shown: dict[str, Any] = _shown.dump(row._asdict())
    return shown


def _change(change_id: int) -> Change:
    """A change with whom it concerns. Raises Refusal tariff_change.not_found."""
    with runtime().db.reading() as connection:
        change = read_change(connection, change_id, caller().operator_id)
    if change is None:
        raise Refusal(Fault("tariff_change.not_found"))
    return change


@blueprint.route("")
class Changes(MethodView):
    """The operator's announced changes."""

    @blueprint.operation("listTariffChanges", *refusals.READING_CHANGES, scope=_SCOPE)
    @blueprint.arguments(ChangesQuerySchema(), location="query")
    @blueprint.response(200, ChangePageSchema)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List changes, the latest announced first."""
        require_scope(_SCOPE)
        before_id = id_of(page["after"], LARGEST_ID)
        with runtime().db.reading() as connection:
            rows, following = queries.changes_of(
                connection,
                caller().operator_id,
                state=page["state"],
                before_id=before_id,
                limit=page["limit"],
            )
        return {
            "changes": [row._asdict() for row in rows],
            "next": None if following is None else str(following),
        }

    @blueprint.operation("announceTariffChange", *_ANNOUNCING, scope=_SCOPE, sends=("Location",))
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(ChangeRequestSchema())
    @blueprint.response(201, TariffChangeSchema)
    def post(self, change: dict[str, Any]) -> Any:
        """Announce a change: it is published at once, and everybody whom it concerns is warned in time."""
        require_scope(_SCOPE)

        def act() -> Answer:
            change_id = announce_change(runtime(), caller().operator_id, change, actor())
            return Answer(201, _show(change_id), {"Location": f"/api/v1/tariff-changes/{change_id}"})

        return once(runtime(), caller(), act)


@blueprint.route("/preview")
class ChangePreview(MethodView):
    """What a change would come to."""

    @blueprint.operation("previewTariffChange", *_ANNOUNCING, scope=_SCOPE)
    @blueprint.arguments(ChangeRequestSchema())
    @blueprint.response(200, ChangePreviewSchema)
    def post(self, change: dict[str, Any]) -> Response:
        """Tell who would be told, in which words, in how many texts and days; nothing is stored."""
        require_scope(_SCOPE)
        return jsonify(_preview.dump(preview_change(runtime(), caller().operator_id, change)))


@blueprint.route("/<id:change_id>")
class OneChange(MethodView):
    """One announced change."""

    @blueprint.operation("readTariffChange", *refusals.READING_A_CHANGE, scope=_SCOPE)
    @blueprint.response(200, TariffChangeSchema)
    def get(self, change_id: int) -> Response:
        """Read a change."""
        require_scope(_SCOPE)
        return jsonify(_show(change_id))


@blueprint.route("/<id:change_id>/withdraw")
class ChangeWithdrawal(MethodView):
    """A change taken back."""

    @blueprint.operation("withdrawTariffChange", *refusals.WITHDRAWING_A_CHANGE, scope=_SCOPE)
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(ChangeWithdrawalSchema())
    @blueprint.response(200, TariffChangeSchema)
    def post(self, why: dict[str, Any], change_id: int) -> Any:
        """Withdraw a change before it begins: what was not sent is cancelled, the others are told so."""
        require_scope(_SCOPE)

        def act() -> Answer:
            withdraw_change(runtime(), caller().operator_id, change_id, why["reason"], actor())
            return Answer(200, _show(change_id))

        return once(runtime(), caller(), act)


@blueprint.route("/<id:change_id>/coverage")
class ChangeCoverage(MethodView):
    """How many were told, and when."""

    @blueprint.operation("readCoverage", *refusals.READING_A_CHANGE, scope=_SCOPE)
    @blueprint.response(200, CoverageSchema)
    def get(self, change_id: int) -> Response:
        """Count those whom the change concerns by how they were told; takes seconds for a million."""
        require_scope(_SCOPE)
        change = _change(change_id)
        with runtime().db.reading() as connection:
            return jsonify(_coverage.dump(coverage(connection, change, clock.now())))


@blueprint.route("/<id:change_id>/coverage.csv")
class CoverageAsCsv(MethodView):
    """Each subscriber with the proof, as CSV."""

    @blueprint.operation(
        "downloadCoverageCsv", *refusals.READING_A_CHANGE, scope=_SCOPE, sends=("Content-Disposition",)
    )
    @blueprint.arguments(CoverageQuerySchema(), location="query")
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    def get(self, of: dict[str, Any], change_id: int) -> Response:
        """Download one line for each subscriber: told or not, when, how, by which proof."""
        require_scope(_SCOPE)
        lines = csv_lines(runtime().db, _change(change_id), clock.now(), _told(of))
        return Response(lines, mimetype="text/csv", headers=_attached(change_id, "csv"))


@blueprint.route("/<id:change_id>/coverage.xlsx")
class CoverageAsWorkbook(MethodView):
    """Each subscriber with the proof, as a workbook."""

    @blueprint.operation(
        "downloadCoverageWorkbook",
        *refusals.EXPORTING_A_WORKBOOK,
        scope=_SCOPE,
        sends=("Content-Disposition",),
    )
    @blueprint.arguments(CoverageQuerySchema(), location="query")
    @blueprint.response(200, {"type": "string", "format": "binary"}, content_type=SHEET_TYPE)
    def get(self, of: dict[str, Any], change_id: int) -> Response:
        """Download the same as a workbook, of up to 100,000 subscribers."""
        require_scope(_SCOPE)
        content = xlsx(runtime().db, _change(change_id), clock.now(), _told(of))
        return Response(content, mimetype=SHEET_TYPE, headers=_attached(change_id, "xlsx"))


@prices.route("/<reference>/price")
class SubscriberPrice(MethodView):
    """What a subscriber pays."""

    @prices.operation("readSubscriberPrice", *refusals.READING_A_SUBSCRIPTION, scope="subscribers")
    @prices.arguments(PriceQuerySchema(), location="query")
    @prices.response(200, SubscriberPriceSchema)
    def get(self, asked: dict[str, Any], reference: str) -> Response:
        """Tell which price holds for a subscription on a day, and why."""
        require_scope("subscribers")
        on = asked["on"] or clock.today()
        with runtime().db.reading() as connection:
            found = price_of(connection, caller().operator_id, reference, on)
        if found is None:
            raise Refusal(Fault("subscriber.not_found"))
        shown = {
            "reference": reference,
            "on": on,
            "monthly_fen": found.price.fen,
            "agreed_fen": found.subscriber.monthly_fen,
            "why": found.why,
            "by": found.price.by,
            "held_back": found.price.held_back,
            "ahead": found.price.ahead,
        }
        return jsonify(_price.dump(shown))


def _told(of: dict[str, Any]) -> Told | None:
    return None if of["told"] is None else Told(of["told"])


def _attached(change_id: int, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="tariff-change-{change_id}.{ending}"'}
