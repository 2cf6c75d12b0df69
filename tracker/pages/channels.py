"""The channels of an operator and their keys, for its managers: made, rotated, revoked."""

import base64
import re
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from marshmallow import ValidationError, fields, validate
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.channels.create_key import NewKey, store_key
from tracker.channels.end_key import revoke_key, rotate_key
from tracker.channels.queries import KeyFacts, channel_key, channel_keys
from tracker.channels.rules import (
    LABEL_LIMIT,
    SCOPES,
    KeyKind,
    new_app_id,
    new_secret,
)
from tracker.crypto import UnreadableError
from tracker.fields import Choice, StrictSchema, Text, Whole
from tracker.orders.standing import N_
from tracker.pages import channel_words, wording
from tracker.pages.access import label_of, language, open_to, runtime
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Refusal, RuleText, faults_in
from tracker.reference import ChannelFacts
from tracker.staff.sign_in import Person

# Where a secret waits for the page that shows it: sealed, in the session of whoever made the key.
_WAITING = "new_channel_key"
_SEALED_AS = "session.channel_key"
_MOST_A_MINUTE = 1_000_000


class KeyFormSchema(StrictSchema):
    """A new key, as a manager wants it."""

    label = Text(LABEL_LIMIT, required=True)
    kind = Choice([kind.value for kind in KeyKind], required=True)
    scopes = fields.List(
        Choice(SCOPES),
        required=True,
        validate=validate.Length(min=1, error=RuleText("key.scopes", scopes=", ".join(SCOPES))),
    )
    days = Choice(channel_words.LIFETIMES, required=True)
    per_minute = Whole(1, _MOST_A_MINUTE, load_default=None)


_form = KeyFormSchema()


def _render(template: str, person: Person, **more: Any) -> str:
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[person.operator_id or 0],
        words=channel_words,
        **more,
    )


def _channels(person: Person) -> list[ChannelFacts]:
    facts = runtime().reference.current()
    return [one for one in facts.channels.values() if one.operator_id == person.operator_id]


def _channel(person: Person, channel_id: int) -> ChannelFacts:
    """A channel of the person's operator. Raises NotFound."""
    for channel in _channels(person):
        if channel.id == channel_id:
            return channel
    raise NotFound


def _key(person: Person, key_id: int) -> tuple[KeyFacts, ChannelFacts]:
    """A key of the person's operator, and its channel. Raises NotFound."""
    with runtime().db.reading() as connection:
        found = channel_key(connection, person.operator_id or 0, key_id, clock.now())
    if found is None:
        raise NotFound
    return found, _channel(person, found.channel_id)


@blueprint.get("/channels")
@open_to("manager")
def channels() -> str:
    """Every channel with its keys; those that are over stand apart."""
    person = signed_in()
    with runtime().db.reading() as connection:
        keys = channel_keys(connection, person.operator_id or 0, clock.now())
    rows = [
        (
            channel,
            [key for key in keys if key.channel_id == channel.id and not key.is_over],
            [key for key in keys if key.channel_id == channel.id and key.is_over],
        )
        for channel in _channels(person)
    ]
    return _render("staff/channels.html", person, rows=rows)


@blueprint.route("/channels/<int:channel_id>/keys/new", methods=["GET", "POST"])
@open_to("manager")
def channel_key_new(channel_id: int) -> Any:
    """An empty form, and the key that is made of it."""
    person = signed_in()
    channel = _channel(person, channel_id)
    typed: dict[str, Any] = {"kind": KeyKind.BEARER, "scopes": ["orders"], "days": "365"}
    faults: list[tuple[str, str]] = []
    if request.method == "POST":
        typed = _typed()
        try:
            return _show(_make(person, channel, typed))
        except Refusal as refusal:
            # One of a list is told of where the list is.
            faults = [(field.partition("/")[0], told) for field, told in said(refusal.faults)]
    page = _render(
        "staff/channel_key_form.html",
        person,
        channel=channel,
        typed=typed,
        faults=faults,
        fault_of=dict(reversed(faults)),
        usual=wording.limit(runtime().key_quota, language()),
        label_limit=LABEL_LIMIT,
    )
    return page, 422 if faults else 200


@blueprint.get("/channels/keys/<int:key_id>")
@open_to("manager")
def channel_key_made(key_id: int) -> str:
    """The secret of a key that was just made, once; after that, that it was shown."""
    person = signed_in()
    key, channel = _key(person, key_id)
    return _render("staff/channel_key_made.html", person, key=key, channel=channel, secret=_take(key_id))


@blueprint.route("/channels/keys/<int:key_id>/rotate", methods=["GET", "POST"])
@open_to("manager")
def channel_key_rotate(key_id: int) -> Any:
    """Ask how long both are to be good, then make the follower."""
    person = signed_in()
    key, channel = _key(person, key_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        days = request.form.get("overlap", "")
        overlap = timedelta(days=int(days) if days in channel_words.OVERLAPS else -1)
        try:
            return _show(
                rotate_key(
                    runtime().db,
                    runtime().keys,
                    person.operator_id or 0,
                    key_id,
                    label_of(person),
                    overlap=overlap,
                )
            )
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    return _render("staff/channel_key_rotate.html", person, key=key, channel=channel, faults=faults), status


@blueprint.route("/channels/keys/<int:key_id>/revoke", methods=["GET", "POST"])
@open_to("manager")
def channel_key_revoke(key_id: int) -> Any:
    """Ask once, then end the key for good."""
    person = signed_in()
    key, channel = _key(person, key_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            revoke_key(runtime().db, person.operator_id or 0, key_id, label_of(person))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
        else:
            flash(N_("密钥已吊销，不再有效。"))
            return redirect(url_for("staff.channels"))
    return _render("staff/channel_key_revoke.html", person, key=key, channel=channel, faults=faults), status


def _typed() -> dict[str, Any]:
    per_minute = request.form.get("per_minute", "").strip()[:12]
    return {
        "label": request.form.get("label", "")[:400],
        "kind": request.form.get("kind", ""),
        "scopes": request.form.getlist("scopes")[: len(SCOPES)],
        "days": request.form.get("days", ""),
        # What is no number stays as it was typed, to be refused.
        "per_minute": int(per_minute) if re.fullmatch("[0-9]+", per_minute) else per_minute or None,
    }


def _make(person: Person, channel: ChannelFacts, typed: dict[str, Any]) -> NewKey:
    """Store the key. Raises Refusal."""
    try:
        wanted = _form.load(typed)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    kind = KeyKind(wanted["kind"])
    signs = kind is KeyKind.SIGNED
    return store_key(
        runtime().db,
        channel,
        kind,
        new_secret(kind),
        app_id=new_app_id() if signs else None,
        keys=runtime().keys if signs else None,
        scopes=wanted["scopes"],
        label=wanted["label"],
        expires_at=clock.now() + timedelta(days=int(wanted["days"])) if wanted["days"] else None,
        rate_limit=f"{wanted['per_minute']} per minute" if wanted["per_minute"] else None,
        by=label_of(person),
    )


def _show(made: NewKey) -> Any:
    """Go on to the page that shows the secret; reloading that makes no other key."""
    sealed = runtime().keys.seal(made.secret, _SEALED_AS)
    session[_WAITING] = [made.id, base64.b64encode(sealed).decode()]
    return redirect(url_for("staff.channel_key_made", key_id=made.id))


def _take(key_id: int) -> str | None:
    """The secret that waits for this page, which then waits no longer."""
    made, sealed = session.get(_WAITING, (None, ""))
    if made != key_id or request.method != "GET":
        return None
    del session[_WAITING]
    try:
        return runtime().keys.open(base64.b64decode(sealed), _SEALED_AS)
    except UnreadableError:
        return None
