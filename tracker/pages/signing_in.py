"""Signing in and out of the staff pages."""

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect

from tracker import walls
from tracker.runtime import Runtime
from tracker.staff.sign_in import Person, person, sign_in

blueprint = Blueprint("staff", __name__, template_folder="templates")
_csrf = CSRFProtect()
blueprint.before_request(_csrf.protect)


@blueprint.before_request
def stand_by_operator() -> None:
    """The pages reach the rows of the person's operator; before anybody has signed in, nothing."""
    if current_user.is_authenticated:
        walls.stand_by(current_user.who.operator_id)


class SignedIn(UserMixin):
    """A person as Flask-Login wants one."""

    def __init__(self, who: Person) -> None:
        self.who = who

    def get_id(self) -> str:
        """What the session remembers."""
        return str(self.who.id)


def register(app: Flask) -> None:
    """Sessions, and a token on every form (CSRF); the API has keys instead of sessions."""
    # Only these pages act on a session; the API does not know it.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    _csrf.init_app(app)
    manager = LoginManager()
    # Its own context processor would ask the database for the person on error pages too.
    manager.init_app(app, add_context_processor=False)
    manager.login_view = "staff.sign_in_page"
    manager.login_message = None

    @manager.user_loader
    def load(account_id: str) -> SignedIn | None:
        runtime: Runtime = app.extensions["tracker"]
        with walls.everywhere(), runtime.db.reading() as connection:
            found = person(connection, int(account_id))
        return None if found is None else SignedIn(found)


def signed_in() -> Person:
    """The person of the present request, on a page that asks for one."""
    who: Person = current_user.who
    return who


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in_page() -> str | tuple[str, int] | Response:
    """The form, and its answer."""
    if current_user.is_authenticated:
        return redirect(url_for("staff.orders"))  # type: ignore[return-value]  # werkzeug's own Response
    if request.method == "GET":
        return render_template("staff/sign_in.html", wrong=False)
    runtime: Runtime = current_app.extensions["tracker"]
    # NUL is the one character that PostgreSQL has no place for.
    username = request.form.get("username", "")[:64].replace("\0", "")
    password = request.form.get("password", "")[:200]
    with walls.everywhere():
        found = sign_in(runtime.db, username, password)
    if found is None:
        return render_template("staff/sign_in.html", wrong=True, username=username), 401
    login_user(SignedIn(found))
    return redirect(url_for("staff.orders"))  # type: ignore[return-value]  # werkzeug's own Response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    logout_user()
    return redirect(url_for("staff.sign_in_page"))  # type: ignore[return-value]  # werkzeug's own Response
