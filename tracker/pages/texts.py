"""The demonstration's phone: every text that the recording gateway delivered."""

from flask import Blueprint, current_app, render_template, request

from tracker.runtime import Runtime
from tracker.sms import queries

blueprint = Blueprint("texts", __name__, url_prefix="/demo")

_SHOWN = 40
_SEARCH_LIMIT = 40


@blueprint.get("/texts")
def texts() -> str:
    """The newest texts, newest first; renews itself while no search is typed."""
    runtime: Runtime = current_app.extensions["tracker"]
    search = request.args.get("q", "").replace("\0", "").strip()[:_SEARCH_LIMIT]
    with runtime.db.reading() as connection:
        found = queries.recent(connection, runtime.keys, _SHOWN, search)
    return render_template("staff/texts.html", texts=found, search=search)
