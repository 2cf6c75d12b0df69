"""The counter: an order entered by keyboard, told with its promise and its terms before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, g, jsonify, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound

from tracker.orders.queries import number_of_reference
from tracker.orders.take_at_counter import counter_channels, recent_dealers, take_at_counter
from tracker.pages import counter_form, plan_words
from tracker.pages.access import acting, language, open_to, operator_of, runtime
from tracker.pages.counter_form import FIELDS, Located
from tracker.pages.counter_panel import Panel, choices, panel_of
from tracker.pages.counter_places import shelf_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.places.finding import label
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts, Reference
from tracker.staff.sign_in import Person

_ROLES = ("counter", "manager")
_YEAR = 365 * 86400
_DEALERS = 20
_MATCHES = 40
_CHANNEL = "counter_channel"
# What may be told of an order-to-be while it is typed: nothing of who it is for.
_PREVIEWED = ("channel", "kind", "plan", "community_code", "resource")


@dataclass(frozen=True)
class Shown:
    """What is shown of a form beside what was typed. `saved_as`: its order, where it made one before."""

    located: Located = field(default_factory=Located)
    panel: Panel = field(default_factory=Panel)
    faults: Sequence[Fault] = ()
    saved_as: str = ""


@blueprint.route("/counter", methods=["GET", "POST"])
@open_to(*_ROLES)
def counter() -> Any:
    """The form; what it is told before saving, and the order that it makes."""
    person, facts = signed_in(), runtime().reference.current()
    channels = counter_channels(facts, operator_of(person))
    if request.method == "GET":
        return _page(person, facts, channels, counter_form.first_typed(_usual(channels)), Shown())
    typed = counter_form.typed_in(request.form)
    located = counter_form.located(facts, typed)
    if located.place is not None:
        typed |= {"community_code": located.place.code, "place": label(located.place)}
    channel = _channel(channels, typed)
    panel = panel_of(facts, channel, typed, located.place)
    faults = _faults(typed, located, channel, panel)
    if not faults and channel is not None and request.form.get("step") == "save":
        try:
            return _saved(person, channel, typed, located, panel)
        except Refusal as refusal:
            faults = list(refusal.faults)
    saved_as = ""
    if channel is not None and any(fault.rule == "order.duplicate_reference" for fault in faults):
        # Somebody went back to a form that was saved, and wrote another order over it.
        with runtime().db.reading() as connection:
            saved_as = number_of_reference(connection, channel.id, typed["token"]) or ""
        faults, typed["token"] = [], counter_form.new_token()
    page = _page(person, facts, channels, typed, Shown(located, panel, faults, saved_as))
    return page, 409 if saved_as else Refusal(*faults).status if faults else 200


@blueprint.post("/counter/preview")
@open_to(*_ROLES)
def counter_preview() -> Response:
    """The part of the form that tells promise, fees and terms, as far as they follow from what is typed."""
    person, facts = signed_in(), runtime().reference.current()
    blank = counter_form.first_typed(None)
    typed = blank | {name: request.form.get(name, "")[:20] for name in _PREVIEWED}
    channel = _channel(counter_channels(facts, operator_of(person)), typed)
    panel = panel_of(facts, channel, typed, facts.places.get(typed["community_code"]))
    html = render_template("staff/counter_panel.html", panel=panel, typed=typed, fault_of={})
    return jsonify(panel=html, said=panel.said(language()))


@blueprint.get("/counter/places/<name>.json")
@open_to(*_ROLES)
def counter_places(name: str) -> Response:
    """Every community with its letters; under the name of its content, so that a browser keeps it."""
    shelf = shelf_of(runtime().reference.current())
    if name != shelf.name:
        raise NotFound
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(shelf.packed if packed else shelf.plain, mimetype="application/json")
    response.cache_control.private = True
    response.cache_control.max_age = _YEAR
    response.cache_control.immutable = True
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return response


def _usual(channels: Sequence[ChannelFacts]) -> int | None:
    """The channel that this person took the last order through; the only one where there is one only."""
    ids = [channel.id for channel in channels]
    return session.get(_CHANNEL) if session.get(_CHANNEL) in ids else ids[0] if len(ids) == 1 else None


def _channel(channels: Sequence[ChannelFacts], typed: dict[str, str]) -> ChannelFacts | None:
    if len(channels) == 1 and not typed["channel"]:
        return channels[0]
    return next((one for one in channels if str(one.id) == typed["channel"]), None)


def _faults(
    typed: dict[str, str], located: Located, channel: ChannelFacts | None, panel: Panel
) -> list[Fault]:
    """Everything that is wrong with the form, field by field."""
    faults: list[Fault] = []
    if channel is None:
        faults.append(Fault("counter.unknown_channel", "/channel"))
    try:
        counter_form.request_of(typed, located.place, None)
    except Refusal as refusal:
        faults += refusal.faults
    if located.fault is not None:
        faults.append(located.fault)
    if typed["plan"] == "":
        faults.append(Fault("field.required", "/plan"))
    return faults + list(panel.faults)


def _saved(
    person: Person, channel: ChannelFacts, typed: dict[str, str], located: Located, panel: Panel
) -> Any:
    """Store the order, and go on to its receipt. Raises Refusal."""
    filing_number = panel.plan.filing_number if panel.plan is not None else None
    placed = take_at_counter(
        runtime(),
        acting(person),
        channel,
        counter_form.request_of(typed, located.place, filing_number),
        counter_form.whole(typed["plan"]),
        stamp=typed["stamp"],
        acknowledged=typed["acknowledged"] == "yes",
    )
    session[_CHANNEL] = channel.id
    return redirect(url_for("staff.receipt", number=placed.number, saved=1), 303)


def _page(
    person: Person, facts: Reference, channels: Sequence[ChannelFacts], typed: dict[str, str], shown: Shown
) -> str:
    with runtime().db.reading() as connection:
        plans = choices(connection, facts, channels)
        dealers = recent_dealers(connection, operator_of(person), _DEALERS)
    faults = counter_form.placed(shown.faults, language())
    # The panel is asked for while fields are filled.
    g.also_allowed = "; connect-src 'self'"
    return render_template(
        "staff/counter.html",
        person=person,
        operator=facts.operators[operator_of(person)],
        channels=channels,
        plans=plans,
        dealers=dealers,
        fields=FIELDS,
        words=plan_words,
        typed=typed,
        matches=shown.located.matches[:_MATCHES],
        more=max(len(shown.located.matches) - _MATCHES, 0),
        label=label,
        panel=shown.panel,
        saved_as=shown.saved_as,
        places_name=shelf_of(facts).name,
        faults=faults,
        fault_of=dict(reversed(faults)),
        asked=request.method == "POST",
    )
