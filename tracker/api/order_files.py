"""Files of orders over HTTP: sent as they are, taken in by a worker, asked after."""

import hashlib
from io import BytesIO
from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate

from tracker.api import refusals
from tracker.api.auth import actor, caller, require_channel, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, runtime
from tracker.api.idempotency import given_key
from tracker.api.problems import language
from tracker.api.signed import is_signed
from tracker.fields import StrictSchema
from tracker.files.giving import SHEET_TYPE
from tracker.files.scratch import PutAside
from tracker.order_files.parts import PART
from tracker.order_files.queries import FileShown, channel_file, failed_rows_of
from tracker.order_files.schemas import OrderFileSchema
from tracker.order_files.store_upload import MOST_BYTES, Wish, store_upload, too_large
from tracker.problems import Fault, Refusal

blueprint = Blueprint(
    "order_files", __name__, url_prefix="/api/v1/order-files", description="Orders from files, CSV or XLSX"
)

_FILE = {"type": "string", "format": "binary"}
_TYPES: dict[str, dict[str, str]] = {
    "text/csv": {"type": "string"},
    SHEET_TYPE: _FILE,
    "application/octet-stream": _FILE,
}
_CHUNK = 1 << 16
_ASK_AGAIN_SECONDS = "2"

_schema = OrderFileSchema()


class UploadQuerySchema(StrictSchema):
    """What is to be done with a file."""

    dry_run = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    notify_old = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    name = fields.String(
        load_default="",
        validate=validate.Length(max=120),
        metadata={"description": "Its sender's name of it."},
    )


@blueprint.before_request
def _may() -> None:
    if request.method == "POST":
        # A file may be larger than any other request.
        request.max_content_length = MOST_BYTES
    require_channel(runtime())
    require_scope("orders")


@blueprint.route("")
class OrderFiles(MethodView):
    """Files that the calling channel sends."""

    @blueprint.operation(
        "sendOrderFile", *refusals.SENDING_A_FILE, scope="orders", sends=("Location", "Retry-After")
    )
    @blueprint.doc(
        parameters=[IDEMPOTENCY],
        requestBody={
            "required": True,
            "description": "A table as CSV (UTF-8 or GB18030) or XLSX, at most 60 MB.",
            "content": {kind: {"schema": schema} for kind, schema in _TYPES.items()},
        },
    )
    @blueprint.arguments(UploadQuerySchema(), location="query")
    @blueprint.response(202, OrderFileSchema, description="It is kept, and a worker takes it in")
    def post(self, wish: dict[str, Any]) -> Any:
        """Send a file; it is kept, and a worker takes it in. Ask after it at its address."""
        if request.mimetype not in _TYPES:
            raise Refusal(Fault("order_file.media_type"))
        if (request.content_length or 0) > MOST_BYTES:
            raise Refusal(too_large())
        key = given_key()
        # A signature is over the whole content, which was read for it; any other is never held as a whole.
        content = BytesIO(request.get_data()) if is_signed() else request.stream
        said = hashlib.sha256(f"{request.full_path}\n".encode())
        file = PutAside(PART)
        try:
            while chunk := content.read(_CHUNK):
                said.update(chunk)
                file.write(chunk)
            wanted = Wish(
                channel=caller(),
                actor=actor(),
                language=language(),
                key=key,
                digest=said.digest(),
                **wish,
            )
            kept = store_upload(runtime(), wanted, file.blocks(), file.size)
        finally:
            file.close()
        response = jsonify(_as_json(channel_file(runtime(), caller(), actor(), kept.id)))
        response.status_code = 202
        response.headers["Location"] = f"/api/v1/order-files/{kept.id}"
        response.headers["Retry-After"] = _ASK_AGAIN_SECONDS
        if kept.repeated:
            response.headers["Idempotency-Replayed"] = "true"
        return response


@blueprint.route("/<long_id:file_id>")
class OneOrderFile(MethodView):
    """One file that the calling channel sent."""

    @blueprint.operation("readOrderFile", *refusals.READING_A_FILE, scope="orders", sends=("Retry-After?",))
    @blueprint.response(200, OrderFileSchema)
    def get(self, file_id: int) -> Any:
        """Read how far it is, its counts, and the first faults. `Retry-After` is there until its end."""
        shown = _found(file_id)
        response = jsonify(_as_json(shown))
        if shown.is_open:
            response.headers["Retry-After"] = _ASK_AGAIN_SECONDS
        return response


@blueprint.route("/<long_id:file_id>/failed-rows")
class FailedRows(MethodView):
    """The rows of a file that failed."""

    @blueprint.operation(
        "downloadFailedRows", *refusals.FETCHING_FAILED_ROWS, scope="orders", sends=("Content-Disposition",)
    )
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    def get(self, file_id: int) -> Any:
        """Download them as CSV with their reasons, which can be mended and sent again as it is."""
        pieces = failed_rows_of(runtime(), caller().operator_id, actor(), _found(file_id))
        response = Response(pieces, mimetype="text/csv")
        response.headers.set("Content-Disposition", "attachment", filename=f"failed-rows-{file_id}.csv")
        return response


def _found(file_id: int) -> FileShown:
    return channel_file(runtime(), caller(), actor(), file_id)


def _as_json(shown: FileShown) -> dict[str, Any]:
    spoken = language()
    told: dict[str, Any] = _schema.dump(
        {
            **vars(shown),
            "stored_before": shown.repeated,
            "failed": shown.bad_rows,
            "failed_rows_until": shown.failed_until,
            "faults": [
                {
                    "line": bad.line,
                    "column": bad.column,
                    "rule": bad.fault.rule,
                    "detail": bad.fault.words(spoken),
                }
                for bad in shown.faults
            ],
            "refusal": [{"rule": fault.rule, "detail": fault.words(spoken)} for fault in shown.refusal],
        }
    )
    return told
