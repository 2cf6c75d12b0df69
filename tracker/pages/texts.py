"""The demonstration's phone: texts that the recording gateway delivered, codes for signing in."""

from flask import Blueprint, current_app, render_template, request
from sqlalchemy import Connection, select

from tracker import clock, walls
from tracker.runtime import Runtime
from tracker.sms import queries
from tracker.staff.models import Account
from tracker.staff.rules import NEEDS_SECOND_FACTOR, current_code
from tracker.staff.second_factor import SECRET

blueprint = Blueprint("texts", __name__, url_prefix="/demo")

_SHOWN = 40
_SEARCH_LIMIT = 40


@blueprint.get("/texts")
def texts() -> str:
    """The newest texts, newest first; renews itself while no search is typed."""
    runtime: Runtime = current_app.extensions["tracker"]
    search = request.args.get("q", "").replace("\0", "").strip()[:_SEARCH_LIMIT]
    with walls.everywhere(), runtime.db.reading() as connection:
        found = queries.recent(connection, runtime.keys, _SHOWN, search)
        codes = _codes(connection, runtime)
    return render_template("staff/texts.html", texts=found, search=search, codes=codes)


def _codes(connection: Connection, runtime: Runtime) -> dict[str, list[str]]:
    """What the phones of those who need a code to sign in show now, and whose phones do."""
    rows = connection.execute(
        select(Account.username, Account.totp_secret)
        .where(Account.role.in_(NEEDS_SECOND_FACTOR), Account.totp_secret.is_not(None))
        .order_by(Account.id)
        .limit(_SHOWN)
    )
    now = clock.now()
    found: dict[str, list[str]] = {}
    for row in rows:
        secret = runtime.keys.open(bytes(row.totp_secret), SECRET)
        found.setdefault(current_code(secret, now), []).append(row.username)
    return found
