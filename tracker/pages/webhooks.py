"""Webhooks of an operator's channels, for its managers: how they do, what was delivered, trying them out."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy import Row
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.feed import TYPES
from tracker.orders.standing import N_
from tracker.pages import webhook_words
from tracker.pages.access import label_of, open_to, runtime
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried, long_id, whole
from tracker.problems import Fault, Refusal, faults_in
from tracker.reference import ChannelFacts
from tracker.webhooks import change_webhook as changing
from tracker.webhooks import queries
from tracker.webhooks.rules import MOST_OF_A_CHANNEL, Delivery, Why
from tracker.webhooks.schemas import LONGEST_OVERLAP_HOURS, RotationSchema, WebhookRequestSchema
from tracker.webhooks.send_again import send_again, send_test

ROWS = 20
_LARGEST_ID = 2**31 - 1
_FILTERS = (Delivery.GIVEN_UP, Delivery.WAITING, Delivery.QUEUED, Delivery.DELIVERED)
# How long a person waits for what comes back of a test before the page is shown without it.
_TEST_PATIENCE = 3.0
_LOOK_EVERY = 0.1
_request, _rotation = WebhookRequestSchema(), RotationSchema()


def _actor() -> Actor:
    person = signed_in()
    return Actor(person.operator_id or 0, label_of(person))


def _channels() -> dict[int, ChannelFacts]:
    """The channels of the manager's operator."""
    owner = signed_in().operator_id
    found = runtime().reference.current().channels.values()
    return {channel.id: channel for channel in found if channel.operator_id == owner}


def _found(webhook_id: int) -> Row[Any]:
    """One of the operator's webhooks. Raises NotFound."""
    found = None
    if webhook_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            found = queries.webhook(connection, _actor(), webhook_id)
    if found is None:
        raise NotFound
    return found


def _render(template: str, **more: Any) -> str:
    person = signed_in()
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[person.operator_id or 0],
        channels=_channels(),
        words=webhook_words,
        types=TYPES,
        **more,
    )


def _asked() -> dict[str, Any]:
    """The form as a request. Raises Refusal."""
    given: dict[str, Any] = {"url": request.form.get("url", "")}
    if request.form.get("which") == "some":
        given["events"] = request.form.getlist("events")
    try:
        loaded: dict[str, Any] = _request.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def _tried(act: Callable[[], Any]) -> tuple[list[tuple[str, str]], int]:
    """What is wrong with what was asked, by field, and the status; nothing and 200 where it was done."""
    try:
        act()
    except Refusal as refusal:
        return said(refusal.faults), refusal.status
    return [], 200


@blueprint.get("/webhooks")
@open_to("manager")
def webhooks() -> str:
    """All of the operator's, each with what is still to be delivered."""
    with runtime().db.reading() as connection:
        rows = queries.webhooks(connection, _actor())
        waiting = queries.open_deliveries(connection, [row.id for row in rows])
    in_trouble = [row for row in rows if row.paused_why in (Why.FAILING, Why.GONE)]
    return _render(
        "staff/webhooks.html", rows=rows, waiting=waiting, counted=queries.COUNTED, in_trouble=in_trouble
    )


@blueprint.route("/webhooks/new", methods=["GET", "POST"])
@open_to("manager")
def webhook_new() -> Any:
    """Ask for channel, address and events; then show the secret, once."""
    actor, channels = _actor(), _channels()
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        made: list[tuple[int, str]] = []

        def create() -> None:
            channel = request.form.get("channel", "")
            chosen = channels.get(whole(channel) or 0)
            missing = (Fault("field.required", "/channel"),) if chosen is None else ()
            try:
                asked = _asked()
            except Refusal as refusal:
                raise Refusal(*missing, *refusal.faults) from None
            if chosen is None:
                raise Refusal(*missing)
            made.append(changing.create_webhook(runtime(), actor, chosen.id, asked))

        faults, status = _tried(create)
        if made:
            return _show_secret(*made[0], rotated=False)
    page = _render(
        "staff/webhook_form.html", webhook=None, faults=faults, typed=request.form, most=MOST_OF_A_CHANNEL
    )
    return page, status


@blueprint.route("/webhooks/<int:webhook_id>/edit", methods=["GET", "POST"])
@open_to("manager")
def webhook_edit(webhook_id: int) -> Any:
    """Put another address or other events in place."""
    actor, found = _actor(), _found(webhook_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        faults, status = _tried(
            lambda: changing.change_webhook(
                runtime(), actor, webhook_id, _asked(), if_version=carried("version")
            )
        )
        if not faults:
            flash(N_("已保存。"))
            return redirect(url_for("staff.webhook", webhook_id=webhook_id))
    page = _render(
        "staff/webhook_form.html", webhook=found, faults=faults, typed=request.form, most=MOST_OF_A_CHANNEL
    )
    return page, status


@blueprint.get("/webhooks/<int:webhook_id>")
@open_to("manager")
def webhook(webhook_id: int) -> str:
    """How it does, and the log of its deliveries, newest first."""
    found = _found(webhook_id)
    state, before = request.args.get("state", ""), request.args.get("before", "")
    state = state if state in set(_FILTERS) else ""
    tested = long_id(request.args.get("tested", ""))
    with runtime().db.reading() as connection:
        rows, older = queries.deliveries(
            connection,
            webhook_id,
            before_id=long_id(before),
            limit=ROWS,
            state=state or None,
        )
        test = None if tested is None else queries.delivery(connection, webhook_id, tested)
        waiting = queries.open_deliveries(connection, [webhook_id])[webhook_id]
    return _render(
        "staff/webhook.html",
        webhook=found,
        rows=rows,
        older=older,
        state=state,
        filters=_FILTERS,
        test=test,
        waiting=waiting,
        counted=queries.COUNTED,
        now=clock.now(),
    )


@blueprint.post("/webhooks/<int:webhook_id>/test")
@open_to("manager")
def webhook_test(webhook_id: int) -> Any:
    """Have a test sent, wait a moment for what comes back, and show it."""
    _found(webhook_id)
    delivery_id = send_test(runtime(), _actor(), webhook_id)
    until = time.monotonic() + _TEST_PATIENCE
    while time.monotonic() < until:
        with runtime().db.reading() as connection:
            row = queries.delivery(connection, webhook_id, delivery_id)
        if row is None or row.ended_at is not None:
            break
        time.sleep(_LOOK_EVERY)
    return redirect(url_for("staff.webhook", webhook_id=webhook_id, tested=delivery_id))


@blueprint.post("/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/resend")
@open_to("manager")
def webhook_resend(webhook_id: int, delivery_id: int) -> Any:
    """Have one event sent once more."""
    _found(webhook_id)
    faults, _ = _tried(lambda: send_again(runtime(), _actor(), webhook_id, delivery_id))
    flash(N_("已安排重发。") if not faults else N_("没有重发：该投递仍在进行，或已不在。"))
    return redirect(url_for("staff.webhook", webhook_id=webhook_id))


@blueprint.post("/webhooks/<int:webhook_id>/pause")
@open_to("manager")
def webhook_pause(webhook_id: int) -> Any:
    """Send nothing more until it is resumed."""
    _found(webhook_id)
    changing.pause_webhook(runtime(), _actor(), webhook_id, if_version=None)
    flash(N_("已暂停。暂停期间的事件会保留，恢复后补发。"))
    return redirect(url_for("staff.webhook", webhook_id=webhook_id))


@blueprint.post("/webhooks/<int:webhook_id>/resume")
@open_to("manager")
def webhook_resume(webhook_id: int) -> Any:
    """Go on where it stopped."""
    _found(webhook_id)
    changing.resume_webhook(runtime(), _actor(), webhook_id, if_version=None)
    flash(N_("已恢复，从停下处继续投递。"))
    return redirect(url_for("staff.webhook", webhook_id=webhook_id))


@blueprint.route("/webhooks/<int:webhook_id>/rotate", methods=["GET", "POST"])
@open_to("manager")
def webhook_rotate(webhook_id: int) -> Any:
    """Ask for how long both secrets are to sign; then show the new one, once."""
    actor, found = _actor(), _found(webhook_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        made: list[str] = []

        def rotate() -> None:
            hours = request.form.get("overlap_hours", "").strip()
            given = int(hours) if hours.isdecimal() and len(hours) < 5 else hours
            try:
                overlap = timedelta(hours=_rotation.load({"overlap_hours": given})["overlap_hours"])
            except ValidationError as error:
                raise Refusal(*faults_in(error.messages)) from None
            made.append(
                changing.rotate_secret(runtime(), actor, webhook_id, overlap, if_version=carried("version"))
            )

        faults, status = _tried(rotate)
        if made:
            return _show_secret(webhook_id, made[0], rotated=True)
    page = _render(
        "staff/webhook_rotate.html",
        webhook=found,
        faults=faults,
        typed=request.form,
        longest=LONGEST_OVERLAP_HOURS,
    )
    return page, status


@blueprint.route("/webhooks/<int:webhook_id>/delete", methods=["GET", "POST"])
@open_to("manager")
def webhook_delete(webhook_id: int) -> Any:
    """Ask once, then take it away."""
    actor, found = _actor(), _found(webhook_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        faults, status = _tried(
            lambda: changing.delete_webhook(runtime(), actor, webhook_id, if_version=carried("version"))
        )
        if not faults:
            flash(N_("已删除。"))
            return redirect(url_for("staff.webhooks"))
    with runtime().db.reading() as connection:
        waiting = queries.open_deliveries(connection, [webhook_id])[webhook_id]
    page = _render(
        "staff/webhook_delete.html", webhook=found, faults=faults, waiting=waiting, counted=queries.COUNTED
    )
    return page, status


def _show_secret(webhook_id: int, secret: str, *, rotated: bool) -> Response:
    """The secret in the answer itself: it is kept nowhere that a second look could find it."""
    page = _render("staff/webhook_secret.html", webhook=_found(webhook_id), secret=secret, rotated=rotated)
    return make_response(page, 200 if rotated else 201)
