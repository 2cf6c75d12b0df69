"""The steps of signing in: name and password, a code of the phone or enrolling one; a forgotten password."""

import base64
import binascii
from datetime import datetime
from typing import Any

import segno
from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user

from tracker import clock, walls
from tracker.accounts.ask_reset import ask_reset
from tracker.accounts.begin import begin
from tracker.accounts.own_account import enrol_second_factor
from tracker.crypto import UnreadableError
from tracker.pages.access import language, runtime
from tracker.pages.places import home_of
from tracker.pages.signing_in import begin_for, blueprint, next_page, signed_in, too_often, typed_name
from tracker.problems import Fault, Refusal
from tracker.staff.rules import NEEDS_SECOND_FACTOR, SECOND_STEP_WITHIN, SHORTEST_PASSWORD
from tracker.staff.second_factor import SECRET, address_of, check_code, new_secret
from tracker.staff.sign_in import Person, person_of, sign_in

_HALF_WAY = "half_way"
_NEW_SECRET = "new_secret"  # noqa: S105 - a name in the session
_MARK = "staff.half_way"


@blueprint.route("/sign-in", methods=["GET", "POST"])
@walls.everywhere()
def sign_in_page() -> Any:
    """The form, and its answer."""
    if current_user.is_authenticated:
        return redirect(next_page() or home_of(signed_in().role))
    if request.method == "GET":
        return render_template("staff/sign_in.html", username="", wrong=False, locked_until=None)
    username, password = typed_name(), request.form.get("password", "")[:200]
    locked_until = too_often()
    if locked_until is None:
        now = clock.now()
        verdict = sign_in(runtime().db, runtime().keys, username, password, now)
        if verdict.person is not None:
            return go_on(verdict.person, verdict.has_second_factor)
        if verdict.locked_until is not None:
            locked_until = clock.soon(verdict.locked_until, now)
    page = render_template(
        "staff/sign_in.html", username=username, wrong=locked_until is None, locked_until=locked_until
    )
    return page, 401 if locked_until is None else 429


def go_on(person: Person, has_second_factor: bool) -> Any:
    """After the password: the second factor where there is one, or the role needs one; else in."""
    if not has_second_factor and person.role not in NEEDS_SECOND_FACTOR:
        begin_for(person)
        return redirect(next_page() or home_of(person.role))
    found = person_of(runtime().db, person.id)
    session.clear()
    session[_HALF_WAY] = {
        "account": person.id,
        "mark": _mark(found[1] if found else ""),
        "until": (clock.now() + SECOND_STEP_WITHIN).isoformat(),
    }
    step = "staff.sign_in_code" if has_second_factor else "staff.sign_in_enrol"
    return redirect(url_for(step, next=next_page() or None))


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@walls.everywhere()
def sign_in_code() -> Any:
    """Ask for the code that the phone shows."""
    half_way = _half_way()
    if half_way is None or not half_way[1]:
        return redirect(url_for("staff.sign_in_page", next=next_page() or None))
    if request.method == "GET":
        return render_template("staff/sign_in_code.html", wrong=False, locked_until=None)
    person, now = half_way[0], clock.now()
    locked_until = too_often()
    if locked_until is None:
        verdict = check_code(runtime().db, runtime().keys, person, request.form.get("code", "")[:20], now)
        if verdict.person is not None:
            begin_for(person)
            return redirect(next_page() or home_of(person.role))
        if verdict.locked_until is not None:
            locked_until = clock.soon(verdict.locked_until, now)
    page = render_template("staff/sign_in_code.html", wrong=locked_until is None, locked_until=locked_until)
    return page, 401 if locked_until is None else 429


@blueprint.route("/sign-in/enrol", methods=["GET", "POST"])
@walls.everywhere()
def sign_in_enrol() -> Any:
    """Share a secret with the phone of somebody whose role needs one, before they are let in."""
    half_way = _half_way()
    if half_way is None or half_way[1]:
        return redirect(url_for("staff.sign_in_page", next=next_page() or None))
    person, fault, status = half_way[0], "", 200
    secret = shared_secret()
    if request.method == "POST":
        try:
            codes = enrol_second_factor(
                runtime(), person, secret, request.form.get("code", "")[:20], clock.now()
            )
        except Refusal as refusal:
            fault, status = refusal.faults[0].words(language()), refusal.status
        else:
            onward = next_page() or home_of(person.role)
            begin_for(person)
            return render_template("staff/recovery_codes.html", codes=codes, onward=onward)
    page = render_template(
        "staff/sign_in_enrol.html", secret=secret, picture=picture_of(secret, person), fault=fault
    )
    return page, status


@blueprint.route("/sign-in/begin", methods=["GET", "POST"])
@walls.everywhere()
def sign_in_begin() -> Any:
    """Choose a password with the code that came by text."""
    faults: list[Fault] = []
    locked_until = None
    if request.method == "POST":
        locked_until = too_often()
        if locked_until is None:
            try:
                person = _chosen(clock.now())
            except Refusal as refusal:
                faults = list(refusal.faults)
            else:
                found = person_of(runtime().db, person.id)
                return go_on(person, found is not None and found[2])
    page = render_template(
        "staff/sign_in_begin.html",
        username=typed_name() or request.args.get("username", "")[:64],
        sent="sent" in request.args,
        fault_of={one.pointer.strip("/"): one.words(language()) for one in reversed(faults)},
        locked_until=locked_until,
        shortest=SHORTEST_PASSWORD,
    )
    return page, 429 if locked_until else 422 if faults else 200


@blueprint.route("/sign-in/forgot", methods=["GET", "POST"])
@walls.everywhere()
def sign_in_forgot() -> Any:
    """Ask for a code by the name; the answer is the same whether anybody has it."""
    locked_until = None
    if request.method == "POST":
        locked_until = too_often()
        if locked_until is None:
            ask_reset(runtime(), typed_name(), clock.now())
            return redirect(url_for("staff.sign_in_begin", sent=""))
    page = render_template("staff/sign_in_forgot.html", username=typed_name(), locked_until=locked_until)
    return page, 429 if locked_until else 200


def shared_secret() -> str:
    """What this browser is shown, the same until it is used; sealed, for the cookie is only signed."""
    if _NEW_SECRET in session:
        try:
            return runtime().keys.open(base64.b64decode(session[_NEW_SECRET]), SECRET)
        except (UnreadableError, binascii.Error):
            # Sealed with a key that was taken out of use since.
            forget_shared_secret()
    secret = new_secret()
    session[_NEW_SECRET] = base64.b64encode(runtime().keys.seal(secret, SECRET)).decode()
    return secret


def forget_shared_secret() -> None:
    """It is used, or not wanted."""
    session.pop(_NEW_SECRET, None)


def picture_of(secret: str, person: Person) -> str:
    """A QR code that an authenticator app reads, as a picture that the page carries within itself."""
    code = segno.make(address_of(secret, person.username, gettext("清远宽带报装")), error="m", micro=False)
    return code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True, nl=False)


def _chosen(now: datetime) -> Person:
    """Whoever has chosen a password. Raises Refusal."""
    password = request.form.get("password", "")[:1000]
    if password != request.form.get("again", "")[:1000]:
        raise Refusal(Fault("password.differs", "/again"))
    person = begin(runtime(), typed_name(), request.form.get("code", "")[:20], password, now)
    if person is None:
        raise Refusal(Fault("staff_code.wrong", "/code"))
    return person


def _half_way() -> tuple[Person, bool] | None:
    """Whoever has given the password on this device minutes ago, and whether they have a second factor.

    None once that is too long ago, or the password another.
    """
    kept = session.get(_HALF_WAY)
    if not kept or clock.now() >= datetime.fromisoformat(kept["until"]):
        return None
    found = person_of(runtime().db, kept["account"])
    if found is None or _mark(found[1]) != kept["mark"]:
        return None
    return found[0], found[2]


def _mark(password_hash: str) -> str:
    """A word that is another with another password."""
    return runtime().keys.digest_of(_MARK, password_hash).hex()[:32]
