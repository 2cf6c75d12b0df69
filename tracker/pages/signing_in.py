"""Signing in and out of the staff pages: who is here, by a session that the server knows."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from tracker import clock, walls
from tracker.addresses import household_of
from tracker.channels.quotas import Quota
from tracker.pages import errors as page_errors
from tracker.pages.typed_before import typed_before
from tracker.runtime import Runtime
from tracker.staff import lockout
from tracker.staff.rules import LONGEST_SESSION, device_of, own_path
from tracker.staff.sessions import Session, begin_session, end_session, find_session
from tracker.staff.sign_in import Person

blueprint = Blueprint("staff", __name__, template_folder="templates")
_csrf = CSRFProtect()
blueprint.before_request(_csrf.protect)

# An office behind one address begins its day with this many people at most; a guesser gets no further.
_ADDRESS_QUOTA = Quota(30, 60)
_ADDRESS_PURPOSE = "staff.addresses"


@blueprint.before_request
def stand_by_operator() -> None:
    """The pages reach the rows of the person's operator; before anybody has signed in, nothing."""
    if current_user.is_authenticated:
        walls.stand_by(current_user.who.operator_id)


class SignedIn(UserMixin):
    """A person on a device as Flask-Login wants one."""

    def __init__(self, token: str, found: Session) -> None:
        self.token = token
        self.who = found.person
        self.session_id = found.id

    def get_id(self) -> str:
        """What the device remembers."""
        return self.token


def register(app: Flask) -> None:
    """Sessions, and a token on every form (CSRF); the API has keys instead of sessions."""
    app.config |= {
        # Only these pages act on a session; the API does not know it.
        "WTF_CSRF_CHECK_DEFAULT": False,
        # A form's token ends with its session, which is short enough.
        "WTF_CSRF_TIME_LIMIT": None,
        # As long as the server lets it: a phone that closes its browser stays signed in for the day.
        "PERMANENT_SESSION_LIFETIME": LONGEST_SESSION,
        "SESSION_REFRESH_EACH_REQUEST": False,
    }
    _csrf.init_app(app)
    manager = LoginManager()
    # Its own context processor would ask the database for the person on error pages too.
    manager.init_app(app, add_context_processor=False)

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        with walls.everywhere():
            found = find_session(app.extensions["tracker"].db, token, clock.now())
        return None if found is None else SignedIn(token, found)

    @manager.unauthorized_handler
    def ask_to_sign_in() -> Any:
        if request.method == "GET":
            return redirect(url_for("staff.sign_in_page", next=request.full_path.removesuffix("?")))
        return _came_too_late(401)


def signed_in() -> Person:
    """The person of the present request, on a page that asks for one."""
    who: Person = current_user.who
    return who


def session_id() -> int:
    """The session of the present request, on a page that asks for one."""
    found: int = current_user.session_id
    return found


def device() -> str:
    """What the browser says of itself, in a few words."""
    return device_of(request.headers.get("User-Agent", "")[:500])


def next_page() -> str:
    """Where somebody wanted to go before they were asked who they are; empty for nowhere in particular."""
    return own_path(request.args.get("next", "")) or ""


def let_in(person: Person, token: str) -> None:
    """Make this device the session's. It gets a cookie that nobody knew before."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(token, Session(0, person)))


def begin_for(person: Person) -> None:
    """Let somebody in who has proved to be who they say: a session, and no wrong tries any more."""
    runtime = _runtime()
    with runtime.db.transaction() as connection:
        token = begin_session(connection, person, device(), clock.now())
        lockout.forget(connection, lockout.key_of(runtime.keys, person.username))
    let_in(person, token)


def too_often() -> str | None:
    """Count a try of this address; until when it has to wait, if it tried too often."""
    runtime, now = _runtime(), clock.now()
    caller = runtime.keys.digest_of(_ADDRESS_PURPOSE, household_of(request.remote_addr))
    found = runtime.tries.enter(runtime.db, caller, _ADDRESS_QUOTA, b"", now)
    return None if found is None else clock.soon(found.until, now)


@blueprint.post("/sign-out")
def sign_out() -> Any:
    """End the session, on the server too; with `forget`, all that the pages kept in this browser goes."""
    if current_user.is_authenticated:
        if (first := left_first()) is not None:
            return first
        with _runtime().db.transaction() as connection:
            end_session(connection, signed_in().id, session_id(), clock.now())
    return signed_out()


def left_first(**how: Any) -> Any:
    """Where an installer is led before he signs out; None for others, and for who comes from there.

    His phone keeps the jobs of the day, and perhaps work that is not sent: he is told of it first.
    """
    if signed_in().role != "installer" or "leaving" in request.form:
        return None
    return redirect(url_for("staff.jobs_leave", **how))


def signed_out() -> Any:
    """The answer to somebody whose session has ended; with `forget`, what the pages kept goes."""
    session.clear()
    answer = redirect(url_for("staff.sign_in_page"))
    if "forget" in request.form:
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def typed_name() -> str:
    """The name that was typed."""
    # NUL is the one character that PostgreSQL has no place for.
    return request.form.get("username", "")[:64].replace("\0", "").strip()


@blueprint.errorhandler(CSRFError)
def form_without_its_token(error: HTTPException) -> Response:
    """A form that was shown to another session, or to none."""
    return _came_too_late(400)


def _came_too_late(status: int) -> Response:
    """A form was sent after its session had ended: what happened, what was typed, and the way back."""
    page = current_app.view_functions.get(request.endpoint or "")
    typed = typed_before(request.form.items(multi=True), page)
    back = _page_of_form()
    # A form of signing in belongs to nobody yet: it is opened again, and that is all.
    is_in = current_user.is_authenticated or request.path.startswith("/sign-in")
    return page_errors.form_too_late(
        status,
        back=back if is_in else url_for("staff.sign_in_page", next=back),
        is_in=is_in,
        typed=typed,
    )


def _page_of_form() -> str:
    """The page whose form this is: of the same address, or as the browser tells."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc == request.host:
        told = own_path(f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path)
        if told is not None and not told.startswith("/sign-in"):
            return told
    adapter = current_app.url_map.bind("")
    return request.path if adapter.test(request.path, "GET") else "/"


def _runtime() -> Runtime:
    found: Runtime = current_app.extensions["tracker"]
    return found
