"""Bringing orders in as a file, by counter staff and managers: sent here, taken in by a worker."""

import io
import re
from typing import Any, cast

from flask import Request, Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import NotFound

from tracker.files.giving import SHEET_TYPE
from tracker.files.scratch import PutAside
from tracker.order_files.cancel_file import cancel_file
from tracker.order_files.parts import PART
from tracker.order_files.queries import FileShown, failed_rows_of, file_shown, files_shown
from tracker.order_files.rules import State
from tracker.order_files.store_upload import MOST_BYTES, Wish, store_upload
from tracker.order_files.take_in import LIMITS
from tracker.orders.file_template import csv_template, xlsx_template
from tracker.orders.standing import N_
from tracker.pages.access import label_of, language, open_to, operator_of, runtime
from tracker.pages.list_files import attached
from tracker.pages.photo_uploads import PHOTO_UPLOADS
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import long_id
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

ROWS = 20
# Beside the file there are the form's own fields.
_LARGEST_REQUEST = MOST_BYTES + 100_000
_REFRESH_SECONDS = "3"
_UPLOAD = "staff.order_files"

STATE_WORDS = {
    State.WAITING: N_("排队中"),
    State.RUNNING: N_("处理中"),
    State.DONE: N_("已完成"),
    State.REFUSED: N_("文件未被接受"),
    State.BROKEN: N_("已中断"),
    State.CANCELLED: N_("已取消"),
}
STATE_TONES = {
    State.WAITING: "quiet",
    State.RUNNING: "quiet",
    State.DONE: "accent",
    State.REFUSED: "danger",
    State.BROKEN: "danger",
    State.CANCELLED: "quiet",
}


class UploadingRequest(Request):
    """A request whose file is never put on disk in plain (invariant I5): one of orders may be too large for
    the memory too, a photo is not.
    """

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> Any:
        if self.endpoint in PHOTO_UPLOADS:
            return io.BytesIO()
        return PutAside(PART) if self.endpoint == _UPLOAD else super()._get_file_stream(*args, **kwargs)


@blueprint.url_value_preprocessor
def allow_a_file_of_orders(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A file may be larger than any other request, of somebody who has signed in; said before the form's
    token is looked for in it.
    """
    if endpoint == _UPLOAD and request.method == "POST" and current_user.is_authenticated:
        request.max_content_length = _LARGEST_REQUEST


@blueprint.route("/order-files", methods=["GET", "POST"])
@open_to("counter", "manager")
def order_files() -> Any:
    """Ask for a file, and list those that were sent."""
    person = signed_in()
    faults: dict[str, str] = {}
    if request.method == "POST":
        try:
            return redirect(url_for("staff.order_file", file_id=_store(person)))
        except Refusal as refusal:
            # What is missing the page says in its own words.
            missing = {fault.pointer.strip("/"): "" for fault in refusal.faults}
            told = [fault for fault in refusal.faults if fault.rule != "field.required"]
            faults = missing | dict(said(told))
    before = request.args.get("before", "")
    files, older = files_shown(
        runtime(),
        person.operator_id or 0,
        before_id=long_id(before),
        limit=ROWS,
    )
    channels = runtime().reference.current().channels
    page = render_template(
        "staff/order_files.html",
        person=person,
        files=files,
        older=older,
        faults=faults,
        channels=channels,
        own=[one for one in channels.values() if one.operator_id == person.operator_id],
        chosen=request.form,
        megabytes=MOST_BYTES // 1_000_000,
        most_rows=LIMITS.rows,
        state_words=STATE_WORDS,
        state_tones=STATE_TONES,
    )
    return page, 422 if faults else 200


def _store(person: Person) -> int:
    """Keep what the form brought. Raises Refusal."""
    channels = runtime().reference.current().channels
    given = request.files.get("file")
    chosen = request.form.get("channel", "")
    channel = channels.get(int(chosen)) if re.fullmatch(r"[0-9]{1,9}", chosen) else None
    faults = []
    if channel is None or channel.operator_id != person.operator_id:
        faults.append(Fault("field.required", "/channel"))
    if given is None or not given.filename:
        faults.append(Fault("field.required", "/file"))
    if channel is None or given is None or faults:
        raise Refusal(*faults)
    file = cast(PutAside, given.stream)
    wish = Wish(
        channel=channel,
        name=re.split(r"[\\/]", given.filename or "")[-1],
        actor=label_of(person),
        # Nothing is stored of what nobody asked to be stored.
        dry_run=request.form.get("how") != "real",
        notify_old="notify_old" in request.form,
        language=language(),
    )
    return store_upload(runtime(), wish, file.blocks(), file.size).id


@blueprint.get("/order-files/<int:file_id>")
@open_to("counter", "manager")
def order_file(file_id: int) -> Response:
    """How far a file is; the page comes again by itself until it has come to its end."""
    person = signed_in()
    shown = _found(person, file_id)
    moving = shown.is_open and "still" not in request.args
    page = make_response(
        render_template(
            "staff/order_file.html",
            person=person,
            file=shown,
            moving=moving,
            channels=runtime().reference.current().channels,
            state_words=STATE_WORDS,
            state_tones=STATE_TONES,
            refusal=said(shown.refusal),
        )
    )
    if moving:
        page.headers["Refresh"] = _REFRESH_SECONDS
    return page


@blueprint.post("/order-files/<int:file_id>/cancel")
@open_to("counter", "manager")
def order_file_cancel(file_id: int) -> Any:
    """Stop taking a file in."""
    person = signed_in()
    try:
        cancel_file(runtime().db, person.operator_id or 0, file_id)
        flash(N_("已取消。此前已导入的工单保留。"))
    except Refusal as refusal:
        if refusal.status == 404:
            raise NotFound from None
        flash(refusal.faults[0].words(language()))
    return redirect(url_for("staff.order_file", file_id=file_id))


@blueprint.get("/order-files/<int:file_id>/failed-rows.csv")
@open_to("counter", "manager")
def order_file_failed(file_id: int) -> Any:
    """The rows of a file that failed, with their reasons, to be mended and brought again."""
    person = signed_in()
    shown = _found(person, file_id)
    try:
        pieces = failed_rows_of(runtime(), operator_of(person), label_of(person), shown)
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
        return redirect(url_for("staff.order_file", file_id=file_id))
    return attached(pieces, "text/csv", f"failed-rows-{file_id}.csv")


@blueprint.get("/order-files/template.<any(csv, xlsx):form>")
@open_to("counter", "manager")
def order_file_template(form: str) -> Response:
    """A file to begin from."""
    signed_in()
    if form == "csv":
        return attached(csv_template(), "text/csv", "orders.csv")
    return attached(xlsx_template(), SHEET_TYPE, "orders.xlsx")


def _found(person: Person, file_id: int) -> FileShown:
    if file_id >= 1 << 63:
        raise NotFound
    try:
        return file_shown(runtime(), person.operator_id or 0, file_id)
    except Refusal:
        raise NotFound from None
